// The instances that the visible calendars have in a range of days, ready to be drawn.
import { expand, instanceKey, recurs, titleOf, touches, type Instance } from '../ical/expand';
import type { Item } from '../ical/item';
import type { Collection } from '../caldav/collections';
import type { Day } from '../ical/wall';
import { shown } from './calendars';
import { entriesOf, version, type Entry } from './entries';
import { here } from './settings';
import { text } from '../ical/item';

export interface Shown extends Instance {
  key: string;
  entry: Entry;
  calendar: Collection;
  title: string;
  cancelled: boolean;
  /** An invitation that waits for an answer is drawn as such. */
  open: boolean;
}

// Turning back and forth between months finds each event expanded already.
const cache = new WeakMap<Item, { from: Day; to: Day; zone: string; list: Instance[] }[]>();

// A single event is worked out once, and then only compared with the range.
const singles = new WeakMap<Item, { zone: string; list: Instance[] }>();
const ALWAYS: [Day, Day] = [-1_000_000, 4_000_000];

const single = (item: Item, from: Day, to: Day, zone: string): Instance[] => {
  let known = singles.get(item);
  if (known?.zone !== zone) singles.set(item, (known = { zone, list: expand(item, ...ALWAYS, zone) }));
  return known.list.filter((one) => touches(one, from, to));
};

const expanded = (item: Item, from: Day, to: Day, zone: string): Instance[] => {
  if (item.overrides.length === 0 && item.master && !recurs(item.master)) return single(item, from, to, zone);
  const kept = cache.get(item) ?? [];
  const found = kept.find((one) => one.from === from && one.to === to && one.zone === zone);
  if (found) return found.list;
  const list = expand(item, from, to, zone);
  cache.set(item, [{ from, to, zone, list }, ...kept].slice(0, 4));
  return list;
};

export const instancesIn = (from: Day, to: Day): Shown[] => {
  version.value; // read, so that the caller is drawn again
  const zone = here();
  const found: Shown[] = [];
  for (const calendar of shown.value) {
    for (const entry of entriesOf(calendar.href)) {
      if (entry.item.kind !== 'vevent') continue;
      for (const one of expanded(entry.item, from, to, zone)) found.push(present(entry, calendar, one));
    }
  }
  return found.sort(order);
};

interface Face {
  title: string;
  cancelled: boolean;
  open: boolean;
}

const faces = new WeakMap<object, Face>();

/** What every instance of a component shows alike; components are replaced, never edited, once they are shown. */
const faceOf = (component: Instance['component']): Face => {
  let face = faces.get(component);
  if (!face) {
    const status = text(component, 'status').toUpperCase();
    faces.set(component, (face = { title: titleOf(component), cancelled: status === 'CANCELLED', open: status === 'TENTATIVE' }));
  }
  return face;
};

export const present = (entry: Entry, calendar: Collection, one: Instance): Shown => ({
  ...one, ...faceOf(one.component), key: instanceKey(entry.href, one), entry, calendar,
});

/** Long before short, early before late: bars lie above what they span. */
const order = (a: Shown, b: Shown): number =>
  Number(b.allDay) - Number(a.allDay) || a.start - b.start || b.end - a.end || (a.title < b.title ? -1 : Number(a.title > b.title));

export const tasks = (): { entry: Entry; calendar: Collection }[] => {
  version.value;
  return shown.value.flatMap((calendar) => [...entriesOf(calendar.href)].filter((one) => one.item.kind === 'vtodo').map((entry) => ({ entry, calendar })));
};
