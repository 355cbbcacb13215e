// Calendars: listing, making, changing and removing them (RFC 4791, RFC 5689, calendarserver.org extensions).
import { bodyOf, Client, failureIn } from './client';
import {
  APPLE, CAL, child, children, CS, DAV, document, element, escape, leaf, pathOf, property, propertyHref, propertyText, textOf, type ResponseItem,
} from './xml';

export interface Collection {
  href: string;
  name: string;
  color: string; // #rrggbb
  order: number;
  description: string;
  components: string[];
  owner: string;
  writable: boolean;
  /** May change the properties and who else sees it. */
  sharable: boolean;
  subscribed: boolean;
  source: string;
  published: string;
  syncToken: string;
  ctag: string;
}

const LIST = document(
  'D:propfind',
  element(
    'D:prop',
    '<D:resourcetype/><D:displayname/><A:calendar-color/><A:calendar-order/><C:calendar-description/><C:supported-calendar-component-set/>',
    '<D:current-user-privilege-set/><D:owner/><D:sync-token/><CS:getctag/><CS:source/><CS:publish-url/>',
  ),
);

const PALETTE = ['#3b6fd8', '#1f9d74', '#c8553d', '#8a5bc7', '#c98a12', '#0f8fa8', '#c2447f', '#5f7d2c'];

/** A colour that stays the same for a calendar that has none of its own. */
export const colorFor = (href: string): string => {
  let sum = 0;
  for (const letter of href) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return PALETTE[sum % PALETTE.length]!;
};

export const listCollections = async (client: Client, home: string, principal: string): Promise<Collection[]> => {
  const answer = await client.multistatus('PROPFIND', home, LIST, 1);
  const found = answer.responses.flatMap((item) => read(item, principal) ?? []);
  return found.sort((a, b) => a.order - b.order || a.name.localeCompare(b.name));
};

const read = (item: ResponseItem, principal: string): Collection | null => {
  const type = property(item, DAV, 'resourcetype');
  const calendar = child(type, CAL, 'calendar') !== null;
  const subscribed = child(type, CS, 'subscribed') !== null;
  if (!calendar && !subscribed) return null;
  const privileges = property(item, DAV, 'current-user-privilege-set');
  const may = privileges ? children(privileges).flatMap((one) => children(one).map((name) => name.localName)) : null;
  const color = /^#([0-9a-f]{6})/i.exec(propertyText(item, APPLE, 'calendar-color'))?.[1];
  const set = property(item, CAL, 'supported-calendar-component-set');
  const components = set ? children(set, CAL, 'comp').map((one) => (one.getAttribute('name') ?? '').toUpperCase()) : [];
  const owner = propertyHref(item, DAV, 'owner');
  const has = (...names: string[]): boolean => may === null || names.some((one) => may.includes(one));
  return {
    href: item.href.endsWith('/') ? item.href : `${item.href}/`,
    name: propertyText(item, DAV, 'displayname') || decodeURIComponent(item.href.split('/').filter(Boolean).at(-1) ?? ''),
    color: color ? `#${color.toLowerCase()}` : colorFor(item.href),
    order: Number(propertyText(item, APPLE, 'calendar-order')) || 0,
    description: propertyText(item, CAL, 'calendar-description'),
    components: components.length ? components : ['VEVENT', 'VTODO'],
    owner,
    writable: !subscribed && has('all', 'write', 'write-content', 'bind'),
    sharable: (!owner || owner === principal) && has('all', 'write', 'write-acl', 'write-properties'),
    subscribed,
    source: textOf(child(property(item, CS, 'source'), DAV, 'href')),
    published: publishedOf(item),
    syncToken: propertyText(item, DAV, 'sync-token'),
    ctag: propertyText(item, CS, 'getctag'),
  };
};

const publishedOf = (item: ResponseItem): string => {
  const found = property(item, CS, 'publish-url');
  return found ? pathOf(textOf(child(found, DAV, 'href')) || textOf(found)) : '';
};

export interface Looks {
  name: string;
  color: string;
  description: string;
}

const looks = ({ name, color, description }: Looks): string =>
  leaf('D:displayname', name) + leaf('A:calendar-color', `${color}ff`) + leaf('C:calendar-description', description);

export const createCalendar = async (client: Client, href: string, wanted: Looks, components: string[]): Promise<void> => {
  const comps = components.map((one) => `<C:comp name="${escape(one)}"/>`).join('');
  const props = looks(wanted) + element('C:supported-calendar-component-set', comps);
  await client.request('MKCALENDAR', href, { body: document('C:mkcalendar', element('D:set', element('D:prop', props))) });
};

export const subscribe = async (client: Client, href: string, wanted: Looks, source: string): Promise<void> => {
  const props = element('D:resourcetype', '<D:collection/><CS:subscribed/>') + looks(wanted) + element('CS:source', leaf('D:href', source));
  await client.request('MKCOL', href, { body: document('D:mkcol', element('D:set', element('D:prop', props))) });
};

export const changeCalendar = async (client: Client, href: string, wanted: Looks): Promise<void> => {
  const body = document('D:propertyupdate', element('D:set', element('D:prop', looks(wanted))));
  const answer = await client.multistatus('PROPPATCH', href, body);
  const failed = failureIn(answer);
  if (failed) throw failed;
};

export const removeCollection = async (client: Client, href: string): Promise<void> => {
  await client.request('DELETE', href);
};

const readPublished = async (client: Client, href: string): Promise<string> => {
  const answer = await client.multistatus('PROPFIND', href, document('D:propfind', element('D:prop', '<CS:publish-url/>')));
  return answer.responses[0] ? publishedOf(answer.responses[0]) : '';
};

/** Makes or takes back the secret link; gives the link that holds from now on. */
export const setPublished = async (client: Client, href: string, on: boolean): Promise<string> => {
  await client.request('POST', href, { body: document(on ? 'CS:publish-calendar' : 'CS:unpublish-calendar') });
  return on ? readPublished(client, href) : '';
};

export const exportCalendar = async (client: Client, href: string): Promise<string> =>
  bodyOf(await client.request('GET', href, { headers: { Accept: 'text/calendar' } }));
