// The instances of a calendar object in a range of time, for the views.
//
// Recurrence runs on the wall clock of the event's own zone; only the instances found are put into the
// zone of the person who looks.
import ICAL from 'ical.js';
import { icalTime, readEnd, readStamp, readStamps, stampAs, stampUtc, stampWall, text, type Item, type Stamp } from './item';
import { DAY, HOUR, MINUTE, parts, startOf, type Day, type Wall } from './wall';
import { toUtc, toWall, type Zone } from './zone';

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

/** One event never makes a view stand still: a rule that gives more than this in one range is cut. */
export const MOST_INSTANCES = 3000;
const MOST_STEPS = 50_000;

export const recurs = (component: ICAL.Component): boolean => component.hasProperty('rrule') || component.hasProperty('rdate');

const UNIT: Record<string, number> = { SECONDLY: 1000, MINUTELY: MINUTE, HOURLY: HOUR, DAILY: DAY, WEEKLY: 7 * DAY };

/** A start nearer to the range that gives the same instances from there on. */
const forward = (rule: ICAL.Recur, start: Wall, from: Wall): Wall => {
  const unit = UNIT[rule.freq as string];
  if (!unit || rule.count || from <= start) return start;
  const step = unit * (rule.interval || 1);
  return start + Math.max(0, Math.floor((from - start) / step) - 1) * step;
};

const localRule = (rule: ICAL.Recur, start: Stamp): ICAL.Recur => {
  const copy = rule.clone();
  const until = rule.until as ICAL.Time | null;
  if (!until) return copy;
  const p = { year: until.year, month: until.month, day: until.day, hour: until.hour, minute: until.minute, second: until.second };
  const utc = until.zone === ICAL.Timezone.utcTimezone && !until.isDate;
  const at = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second);
  const stamp: Stamp = { time: at, date: until.isDate, zone: utc ? 'UTC' : start.zone };
  // A date as the last day of a timed event takes in that whole day.
  const local = until.isDate && !start.date ? { ...start, time: at + DAY - 1000 } : stampAs(stamp, start);
  copy.until = icalTime({ ...local, zone: null });
  return copy;
};

/** Wall-clock starts of a master in its own zone, within a range that is exclusive at its end. */
export const starts = (master: ICAL.Component, start: Stamp, from: Wall, to: Wall): Wall[] => {
  const found = new Set<Wall>();
  if (start.time >= from && start.time < to) found.add(start.time);
  for (const value of master.getAllProperties('rrule').map((one) => one.getFirstValue())) {
    if (!(value instanceof ICAL.Recur)) continue;
    const rule = localRule(value, start);
    const begin = forward(rule, start.time, from);
    try {
      const steps = rule.iterator(icalTime({ ...start, time: begin, zone: null }));
      for (let step = 0; step < MOST_STEPS && found.size < MOST_INSTANCES; step++) {
        const next = steps.next();
        if (!next) break;
        const at = Date.UTC(next.year, next.month - 1, next.day, next.hour, next.minute, next.second);
        if (at >= to) break;
        if (at >= from && at >= start.time) found.add(at);
      }
    } catch {
      // A rule that ical.js refuses leaves the first instance to be seen and repaired.
    }
  }
  for (const extra of readStamps(master, 'rdate')) {
    const at = stampAs(extra, start).time;
    if (at >= from && at < to) found.add(at);
  }
  for (const gone of readStamps(master, 'exdate')) {
    // An EXDATE of a date takes out every instance of that day.
    if (gone.date && !start.date) {
      for (const at of found) if (at >= gone.time && at < gone.time + DAY) found.delete(at);
    } else found.delete(stampAs(gone, start).time);
  }
  return [...found].sort((a, b) => a - b);
};

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
  const start = master ? readStamp(master, 'dtstart') ?? (item.kind === 'vtodo' ? readStamp(master, 'due') : null) : null;
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
  for (const at of starts(master, start, low, startOf(to) + 2 * DAY)) {
    if (taken.has(at)) continue;
    const begin = { ...start, time: at };
    const one = make(item, master, begin, begin, endOf(begin, end, start, here), here);
    if (seen(one)) list.push(one);
  }
  return list;
};

/** End of an instance: as long as the first one, in days for dates and in exact time otherwise. */
const endOf = (begin: Stamp, end: Stamp, first: Stamp, here: Zone): Stamp => {
  if (begin.date) return { ...begin, time: begin.time + (end.time - first.time) };
  const zone = begin.zone ?? here;
  const length = stampUtc(end, here) - stampUtc(first, here);
  return { ...begin, time: toWall(toUtc(begin.time, zone) + length, zone) };
};

export const titleOf = (component: ICAL.Component): string => text(component, 'summary').trim();

/** A name for an instance that lives as long as the instance does. */
export const instanceKey = (href: string, one: Instance): string => `${href} ${one.recurrence ? one.recurrence.time : ''}`;

export const lastDay = (one: Instance): Day => {
  const end = one.end > one.start ? one.end - 1 : one.start;
  return Math.floor(end / DAY);
};

export const yearOf = (time: Wall): number => parts(time).year;
