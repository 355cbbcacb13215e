// What differs between two versions of an event, property by property, for conflicts and for the history.
import type ICAL from 'ical.js';
import { readAlarms } from './alarm';
import { readStamp, stampAs, type Item, type Stamp } from './item';

export interface Difference {
  /** Lower-case property name; an `override` row is an instance that only one version sets apart from the series. */
  name: string;
  before: string;
  after: string;
  /** What the values are of. */
  was: ICAL.Component | null;
  is: ICAL.Component | null;
  /** Original start of the instance; null = the event as a whole. */
  instance: Stamp | null;
}

const SILENT = new Set(['dtstamp', 'last-modified', 'created', 'sequence', 'uid', 'prodid', 'recurrence-id']);
const DEFAULTS: Record<string, string> = { class: 'PUBLIC', transp: 'OPAQUE' };

const valueOf = (property: ICAL.Property): string => {
  // An answer to an invitation is a change, though the address stays.
  if (property.name === 'attendee') return `${String(property.getFirstValue())} ${(property.getFirstParameter('partstat') ?? 'NEEDS-ACTION').toUpperCase()}`;
  // A time is another one in another zone.
  const tzid = property.getFirstParameter('tzid');
  const text = (property.getValues() as unknown[]).map(String).join(', ');
  return tzid ? `${text} ${tzid}` : text;
};

const rows = (component: ICAL.Component): Map<string, string> => {
  const map = new Map<string, string[]>();
  for (const property of component.getAllProperties()) {
    if (SILENT.has(property.name)) continue;
    const value = valueOf(property);
    // What is said and what would hold unsaid is the same.
    if (DEFAULTS[property.name] === value.toUpperCase()) continue;
    map.set(property.name, [...(map.get(property.name) ?? []), value]);
  }
  // Minutes before the start, or what the trigger says where it is of another kind.
  const triggers = component.getAllSubcomponents('valarm').map((one) => String(one.getFirstPropertyValue('trigger') ?? ''));
  const alarms = readAlarms(component).map(({ minutes }, index) => (minutes === null ? triggers[index]! : String(minutes)));
  if (alarms.length) map.set('valarm', alarms);
  return new Map([...map].map(([name, values]) => [name, values.sort().join('\n')]));
};

export const differences = (before: Item | null, after: Item | null): Difference[] => [
  ...between(before?.master ?? null, after?.master ?? null, null),
  ...overrides(before, after),
];

const between = (was: ICAL.Component | null, is: ICAL.Component | null, instance: Stamp | null): Difference[] => {
  const old = was ? rows(was) : new Map<string, string>();
  const now = is ? rows(is) : new Map<string, string>();
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({ name, before: old.get(name) ?? '', after: now.get(name) ?? '', was, is, instance }));
};

/** Instances that differ from the series in one version, compared by the time they stand for. */
const overrides = (before: Item | null, after: Item | null): Difference[] => {
  const [old, now] = [byInstance(before, after), byInstance(after, before)];
  return [...new Set([...old.keys(), ...now.keys()])].sort((a, b) => a - b).flatMap((time) => {
    const [was, is] = [old.get(time)?.component ?? null, now.get(time)?.component ?? null];
    const instance = (now.get(time) ?? old.get(time)!).at;
    // Whoever is invited to single instances has no series to set them apart from.
    if ((was && is) || (!before?.master && !after?.master)) return between(was, is, instance);
    return [{ name: 'override', before: was ? 'own' : '', after: is ? 'own' : '', was, is, instance }];
  });
};

interface Override {
  at: Stamp;
  component: ICAL.Component;
}

const byInstance = (item: Item | null, other: Item | null): Map<number, Override> => {
  const master = item?.master ?? other?.master;
  const first = master ? readStamp(master, 'dtstart') ?? readStamp(master, 'due') : null;
  const found = new Map<number, Override>();
  for (const component of item?.overrides ?? []) {
    const at = readStamp(component, 'recurrence-id');
    if (at) found.set((first ? stampAs(at, first) : at).time, { at, component });
  }
  return found;
};
