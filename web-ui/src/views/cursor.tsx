// A place in the hours that the keyboard holds: arrows move it, Enter makes an event there.
import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Happened, Key } from '../parts/types';
import { formatLongDay, formatTime, t } from '../i18n';
import { DAY, HOUR, MINUTE, startOf, weekday, type Day } from '../ical/wall';
import { day } from '../store/navigation';
import { openEditor } from '../store/panels';
import { HOUR_HEIGHT } from './griddrag';

const HALF = 30 * MINUTE;
const time = signal(9 * HOUR);

export const Cursor = ({ days }: { days: Day[] }) => {
  const at = days.includes(day.value) ? day.value : days[0]!;
  const column = days.indexOf(at);
  const ref = useRef<HTMLButtonElement>(null);
  useUncovered(ref);
  const create = (event: Happened): void => {
    const start = startOf(at) + time.value;
    openEditor(start, start + HOUR, false, event.currentTarget.getBoundingClientRect());
  };
  return (
    <button
      ref={ref} type="button" class="cursor" onClick={create} onKeyDown={(event) => keys(event, at, days)}
      aria-label={t('cursor', { day: formatLongDay(at), time: formatTime(time.value) })}
      style={{ top: `${(time.value / HOUR) * HOUR_HEIGHT}px`, height: `${HOUR_HEIGHT / 2}px`, gridColumn: column + 2 }}
    />
  );
};

/** What is focused must not hide under the head and the all-day strip, which stick to the top (WCAG 2.4.11). */
const useUncovered = (ref: { current: HTMLElement | null }): void =>
  useLayoutEffect(() => {
    const scroller = ref.current!.closest<HTMLElement>('.grid-scroll');
    const heads = [...(scroller?.querySelectorAll<HTMLElement>('.grid-head, .all-day') ?? [])];
    const measure = (): void => {
      scroller!.style.scrollPaddingTop = `${heads.reduce((sum, one) => sum + one.offsetHeight, 4)}px`;
    };
    const observer = new ResizeObserver(measure);
    for (const one of heads) observer.observe(one);
    return () => observer.disconnect();
  }, []);

/** The next day that is shown: weekends that are hidden are stepped over, at the edge of the week too. */
export const stepDay = (at: Day, by: 1 | -1, days: Day[]): Day => {
  const gaps = days.length > 1 && !days.some((one) => [0, 6].includes(weekday(one)));
  let next = at + by;
  while (gaps && [0, 6].includes(weekday(next))) next += by;
  return next;
};

const keys = (event: Key, at: Day, days: Day[]): void => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const move: Record<string, () => void> = {
    ArrowUp: () => (time.value = Math.max(0, time.value - HALF)),
    ArrowDown: () => (time.value = Math.min(DAY - HALF, time.value + HALF)),
    ArrowLeft: () => (day.value = stepDay(at, -1, days)),
    ArrowRight: () => (day.value = stepDay(at, 1, days)),
  };
  const run = move[event.key];
  if (!run) return;
  event.preventDefault();
  event.stopPropagation();
  run();
  requestAnimationFrame(focusCursor);
};

export const focusCursor = (): void => {
  const cursor = document.querySelector<HTMLElement>('.cursor');
  cursor?.focus({ preventScroll: true });
  cursor?.scrollIntoView({ block: 'nearest' });
};
