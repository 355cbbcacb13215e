// The instances that the visible calendars have in a range of days, ready to be drawn.
import { expand, instanceKey, titleOf, type Instance } from '../ical/expand';
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

const expanded = (item: Item, from: Day, to: Day, zone: string): Instance[] => {
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

export const present = (entry: Entry, calendar: Collection, one: Instance): Shown => ({
  ...one,
  key: instanceKey(entry.href, one),
  entry,
  calendar,
  title: titleOf(one.component),
  cancelled: text(one.component, 'status').toUpperCase() === 'CANCELLED',
  open: text(one.component, 'status').toUpperCase() === 'TENTATIVE',
});

/** Long before short, early before late: bars lie above what they span. */
const order = (a: Shown, b: Shown): number =>
  Number(b.allDay) - Number(a.allDay) || a.start - b.start || b.end - a.end || (a.title < b.title ? -1 : Number(a.title > b.title));

export const tasks = (): { entry: Entry; calendar: Collection }[] => {
  version.value;
  return shown.value.flatMap((calendar) => [...entriesOf(calendar.href)].filter((one) => one.item.kind === 'vtodo').map((entry) => ({ entry, calendar })));
};
