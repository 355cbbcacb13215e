// The calendars of the person, the ranges of them that were fetched, and what changed on the server since.
import { computed, signal } from '@preact/signals';
import { DavError } from '../caldav/client';
import { listCollections, type Collection } from '../caldav/collections';
import { changesSince, multiget, queryRange, queryTasks, type Stored } from '../caldav/objects';
import { addMonths, DAY, type Day } from '../ical/wall';
import { drop, entriesOf, entry, forget, put, touched } from './entries';
import { report } from './notices';
import { account, client, refused, session } from './session';
import { change, settings } from './settings';

export const calendars = signal<Collection[]>([]);
/** Requests for events that are under way. */
export const loading = signal(0);

export const shown = computed(() => calendars.value.filter((one) => !settings.value.hidden.includes(one.href)));
export const writable = computed(() => calendars.value.filter((one) => one.writable));

/** Where new events go unless told otherwise. */
export const preferred = (component: 'VEVENT' | 'VTODO'): Collection | undefined => {
  const able = writable.value.filter((one) => one.components.includes(component));
  return able.find((one) => one.href === settings.value.preferred) ?? able.find((one) => one.owner === '' || one.owner === session.value?.account.principal) ?? able[0];
};

export const toggle = (href: string): void => {
  const { hidden } = settings.value;
  change({ hidden: hidden.includes(href) ? hidden.filter((one) => one !== href) : [...hidden, href] });
  void ensure(...lastRange);
};

/** The history is for the owner only: what was public once may have become private since. */
export const isMine = (one: Collection): boolean => !one.owner || one.owner === account().principal;

export const calendarOf = (href: string): Collection | undefined => calendars.value.find((one) => one.href === href);

export const refreshList = async (): Promise<void> => {
  const found = await listCollections(client(), account().home, account().principal);
  for (const old of calendars.value) if (!found.some((one) => one.href === old.href)) discard(old.href);
  if (JSON.stringify(found) !== JSON.stringify(calendars.value)) calendars.value = found;
};

const weeks = new Map<string, Set<number>>();
const tasksLoaded = new Set<string>();
const tokens = new Map<string, { sync: string; ctag: string }>();
/** Objects of a calendar that is read anew: they stay until the new reading is in, so that a form on one still finds it. */
const outdated = new Map<string, Set<string>>();
/** Hrefs with a write under way are ours until it ends; see outbox.ts, which fills this. */
export const held = new Set<string>();

export const discard = (calendar: string): void => {
  forget(calendar);
  weeks.delete(calendar);
  tasksLoaded.delete(calendar);
  tokens.delete(calendar);
  outdated.delete(calendar);
  touched();
};

// A week is the unit of what is held: a month view asks for its six weeks and nothing beside them.
const weekOf = (day: Day): number => Math.floor((day + 3) / 7);
const firstOf = (week: number): Day => week * 7 - 3;

let lastRange: [Day, Day] = [0, 0];

/** Fetches what the days need and was not fetched before. */
export const ensure = async (from: Day, to: Day): Promise<void> => {
  lastRange = [from, to];
  if (to <= from) return;
  await Promise.all(shown.value.map((one) => fetchWeeks(one, weekOf(from), weekOf(to - 1))));
};

export const ensureAround = async (day: Day, from: Day, to: Day): Promise<void> => {
  await ensure(from, to);
  // First what was asked for is drawn.
  await new Promise((resolve) => setTimeout(resolve, 250));
  if (!session.value || lastRange[0] !== from) return;
  // A view turns to its neighbour in the time of one frame when its weeks are here already.
  // Each side for itself: what lies between is here.
  await Promise.all(
    shown.value.flatMap((one) => [fetchWeeks(one, weekOf(addMonths(day, -1)) - 5, weekOf(from) - 1), fetchWeeks(one, weekOf(to - 1) + 1, weekOf(addMonths(day, 1)) + 5)]),
  );
};

const fetchWeeks = async (calendar: Collection, from: number, to: number): Promise<void> => {
  if (!calendar.components.includes('VEVENT') && !calendar.subscribed) return;
  const have = weeks.get(calendar.href) ?? new Set();
  weeks.set(calendar.href, have);
  let begin = from;
  while (begin <= to && have.has(begin)) begin++;
  let end = to;
  while (end >= begin && have.has(end)) end--;
  if (end < begin) return;
  const wanted = Array.from({ length: end - begin + 1 }, (_, index) => begin + index).filter((one) => !have.has(one));
  wanted.forEach((one) => have.add(one));
  rememberToken(calendar);
  const loaded = await guard(() => queryRange(client(), calendar.href, 'VEVENT', firstOf(begin) - 1, firstOf(end + 1) + 1));
  if (!loaded) wanted.forEach((one) => have.delete(one));
  else await take(calendar.href, loaded);
};

/** Reads many objects a few at a time, so that a large calendar never makes the page stand still. */
const take = async (calendar: string, loaded: Stored[]): Promise<void> => {
  let news = false;
  for (let at = 0; at < loaded.length; at += SLICE) {
    if (at > 0) await new Promise((resolve) => setTimeout(resolve));
    for (const one of loaded.slice(at, at + SLICE)) {
      outdated.get(calendar)?.delete(one.href);
      if (!held.has(one.href)) news = put(calendar, one) || news;
    }
  }
  if (news) touched();
};
const SLICE = 150;

export const ensureTasks = async (): Promise<void> => {
  const missing = shown.value.filter((one) => one.components.includes('VTODO') && !tasksLoaded.has(one.href));
  await Promise.all(
    missing.map(async (one) => {
      tasksLoaded.add(one.href);
      rememberToken(one);
      const loaded = await guard(() => queryTasks(client(), one.href));
      if (!loaded) tasksLoaded.delete(one.href);
      else await take(one.href, loaded);
    }),
  );
};

const rememberToken = (calendar: Collection): void => {
  if (!tokens.has(calendar.href)) tokens.set(calendar.href, { sync: calendar.syncToken, ctag: calendar.ctag });
};

const guard = async <T>(ask: () => Promise<T>): Promise<T | null> => {
  loading.value++;
  try {
    return await ask();
  } catch (error) {
    complain(error);
    return null;
  } finally {
    loading.value--;
  }
};

/** What a failed read means for the page: sign in again, or a line that says so. */
export const complain = (error: unknown): void => {
  if (error instanceof DavError && error.trouble === 'password') refused.value = true;
  else report(error, 'notice.read');
};

/** When the page was last in step with the server, while it is not; 0 = never yet, null = it is. */
export const behind = signal<number | null>(null);
let inStep = 0;

/** Asks every calendar that is held what changed; cheap when nothing did. */
export const refresh = async (): Promise<void> => {
  if (!session.value) return;
  try {
    await catchUpAll();
    inStep = Date.now();
    behind.value = null;
  } catch (error) {
    behind.value = inStep;
    throw error;
  }
};

const catchUpAll = async (): Promise<void> => {
  await refreshList();
  let news = false;
  for (const calendar of calendars.value) {
    const known = tokens.get(calendar.href);
    if (!known || (known.sync === calendar.syncToken && known.ctag === calendar.ctag)) continue;
    if (known.sync) news = (await catchUp(calendar, known.sync)) || news;
    else await refetch(calendar);
    // Only now: a failure on the way asks for the same changes again.
    tokens.set(calendar.href, { sync: calendar.syncToken, ctag: calendar.ctag });
  }
  if (news) touched();
  // Whatever a failure left out is asked for again.
  await ensure(...lastRange);
  for (const calendar of outdated.keys()) sweep(calendar);
};

/** Drops what a new reading of a calendar did not bring, once it is complete. */
const sweep = (calendar: string): void => {
  const [from, to] = lastRange;
  const visible = shown.value.find((one) => one.href === calendar);
  const have = weeks.get(calendar);
  const events = visible?.components.includes('VEVENT') || visible?.subscribed;
  for (let week = weekOf(from); events && to > from && week <= weekOf(to - 1); week++) if (!have?.has(week)) return;
  for (const href of outdated.get(calendar) ?? []) if (!held.has(href)) drop(calendar, href);
  outdated.delete(calendar);
  touched();
};

const catchUp = async (calendar: Collection, token: string): Promise<boolean> => {
  const changes = await changesSince(client(), calendar.href, token);
  if (!changes) {
    await refetch(calendar);
    return true;
  }
  let news = false;
  for (const href of changes.removed) if (!held.has(href)) news = drop(calendar.href, href) || news;
  const wanted = changes.changed.filter((one) => !held.has(one.href) && (!one.etag || entry(calendar.href, one.href)?.etag !== one.etag));
  // A mass import somewhere else: the ranges that are looked at are cheaper than every object.
  if (wanted.length > 400) {
    await refetch(calendar);
    return true;
  }
  for (const one of wanted.length ? await multiget(client(), calendar.href, wanted.map((some) => some.href)) : []) news = put(calendar.href, one) || news;
  return news;
};

const refetch = async (calendar: Collection): Promise<void> => {
  outdated.set(calendar.href, new Set([...entriesOf(calendar.href)].map((one) => one.href)));
  weeks.delete(calendar.href);
  const tasks = tasksLoaded.delete(calendar.href);
  if (tasks) await ensureTasks();
};

/** Milliseconds between two looks at the server while the page is seen. */
export const POLL = 30_000;
export const dayStart = (day: Day): number => day * DAY;
