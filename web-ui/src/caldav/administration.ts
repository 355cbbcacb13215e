// Users, groups, app passwords and the state of the repository, for administrators and one's own account.
import { bodyOf, Client } from './client';
import { child, children, DAV, document, element, OWN, property, propertyHrefs, propertyText, textOf, type ResponseItem } from './xml';

export interface AppPassword {
  id: string;
  label: string;
  created: string;
}

export interface Principal {
  href: string;
  id: string;
  name: string;
  group: boolean;
  administrator: boolean;
  members: string[];
  memberOf: string[];
  appPasswords: AppPassword[];
}

export interface RepositoryState {
  reachable: boolean | null;
  lastError: string;
  lastPull: string;
  lastPush: string;
  commit: string;
  remote: string;
  broken: { path: string; line: string; reason: string }[];
}

const PROPS = element(
  'D:prop',
  '<D:resourcetype/><D:displayname/><G:kind/><D:group-member-set/><D:group-membership/><G:app-passwords/><G:administrator/>',
);

const idOf = (href: string): string => decodeURIComponent(href.split('/').filter(Boolean).at(-1) ?? '');

const read = (item: ResponseItem): Principal => {
  const passwords = property(item, OWN, 'app-passwords');
  return {
    href: item.href,
    id: idOf(item.href),
    name: propertyText(item, DAV, 'displayname') || idOf(item.href),
    group: propertyText(item, OWN, 'kind') === 'group',
    administrator: propertyText(item, OWN, 'administrator') === 'true',
    members: propertyHrefs(item, DAV, 'group-member-set').map(idOf),
    memberOf: propertyHrefs(item, DAV, 'group-membership').map(idOf),
    appPasswords: (passwords ? children(passwords, OWN, 'app-password') : []).map((one) => ({
      id: one.getAttribute('id') ?? '', label: one.getAttribute('label') ?? '', created: one.getAttribute('created') ?? '',
    })),
  };
};

const isPrincipal = (item: ResponseItem): boolean => child(property(item, DAV, 'resourcetype'), DAV, 'principal') !== null;

export const listPrincipals = async (client: Client): Promise<Principal[]> => {
  const answer = await client.multistatus('PROPFIND', '/principals/', document('D:propfind', PROPS), 1);
  return answer.responses.filter(isPrincipal).map(read);
};

export const readPrincipal = async (client: Client, href: string): Promise<Principal | null> => {
  const answer = await client.multistatus('PROPFIND', href, document('D:propfind', PROPS));
  return answer.responses[0] ? read(answer.responses[0]) : null;
};

export const readRepository = async (client: Client): Promise<RepositoryState> => {
  const answer = await client.multistatus('PROPFIND', '/principals/', document('D:propfind', element('D:prop', '<G:repository/><G:broken-files/>')));
  const item = answer.responses[0];
  const repository = item ? property(item, OWN, 'repository') : null;
  const value = (name: string): string => textOf(child(repository, OWN, name));
  const broken = item ? property(item, OWN, 'broken-files') : null;
  return {
    reachable: value('reachable') === '' ? null : value('reachable') === 'true',
    lastError: value('last-error'),
    lastPull: value('last-pull'),
    lastPush: value('last-push'),
    commit: value('commit'),
    remote: value('remote'),
    broken: (broken ? children(broken, OWN, 'file') : []).map((one) => ({ path: one.getAttribute('path') ?? '', line: one.getAttribute('line') ?? '', reason: textOf(one) })),
  };
};

const user = (name: string): string => `/users/${encodeURIComponent(name)}`;
const group = (name: string): string => `/groups/${encodeURIComponent(name)}`;
const done = async (wait: Promise<Response>): Promise<void> => void (await wait);

const NEW = { 'If-None-Match': '*' };

/** Changes a password. */
export const putUser = (client: Client, name: string, password: string, headers: Record<string, string> = {}): Promise<void> =>
  done(client.request('PUT', user(name), { body: password, type: 'text/plain; charset=utf-8', headers }));
/** Makes a user; a name that is taken is refused (412), not given a new password. */
export const createUser = (client: Client, name: string, password: string): Promise<void> => putUser(client, name, password, NEW);
export const removeUser = (client: Client, name: string): Promise<void> => done(client.request('DELETE', user(name)));
/** Makes a group without members; one that exists is refused (412), not emptied. */
export const createGroup = (client: Client, name: string): Promise<void> => done(client.request('PUT', `${group(name)}?members=`, { headers: NEW }));
export const removeGroup = (client: Client, name: string): Promise<void> => done(client.request('DELETE', group(name)));
export const setMember = (client: Client, name: string, member: string, on: boolean): Promise<void> =>
  done(client.request(on ? 'PUT' : 'DELETE', `${group(name)}/users/${encodeURIComponent(member)}`));

/** The secret is told once. */
export const createAppPassword = async (client: Client, name: string, label: string): Promise<string> =>
  bodyOf(await client.request('POST', `${user(name)}/app-passwords?label=${encodeURIComponent(label)}`));
export const removeAppPassword = (client: Client, name: string, id: string): Promise<void> =>
  done(client.request('DELETE', `${user(name)}/app-passwords/${encodeURIComponent(id)}`));
