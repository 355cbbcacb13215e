// Which view of which day is shown; the address of the page says it, so back and bookmarks work.
import { computed, effect, signal } from '@preact/signals';
import { dayOf, parseDay, printDay, type Day } from '../ical/wall';
import { toWall } from '../ical/zone';
import { here } from './settings';

export const VIEWS = ['month', 'week', 'day', 'agenda', 'year', 'tasks', 'admin'] as const;
export type View = (typeof VIEWS)[number];

export const today = (): Day => dayOf(toWall(Date.now(), here()));

export const view = signal<View>('month');
export const day = signal<Day>(today());
/** Ticks once a minute: the now-line, and what today is. */
export const clock = signal(Date.now());
/** Today for the views: drawn again at midnight, not with every tick. */
export const thisDay = computed((): Day => dayOf(toWall(clock.value, here())));

const read = (): void => {
  const [, name, date] = location.hash.split('/');
  const wanted = VIEWS.find((one) => one === name);
  view.value = wanted ?? (matchMedia('(max-width: 720px)').matches ? 'agenda' : 'month');
  day.value = (date && parseDay(date)) || today();
};

export const startNavigation = (): void => {
  read();
  addEventListener('hashchange', read);
  setInterval(() => (clock.value = Date.now()), 20_000);
  effect(() => {
    const wanted = `#/${view.value}/${printDay(day.value)}`;
    if (location.hash !== wanted) history.replaceState(null, '', wanted);
  });
};

export const go = (to: View, at: Day = day.value): void => {
  if (to !== view.value) history.pushState(null, '', `#/${to}/${printDay(at)}`);
  view.value = to;
  day.value = at;
};
