// Calendar object resources: those of a range, those that changed, and writing one with its entity tag.
import { bodyOf, Client, DavError } from './client';
import { CAL, DAV, document, element, escape, leaf, propertyText, type Multistatus } from './xml';
import { printDay, type Day } from '../ical/wall';

export interface Stored {
  href: string;
  etag: string;
  text: string;
}

const DATA = element('D:prop', '<D:getetag/><C:calendar-data/>');

const stored = (answer: Multistatus): Stored[] =>
  answer.responses
    .map((item) => ({ href: item.href, etag: propertyText(item, DAV, 'getetag'), text: item.properties.get(`{${CAL}}calendar-data`)?.textContent ?? '' }))
    .filter((one) => one.text !== '');

const stamp = (day: Day): string => `${printDay(day).replace(/-/g, '')}T000000Z`;

/** Objects of a calendar with an instance in a range of days (RFC 4791 section 7.8). */
export const queryRange = async (client: Client, calendar: string, component: 'VEVENT' | 'VTODO', from: Day, to: Day): Promise<Stored[]> => {
  const range = `<C:time-range start="${stamp(from)}" end="${stamp(to)}"/>`;
  return query(client, calendar, component, range);
};

/** Tasks are few, and those without a date are in no range. */
export const queryTasks = (client: Client, calendar: string): Promise<Stored[]> => query(client, calendar, 'VTODO', '');

const query = async (client: Client, calendar: string, component: string, inner: string): Promise<Stored[]> => {
  const filter = `<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="${escape(component)}">${inner}</C:comp-filter></C:comp-filter></C:filter>`;
  return stored(await client.multistatus('REPORT', calendar, document('C:calendar-query', DATA, filter), 1));
};

export const multiget = async (client: Client, calendar: string, hrefs: string[]): Promise<Stored[]> => {
  const list: Stored[] = [];
  for (let at = 0; at < hrefs.length; at += 200) {
    const some = hrefs.slice(at, at + 200).map((one) => leaf('D:href', one));
    list.push(...stored(await client.multistatus('REPORT', calendar, document('C:calendar-multiget', DATA, ...some), 1)));
  }
  return list;
};

export interface Changes {
  changed: { href: string; etag: string }[];
  removed: string[];
  token: string;
}

/** What changed since a token (RFC 6578); null when the server has forgotten the token. */
export const changesSince = async (client: Client, calendar: string, token: string): Promise<Changes | null> => {
  const changes: Changes = { changed: [], removed: [], token };
  for (let round = 0; round < 50; round++) {
    const body = document('D:sync-collection', leaf('D:sync-token', changes.token), leaf('D:sync-level', '1'), element('D:prop', '<D:getetag/>'));
    let answer: Multistatus;
    try {
      answer = await client.multistatus('REPORT', calendar, body, 0);
    } catch (error) {
      if (error instanceof DavError && (error.precondition === 'valid-sync-token' || error.trouble === 'refused' || error.trouble === 'changed')) return null;
      throw error;
    }
    for (const item of answer.responses) {
      if (item.status === 404) changes.removed.push(item.href);
      else if (item.href.replace(/\/$/, '') !== calendar.replace(/\/$/, '')) changes.changed.push({ href: item.href, etag: propertyText(item, DAV, 'getetag') });
    }
    changes.token = answer.syncToken || changes.token;
    if (!answer.truncated) return changes;
  }
  return changes;
};

const TYPE = 'text/calendar; charset=utf-8';

export const read = async (client: Client, href: string): Promise<Stored | null> => {
  const response = await client.request('GET', href, { accept: [404, 410] });
  if (!response.ok) return null;
  const text = await bodyOf(response);
  if (!/^\s*BEGIN:VCALENDAR/i.test(text)) throw new DavError('stranger', response.status, '');
  return { href, etag: response.headers.get('ETag') ?? '', text };
};

/** Writes over the version `etag`, or makes a new resource when it is null. Gives what the server has now. */
export const write = async (client: Client, href: string, text: string, etag: string | null): Promise<Stored> => {
  const guard = etag === null ? { 'If-None-Match': '*' } : { 'If-Match': etag };
  const response = await client.request('PUT', href, { body: text, type: TYPE, headers: guard as unknown as Record<string, string> });
  if (/text\/html/.test(response.headers.get('Content-Type') ?? '')) throw new DavError('stranger', response.status, '');
  // A server that changed what it was given sends no ETag (RFC 4791 section 5.3.4): ask.
  const made = response.headers.get('ETag');
  return made ? { href, etag: made, text } : whatBecameOf(client, href, text);
};

/** It is stored, whatever happens to the question: without an answer only its tag is not known. */
const whatBecameOf = async (client: Client, href: string, text: string): Promise<Stored> => {
  const unknown = { href, etag: '', text };
  try {
    return (await read(client, href)) ?? unknown;
  } catch {
    return unknown;
  }
};

export const erase = async (client: Client, href: string, etag: string): Promise<void> => {
  await client.request('DELETE', href, { headers: etag ? { 'If-Match': etag } : {}, accept: [404] });
};
