// Who may see a calendar: the ACL method of RFC 3744, and finding people and groups to share with.
import { Client } from './client';
import { CAL, child, children, DAV, document, element, leaf, OWN, pathOf, property, propertyHrefs, propertyText, textOf } from './xml';

export type Right = 'free-busy' | 'read' | 'write';

export interface Grant {
  /** Path of a principal, or `authenticated` for everybody with an account. */
  who: string;
  right: Right;
}

export interface Person {
  href: string;
  name: string;
  addresses: string[];
  group: boolean;
}

const PRIVILEGES: Record<Right, string> = {
  'free-busy': element('D:privilege', '<C:read-free-busy/>'),
  read: element('D:privilege', '<D:read/>'),
  write: element('D:privilege', '<D:read/>') + element('D:privilege', '<D:write/>'),
};

export const readGrants = async (client: Client, href: string): Promise<Grant[]> => {
  const answer = await client.multistatus('PROPFIND', href, document('D:propfind', element('D:prop', '<D:acl/>')));
  const acl = answer.responses[0] ? property(answer.responses[0], DAV, 'acl') : null;
  const grants = (acl ? children(acl, DAV, 'ace') : []).flatMap((ace) => readAce(ace) ?? []);
  // Read and write may come as two ACEs of the same principal: the stronger is the one to show.
  const strength: Right[] = ['free-busy', 'read', 'write'];
  const best = new Map<string, Right>();
  for (const one of grants) {
    const before = best.get(one.who);
    if (!before || strength.indexOf(one.right) > strength.indexOf(before)) best.set(one.who, one.right);
  }
  return [...best].map(([who, right]) => ({ who, right }));
};

const readAce = (ace: Element): Grant | null => {
  if (child(ace, DAV, 'protected') || child(ace, DAV, 'inherited')) return null;
  const principal = child(ace, DAV, 'principal');
  const href = textOf(child(principal, DAV, 'href'));
  const who = href ? pathOf(href) : child(principal, DAV, 'authenticated') ? 'authenticated' : '';
  const grant = child(ace, DAV, 'grant');
  if (!who || !grant) return null;
  const names = children(grant, DAV, 'privilege').flatMap((one) => children(one).map((name) => name.localName));
  const right: Right | null = names.some((one) => one === 'write' || one === 'all' || one === 'write-content')
    ? 'write'
    : names.includes('read') ? 'read' : names.includes('read-free-busy') ? 'free-busy' : null;
  return right ? { who, right } : null;
};

export const writeGrants = async (client: Client, href: string, grants: Grant[]): Promise<void> => {
  const aces = grants.map(({ who, right }) => {
    const principal = element('D:principal', who === 'authenticated' ? '<D:authenticated/>' : leaf('D:href', who));
    return element('D:ace', principal, element('D:grant', PRIVILEGES[right]));
  });
  await client.request('ACL', href, { body: document('D:acl', ...aces) });
};

const PERSON = element('D:prop', '<D:displayname/><C:calendar-user-address-set/><D:resourcetype/><G:kind/>');

/** People and groups whose name or address has these letters (RFC 3744 section 9.4). */
export const findPeople = async (client: Client, letters: string): Promise<Person[]> => {
  const search = (name: string): string => element('D:property-search', element('D:prop', `<${name}/>`), leaf('D:match', letters));
  const body = `<?xml version="1.0" encoding="utf-8"?>\n<D:principal-property-search xmlns:D="${DAV}" xmlns:C="${CAL}" xmlns:G="${OWN}" test="anyof">${search('D:displayname')}${search('C:calendar-user-address-set')}${PERSON}</D:principal-property-search>`;
  const answer = await client.multistatus('REPORT', '/principals/', body, 0);
  return answer.responses.map((item) => ({
    href: item.href,
    name: propertyText(item, DAV, 'displayname') || nameOfPrincipal(item.href),
    addresses: propertyHrefs(item, CAL, 'calendar-user-address-set'),
    group: propertyText(item, OWN, 'kind') === 'group',
  }));
};

export const nameOfPrincipal = (href: string): string => decodeURIComponent(href.split('/').filter(Boolean).at(-1) ?? href);
