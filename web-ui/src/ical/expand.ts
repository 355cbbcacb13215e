// The instances of a calendar object in a range of time, for the views.
//
// Recurrence runs on the wall clock of the event's own zone; only the instances found are put into the
// zone of the person who looks.
import type ICAL from 'ical.js';
import { instanceEnd, readEnd, readStamp, stampAs, stampUtc, stampWall, text, type Item, type Stamp } from './item';
import { firstOf, recurs, seriesOf } from './series';
import { DAY, parts, startOf, type Day, type Wall } from './wall';
import type { Zone } from './zone';

export { recurs };

export interface Instance {
  item: Item;
  /** The override of this instance, else the master. */
  component: ICAL.Component;
  /** Original start of the instance; null when the event does not recur. */
  recurrence: Stamp | null;
  start: Wall; // in the zone of the viewer; whole days for all-day events
  end: Wall; // exclusive
  allDay: boolean;
  /** The event's zone, when it is not the viewer's. */
  zone: Zone;
  startUtc: number;
  endUtc: number;
}

const make = (item: Item, component: ICAL.Component, recurrence: Stamp | null, start: Stamp, end: Stamp, here: Zone): Instance => {
  const last = end.time < start.time && end.zone === start.zone ? start : end;
  const common = { item, component, recurrence, allDay: start.date, startUtc: stampUtc(start, here), endUtc: stampUtc(last, here) };
  // UTC is how programs write a time, not where people are.
  const zone = start.date || start.zone === here || start.zone === 'UTC' ? null : start.zone;
  return { ...common, zone, start: stampWall(start, here), end: stampWall(last, here) };
};

export const touches = (one: Instance, from: Day, to: Day): boolean => {
  const end = one.end === one.start ? one.start + 1 : one.end;
  return one.start < startOf(to) && end > startOf(from);
};

/** Instances that touch the days from `from` up to but not including `to`, as seen in the zone `here`. */
export const expand = (item: Item, from: Day, to: Day, here: Zone): Instance[] => {
  const list: Instance[] = [];
  const seen = (one: Instance): boolean => touches(one, from, to);
  const taken = new Set<Wall>();
  const { master } = item;
  const start = master && firstOf(master);
  for (const override of item.overrides) {
    const recurrence = readStamp(override, 'recurrence-id');
    const own = readStamp(override, 'dtstart') ?? recurrence;
    if (!recurrence || !own) continue;
    const like = start ?? recurrence;
    taken.add(stampAs(recurrence, like).time);
    const one = make(item, override, recurrence, own, readEnd(override, own), here);
    if (seen(one)) list.push(one);
  }
  if (!master || !start) return list;
  const end = readEnd(master, start);
  if (!recurs(master)) {
    const one = make(item, master, null, start, end, here);
    return seen(one) ? [...list, one] : list;
  }
  const length = stampUtc(end, here) - stampUtc(start, here);
  // Two days around the range: zones lie at most 26 hours apart.
  const low = startOf(from) - Math.max(0, length) - 2 * DAY;
  for (const at of seriesOf(master, start).between(low, startOf(to) + 2 * DAY)) {
    if (taken.has(at)) continue;
    const begin = { ...start, time: at };
    const one = make(item, master, begin, begin, instanceEnd(master, start, begin), here);
    if (seen(one)) list.push(one);
  }
  return list;
};

export const titleOf = (component: ICAL.Component): string => text(component, 'summary').trim();

/** A name for an instance that lives as long as the instance does. */
export const instanceKey = (href: string, one: Instance): string => `${href} ${one.recurrence ? one.recurrence.time : ''}`;

export const lastDay = (one: Instance): Day => {
  const end = one.end > one.start ? one.end - 1 : one.start;
  return Math.floor(end / DAY);
};

export const yearOf = (time: Wall): number => parts(time).year;
