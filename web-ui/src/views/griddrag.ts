// Dragging in the hours of days: making, moving and stretching events, with a ghost where they would be.
import { signal } from '@preact/signals';
import type { Press } from '../parts/types';
import { t } from '../i18n';
import { moveTo, retype, snap, STEP, stretchTo } from '../ical/drag';
import { DAY, HOUR, dayOf, startOf, type Day, type Wall } from '../ical/wall';
import { draftOf } from '../store/actions';
import type { Shown } from '../store/instances';
import { applyDrag, openEditor } from '../store/panels';
import { here } from '../store/settings';
import { dayAt, follow } from './pointer';

export const HOUR_HEIGHT = 52;

export interface Ghost {
  key: string;
  title: string;
  color: string;
  start: Wall;
  end: Wall;
  allDay: boolean;
}

export const ghost = signal<Ghost | null>(null);
const clear = (): void => void (ghost.value = null);

interface Point {
  day: Day;
  time: number; // since midnight, not snapped
  strip: boolean;
}

/** Which day and time is under a point; above and below the hours the nearest. */
const pointAt = (x: number, y: number): Point | null => {
  for (const element of document.elementsFromPoint(x, y)) {
    const found = element.closest<HTMLElement>('[data-day]');
    if (!found || !found.closest('.timegrid')) continue;
    if (found.dataset.strip) return { day: Number(found.dataset.day), time: 0, strip: true };
    const time = ((y - found.getBoundingClientRect().top) / HOUR_HEIGHT) * HOUR;
    return { day: Number(found.dataset.day), time: Math.max(0, Math.min(DAY, time)), strip: false };
  }
  return null;
};

/** Near the edge the hours scroll along with the drag. */
const scrollAlong = (y: number): void => {
  const box = document.querySelector<HTMLElement>('.grid-scroll');
  if (!box) return;
  const { top, bottom } = box.getBoundingClientRect();
  const head = box.querySelector('.grid-body')?.getBoundingClientRect().top ?? top;
  if (y > bottom - 28) box.scrollTop += 12;
  else if (y < Math.max(top + 100, Math.min(head, top + 140)) && y > top + 60 && box.scrollTop > 0) box.scrollTop -= 12;
};

export const dragCreate = (event: Press, at: Day): void => {
  const column = event.currentTarget;
  const first = pointAt(event.clientX, event.clientY)?.time ?? 0;
  const from = startOf(at) + Math.floor(first / STEP) * STEP;
  const show = (start: Wall, end: Wall): void => void (ghost.value = { key: '', title: t('event.new'), color: 'var(--accent)', start, end, allDay: false });
  const open = (start: Wall, end: Wall): void => {
    const box = column.getBoundingClientRect();
    const top = box.top + ((start - startOf(at)) / HOUR) * HOUR_HEIGHT;
    openEditor(start, end, false, new DOMRect(box.left, top, box.width, 40));
    clear();
  };
  follow(event, {
    start: () => show(from, from + STEP),
    move: (_x, y) => {
      scrollAlong(y);
      const to = startOf(at) + Math.max(0, Math.min(DAY, ((y - column.getBoundingClientRect().top) / HOUR_HEIGHT) * HOUR));
      const end = snap(to);
      if (end > from) show(from, end);
      else show(Math.min(end, from), from + STEP);
    },
    end: () => open(ghost.value!.start, Math.max(ghost.value!.end, ghost.value!.start + STEP)),
    cancel: clear,
    tap: () => {
      const start = startOf(at) + Math.floor(first / (HOUR / 2)) * (HOUR / 2);
      open(start, start + HOUR);
    },
  });
};

export const dragBlock = (event: Press, one: Shown): void => {
  if (!one.calendar.writable || (event.target as HTMLElement).closest('.resize')) return;
  const grabbed = pointAt(event.clientX, event.clientY);
  if (!grabbed) return;
  const offset = startOf(grabbed.day) + grabbed.time - one.start;
  let after = draftOf(one);
  follow(event, {
    move: (x, y) => {
      scrollAlong(y);
      const point = pointAt(x, y);
      if (!point) return;
      const start = snap(startOf(point.day) + point.time - offset);
      after = point.strip ? retype(draftOf(one), true, startOf(point.day), here()) : moveTo(draftOf(one), start, here());
      const shown = { key: one.key, title: one.title, color: one.calendar.color };
      ghost.value = point.strip
        ? { ...shown, start: after.start, end: after.end, allDay: true }
        : { ...shown, start, end: start + (one.end - one.start), allDay: false };
    },
    end: () => applyDrag(one, after, clear),
    cancel: clear,
  });
};

export const dragResize = (event: Press, one: Shown): void => {
  event.stopPropagation();
  let end = one.end;
  follow(event, {
    move: (x, y) => {
      scrollAlong(y);
      const point = pointAt(x, y);
      if (!point || point.strip) return;
      end = Math.max(one.start + STEP, snap(startOf(point.day) + point.time));
      ghost.value = { key: one.key, title: one.title, color: one.calendar.color, start: one.start, end, allDay: false };
    },
    end: () => applyDrag(one, stretchTo(draftOf(one), end, here()), clear),
    cancel: clear,
  });
};

export const dragAllDay = (event: Press, one: Shown): void => {
  if (!one.calendar.writable) return;
  const grabbed = dayAt(event.clientX, event.clientY) ?? dayOf(one.start);
  let after = draftOf(one);
  follow(event, {
    move: (x, y) => {
      const point = pointAt(x, y);
      if (!point) return;
      const shown = { key: one.key, title: one.title, color: one.calendar.color };
      if (!point.strip && one.allDay) {
        const start = snap(startOf(point.day) + point.time);
        after = retype(draftOf(one), false, start, here());
        ghost.value = { ...shown, start, end: start + HOUR, allDay: false };
        return;
      }
      const by = (point.day - grabbed) * DAY;
      after = moveTo(draftOf(one), one.start + by, here());
      ghost.value = { ...shown, start: one.start + by, end: one.end + by, allDay: true };
    },
    end: () => applyDrag(one, after, clear),
    cancel: clear,
  });
};

export const dragEmptyDay = (event: Press, at: Day): void => {
  const slot = event.currentTarget;
  let last = at;
  const mark = (): void => {
    const from = Math.min(at, last);
    ghost.value = { key: '', title: '', color: 'var(--accent)', start: startOf(from), end: startOf(Math.max(at, last) + 1), allDay: true };
  };
  const open = (): void => {
    openEditor(startOf(Math.min(at, last)), startOf(Math.max(at, last) + 1), true, slot.getBoundingClientRect());
    clear();
  };
  follow(event, {
    move: (x, y) => {
      last = pointAt(x, y)?.day ?? last;
      mark();
    },
    end: open,
    cancel: clear,
    tap: open,
  });
};
