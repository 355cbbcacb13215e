// Tasks: when they are due, what reminds of them, and what a tick completes.
import { describe, expect, it } from 'vitest';
import { readAlarms } from '../../src/ical/alarm';
import { emptyDraft, readDraft, setDated, type Draft } from '../../src/ical/draft';
import { readItem, type Item } from '../../src/ical/item';
import { plainRule } from '../../src/ical/rule';
import { edit, makeItem } from '../../src/ical/scope';
import { taskRows } from '../../src/ical/task';
import { DAY, dayFrom, dayOf, printDay, wall } from '../../src/ical/wall';

const hand = { now: Date.UTC(2026, 1, 1), newUid: 'second', me: null };

const task = (...lines: string[]): Item =>
  readItem(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VTODO', 'UID:one', 'DTSTAMP:20260101T000000Z', 'SUMMARY:Water the plants', ...lines, 'END:VTODO', 'END:VCALENDAR', ''].join('\r\n'))!;

const change = (item: Item, how: (draft: Draft) => Partial<Draft>): string => {
  const before = readDraft(item.master!, item.master, null);
  return edit(item, null, 'all', before, { ...before, ...how(before) }, hand).text!;
};
const reminder = (minutes: number) => ({ index: null, minutes, words: 'Reminder' });

/** The list as one sees it: when, and whether it is done. */
const rows = (item: Item): string[] =>
  taskRows(item).map((one) => `${one.due ? printDay(dayOf(one.due.time)) : 'no date'}${one.done ? ' done' : ''}`);

/** Ticks or unticks a row of the list. */
const tick = (item: Item, index: number): Item => {
  const row = taskRows(item)[index]!;
  const before = readDraft(row.component, item.master, row.component === item.master ? row.recurrence : null);
  return readItem(edit(item, row.recurrence, row.recurrence ? 'this' : 'all', before, { ...before, done: !row.done }, hand).text!)!;
};

describe('a recurring task', () => {
  const weekly = (...more: string[]): Item => task('DTSTART;VALUE=DATE:20260302', 'DUE;VALUE=DATE:20260304', 'RRULE:FREQ=WEEKLY;COUNT=3', ...more);
  it('is done one instance after another, and shows the first open one', () => {
    const once = tick(weekly(), 0);
    expect(rows(once)).toEqual(['2026-03-11', '2026-03-04 done']);
    const text = once.calendar.toString();
    expect(text).toContain('RECURRENCE-ID;VALUE=DATE:20260302');
    expect(text.match(/STATUS:COMPLETED/g)).toHaveLength(1);
    expect(text.match(/RRULE/g)).toHaveLength(1);
    expect(rows(tick(once, 0))).toEqual(['2026-03-18', '2026-03-04 done', '2026-03-11 done']);
    expect(rows(tick(tick(once, 0), 0))).toEqual(['2026-03-04 done', '2026-03-11 done', '2026-03-18 done']);
  });
  it('is open again when the tick is taken back', () => {
    const once = tick(weekly(), 0);
    const back = tick(once, 1);
    expect(rows(back)).toEqual(['2026-03-04']);
    expect(back.calendar.toString()).not.toContain('COMPLETED');
  });
  it('is due as long after its start each time', () => {
    const item = task('DTSTART;TZID=Europe/Berlin:20260323T090000', 'DUE;TZID=Europe/Berlin:20260323T170000', 'RRULE:FREQ=WEEKLY;COUNT=3');
    const text = tick(tick(item, 0), 0).calendar.toString();
    expect(text).toContain('DUE;TZID=Europe/Berlin:20260330T170000');
    expect(text).toContain('DTSTART;TZID=Europe/Berlin:20260330T090000');
  });
  it('may count from its due time alone', () => {
    const once = tick(task('DUE;VALUE=DATE:20260304', 'RRULE:FREQ=WEEKLY;COUNT=2'), 0);
    expect(rows(once)).toEqual(['2026-03-11', '2026-03-04 done']);
    expect(once.calendar.toString()).not.toContain('DTSTART');
  });
  it('passes over what is excepted or called off', () => {
    const item = readItem([...weekly('EXDATE;VALUE=DATE:20260302').calendar.toString().split('\r\n').slice(0, -1),
      'BEGIN:VTODO', 'UID:one', 'RECURRENCE-ID;VALUE=DATE:20260309', 'DTSTART;VALUE=DATE:20260309', 'STATUS:CANCELLED', 'END:VTODO', 'END:VCALENDAR', ''].join('\r\n'))!;
    expect(rows(item)).toEqual(['2026-03-18']);
  });
  it('that another program completed as a whole is one row', () => {
    expect(rows(weekly('STATUS:COMPLETED'))).toEqual(['2026-03-04 done']);
    expect(rows(tick(weekly('STATUS:COMPLETED'), 0))).toEqual(['2026-03-04']);
  });
  it('moves with its changed instances', () => {
    const once = tick(weekly(), 0);
    const before = readDraft(once.master!, once.master, null);
    const moved = readItem(edit(once, { time: wall(2026, 3, 2), date: true, zone: null }, 'all', before, { ...before, start: before.end + DAY, end: before.end + DAY }, hand).text!)!;
    expect(rows(moved)).toEqual(['2026-03-12', '2026-03-05 done']);
  });
  it('gets a start when it begins to recur', () => {
    const text = change(task('DUE;VALUE=DATE:20260304'), () => ({ rule: plainRule('WEEKLY') }));
    expect(text).toContain('DTSTART;VALUE=DATE:20260304');
  });
});

describe('due times', () => {
  it('a task without a date is offered today, and gets back the one it had', () => {
    const undated = readDraft(task().master!, null, null);
    const today = dayFrom(2026, 3, 3);
    expect(undated.dated).toBe(false);
    expect(setDated(undated, true, today)).toMatchObject({ dated: true, allDay: true, start: wall(2026, 3, 3), end: wall(2026, 3, 3) });
    const dated = readDraft(task('DUE:20260310T120000Z').master!, null, null);
    expect(setDated(setDated(dated, false, today), true, today)).toEqual(dated);
  });
  it('a task with DURATION is moved by its start and gets no DUE', () => {
    const item = task('DTSTART:20260303T100000Z', 'DURATION:PT2H');
    expect(rows(item)).toEqual(['2026-03-03']);
    const text = change(item, (draft) => ({ start: draft.end + DAY, end: draft.end + DAY }));
    expect(text).toContain('DTSTART:20260304T100000Z');
    expect(text).toContain('DURATION:PT2H');
    expect(text).not.toContain('DUE');
  });
  it('a task with a start alone is not due a day later', () => {
    expect(readDraft(task('DTSTART;VALUE=DATE:20260303').master!, null, null).end).toBe(wall(2026, 3, 3));
  });
});

describe('reminders', () => {
  const due = emptyDraft('vtodo', wall(2026, 3, 3, 17), wall(2026, 3, 3, 17), false, 'UTC');
  it('of a task that is only due come before the due time, and say so', () => {
    const text = makeItem('u', { ...due, title: 'x', alarms: [reminder(15)] }, hand);
    expect(text).toContain('TRIGGER;RELATED=END:-PT15M');
    expect(readAlarms(readItem(text)!.master!)).toMatchObject([{ minutes: 15 }]);
  });
  it('of a task with a start come before the start', () => {
    const item = task('DTSTART:20260303T100000Z', 'DUE:20260303T170000Z');
    expect(change(item, () => ({ alarms: [reminder(15)] }))).toContain('TRIGGER:-PT15M');
  });
  it('that are moved say it too', () => {
    const item = task('DUE:20260303T170000Z', 'BEGIN:VALARM', 'ACTION:DISPLAY', 'DESCRIPTION:x', 'TRIGGER;RELATED=END:-PT15M', 'END:VALARM');
    expect(change(item, (draft) => ({ alarms: draft.alarms.map((one) => ({ ...one, minutes: 30 })) }))).toContain('TRIGGER;RELATED=END:-PT30M');
  });
  it('have the words of the language when there is no title', () => {
    expect(makeItem('u', { ...due, alarms: [{ index: null, minutes: 5, words: 'Erinnerung' }] }, hand)).toContain('DESCRIPTION:Erinnerung');
  });
});
