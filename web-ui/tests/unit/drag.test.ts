// Where an event lands: its length in real time stays, whatever the clocks do that night.
import { expect, it } from 'vitest';
import { moveTo, retype, stretchTo } from '../../src/ical/drag';
import { emptyDraft } from '../../src/ical/draft';
import { DAY, HOUR, wall } from '../../src/ical/wall';
import { toUtc } from '../../src/ical/zone';
import { placeColumns, placeLanes } from '../../src/views/layout';

const BERLIN = 'Europe/Berlin';
const draft = (from: number, to: number, zone: string | null = BERLIN) => emptyDraft('vevent', from, to, zone === null, zone);

it('lasts two hours over the night that is an hour short', () => {
  const moved = moveTo(draft(wall(2026, 3, 27, 1), wall(2026, 3, 27, 3)), wall(2026, 3, 29, 1), BERLIN);
  expect(moved.end).toBe(wall(2026, 3, 29, 4));
  expect(toUtc(moved.end, BERLIN) - toUtc(moved.start, BERLIN)).toBe(2 * HOUR);
});
it('and over the night that is an hour long', () => {
  expect(moveTo(draft(wall(2026, 10, 23, 1), wall(2026, 10, 23, 4)), wall(2026, 10, 25, 1), BERLIN).end).toBe(wall(2026, 10, 25, 3));
});
it('keeps its own zone when dragged by somebody elsewhere', () => {
  const moved = moveTo(draft(wall(2026, 3, 3, 9), wall(2026, 3, 3, 10), 'America/New_York'), wall(2026, 3, 3, 16), BERLIN);
  expect([moved.zone, moved.start, moved.end]).toEqual(['America/New_York', wall(2026, 3, 3, 10), wall(2026, 3, 3, 11)]);
});
it('in the three weeks when one country has changed its clocks already', () => {
  const moved = moveTo(draft(wall(2026, 3, 3, 9), wall(2026, 3, 3, 10), 'America/New_York'), wall(2026, 3, 10, 15), BERLIN);
  expect(moved.start).toBe(wall(2026, 3, 10, 10));
});
it('moves whole days when it has no hours', () => {
  const moved = moveTo(draft(wall(2026, 3, 28), wall(2026, 3, 30), null), wall(2026, 3, 29, 13), BERLIN);
  expect([moved.start, moved.end]).toEqual([wall(2026, 3, 29), wall(2026, 3, 31)]);
});
it('floats where it has no zone', () => {
  const one = { ...draft(wall(2026, 3, 3, 9), wall(2026, 3, 3, 10)), zone: null };
  expect(moveTo(one, wall(2026, 3, 4, 9), BERLIN)).toMatchObject({ zone: null, start: wall(2026, 3, 4, 9) });
});
it('is as long by the clock where it has no zone, whatever night it comes to', () => {
  const one = { ...draft(wall(2026, 3, 27, 23), wall(2026, 3, 28, 5)), zone: null };
  expect(moveTo(one, wall(2026, 3, 28, 23), BERLIN).end).toBe(wall(2026, 3, 29, 5));
});
it('is never stretched to nothing', () => {
  expect(stretchTo(draft(wall(2026, 3, 3, 9), wall(2026, 3, 3, 10)), wall(2026, 3, 3, 8), BERLIN).end).toBe(wall(2026, 3, 3, 9, 15));
});
it('changes between hours and days', () => {
  const day = retype(draft(wall(2026, 3, 3, 9), wall(2026, 3, 3, 10)), true, wall(2026, 3, 5), BERLIN);
  expect([day.allDay, day.start, day.end, day.zone]).toEqual([true, wall(2026, 3, 5), wall(2026, 3, 6), null]);
  expect(retype(day, false, wall(2026, 3, 6, 14), BERLIN)).toMatchObject({ allDay: false, zone: BERLIN, end: wall(2026, 3, 6, 15) });
});
it('lies beside what it overlaps, and takes the room that is free', () => {
  const placed = placeColumns([{ start: 0, end: 10 }, { start: 5, end: 8 }, { start: 8, end: 12 }, { start: 20, end: 21 }]);
  expect(placed.map((one) => [one.column, one.columns])).toEqual([[0, 2], [1, 2], [1, 2], [0, 1]]);
});
it('goes on in the next week', () => {
  const [bar] = placeLanes([{ item: 'x', first: 5, last: 9 }], 0);
  expect(bar).toMatchObject({ from: 5, to: 7, before: false, after: true });
  expect(placeLanes([{ item: 'x', first: 5, last: 9 }], 7)[0]).toMatchObject({ from: 0, to: 3, before: true, after: false });
  expect(placeLanes([{ item: 'a', first: 0, last: DAY }, { item: 'b', first: 0, last: 0 }], 0).map((one) => one.lane)).toEqual([0, 1]);
});
