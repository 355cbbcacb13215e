// A file of many events, taken apart into one calendar object per UID for the import.
import ICAL from 'ical.js';
import { cloneComponent, printItem } from './item';
import { ensureTimezones } from './vtimezone';

export interface Piece {
  uid: string;
  title: string;
  /** Null when the piece could not be read; `problem` says why. */
  text: string | null;
  problem: string;
}

const KINDS = ['vevent', 'vtodo', 'vjournal'];

/** Throws when the file as a whole is no iCalendar. */
export const splitFile = (text: string, freshUid: () => string): Piece[] => {
  const parsed = ICAL.parse(text.replace(/^\uFEFF/, '')) as unknown;
  const roots = (Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed]) as string[][];
  const groups = new Map<string, { members: ICAL.Component[]; zones: ICAL.Component[]; prodid: string }>();
  for (const root of roots) {
    const calendar = new ICAL.Component(root as unknown as string[]);
    if (calendar.name !== 'vcalendar') continue;
    const zones = calendar.getAllSubcomponents('vtimezone');
    for (const member of calendar.getAllSubcomponents()) {
      if (!KINDS.includes(member.name)) continue;
      let uid = String(member.getFirstPropertyValue('uid') ?? '').trim();
      if (!uid) {
        uid = freshUid();
        member.updatePropertyWithValue('uid', uid);
      }
      const group = groups.get(uid) ?? { members: [], zones, prodid: String(calendar.getFirstPropertyValue('prodid') ?? '-//gitstead//import//EN') };
      group.members.push(member);
      groups.set(uid, group);
    }
  }
  return [...groups].map(([uid, group]) => {
    const title = String(group.members[0]!.getFirstPropertyValue('summary') ?? '');
    try {
      return { uid, title, text: assemble(group.members, group.zones, group.prodid), problem: '' };
    } catch (error) {
      return { uid, title, text: null, problem: error instanceof Error ? error.message : String(error) };
    }
  });
};

const assemble = (members: ICAL.Component[], zones: ICAL.Component[], prodid: string): string => {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('prodid', prodid);
  calendar.addPropertyWithValue('version', '2.0');
  const used = new Set(members.flatMap((one) => one.getAllProperties().map((property) => property.getFirstParameter('tzid'))));
  for (const zone of zones) if (used.has(String(zone.getFirstPropertyValue('tzid')))) calendar.addSubcomponent(cloneComponent(zone));
  for (const member of members) calendar.addSubcomponent(cloneComponent(member));
  ensureTimezones(calendar);
  return printItem(calendar);
};
