// The instances that the visible calendars have in a range of days, ready to be drawn.
//
// To turn the page costs what is in sight, not what is held: single events lie in drawers, one a week. And a list
// in which nothing changed is the same list, of the same objects, so that nothing is drawn again for it.
import { computed, type ReadonlySignal } from '@preact/signals';
import type { Collection } from '../caldav/collections';
import { instanceKey, isSeries, lastDay, ruled, singles, titleOf, touches, type Instance } from '../ical/expand';
import { text } from '../ical/item';
import { dayOf, type Day } from '../ical/wall';
import { shown } from './calendars';
import { entriesOf, version, type Entry } from './entries';
import { here } from './settings';

export interface Shown extends Instance {
  key: string;
  entry: Entry;
  calendar: Collection;
  title: string;
  cancelled: boolean;
  /** An invitation that waits for an answer is drawn as such. */
  open: boolean;
}

/** Reading it draws the caller again when the list changes. */
export const instancesIn = (from: Day, to: Day): Shown[] => {
  const key = `${from} ${to}`;
  let list = lists.get(key);
  if (!list) {
    list = steady(() => gather(from, to));
    lists.set(key, list);
    if (lists.size > MOST_LISTS) lists.delete(lists.keys().next().value!);
  }
  return list.value;
};

const lists = new Map<string, ReadonlySignal<Shown[]>>();
const MOST_LISTS = 16;

const sameList = <T>(a: T[], b: T[]): boolean => a.length === b.length && a.every((one, index) => one === b[index]);

/** A computed list that stays the old one while its elements are the old ones. */
const steady = <T>(make: () => T[]): ReadonlySignal<T[]> => {
  let last: T[] = [];
  return computed(() => {
    const next = make();
    if (!sameList(last, next)) last = next;
    return last;
  });
};

const looks = (one: Collection): string => JSON.stringify({ ...one, syncToken: '', ctag: '' });

let drawn: Collection[] = [];
/** The visible calendars; another sync token makes no other calendar of one. */
const visible = steady(() => (drawn = shown.value.map((one) => drawn.find((old) => old === one || looks(old) === looks(one)) ?? one)));

interface Held {
  /** Single events by the weeks they touch. */
  drawers: Map<number, Shown[]>;
  /** Those that would lie in very many. */
  long: Shown[];
  series: { entry: Entry; calendar: Collection }[];
}

const WEEK = 7;
const LONG = 30;
const weekOf = (day: Day): number => Math.floor(day / WEEK);

const held = computed((): Held => {
  version.value;
  const zone = here();
  const all: Held = { drawers: new Map(), long: [], series: [] };
  for (const calendar of visible.value) {
    for (const entry of entriesOf(calendar.href)) {
      if (entry.item.kind !== 'vevent') continue;
      for (const one of singles(entry.item, zone)) file(all, shownOf(entry, calendar, one));
      if (isSeries(entry.item, zone)) all.series.push({ entry, calendar });
    }
  }
  return all;
});

const file = ({ drawers, long }: Held, one: Shown): void => {
  const last = weekOf(lastDay(one));
  let week = weekOf(dayOf(one.start));
  if (last - week > LONG) {
    long.push(one);
    return;
  }
  for (; week <= last; week++) {
    const drawer = drawers.get(week);
    if (drawer) drawer.push(one);
    else drawers.set(week, [one]);
  }
};

const gather = (from: Day, to: Day): Shown[] => {
  const { drawers, long, series } = held.value;
  const zone = here();
  const found = new Set<Shown>();
  const look = (one: Shown): void => {
    if (touches(one, from, to)) found.add(one);
  };
  for (let week = weekOf(from); week <= weekOf(to - 1); week++) drawers.get(week)?.forEach(look);
  long.forEach(look);
  for (const { entry, calendar } of series) for (const one of ruled(entry.item, from, to, zone)) found.add(shownOf(entry, calendar, one));
  return [...found].sort(order);
};

const showns = new WeakMap<Instance, Shown>();

const shownOf = (entry: Entry, calendar: Collection, one: Instance): Shown => {
  const old = showns.get(one);
  if (old && old.entry === entry && old.calendar === calendar) return old;
  const fresh = present(entry, calendar, one);
  showns.set(one, fresh);
  return fresh;
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
