// A recurrence rule as the form shows it: the common shapes as choices, everything else kept as it is.
import ICAL from 'ical.js';
import { icalTime, type Stamp } from './item';
import { NEAR, nearest, startsOf, untilWall } from './series';
import { dayOf, daysInMonth, parts, timeOfDay, weekday, type Wall } from './wall';
import { toUtc } from './zone';

export const CODES = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const;
export type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

/** `monthly` says which day of the month: its number, or its weekday counted from the start or the end. */
export interface Rule {
  frequency: Frequency;
  interval: number;
  weekdays: number[];
  monthly: 'number' | 'weekday' | 'last-weekday';
  end: { kind: 'never' } | { kind: 'count'; count: number } | { kind: 'until'; day: number };
}

export const plainRule = (frequency: Frequency): Rule => ({ frequency, interval: 1, weekdays: [], monthly: 'number', end: { kind: 'never' } });

export const nthWeekday = (time: Wall): number => Math.ceil(parts(time).day / 7);
export const isLastWeekday = (time: Wall): boolean => {
  const p = parts(time);
  return p.day + 7 > daysInMonth(p.year, p.month);
};

/** Null when the rule says more than the form can show. */
export const readRule = (recur: ICAL.Recur, start: Stamp): Rule | null => {
  const data = recur.toJSON() as Record<string, unknown>;
  const known = new Set(['freq', 'interval', 'count', 'until', 'byday', 'bymonthday', 'bymonth', 'wkst']);
  if (Object.keys(data).some((key) => !known.has(key))) return null;
  const frequency = String(recur.freq) as Frequency;
  if (!['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(frequency)) return null;
  const rule = plainRule(frequency);
  rule.interval = recur.interval || 1;
  const list = (key: string): string[] => (data[key] === undefined ? [] : [data[key]].flat().map(String));
  const byday = list('byday');
  const bymonthday = list('bymonthday');
  const bymonth = list('bymonth');
  const p = parts(start.time);
  if (frequency !== 'YEARLY' && bymonth.length > 0) return null;
  if (frequency === 'YEARLY' && (byday.length > 0 || bymonth.some((one) => Number(one) !== p.month) || bymonth.length > 1)) return null;
  if (bymonthday.length > 1 || (bymonthday.length === 1 && (frequency === 'DAILY' || frequency === 'WEEKLY' || Number(bymonthday[0]) !== p.day))) return null;
  if (frequency === 'MONTHLY' && byday.length > 0) {
    const match = /^(-?\d)([A-Z]{2})$/.exec(byday[0]!);
    if (byday.length > 1 || !match || bymonthday.length > 0) return null;
    if (CODES.indexOf(match[2] as (typeof CODES)[number]) !== weekday(dayOf(start.time))) return null;
    if (match[1] === '-1') rule.monthly = 'last-weekday';
    else if (Number(match[1]) === nthWeekday(start.time)) rule.monthly = 'weekday';
    else return null;
  } else {
    const days = byday.map((one) => CODES.indexOf(one as (typeof CODES)[number]));
    if (days.includes(-1)) return null;
    if (frequency === 'DAILY' && days.length > 0) return null;
    rule.weekdays = days;
  }
  const until = recur.until as ICAL.Time | null;
  if (recur.count) rule.end = { kind: 'count', count: recur.count };
  else if (until) rule.end = { kind: 'until', day: untilDay(until, start) };
  return rule;
};

const untilDay = (until: ICAL.Time, start: Stamp): number => {
  const at = Date.UTC(until.year, until.month - 1, until.day, until.hour, until.minute, until.second);
  // UNTIL is in UTC; the day that people mean is the one in the event's zone.
  const zoned = until.isDate || start.zone === null || start.zone === 'UTC';
  if (zoned) return dayOf(at);
  const guess = dayOf(at);
  for (const day of [guess + 1, guess, guess - 1]) if (toUtc(day * 86_400_000 + (start.time - dayOf(start.time) * 86_400_000), start.zone) <= at) return day;
  return guess;
};

/** UNTIL as RFC 5545 section 3.3.10 wants it: a date for dates, UTC for times in a zone, local for floating ones. */
export const untilTime = (at: Wall, start: Stamp): ICAL.Time => {
  if (start.date) return icalTime({ time: at, date: true, zone: null });
  if (start.zone === null) return icalTime({ time: at, date: false, zone: null });
  return icalTime({ time: toUtc(at, start.zone), date: false, zone: 'UTC' });
};

export const writeRule = (rule: Rule, start: Stamp): ICAL.Recur => {
  const fields: string[] = [`FREQ=${rule.frequency}`];
  if (rule.interval > 1) fields.push(`INTERVAL=${rule.interval}`);
  const code = CODES[weekday(dayOf(start.time))]!;
  if (rule.frequency === 'WEEKLY' && rule.weekdays.length > 0) fields.push(`BYDAY=${sorted(rule.weekdays).map((one) => CODES[one]).join(',')}`);
  if (rule.frequency === 'MONTHLY' && rule.monthly === 'weekday') fields.push(`BYDAY=${nthWeekday(start.time)}${code}`);
  if (rule.frequency === 'MONTHLY' && rule.monthly === 'last-weekday') fields.push(`BYDAY=-1${code}`);
  if (rule.end.kind === 'count') fields.push(`COUNT=${rule.end.count}`);
  const recur = ICAL.Recur.fromString(fields.join(';'));
  if (rule.end.kind === 'until') recur.until = untilTime(rule.end.day * 86_400_000 + (start.time % 86_400_000), start);
  return recur;
};

/** DTSTART is always an instance (RFC 5545 section 3.8.5.3): days from it to the first one that a weekly rule names. */
export const daysToFirst = (rule: Rule | null, start: Wall): number =>
  rule?.frequency === 'WEEKLY' && rule.weekdays.length > 0 ? Math.min(...rule.weekdays.map((one) => (one - weekday(dayOf(start)) + 7) % 7)) : 0;

/**
 * A rule for a series that began at `old` and begins at `start` now: a weekly rule for Tuesdays, dragged to
 * Wednesday, is a rule for Wednesdays. Null when no rule says that.
 */
export const shiftedRule = (recur: ICAL.Recur, old: Stamp, start: Stamp): ICAL.Recur | null => {
  const shifted = shiftedDays(recur, old, start);
  const clock = timeOfDay(start.time) !== timeOfDay(old.time) || start.date !== old.date || start.zone !== old.zone;
  if (!shifted || (clock && ['BYHOUR', 'BYMINUTE', 'BYSECOND'].some((part) => part in shifted.parts))) return null;
  const until = untilWall(recur, old);
  if (until !== null) shifted.until = untilTime(shiftedUntil(recur, shifted, old, start, until), start);
  return shifted;
};

const shiftedDays = (recur: ICAL.Recur, old: Stamp, start: Stamp): ICAL.Recur | null => {
  const days = dayOf(start.time) - dayOf(old.time);
  if (days === 0) return recur.clone();
  const rule = readRule(recur, old);
  if (rule && rule.frequency !== 'WEEKLY') return writeRule({ ...rule, end: rule.end.kind === 'count' ? rule.end : { kind: 'never' } }, start);
  return shiftedParts(recur, old, days);
};

/** The parts of a rule some days later: null when that is not exactly what the rule can say. */
const shiftedParts = (recur: ICAL.Recur, old: Stamp, days: number): ICAL.Recur | null => {
  const by = recur.parts as Record<string, (string | number)[]>;
  const only = (...names: string[]): boolean => Object.keys(by).every((one) => names.includes(one));
  if (recur.freq === 'DAILY' || recur.freq === 'WEEKLY') return only('BYDAY', 'BYSETPOS') ? shiftedWeek(recur, by.BYDAY ?? [], days) : null;
  if (recur.freq !== 'MONTHLY' && recur.freq !== 'YEARLY') return only() ? recur.clone() : null;
  if (!only('BYMONTHDAY', 'BYMONTH', 'BYSETPOS')) return null;
  // Every month has 28 days, and those before the last likewise; what lies beyond would slip into another month.
  const numbers = (by.BYMONTHDAY ?? [parts(old.time).day]).map(Number);
  const inMonth = (one: number): boolean => Math.abs(one) <= 28 && Math.abs(one + days) <= 28 && one * (one + days) > 0;
  if (!numbers.every(inMonth)) return null;
  const shifted = recur.clone();
  if (by.BYMONTHDAY) shifted.setComponent('BYMONTHDAY', numbers.map((one) => one + days));
  return shifted;
};

const shiftedWeek = (recur: ICAL.Recur, byday: (string | number)[], days: number): ICAL.Recur | null => {
  const turn = (day: number): number => (((day + days) % 7) + 7) % 7;
  const codes = byday.map((one) => CODES.indexOf(one as (typeof CODES)[number]));
  if (codes.includes(-1)) return null;
  const shifted = recur.clone();
  // The week begins later by as much, or every second week would take its days from two.
  if (recur.freq === 'WEEKLY' && recur.interval > 1 && codes.length > 1) shifted.wkst = turn(recur.wkst - 1) + 1;
  if (codes.length > 0) shifted.setComponent('BYDAY', codes.map((one) => CODES[turn(one)]!));
  return shifted;
};

/** UNTIL moves by as much as the series, but never loses the last instance: the second Monday may come after the second Tuesday. */
const shiftedUntil = (recur: ICAL.Recur, shifted: ICAL.Recur, old: Stamp, start: Stamp, until: Wall): Wall => {
  const by = start.time - old.time;
  const last = recur.freq === 'MONTHLY' && dayOf(start.time) !== dayOf(old.time) ? startsOf(recur, old, old.time, until + 1).at(-1) : undefined;
  if (last === undefined) return until + by;
  const endless = shifted.clone();
  endless.until = null as unknown as ICAL.Time;
  return nearest(startsOf(endless, start, last + by - NEAR, last + by + NEAR), last + by) ?? until + by;
};

/** Monday first: the order of a week, not of the codes. */
const sorted = (days: number[]): number[] => [...new Set(days)].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));

export const sameRule = (a: Rule | null, b: Rule | null): boolean => JSON.stringify(a) === JSON.stringify(b);
