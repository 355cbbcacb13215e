// Drag arithmetic: where an event is after its block was moved or stretched, as the viewer's clock shows it.
//
// The viewer drags in their own zone; the event keeps its own. A moved event lasts as long as before in real
// time, also over a night in which the clocks change.
import type { Draft } from './draft';
import { DAY, MINUTE, dayOf, type Wall } from './wall';
import { convert, toUtc, toWall, type Zone } from './zone';

export const STEP = 15 * MINUTE;

export const snap = (time: Wall): Wall => Math.round(time / STEP) * STEP;

/** Moves a draft so that it starts at `start` in the zone `here`; all-day events move by whole days. */
export const moveTo = (draft: Draft, start: Wall, here: Zone): Draft => {
  if (draft.allDay) {
    const days = dayOf(start) - dayOf(draft.start);
    return { ...draft, start: draft.start + days * DAY, end: draft.end + days * DAY };
  }
  const { zone } = draft;
  // A floating time knows no night in which the clocks change.
  if (zone === null) return { ...draft, start, end: start + draft.end - draft.start };
  const length = toUtc(draft.end, zone) - toUtc(draft.start, zone);
  const begin = toUtc(start, here);
  return { ...draft, start: toWall(begin, zone), end: toWall(begin + length, zone) };
};

/** Stretches to an end (exclusive) in the zone `here`; at least one step, or one day, remains. */
export const stretchTo = (draft: Draft, end: Wall, here: Zone): Draft => {
  if (draft.allDay) return { ...draft, end: Math.max(draft.start + DAY, dayOf(end) * DAY) };
  const zone = draft.zone ?? here;
  return { ...draft, end: Math.max(draft.start + STEP, convert(end, here, zone)) };
};

/** A timed event dropped on the all-day strip, or an all-day one on the hours. */
export const retype = (draft: Draft, allDay: boolean, start: Wall, here: Zone): Draft =>
  allDay
    ? { ...draft, allDay, zone: null, start: dayOf(start) * DAY, end: dayOf(start) * DAY + DAY }
    : { ...draft, allDay, zone: here, start, end: start + 60 * MINUTE };
