// The language of the page and the habits of the locale: messages, dates, first day of the week, 12 or 24 hours.
import { computed } from '@preact/signals';
import { DAY, dayOf, startOf, timeOfDay, type Day, type Wall } from '../ical/wall';
import type { Speech } from '../ical/words';
import { settings } from '../store/settings';
import { de } from './de';
import { en } from './en';

export type Key = keyof typeof en;
export type Values = Record<string, string | number>;

const LANGUAGES = { en, de } as const;
export const LANGUAGE_NAMES: Record<keyof typeof LANGUAGES, string> = { en: 'English', de: 'Deutsch' };

/** What the browser wants, best first. */
const wanted = (): readonly string[] => (navigator.languages?.length ? navigator.languages : [navigator.language || 'en']);
const languageOf = (tag: string): string => tag.split('-')[0]!.toLowerCase();

export const language = computed((): keyof typeof LANGUAGES => {
  const known = wanted().map(languageOf).find((one) => one in LANGUAGES) ?? 'en';
  return settings.value.language || (known as keyof typeof LANGUAGES);
});

/** The browser's own locale: its region says how dates look and weeks begin, whatever language the words are in. */
const home = computed((): Intl.Locale => new Intl.Locale(wanted()[0]!).maximize());

/** Words in a language we have, habits of the browser's region: a French browser reads `en-FR`. */
export const locale = computed((): string => {
  if (languageOf(wanted()[0]!) === language.value) return wanted()[0]!;
  return home.value.region ? `${language.value}-${home.value.region}` : language.value;
});

/** `{name}` is replaced; `one|many` is chosen by `n`. */
export const t = (key: Key, values: Values = {}): string => {
  const message: string = LANGUAGES[language.value][key] ?? en[key] ?? key;
  const [one = '', many] = message.split('|');
  const chosen = many !== undefined && Number(values.n) !== 1 ? many : one;
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
};

const formats = new Map<string, Intl.DateTimeFormat>();

const cycleOf = (tag: string): 'h11' | 'h12' | 'h23' | 'h24' => new Intl.DateTimeFormat(tag, { hour: 'numeric' }).resolvedOptions().hourCycle as 'h12';

/** Not every pair of language and region is known to the browser: then the hours of the region are asked for by name. */
const hours = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions => {
  const cycle = cycleOf(wanted()[0]!);
  return (options.hour || options.timeStyle) && cycleOf(locale.value) !== cycle ? { ...options, hourCycle: cycle } : options;
};

export const formatWall = (time: Wall, options: Intl.DateTimeFormatOptions): string => {
  let key = `${locale.value} ${home.value.region}`;
  for (const name in options) key += ` ${name} ${String(options[name as keyof Intl.DateTimeFormatOptions])}`;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale.value, { ...hours(options), timeZone: 'UTC' })));
  return format.format(time);
};

export const formatDay = (day: Day, options: Intl.DateTimeFormatOptions): string => formatWall(startOf(day), options);

/** What a page says dozens of times; forgotten when the language changes. */
const kept = (say: (value: number) => string): ((value: number) => string) => {
  const all = computed(() => ({ locale: locale.value, words: new Map<number, string>() }));
  return (value) => {
    const { words } = all.value;
    let said = words.get(value);
    if (said === undefined) words.set(value, (said = say(value)));
    return said;
  };
};

const sayTime = kept((time) => formatWall(time, time % 3_600_000 === 0 && !hours24.value ? { hour: 'numeric' } : { hour: 'numeric', minute: '2-digit' }));
export const formatTime = (time: Wall): string => sayTime(timeOfDay(time));

const sayDay = kept((day) => formatDay(day, { weekday: 'long', day: 'numeric', month: 'long' }));
const sayDayAndYear = kept((day) => formatDay(day, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }));
export const formatLongDay = (day: Day): string =>
  new Date().getUTCFullYear() === new Date(startOf(day)).getUTCFullYear() ? sayDay(day) : sayDayAndYear(day);

/** `3 – 7 August 2026` and the like, with `to` the last day. */
export const formatDays = (from: Day, to: Day, options: Intl.DateTimeFormatOptions): string => {
  if (from === to) return formatDay(from, options);
  return new Intl.DateTimeFormat(locale.value, { ...options, timeZone: 'UTC' }).formatRange(startOf(from), startOf(to));
};

export const hours24 = computed((): boolean => {
  const cycle = cycleOf(wanted()[0]!);
  return cycle === 'h23' || cycle === 'h24';
});

/** 0 = Sunday. */
export const firstDay = computed((): number => {
  if (settings.value.firstDay >= 0) return settings.value.firstDay;
  const info = home.value as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
  const first = info.getWeekInfo?.().firstDay ?? info.weekInfo?.firstDay;
  if (first !== undefined) return first % 7;
  return info.region && ['US', 'CA', 'MX', 'BR', 'JP', 'IL', 'IN', 'KR', 'TW', 'ZA'].includes(info.region) ? 0 : 1;
});

/** 4 January 1970 was a Sunday. */
export const weekdayName = (number: number, width: 'long' | 'short' | 'narrow' = 'long'): string => formatDay(3 + number, { weekday: width });

const ordinal = (number: number): string => {
  if (language.value === 'de') return `${number}.`;
  const suffix = { one: 'st', two: 'nd', few: 'rd' }[new Intl.PluralRules('en', { type: 'ordinal' }).select(number) as 'one'] ?? 'th';
  return `${number}${suffix}`;
};

export const speech: Speech = {
  say: (key, values) => t(key, values),
  list: (items) => new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(items),
  weekday: (number) => weekdayName(number),
  month: (number) => formatWall(Date.UTC(2026, number - 1, 1), { month: 'long' }),
  date: (day) => formatDay(day, { day: 'numeric', month: 'long', year: 'numeric' }),
  dayAndMonth: (day) => formatDay(day, { day: 'numeric', month: 'long' }),
  ordinal,
};

/** `2 h 30 min`-like, for durations and reminders. */
export const formatMinutes = (minutes: number): string => {
  if (minutes === 0) return t('alarm.atStart');
  if (minutes % 10080 === 0) return t('unit.weeks', { n: minutes / 10080 });
  if (minutes % 1440 === 0) return t('unit.days', { n: minutes / 1440 });
  if (minutes % 60 === 0) return t('unit.hours', { n: minutes / 60 });
  return t('unit.minutes', { n: minutes });
};

export const formatInstant = (utc: number, zone: string): string =>
  Number.isFinite(utc) ? new Intl.DateTimeFormat(locale.value, hours({ dateStyle: 'medium', timeStyle: 'short', timeZone: zone })).format(utc) : '';

/** When an instance is, as one reads it: `Tuesday 3 March, 12:30 – 13:30`. */
export const formatWhen = (start: Wall, end: Wall, allDay: boolean): string => {
  const first = dayOf(start);
  const last = allDay ? dayOf(end - 1) : dayOf(end);
  if (allDay) return first >= last ? formatLongDay(first) : formatDays(first, last, { weekday: 'short', day: 'numeric', month: 'long' });
  if (end <= start) return `${formatLongDay(first)}, ${formatTime(start)}`;
  const oneDay = first === last || end === startOf(first) + DAY;
  const days = oneDay ? '' : `${formatLongDay(last)}, `;
  return `${formatLongDay(first)}, ${formatTime(start)} – ${days}${formatTime(end)}`;
};

/** The same for a screen reader: words, no dashes. */
export const speakWhen = (start: Wall, end: Wall, allDay: boolean): string => {
  const first = dayOf(start);
  const last = allDay ? dayOf(end - 1) : dayOf(end);
  if (allDay) return first >= last ? `${formatLongDay(first)}, ${t('event.allDay')}` : t('speak.to', { from: formatLongDay(first), to: formatLongDay(last) });
  const to = first === last || end === startOf(first) + DAY ? formatTime(end) : `${formatLongDay(last)}, ${formatTime(end)}`;
  return `${formatLongDay(first)}, ${end > start ? t('speak.to', { from: formatTime(start), to }) : formatTime(start)}`;
};
