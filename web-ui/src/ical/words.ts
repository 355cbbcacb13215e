// A recurrence in words ("every second Tuesday until 30 June"), for any rule, in the language given.
import ICAL from 'ical.js';
import { CODES, nthWeekday, type Rule } from './rule';
import { stampOf, type Stamp } from './item';
import { dayOf, parts, weekday, type Day } from './wall';

/** What words.ts needs of a language; i18n provides one from its messages. */
export interface Speech {
  say(key: WordKey, values?: Record<string, string | number>): string;
  list(items: string[]): string;
  weekday(number: number): string;
  month(number: number): string;
  date(day: Day): string;
  dayAndMonth(day: Day): string;
  ordinal(number: number): string;
}

export type WordKey =
  | 'rule.daily' | 'rule.days' | 'rule.workdays' | 'rule.weekly' | 'rule.weeks' | 'rule.monthly' | 'rule.months' | 'rule.yearly' | 'rule.years'
  | 'rule.secondWeek' | 'rule.other' | 'rule.on' | 'rule.onDay' | 'rule.onLastDay' | 'rule.onNth' | 'rule.onLast' | 'rule.onDate' | 'rule.in' | 'rule.until' | 'rule.times'
  | 'rule.extra';

const WORKDAYS = '1,2,3,4,5';

const withEnd = (base: string, count: number | null, until: Day | null, speech: Speech): string => {
  if (count) return base + speech.say('rule.times', { n: count });
  return until === null ? base : base + speech.say('rule.until', { date: speech.date(until) });
};

const weekly = (interval: number, days: number[], speech: Speech): string => {
  const sorted = [...new Set(days)].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  if (interval === 1 && sorted.join(',') === WORKDAYS) return speech.say('rule.workdays');
  const names = speech.list(sorted.map((one) => speech.weekday(one)));
  if (interval === 2 && sorted.length === 1) return speech.say('rule.secondWeek', { day: names });
  const base = interval === 1 ? speech.say('rule.weekly') : speech.say('rule.weeks', { n: interval });
  return base + speech.say('rule.on', { days: names });
};

/** Words for what the form holds, before it is saved. */
export const describeRule = (rule: Rule, start: Stamp, speech: Speech): string => {
  const day = dayOf(start.time);
  const p = parts(start.time);
  const every = (one: WordKey, many: WordKey): string => (rule.interval === 1 ? speech.say(one) : speech.say(many, { n: rule.interval }));
  const base = (): string => {
    if (rule.frequency === 'DAILY') return every('rule.daily', 'rule.days');
    if (rule.frequency === 'WEEKLY') return weekly(rule.interval, rule.weekdays.length ? rule.weekdays : [weekday(day)], speech);
    if (rule.frequency === 'YEARLY') return every('rule.yearly', 'rule.years') + speech.say('rule.onDate', { date: speech.dayAndMonth(day) });
    const months = every('rule.monthly', 'rule.months');
    if (rule.monthly === 'number') return months + speech.say('rule.onDay', { day: speech.ordinal(p.day) });
    if (rule.monthly === 'last-weekday') return months + speech.say('rule.onLast', { day: speech.weekday(weekday(day)) });
    return months + speech.say('rule.onNth', { nth: speech.ordinal(nthWeekday(start.time)), day: speech.weekday(weekday(day)) });
  };
  return withEnd(base(), rule.end.kind === 'count' ? rule.end.count : null, rule.end.kind === 'until' ? rule.end.day : null, speech);
};

/** Words for a rule as somebody else wrote it. */
export const describeRecur = (recur: ICAL.Recur, start: Stamp, speech: Speech): string => {
  const data = recur.toJSON() as Record<string, unknown>;
  const list = (key: string): string[] => (data[key] === undefined ? [] : [data[key]].flat().map(String));
  const interval = recur.interval || 1;
  const every = (one: WordKey, many: WordKey): string => (interval === 1 ? speech.say(one) : speech.say(many, { n: interval }));
  const days = list('byday').map((one) => ({ nth: Number.parseInt(one, 10) || 0, day: CODES.indexOf(one.slice(-2) as (typeof CODES)[number]) }));
  const plainDays = days.filter((one) => one.nth === 0).map((one) => one.day);
  const numbers = list('bymonthday').map(Number);
  const months = list('bymonth').map((one) => speech.month(Number(one)));
  const position = Number(list('bysetpos')[0] ?? 0);

  let words: string;
  if (recur.freq === 'DAILY') words = every('rule.daily', 'rule.days') + (plainDays.length ? speech.say('rule.on', { days: speech.list(plainDays.map((one) => speech.weekday(one))) }) : '');
  else if (recur.freq === 'WEEKLY') words = weekly(interval, plainDays.length ? plainDays : [weekday(dayOf(start.time))], speech);
  else if (recur.freq === 'MONTHLY' || recur.freq === 'YEARLY') {
    words = recur.freq === 'MONTHLY' ? every('rule.monthly', 'rule.months') : every('rule.yearly', 'rule.years');
    const nths = position ? plainDays.map((day) => ({ nth: position, day })) : days.filter((one) => one.nth !== 0);
    const nthWords = (one: { nth: number; day: number }): string =>
      one.nth < 0 ? speech.say('rule.onLast', { day: speech.weekday(one.day) }) : speech.say('rule.onNth', { nth: speech.ordinal(one.nth), day: speech.weekday(one.day) });
    if (nths.length === 1) words += nthWords(nths[0]!);
    else if (position && nths.length === 5) words += speech.say('rule.extra');
    else if (nths.length > 1) words += nths.map(nthWords).join(',');
    else if (plainDays.length) words += speech.say('rule.on', { days: speech.list(plainDays.map((one) => speech.weekday(one))) });
    else if (numbers.length === 1 && numbers[0] === -1) words += speech.say('rule.onLastDay');
    else if (numbers.length) words += speech.say('rule.onDay', { day: speech.list(numbers.map((one) => speech.ordinal(one))) });
    else if (recur.freq === 'YEARLY' && months.length <= 1) words += speech.say('rule.onDate', { date: speech.dayAndMonth(dayOf(start.time)) });
    else if (recur.freq === 'MONTHLY') words += speech.say('rule.onDay', { day: speech.ordinal(parts(start.time).day) });
    if (months.length && (recur.freq === 'MONTHLY' || nths.length || numbers.length || months.length > 1)) words += speech.say('rule.in', { months: speech.list(months) });
  } else words = speech.say('rule.other');
  const until = recur.until as ICAL.Time | null;
  const last = until ? dayOf(stampOf(until, undefined, null).time) : null;
  return withEnd(words, recur.count, last, speech);
};
