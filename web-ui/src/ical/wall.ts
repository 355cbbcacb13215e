// Wall-clock arithmetic: a time as the clock on the wall shows it, a day as a number, and no zone in either.
//
// A Wall is milliseconds since 1970 *as if* the wall clock were UTC, so adding a day never meets a change of
// the clocks. What instant a Wall is, only zone.ts knows.

export type Wall = number;
export type Day = number;

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export interface Parts {
  year: number;
  month: number; // 1–12
  day: number;
  hour: number;
  minute: number;
  second: number;
}

export const wall = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): Wall => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
};

export const parts = (time: Wall): Parts => {
  const date = new Date(time);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
};

export const dayOf = (time: Wall): Day => Math.floor(time / DAY);
export const startOf = (day: Day): Wall => day * DAY;
export const timeOfDay = (time: Wall): number => time - startOf(dayOf(time));
export const dayFrom = (year: number, month: number, day: number): Day => dayOf(wall(year, month, day));

/** 0 = Sunday, as in JavaScript and in ical.js less one. */
export const weekday = (day: Day): number => (((day + 4) % 7) + 7) % 7;

export const startOfWeek = (day: Day, firstDay: number): Day => day - ((weekday(day) - firstDay + 7) % 7);
export const startOfMonth = (day: Day): Day => {
  const p = parts(startOf(day));
  return dayFrom(p.year, p.month, 1);
};
export const daysInMonth = (year: number, month: number): number => dayFrom(year, month + 1, 1) - dayFrom(year, month, 1);

/** The same day some months later, or the last of that month when it is too short. */
export const addMonths = (day: Day, months: number): Day => {
  const p = parts(startOf(day));
  const index = p.year * 12 + p.month - 1 + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  return dayFrom(year, month, Math.min(p.day, daysInMonth(year, month)));
};

/** ISO 8601 week number; a week belongs to the year of its Thursday. */
export const isoWeek = (day: Day): number => {
  const thursday = day + 3 - ((weekday(day) + 6) % 7);
  const { year } = parts(startOf(thursday));
  return 1 + Math.floor((thursday - dayFrom(year, 1, 1)) / 7);
};

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

export const printDay = (day: Day): string => {
  const p = parts(startOf(day));
  return `${pad(p.year, 4)}-${pad(p.month)}-${pad(p.day)}`;
};

export const printTime = (time: Wall): string => {
  const p = parts(time);
  return `${pad(p.hour)}:${pad(p.minute)}`;
};

export const parseDay = (text: string): Day | null => {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return null;
  const day = dayFrom(Number(match[1]), Number(match[2]), Number(match[3]));
  return printDay(day) === text ? day : null;
};

export const parseTime = (text: string): number | null => {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) return null;
  return Number(match[1]) * HOUR + Number(match[2]) * MINUTE;
};
