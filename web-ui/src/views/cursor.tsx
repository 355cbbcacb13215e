// A place in the hours that the keyboard holds: arrows move it, Enter makes an event there.
import { signal } from '@preact/signals';
import type { Happened, Key } from '../parts/types';
import { formatLongDay, formatTime, t } from '../i18n';
import { DAY, HOUR, MINUTE, startOf, type Day } from '../ical/wall';
import { day } from '../store/navigation';
import { openEditor } from '../store/panels';
import { HOUR_HEIGHT } from './griddrag';

const HALF = 30 * MINUTE;
const time = signal(9 * HOUR);

export const Cursor = ({ days }: { days: Day[] }) => {
  const at = days.includes(day.value) ? day.value : days[0]!;
  const column = days.indexOf(at);
  const create = (event: Happened): void => {
    const start = startOf(at) + time.value;
    openEditor(start, start + HOUR, false, event.currentTarget.getBoundingClientRect());
  };
  return (
    <button
      type="button" class="cursor" onClick={create} onKeyDown={(event) => keys(event, at)}
      aria-label={t('cursor', { day: formatLongDay(at), time: formatTime(time.value) })}
      style={{ top: `${(time.value / HOUR) * HOUR_HEIGHT}px`, height: `${HOUR_HEIGHT / 2}px`, gridColumn: column + 2 }}
    />
  );
};

const keys = (event: Key, at: Day): void => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const move: Record<string, () => void> = {
    ArrowUp: () => (time.value = Math.max(0, time.value - HALF)),
    ArrowDown: () => (time.value = Math.min(DAY - HALF, time.value + HALF)),
    ArrowLeft: () => (day.value = at - 1),
    ArrowRight: () => (day.value = at + 1),
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
