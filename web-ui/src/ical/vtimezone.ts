// VTIMEZONE components made from the browser's zone data (RFC 5545 section 3.6.5).
//
// A zone whose clocks change by the same rule this year and next is written with two yearly rules, as
// every zone database does; another one gets its changes listed, from a year before the event to ten after.
import ICAL from 'ical.js';
import { daysInMonth, dayOf, parts, wall, weekday, type Wall } from './wall';
import { transitions } from './zone';

interface Change {
  at: Wall; // the wall clock before the change
  from: number;
  to: number;
}

const changes = (zone: string, year: number): Change[] => {
  const list = transitions(zone, year);
  return list.slice(1).map((change, index) => ({ at: change.at + list[index]!.offset, from: list[index]!.offset, to: change.offset }));
};

const CODES = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

const rule = (at: Wall): string => {
  const p = parts(at);
  const last = p.day + 7 > daysInMonth(p.year, p.month);
  const nth = last ? -1 : Math.ceil(p.day / 7);
  return `FREQ=YEARLY;BYMONTH=${p.month};BYDAY=${nth}${CODES[weekday(dayOf(at))]}`;
};

const printOffset = (offset: number): string => {
  const minutes = Math.abs(offset) / 60_000;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(minutes / 60)}${two(minutes % 60)}`;
};

const printWall = (at: Wall): string => new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '');

const observance = (change: Change, recurrence: string | null): string[] => {
  const name = change.to > change.from ? 'DAYLIGHT' : 'STANDARD';
  return [
    `BEGIN:${name}`, `DTSTART:${printWall(change.at)}`, ...(recurrence ? [`RRULE:${recurrence}`] : []),
    `TZOFFSETFROM:${printOffset(change.from)}`, `TZOFFSETTO:${printOffset(change.to)}`, `END:${name}`,
  ];
};

export const makeTimezone = (zone: string, year: number): ICAL.Component => {
  const first = transitions(zone, year - 1)[0]!.offset;
  const now = changes(zone, year);
  const next = changes(zone, year + 1);
  const steady = now.length === next.length && now.every((one, index) => rule(one.at) === rule(next[index]!.at));
  let lines: string[];
  if (steady && now.length > 0) {
    const last = changes(zone, year - 1);
    lines = (last.length === now.length ? last : now).flatMap((one) => observance(one, rule(one.at)));
  } else {
    const begin: Change = { at: wall(year - 1, 1, 1), from: first, to: first };
    const listed = Array.from({ length: 12 }, (_, index) => changes(zone, year - 1 + index)).flat();
    lines = [...observance(begin, null), ...listed.flatMap((one) => observance(one, null))];
  }
  const text = ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...lines, 'END:VTIMEZONE'].join('\r\n');
  return new ICAL.Component(ICAL.parse(text) as unknown as string[]);
};

/** Every TZID that the calendar's components use has a definition beside them. */
export const ensureTimezones = (calendar: ICAL.Component): void => {
  const defined = new Set(calendar.getAllSubcomponents('vtimezone').map((one) => String(one.getFirstPropertyValue('tzid'))));
  for (const component of calendar.getAllSubcomponents()) {
    if (component.name === 'vtimezone') continue;
    for (const property of component.getAllProperties()) {
      const tzid = property.getFirstParameter('tzid');
      if (!tzid || defined.has(tzid)) continue;
      defined.add(tzid);
      const year = (property.getFirstValue() as { year?: number } | null)?.year ?? 2000;
      try {
        calendar.addSubcomponent(makeTimezone(tzid, year));
      } catch {
        // A TZID that nobody defines stays as it came: its owner may know it.
      }
    }
  }
};
