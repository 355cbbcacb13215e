// The instances of a calendar object in a range of time, for the views.
//
// Recurrence runs on the wall clock of the event's own zone; only the instances found are put into the
// zone of the person who looks.
import type ICAL from 'ical.js';
import { instanceEnd, readEnd, readStamp, stampAs, stampUtc, stampWall, text, type Item, type Stamp } from './item';
import { firstOf, recurs, seriesOf, type Series } from './series';
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

/** What of an item is the same for every range: read once, for the zone it was last looked at from. */
interface Read {
  here: Zone;
  /** A single event, or the changed instances of a series. */
  single: Instance[];
  series: { starts: Series; master: ICAL.Component; length: number; taken: Set<Wall>; made: Map<Wall, Instance> } | null;
}

const known = new WeakMap<Item, Read>();

const read = (item: Item, here: Zone): Read => {
  const found = known.get(item);
  if (found?.here === here) return found;
  const fresh: Read = { here, single: [], series: null };
  known.set(item, fresh);
  const { master } = item;
  const start = master && firstOf(master);
  const taken = new Set<Wall>();
  for (const override of item.overrides) {
    const recurrence = readStamp(override, 'recurrence-id');
    const own = readStamp(override, 'dtstart') ?? recurrence;
    if (!recurrence || !own) continue;
    taken.add(stampAs(recurrence, start ?? recurrence).time);
    fresh.single.push(make(item, override, recurrence, own, readEnd(override, own), here));
  }
  if (!master || !start) return fresh;
  const end = readEnd(master, start);
  if (!recurs(master)) fresh.single.push(make(item, master, null, start, end, here));
  else fresh.series = { starts: seriesOf(master, start), master, length: Math.max(0, stampUtc(end, here) - stampUtc(start, here)), taken, made: new Map() };
  return fresh;
};

/** Instances of an item that no rule gives: they are the same whatever range is looked at. */
export const singles = (item: Item, here: Zone): Instance[] => read(item, here).single;

/** True when more instances come by a rule. */
export const isSeries = (item: Item, here: Zone): boolean => read(item, here).series !== null;

/** Instances that a rule gives, in a range as `expand` takes it. An instance is one object as long as the item stays. */
export const ruled = (item: Item, from: Day, to: Day, here: Zone): Instance[] => {
  const { series } = read(item, here);
  if (!series) return [];
  const { starts, master, length, taken, made } = series;
  const list: Instance[] = [];
  // Two days around the range: zones lie at most 26 hours apart.
  for (const at of starts.between(startOf(from) - length - 2 * DAY, startOf(to) + 2 * DAY)) {
    if (taken.has(at)) continue;
    let one = made.get(at);
    if (!one) {
      const begin = { ...starts.first, time: at };
      made.set(at, (one = make(item, master, begin, begin, instanceEnd(master, starts.first, begin), here)));
    }
    if (touches(one, from, to)) list.push(one);
  }
  return list;
};

/** Instances that touch the days from `from` up to but not including `to`, as seen in the zone `here`. */
export const expand = (item: Item, from: Day, to: Day, here: Zone): Instance[] =>
  [...singles(item, here).filter((one) => touches(one, from, to)), ...ruled(item, from, to, here)];

export const titleOf = (component: ICAL.Component): string => text(component, 'summary').trim();

/** A name for an instance that lives as long as the instance does. */
export const instanceKey = (href: string, one: Instance): string => `${href} ${one.recurrence ? one.recurrence.time : ''}`;

export const lastDay = (one: Instance): Day => {
  const end = one.end > one.start ? one.end - 1 : one.start;
  return Math.floor(end / DAY);
};

export const yearOf = (time: Wall): number => parts(time).year;
