// Free and busy times of people invited (RFC 6638 section 5), and the invitations that wait in the inbox.
import { bodyOf, Client } from './client';
import { multiget, type Stored } from './objects';
import { CAL, child, children, DAV, document, element, parse, textOf } from './xml';
import ICAL from 'ical.js';

export interface Busy {
  start: number; // UTC
  end: number;
  tentative: boolean;
}

export interface Availability {
  address: string;
  /** Null when the server could not find out. */
  busy: Busy[] | null;
}

const stamp = (utc: number): string => `${new Date(utc).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

// An address goes into a content line as it is: what would end the line has no place in it.
const clean = (address: string): string => address.replace(/[\r\n]/g, '');

const escape = (text: string): string => clean(text).replace(/[\\;,]/g, '\\$&');

/** `masked` is the UID of the event that is planned: its own time does not count as busy. */
export const freeBusy = async (client: Client, outbox: string, me: string, addresses: string[], from: number, to: number, uid: string, masked = ''): Promise<Availability[]> => {
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//gitstead//calendar//EN', 'METHOD:REQUEST', 'BEGIN:VFREEBUSY', `UID:${uid}`, `DTSTAMP:${stamp(from)}`,
    `DTSTART:${stamp(from)}`, `DTEND:${stamp(to)}`, `ORGANIZER:${clean(me)}`, ...addresses.map((one) => `ATTENDEE:${clean(one)}`),
    ...(masked ? [`X-CALENDARSERVER-MASK-UID:${escape(masked)}`] : []), 'END:VFREEBUSY', 'END:VCALENDAR', '',
  ];
  const response = await client.request('POST', outbox, { body: lines.join('\r\n'), type: 'text/calendar; charset=utf-8' });
  return readSchedule(await bodyOf(response));
};

export const readSchedule = (text: string): Availability[] =>
  children(parse(text), CAL, 'response').map((one) => {
    const recipient = child(one, CAL, 'recipient');
    const address = textOf(child(recipient, DAV, 'href')) || textOf(recipient);
    const data = textOf(child(one, CAL, 'calendar-data'));
    return { address, busy: data ? readBusy(data) : null };
  });

export const readBusy = (text: string): Busy[] => {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown as string[]);
  return calendar.getAllSubcomponents('vfreebusy').flatMap((part) =>
    part.getAllProperties('freebusy').flatMap((line) => {
      const type = (line.getFirstParameter('fbtype') ?? 'BUSY').toUpperCase();
      if (type === 'FREE') return [];
      return (line.getValues() as unknown as ICAL.Period[]).map((period) => ({
        start: period.start.toUnixTime() * 1000,
        end: period.getEnd().toUnixTime() * 1000,
        tentative: type === 'BUSY-TENTATIVE',
      }));
    }),
  );
};

/** Messages in the inbox; the events themselves are already in the calendar (implicit scheduling). */
export const inboxMessages = async (client: Client, inbox: string): Promise<Stored[]> => {
  const answer = await client.multistatus('PROPFIND', inbox, document('D:propfind', element('D:prop', '<D:getetag/>')), 1);
  const hrefs = answer.responses.map((one) => one.href).filter((one) => one.replace(/\/$/, '') !== inbox.replace(/\/$/, ''));
  return hrefs.length ? multiget(client, inbox, hrefs) : [];
};
