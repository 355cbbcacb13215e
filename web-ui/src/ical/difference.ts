// What differs between two versions of an event, property by property, for conflicts and for the history.
import type ICAL from 'ical.js';
import type { Item } from './item';

export interface Difference {
  /** Lower-case property name; `override` rows are whole instances. */
  name: string;
  before: string;
  after: string;
}

const SILENT = new Set(['dtstamp', 'last-modified', 'created', 'sequence', 'uid', 'prodid']);

const rows = (component: ICAL.Component): Map<string, string> => {
  const map = new Map<string, string[]>();
  for (const property of component.getAllProperties()) {
    if (SILENT.has(property.name)) continue;
    const values = map.get(property.name) ?? [];
    values.push((property.getValues() as unknown[]).map(String).join(', '));
    map.set(property.name, values);
  }
  const alarms = component.getAllSubcomponents('valarm').map((one) => String(one.getFirstPropertyValue('trigger') ?? ''));
  if (alarms.length) map.set('valarm', alarms);
  return new Map([...map].map(([name, values]) => [name, values.join('\n')]));
};

const main = (item: Item | null): ICAL.Component | null => item?.master ?? item?.overrides[0] ?? null;

export const differences = (before: Item | null, after: Item | null): Difference[] => {
  const old = main(before) ? rows(main(before)!) : new Map<string, string>();
  const now = main(after) ? rows(main(after)!) : new Map<string, string>();
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const list = names
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({ name, before: old.get(name) ?? '', after: now.get(name) ?? '' }));
  const changed = overridesOf(before) !== overridesOf(after);
  if (changed) list.push({ name: 'override', before: String(before?.overrides.length ?? 0), after: String(after?.overrides.length ?? 0) });
  return list;
};

const overridesOf = (item: Item | null): string =>
  (item?.overrides ?? []).map((one) => [...rows(one)].map(([name, value]) => `${name}=${value}`).sort().join(';')).sort().join('\n');
