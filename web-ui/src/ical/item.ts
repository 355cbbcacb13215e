// One calendar object resource as the page sees it: its text, read once, as a master and its overrides.
import ICAL from 'ical.js';
import { parts, wall, type Wall } from './wall';
import { resolveZone, toUtc, toWall, tzidOf, type Zone } from './zone';

/** A DATE or DATE-TIME of a component: wall-clock time, and the zone that the clock hangs in. */
export interface Stamp {
  time: Wall;
  date: boolean;
  zone: Zone;
  /** A TZID that neither the browser nor the file defines: the time floats, and the name stays with it. */
  tzid?: string;
}

export type Kind = 'vevent' | 'vtodo';

export interface Item {
  calendar: ICAL.Component;
  kind: Kind;
  uid: string;
  /** Absent when the server only gives us instances that we were invited to. */
  master: ICAL.Component | null;
  overrides: ICAL.Component[];
}

/** Null when the text is no calendar object that the page can show (a journal, say). Throws on broken text. */
export const readItem = (text: string): Item | null => {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown as string[]);
  for (const kind of ['vevent', 'vtodo'] as const) {
    const all = calendar.getAllSubcomponents(kind);
    if (all.length === 0) continue;
    return {
      calendar,
      kind,
      uid: String(all[0]!.getFirstPropertyValue('uid') ?? ''),
      master: all.find((one) => !one.hasProperty('recurrence-id')) ?? null,
      overrides: all.filter((one) => one.hasProperty('recurrence-id')),
    };
  }
  return null;
};

export const printItem = (calendar: ICAL.Component): string => `${calendar.toString()}\r\n`;

/** A copy that can be edited without touching what is shown. */
export const cloneItem = (item: Item): Item => readItem(printItem(item.calendar))!;

export const cloneComponent = (component: ICAL.Component): ICAL.Component =>
  new ICAL.Component(JSON.parse(JSON.stringify(component.toJSON())) as unknown as string[]);

export const stampOf = (time: ICAL.Time, tzid: string | undefined, calendar: ICAL.Component | null): Stamp => {
  const at = wall(time.year, time.month, time.day, time.hour, time.minute, time.second);
  if (time.isDate) return { time: at, date: true, zone: null };
  if (time.zone === ICAL.Timezone.utcTimezone) return { time: at, date: false, zone: 'UTC' };
  const zone = tzid ? resolveZone(tzid, calendar?.getAllSubcomponents('vtimezone') ?? []) : null;
  return tzid && zone === null ? { time: at, date: false, zone, tzid } : { time: at, date: false, zone };
};

export const readStamp = (component: ICAL.Component, name: string): Stamp | null => {
  const property = component.getFirstProperty(name);
  const value = property?.getFirstValue();
  if (!property || !(value instanceof ICAL.Time)) return null;
  return stampOf(value, property.getFirstParameter('tzid'), component.parent);
};

/** All values of a property that may come several times with several values each (EXDATE, RDATE). */
export const readStamps = (component: ICAL.Component, name: string): Stamp[] =>
  component.getAllProperties(name).flatMap((property) =>
    (property.getValues() as unknown[]).flatMap((value) => {
      const time = value instanceof ICAL.Period ? value.start : value;
      return time instanceof ICAL.Time ? [stampOf(time, property.getFirstParameter('tzid'), component.parent)] : [];
    }),
  );

export const icalTime = (stamp: Stamp): ICAL.Time => {
  const p = parts(stamp.time);
  if (stamp.date) return new ICAL.Time({ year: p.year, month: p.month, day: p.day, isDate: true }, ICAL.Timezone.localTimezone);
  const zone = stamp.zone === 'UTC' ? ICAL.Timezone.utcTimezone : ICAL.Timezone.localTimezone;
  return new ICAL.Time({ ...p, isDate: false }, zone);
};

/** Writes into the property that is there, so parameters the page does not know stay with it. */
export const writeStamp = (component: ICAL.Component, name: string, stamp: Stamp): void => {
  const property = component.getFirstProperty(name);
  if (!property) {
    addStamp(component, name, stamp);
    return;
  }
  const before = readStamp(component, name);
  property.resetType(stamp.date ? 'date' : 'date-time');
  property.setValue(icalTime(stamp));
  property.removeParameter('value');
  writeZone(property, stamp, before?.zone ?? null);
};

/** One more property of that name, for EXDATE and the like. */
export const addStamp = (component: ICAL.Component, name: string, stamp: Stamp): void => {
  const property = new ICAL.Property(name, component);
  property.resetType(stamp.date ? 'date' : 'date-time');
  property.setValue(icalTime(stamp));
  writeZone(property, stamp, null);
  component.addProperty(property);
};

/** `before` is the zone of the value that was there. */
export const writeZone = (property: ICAL.Property, stamp: Stamp, before: Zone): void => {
  // A form that was given no zone gives none back: whoever wrote the name may know it.
  const unknown = stamp.zone === null && !stamp.date ? stamp.tzid ?? (before === null ? property.getFirstParameter('tzid') : undefined) : undefined;
  if (unknown) property.setParameter('tzid', unknown);
  else if (stamp.date || stamp.zone === null || stamp.zone === 'UTC') property.removeParameter('tzid');
  // The TZID as its writer spelt it is kept while the zone stays the same.
  else if (before !== stamp.zone || !property.getFirstParameter('tzid')) property.setParameter('tzid', tzidOf(stamp.zone));
};

export const stampUtc = (stamp: Stamp, here: Zone): number => toUtc(stamp.time, stamp.zone ?? here);
export const stampWall = (stamp: Stamp, here: Zone): Wall =>
  stamp.date || stamp.zone === null ? stamp.time : toWall(toUtc(stamp.time, stamp.zone), here);

/** The same instant as a stamp of another zone and type: how RECURRENCE-ID, EXDATE and DTSTART meet. */
export const stampAs = (stamp: Stamp, like: Stamp): Stamp => {
  if (like.date) return { time: wall(parts(stamp.time).year, parts(stamp.time).month, parts(stamp.time).day), date: true, zone: null };
  if (stamp.date || stamp.zone === like.zone) return { ...like, time: stamp.time };
  return { ...like, time: stampWall(stamp, like.zone) };
};

export const text = (component: ICAL.Component, name: string): string => {
  const value = component.getFirstPropertyValue(name);
  return value === null || value === undefined ? '' : String(value);
};

/** End of a component, exclusive: DTEND or DUE, or DURATION, or the default of RFC 5545 section 3.6.1. */
export const readEnd = (component: ICAL.Component, start: Stamp): Stamp => {
  const end = readStamp(component, 'dtend') ?? (component.name === 'vtodo' ? readStamp(component, 'due') : null);
  if (end && end.date === start.date) return end;
  const duration = component.getFirstPropertyValue('duration');
  if (duration instanceof ICAL.Duration) {
    // Days are nominal, hours are exact (RFC 5545 section 3.3.6).
    const sign = duration.isNegative ? -1 : 1;
    const days = sign * (duration.weeks * 7 + duration.days) * 86_400_000;
    const exact = sign * (duration.hours * 3600 + duration.minutes * 60 + duration.seconds) * 1000;
    if (start.date) return { ...start, time: start.time + days };
    return { ...start, time: toWall(toUtc(start.time + days, start.zone) + exact, start.zone) };
  }
  // Only events last a day by default; a task without a due time has none.
  return start.date && component.name === 'vevent' ? { ...start, time: start.time + 86_400_000 } : start;
};

/** From a start to an end: exact time, or the wall clock's where there is no zone (a date, a floating time). */
export const lengthBetween = (start: Stamp, end: Stamp): number =>
  nominal(start) ? stampAs(end, start).time - start.time : stampUtc(end, start.zone) - stampUtc(start, start.zone);

export const later = (start: Stamp, length: number): Stamp =>
  ({ ...start, time: nominal(start) ? start.time + length : toWall(toUtc(start.time, start.zone) + length, start.zone) });

const nominal = (stamp: Stamp): boolean => stamp.date || stamp.zone === null;

/**
 * End of an instance that begins at `begin`, of a component that begins at `first`: DTEND and DUE give every
 * instance the exact time of the first one, a DURATION is counted anew (RFC 5545 section 3.8.5.3).
 */
export const instanceEnd = (component: ICAL.Component, first: Stamp, begin: Stamp): Stamp => {
  const lasts = component.hasProperty('duration') && !component.hasProperty('dtend') && !component.hasProperty('due');
  return lasts ? readEnd(component, begin) : later(begin, lengthBetween(first, readEnd(component, first)));
};
