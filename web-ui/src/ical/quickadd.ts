// Quick add: one line of English or German becomes an event ("Lunch with Bo tomorrow 12-13").
//
// Each pass finds one thing (recurrence, date, time, length, place), takes its words out, and what is left
// is the title. Both languages are always understood: people mix them.
import type { Draft } from './draft';
import { plainRule, type Rule } from './rule';
import { DAY, HOUR, MINUTE, addMonths, dayFrom, dayOf, parts, startOf, weekday, type Day, type Wall } from './wall';
import type { Zone } from './zone';

export interface Quick {
  title: string;
  place: string;
  start: Wall;
  end: Wall;
  allDay: boolean;
  rule: Rule | null;
}

const DAYS = [
  'sunday|sun|sonntag|so', 'monday|mon|montag|mo', 'tuesday|tues|tue|dienstag|di', 'wednesday|wed|mittwoch|mi',
  'thursday|thurs|thur|thu|donnerstag|do', 'friday|fri|freitag|fr', 'saturday|sat|samstag|sonnabend|sa',
];
const MONTHS = [
  'january|jan|januar|jänner', 'february|feb|februar', 'march|mar|märz|mär', 'april|apr', 'may|mai', 'june|jun|juni', 'july|jul|juli',
  'august|aug', 'september|sept|sep', 'october|oct|oktober|okt', 'november|nov', 'december|dec|dezember|dez',
];
const index = (lists: string[], word: string): number => lists.findIndex((list) => list.split('|').includes(word.toLowerCase().replace(/\.$/, '')));

const ANY_DAY = DAYS.join('|');
const LONG_DAY = DAYS.map((list) => list.split('|').filter((one) => one.length > 2).join('|')).join('|');
const ANY_MONTH = MONTHS.join('|');
const EDGE = '(?<![\\p{L}\\d])';
const STOP = '(?![\\p{L}\\d])';
const re = (source: string): RegExp => new RegExp(`${EDGE}(?:${source})${STOP}`, 'iu');

class Line {
  constructor(public rest: string) {}
  take(source: string): RegExpExecArray | null {
    const match = re(source).exec(this.rest);
    if (match) this.rest = `${this.rest.slice(0, match.index)} ${this.rest.slice(match.index + match[0].length)}`;
    return match;
  }
}

export const parseQuick = (input: string, now: Wall): Quick | null => {
  const line = new Line(input.trim());
  if (!line.rest) return null;
  const today = dayOf(now);
  const repeat = takeRule(line);
  const dates = takeDates(line, today);
  const length = takeLength(line);
  const time = takeTime(line);
  const place = takePlace(line);
  let first = dates?.first ?? repeat?.day?.(today) ?? null;
  const title = line.rest.replace(/\s+/g, ' ').replace(/^[\s,;–-]+|[\s,;–-]+$/g, '').trim();
  const common = { title, place, rule: repeat?.rule ?? null };
  if (!time) {
    const day = first ?? today;
    return { ...common, allDay: true, start: startOf(day), end: startOf((dates?.last ?? day) + 1) };
  }
  if (first === null) first = today * DAY + time.start > now - HOUR ? today : today + 1;
  const start = startOf(first) + time.start;
  let end = time.end === null ? start + (length ?? HOUR) : startOf(dates?.last ?? first) + time.end;
  if (end <= start) end += DAY;
  return { ...common, allDay: false, start, end };
};

const nextWeekday = (wanted: number) => (today: Day): Day => today + ((wanted - weekday(today) + 7) % 7);

const takeRule = (line: Line): { rule: Rule; day?: (today: Day) => Day } | null => {
  const every = '(?:every|each|jede[nrs]?|alle)';
  const workdays = line.take(`${every}\\s+(?:weekday|workday|werktag|werktage|wochentag)s?|werktags`);
  if (workdays) return { rule: { ...plainRule('WEEKLY'), weekdays: [1, 2, 3, 4, 5] }, day: (today) => today + (weekday(today) === 6 ? 2 : weekday(today) === 0 ? 1 : 0) };
  const step = '(?:(other|second|third|fourth|2nd|3rd|4th|zweite[nrs]?|dritte[nrs]?|vierte[nrs]?|\\d{1,2})\\.?\\s+)?';
  const named = line.take(`${every}\\s+${step}(${ANY_DAY})s?`);
  if (named) {
    const day = index(DAYS, named[2]!);
    return { rule: { ...plainRule('WEEKLY'), interval: number(named[1]), weekdays: [day] }, day: nextWeekday(day) };
  }
  const unit = line.take(`${every}\\s+${step}(days?|weeks?|months?|years?|tage?n?|wochen?|monate?n?|jahre?n?)`);
  if (unit) return { rule: { ...plainRule(frequency(unit[2]!)), interval: number(unit[1]) } };
  const plain = line.take('daily|weekly|monthly|yearly|annually|täglich|wöchentlich|monatlich|jährlich');
  return plain ? { rule: plainRule(frequency(plain[0])) } : null;
};

const number = (word: string | undefined): number => {
  if (!word) return 1;
  const digits = Number.parseInt(word, 10);
  if (digits) return digits;
  if (/^(third|dritt)/i.test(word)) return 3;
  return /^(fourth|viert)/i.test(word) ? 4 : 2;
};

const frequency = (word: string): Rule['frequency'] => {
  if (/^(day|dai|tag|tägl)/i.test(word)) return 'DAILY';
  if (/^(week|woch|wöch)/i.test(word)) return 'WEEKLY';
  return /^(month|monat)/i.test(word) ? 'MONTHLY' : 'YEARLY';
};

interface Dates {
  first: Day;
  last: Day | null;
}

const takeDates = (line: Line, today: Day): Dates | null => {
  const range = takeRange(line, today);
  if (range) return range;
  const day = takeDay(line, today);
  return day === null ? null : { first: day, last: null };
};

/** The next day of that number and month, unless a year is said. */
const near = (today: Day, month: number, day: number, year?: string): Day | null => {
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  if (year) return dayFrom(Number(year) < 100 ? 2000 + Number(year) : Number(year), month, day);
  const now = parts(startOf(today)).year;
  const found = dayFrom(now, month, day);
  return found < today ? dayFrom(now + 1, month, day) : found;
};

const takeRange = (line: Line, today: Day): Dates | null => {
  const to = '\\s*(?:-|–|to|until|till|bis)\\s*';
  const from = '(?:(?:from|von|vom)\\s+)?';
  const one = line.take(`${from}(\\d{1,2})\\.?${to}(?:zum\\s+)?(\\d{1,2})\\.?\\s+(${ANY_MONTH})\\.?(?:\\s+(\\d{4}))?`);
  const month = one ? index(MONTHS, one[3]!) + 1 : 0;
  if (one) return ordered(near(today, month, Number(one[1]), one[4]), near(today, month, Number(one[2]), one[4]));
  const english = line.take(`${from}(${ANY_MONTH})\\.?\\s+(\\d{1,2})${to}(?:(${ANY_MONTH})\\.?\\s+)?(\\d{1,2})`);
  if (english) {
    const begin = index(MONTHS, english[1]!) + 1;
    return ordered(near(today, begin, Number(english[2])), near(today, english[3] ? index(MONTHS, english[3]) + 1 : begin, Number(english[4])));
  }
  const both = line.take(`${from}(\\d{1,2})\\.?\\s+(${ANY_MONTH})\\.?${to}(?:zum\\s+)?(\\d{1,2})\\.?\\s+(${ANY_MONTH})\\.?`);
  if (both) return ordered(near(today, index(MONTHS, both[2]!) + 1, Number(both[1])), near(today, index(MONTHS, both[4]!) + 1, Number(both[3])));
  const german = line.take(`${from}(\\d{1,2})\\.(\\d{1,2})\\.?${to}(?:zum\\s+)?(\\d{1,2})\\.(\\d{1,2})\\.`);
  if (german) return ordered(near(today, Number(german[2]), Number(german[1])), near(today, Number(german[4]), Number(german[3])));
  return null;
};

const ordered = (first: Day | null, last: Day | null): Dates | null => {
  if (first === null || last === null) return null;
  return { first, last: last < first ? last + 365 : last };
};

const takeDay = (line: Line, today: Day): Day | null => {
  const on = '(?:(?:on|am|the|den|der)\\s+)?';
  const iso = line.take('(\\d{4})-(\\d{2})-(\\d{2})');
  if (iso) return dayFrom(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  if (line.take('day after tomorrow|übermorgen')) return today + 2;
  if (line.take('today|tonight|heute')) return today;
  if (line.take('tomorrow|tmrw|morgen')) return today + 1;
  const later = line.take('in\\s+(\\d{1,3})\\s+(days?|weeks?|months?|tagen?|wochen?|monaten?)');
  if (later) {
    const step = Number(later[1]);
    const unit = frequency(later[2]!);
    return unit === 'DAILY' ? today + step : unit === 'WEEKLY' ? today + 7 * step : addMonths(today, step);
  }
  const ordinal = '(\\d{1,2})(?:st|nd|rd|th|\\.)?';
  const dayMonth = line.take(`${on}${ordinal}\\s+(?:of\\s+)?(${ANY_MONTH})\\.?(?:\\s+(\\d{4}))?`);
  if (dayMonth) return near(today, index(MONTHS, dayMonth[2]!) + 1, Number(dayMonth[1]), dayMonth[3]);
  const monthDay = line.take(`${on}(${ANY_MONTH})\\.?\\s+${ordinal}(?:,?\\s+(\\d{4}))?(?!\\s*(?::|-|–|uhr|am|pm))`);
  if (monthDay) return near(today, index(MONTHS, monthDay[1]!) + 1, Number(monthDay[2]), monthDay[3]);
  const numeric = line.take(`${on}(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4}|\\d{2})?`);
  if (numeric) return near(today, Number(numeric[2]), Number(numeric[1]), numeric[3]);
  const next = line.take(`(?:next|nächste[nrs]?|kommende[nrs]?)\\s+(${ANY_DAY})\\.?`);
  if (next) return today + 1 + ((index(DAYS, next[1]!) - weekday(today) + 13) % 7);
  if (line.take('next week|nächste woche')) return today + 7;
  // Two letters alone ("so", "do", "mi") are words; they name a day only after "am" or "on".
  const named = line.take(`(?:on|this|am|diese[nr]?)\\s+(${ANY_DAY})\\.?`) ?? line.take(`(${LONG_DAY})`);
  return named ? nextWeekday(index(DAYS, named[1]!))(today) : null;
};

const takeLength = (line: Line): number | null => {
  const match = line.take('(?:for|für)\\s+(\\d+(?:[.,]\\d+)?|an?|eine)\\s*(minutes?|minuten?|mins?|hours?|stunden?|std|hrs?|h|m)')
    ?? line.take('(\\d+(?:[.,]\\d+)?)\\s*(minutes|minuten|mins?|hours|stunden|std|hrs?|h)');
  if (!match) return null;
  const amount = Number(match[1]!.replace(',', '.')) || 1;
  return amount * (/^m/i.test(match[2]!) ? MINUTE : HOUR);
};

const takeTime = (line: Line): { start: number; end: number | null } | null => {
  const clock = '(\\d{1,2})(?:[:.h](\\d{2}))?\\s*(am|pm|a\\.m\\.|p\\.m\\.)?(?:\\s*uhr)?';
  const range = line.take(`(?:(?:from|at|von|um|@)\\s+)?${clock}\\s*(?:-|–|to|until|till|bis)\\s*${clock}`);
  if (range) {
    const end = time(range[4]!, range[5], range[6]);
    let start = time(range[1]!, range[2], range[3]);
    // "1-3pm": the half of the day said once holds for both.
    if (!range[3] && range[6] && start !== null && /^p/i.test(range[6]) && Number(range[1]) < 12 && start + 12 * HOUR < (end ?? 0)) start += 12 * HOUR;
    if (start !== null && end !== null) return { start, end };
  }
  const single = line.take(`(?:at|um|ab|@)\\s*${clock}`) ?? line.take('(\\d{1,2})[:](\\d{2})\\s*(am|pm)?(?:\\s*uhr)?')
    ?? line.take('(\\d{1,2})()\\s*(am|pm)') ?? line.take('(\\d{1,2})(?:[.:](\\d{2}))?()\\s*uhr');
  const at = single ? time(single[1]!, single[2], single[3]) : null;
  if (at !== null) return { start: at, end: null };
  if (line.take('(?:at\\s+)?noon|mittags')) return { start: 12 * HOUR, end: null };
  return line.take('(?:at\\s+)?midnight|mitternachts?') ? { start: 0, end: null } : null;
};

// "5 am Montag" is a Monday, not a morning: after a space "am" stands at the end or before a mark.
const HALF = '(?:am|pm|\\s+(?:am|pm)(?!\\s+[\\p{L}\\d]))';
const CLOCK = `\\d{1,2}:\\d{2}${HALF}?(?:\\s*uhr)?|\\d{1,2}${HALF}|\\d{1,2}(?:\\.\\d{2})?\\s*uhr`;

/**
 * A title like "Lunch 12:30" in a form that has a day already: only a time that can be nothing else is taken,
 * and every other word stays in the title. The draft itself when the title says no time.
 */
export const clockInTitle = (draft: Draft, zone: Zone): Draft => {
  if (draft.allDay && draft.end - draft.start > DAY) return draft;
  const line = new Line(draft.title);
  const at = '(?:(?:from|at|von|um|ab|@)\\s*)?';
  const to = '\\s*(?:-|–|to|until|till|bis)\\s*';
  const found = line.take(`${at}(${CLOCK})(?:${to}(${CLOCK}|\\d{1,2}))?`);
  const start = found && clock(found[1]!);
  const title = line.rest.replace(/\s+/g, ' ').replace(/^[\s,;–-]+|[\s,;–-]+$/g, '');
  if (start === null || !title) return draft;
  const last = found?.[2] ? clock(found[2]) : null;
  if (found?.[2] && last === null) return draft;
  const day = startOf(dayOf(draft.start));
  const length = draft.allDay ? HOUR : draft.end - draft.start;
  const end = last === null ? day + start + length : day + last + (last <= start ? DAY : 0);
  return { ...draft, title, allDay: false, zone: draft.allDay ? zone : draft.zone, start: day + start, end };
};

const clock = (words: string): number | null => {
  const [, hours, minutes, half] = /^(\d+)(?:[:.](\d+))?\s*([ap]m)?/i.exec(words)!;
  return time(hours!, minutes, half);
};

const time = (hours: string, minutes: string | undefined, half: string | undefined): number | null => {
  let hour = Number(hours);
  const minute = Number(minutes || 0);
  if (hour > 24 || minute > 59) return null;
  if (half && /^p/i.test(half) && hour < 12) hour += 12;
  if (half && /^a/i.test(half) && hour === 12) hour = 0;
  return hour * HOUR + minute * MINUTE;
};

const takePlace = (line: Line): string => {
  const match = /(?:\s@\s*|\sat\s+)([^@]+)$/i.exec(line.rest);
  if (!match || match.index === 0) return '';
  line.rest = line.rest.slice(0, match.index);
  return match[1]!.replace(/\s+/g, ' ').replace(/[\s,;]+$/, '').trim();
};
