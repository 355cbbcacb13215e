// Tasks: when they are due, what reminds of them, and what a tick completes.
import { describe, expect, it } from 'vitest';
import { readAlarms } from '../../src/ical/alarm';
import { emptyDraft, readDraft, type Draft } from '../../src/ical/draft';
import { readItem, type Item } from '../../src/ical/item';
import { edit, makeItem } from '../../src/ical/scope';
import { wall } from '../../src/ical/wall';

const hand = { now: Date.UTC(2026, 1, 1), newUid: 'second', me: null };

const task = (...lines: string[]): Item =>
  readItem(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VTODO', 'UID:one', 'DTSTAMP:20260101T000000Z', 'SUMMARY:Water the plants', ...lines, 'END:VTODO', 'END:VCALENDAR', ''].join('\r\n'))!;

const change = (item: Item, how: (draft: Draft) => Partial<Draft>): string => {
  const before = readDraft(item.master!, item.master, null);
  return edit(item, null, 'all', before, { ...before, ...how(before) }, hand).text!;
};
const reminder = (minutes: number) => ({ index: null, minutes, words: 'Reminder' });

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
