// The calendar objects the page holds, and which of their calendars' months it has asked for.
import { signal } from '@preact/signals';
import type { Stored } from '../caldav/objects';
import { readItem, type Item } from '../ical/item';

export interface Entry {
  href: string;
  calendar: string;
  /** Of the version the server has; null = it does not have the object yet. */
  etag: string | null;
  text: string;
  item: Item;
}

const byCalendar = new Map<string, Map<string, Entry>>();
/** Goes up whenever any entry changes; views read it to be drawn again. */
export const version = signal(0);
/** Objects whose text could not be read: they are named, not hidden. */
export const unreadable = signal<{ href: string; problem: string }[]>([]);

export const touched = (): void => {
  version.value++;
};

const objects = (calendar: string): Map<string, Entry> => {
  let found = byCalendar.get(calendar);
  if (!found) byCalendar.set(calendar, (found = new Map()));
  return found;
};

export const entriesOf = (calendar: string): Iterable<Entry> => objects(calendar).values();
export const entry = (calendar: string, href: string): Entry | undefined => objects(calendar).get(href);

/** True when something new came. The caller announces it with `touched`. */
export const put = (calendar: string, { href, etag, text }: Stored): boolean => {
  const before = objects(calendar).get(href);
  if (before && before.etag === etag && before.text === text) return false;
  return place(calendar, href, etag, text);
};

export const place = (calendar: string, href: string, etag: string | null, text: string): boolean => {
  try {
    const item = readItem(text);
    if (item) objects(calendar).set(href, { href, calendar, etag, text, item });
    return item !== null;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (!unreadable.value.some((one) => one.href === href)) unreadable.value = [...unreadable.value, { href, problem }];
    return false;
  }
};

export const drop = (calendar: string, href: string): boolean => objects(calendar).delete(href);

export const forget = (calendar: string): void => {
  byCalendar.delete(calendar);
};

export const setEtag = (calendar: string, href: string, etag: string): void => {
  const found = objects(calendar).get(href);
  if (found) found.etag = etag;
};
