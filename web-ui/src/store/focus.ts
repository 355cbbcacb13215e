// Where the focus goes when what had it was moved, redrawn elsewhere, or removed: never to nowhere.
import type { Day } from '../ical/wall';
import { day, view } from './navigation';

const eventOf = (key: string): HTMLElement | null => document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);

/** The day as a place that can be focused: its cell in the month, the cursor in the hours, else the view. */
const placeOf = (at: Day | null): HTMLElement | null => {
  const cell = at === null ? null : document.querySelector<HTMLElement>(`.month .cell[data-day="${at}"]`);
  if (cell) return cell;
  if (at !== null && view.value === 'week' && document.querySelector(`.day-slot[data-day="${at}"]`)) day.value = at;
  return document.querySelector<HTMLElement>('.cursor') ?? document.getElementById('main');
};

/** Gives the focus to an event after the page was drawn anew, or to a day when the event is not there. */
export const keepFocus = (key: string, at: Day | null): void => {
  const give = (): void => {
    const active = document.activeElement as HTMLElement | null;
    const lost = !active || active === document.body;
    // Whoever has gone on to something else stays there.
    if (lost || active.dataset.key) (eventOf(key) ?? (lost ? placeOf(at) : null))?.focus();
  };
  // One frame for the page to be drawn, one for the dialog that closed.
  requestAnimationFrame(() => requestAnimationFrame(give));
};
