// Time zones: which instant a wall-clock time is, and back, by the browser's own zone data.
//
// A zone that the browser does not know (a home-made TZID) is answered by the VTIMEZONE it came with.
import ICAL from 'ical.js';
import { DAY, HOUR, parts, wall, type Wall } from './wall';

/** An IANA name, `UTC`, or a name given to registerZone. `null` = floating: the same wall time everywhere. */
export type Zone = string | null;

interface Transition {
  at: number;
  offset: number;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();
const years = new Map<string, Transition[]>();
interface Homemade {
  tzid: string;
  rules: ICAL.Timezone;
}

const homemade = new Map<string, Homemade>();

const format = (zone: string): Intl.DateTimeFormat | null => {
  let found = formats.get(zone);
  if (found === undefined) {
    try {
      found = new Intl.DateTimeFormat('en-US', {
        timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
        hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short',
      });
    } catch {
      found = null;
    }
    formats.set(zone, found);
  }
  return found;
};

export const isKnown = (zone: string): boolean => format(zone) !== null;

const measure = (utc: number, zone: string): number => {
  const shown: Record<string, string> = {};
  for (const part of format(zone)?.formatToParts(utc) ?? []) shown[part.type] = part.value;
  const year = Number(shown.year) * (shown.era === 'BC' ? -1 : 1);
  const seen = wall(year, Number(shown.month), Number(shown.day), Number(shown.hour), Number(shown.minute), Number(shown.second));
  return seen - (utc - (((utc % 1000) + 1000) % 1000));
};

let latest: { zone: string; year: number; list: Transition[] } | null = null;

/** Changes of the clocks in one UTC year; the first entry is the state the year begins in. */
export const transitions = (zone: string, year: number): Transition[] => {
  // Nearly every question is about the zone and year of the one before it.
  if (latest?.zone !== zone || latest.year !== year) latest = { zone, year, list: lookUp(zone, year) };
  return latest.list;
};

const lookUp = (zone: string, year: number): Transition[] => {
  const key = `${zone} ${year}`;
  const known = years.get(key);
  if (known) return known;
  const begin = wall(year, 1, 1);
  const end = wall(year + 1, 1, 1);
  const list: Transition[] = [{ at: begin, offset: measure(begin, zone) }];
  // A week is short enough: no zone changes its clocks twice within one.
  for (let at = begin; at < end; at += 7 * DAY) {
    const before = list[list.length - 1]!.offset;
    const until = Math.min(at + 7 * DAY, end);
    const after = measure(until - 1000, zone);
    if (after === before) continue;
    let low = at;
    let high = until - 1000;
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (measure(middle, zone) === before) low = middle;
      else high = middle;
    }
    list.push({ at: high, offset: after });
  }
  years.set(key, list);
  return list;
};

/** Milliseconds that the zone is ahead of UTC at an instant. */
export const offsetAt = (utc: number, zone: Zone): number => {
  if (zone === null || zone === 'UTC') return 0;
  const own = homemade.get(zone);
  if (own) return homemadeOffset(own.rules, utc);
  if (!isKnown(zone)) return 0;
  let offset = 0;
  for (const change of transitions(zone, new Date(utc).getUTCFullYear())) if (change.at <= utc) offset = change.offset;
  return offset;
};

const homemadeOffset = (own: ICAL.Timezone, utc: number): number => {
  // ical.js answers for local times only, so ask twice: the first answer is near enough for the second.
  const first = own.utcOffset(icalTime(utc)) * 1000;
  return own.utcOffset(icalTime(utc + first)) * 1000;
};

const icalTime = (time: Wall): ICAL.Time => {
  const p = parts(time);
  return new ICAL.Time({ ...p, isDate: false }, ICAL.Timezone.localTimezone);
};

export const toWall = (utc: number, zone: Zone): Wall => utc + offsetAt(utc, zone);

/** RFC 5545 section 3.3.5: a time shown twice is the first, a time skipped counts from before the gap. */
export const toUtc = (time: Wall, zone: Zone): number => {
  const before = offsetAt(time - DAY, zone);
  const after = offsetAt(time + DAY, zone);
  if (offsetAt(time - before, zone) === before) return time - before;
  if (offsetAt(time - after, zone) === after) return time - after;
  return time - before;
};

export const convert = (time: Wall, from: Zone, to: Zone): Wall =>
  from === to || from === null || to === null ? time : toWall(toUtc(time, from), to);

const WINDOWS: Record<string, string> = {
  'W. Europe Standard Time': 'Europe/Berlin', 'Central Europe Standard Time': 'Europe/Budapest',
  'Central European Standard Time': 'Europe/Warsaw', 'Romance Standard Time': 'Europe/Paris',
  'GMT Standard Time': 'Europe/London', 'Greenwich Standard Time': 'Atlantic/Reykjavik',
  'E. Europe Standard Time': 'Europe/Chisinau', 'FLE Standard Time': 'Europe/Kiev', 'GTB Standard Time': 'Europe/Bucharest',
  'Russian Standard Time': 'Europe/Moscow', 'Turkey Standard Time': 'Europe/Istanbul', 'Israel Standard Time': 'Asia/Jerusalem',
  'Eastern Standard Time': 'America/New_York', 'Central Standard Time': 'America/Chicago',
  'Mountain Standard Time': 'America/Denver', 'Pacific Standard Time': 'America/Los_Angeles',
  'India Standard Time': 'Asia/Kolkata', 'China Standard Time': 'Asia/Shanghai', 'Tokyo Standard Time': 'Asia/Tokyo',
  'AUS Eastern Standard Time': 'Australia/Sydney', 'New Zealand Standard Time': 'Pacific/Auckland',
};

/** The zone that a TZID means: itself, the tail of a prefixed name, a Windows name, or its own VTIMEZONE. */
export const resolveZone = (tzid: string, definitions: ICAL.Component[]): Zone => {
  if (tzid === 'Z' || tzid === 'UTC') return 'UTC';
  const windows = WINDOWS[tzid];
  if (windows) return windows;
  const steps = tzid.split('/');
  for (let from = 0; from < steps.length; from++) {
    const name = steps.slice(from).join('/');
    if (name.includes('/') && isKnown(name)) return name;
  }
  const definition = definitions.find((one) => String(one.getFirstPropertyValue('tzid')) === tzid);
  return definition ? homemadeName(tzid, definition) : isKnown(tzid) ? tzid : null;
};

const names = new WeakMap<ICAL.Component, string>();
const namesByText = new Map<string, string>();

/** One name for one definition: two files may mean different zones by the same TZID ("Customized Time Zone"). */
const homemadeName = (tzid: string, definition: ICAL.Component): string => {
  const known = names.get(definition);
  if (known) return known;
  const text = definition.toString();
  const name = namesByText.get(text) ?? `${tzid} (${namesByText.size + 1})`;
  namesByText.set(text, name);
  names.set(definition, name);
  if (!homemade.has(name)) homemade.set(name, { tzid, rules: new ICAL.Timezone(definition) });
  return name;
};

/** What a TZID parameter says for a zone: the name a home-made one had in its own file. */
export const tzidOf = (zone: string): string => homemade.get(zone)?.tzid ?? zone;

let found = '';
/** The browser's zone; asked once, because the question is slow and the views ask it for every day. */
export const zoneHere = (): string => (found ||= Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC');

export const allZones = (): string[] => {
  const list = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  return list.includes('UTC') ? list : ['UTC', ...list];
};

/** `+01:00`-like text of an offset, for people. */
export const printOffset = (offset: number): string => {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const rest = minutes % 60;
  return `${offset < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
};

/** Length of a day in hours is not always 24; views ask when they print it. */
export const dayLength = (day: number, zone: Zone): number => (toUtc((day + 1) * DAY, zone) - toUtc(day * DAY, zone)) / HOUR;
