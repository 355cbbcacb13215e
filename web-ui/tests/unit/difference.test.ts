// What two versions differ in, in words.
import { expect, it } from 'vitest';
import { rowsOf } from '../../src/history/differences';
import { readItem, type Item } from '../../src/ical/item';

const vevent = (...lines: string[]): string[] => ['BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT'];
const item = (...events: string[][]): Item => readItem(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:x', ...events.flat(), 'END:VCALENDAR', ''].join('\r\n'))!;
const series = ['DTSTART;TZID=Europe/Berlin:20260303T100000', 'DTEND;TZID=Europe/Berlin:20260303T110000', 'SUMMARY:Standup', 'RRULE:FREQ=WEEKLY;BYDAY=TU'];
const alarm = (trigger: string): string[] => ['BEGIN:VALARM', 'ACTION:DISPLAY', `TRIGGER:${trigger}`, 'END:VALARM'];

it('says rules, visibility, busy and reminders in words', () => {
  const before = item(vevent(...series, ...alarm('-PT15M')));
  const after = item(vevent(...series.slice(0, 3), 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', 'CLASS:PRIVATE', 'TRANSP:TRANSPARENT', ...alarm('-PT1H'), ...alarm('PT0S')));
  expect(Object.fromEntries(rowsOf(before, after).map((one) => [one.what, [one.before, one.after]]))).toEqual({
    Repeats: ['every week on Tuesday', 'every second Tuesday'],
    Visibility: ['Visible to all who see the calendar', 'Private'],
    'Shown as': ['Busy', 'Free'],
    Reminders: ['15 minutes before', 'at the start\n1 hour before'],
  });
});

it('what would hold unsaid is no difference', () => {
  expect(rowsOf(item(vevent(...series)), item(vevent(...series, 'CLASS:PUBLIC', 'TRANSP:OPAQUE')))).toEqual([]);
});

const override = (id: string, start: string, title: string): string[] => vevent(`RECURRENCE-ID;TZID=Europe/Berlin:${id}`, `DTSTART;TZID=Europe/Berlin:${start}`, 'DURATION:PT1H', `SUMMARY:${title}`);

it('compares instances by the time they stand for, whatever their order', () => {
  const [one, two] = [override('20260310T100000', '20260310T120000', 'Later'), override('20260317T100000', '20260317T120000', 'Later too')];
  expect(rowsOf(item(vevent(...series), one, two), item(vevent(...series), two, one))).toEqual([]);
  const changed = override('20260310T100000', '20260310T120000', 'Much later');
  expect(rowsOf(item(vevent(...series), one, two), item(vevent(...series), two, changed))).toEqual([
    { what: expect.stringMatching(/^Title \(.*10.*\)$/) as string, before: 'Later', after: 'Much later' },
  ]);
  // As many as before, and yet others.
  expect(rowsOf(item(vevent(...series), one), item(vevent(...series), two)).map((row) => [row.before, row.after])).toEqual([['on its own', 'as in the series'], ['as in the series', 'on its own']]);
});

it('an answer to an invitation is a difference', () => {
  const invited = (answer: string): Item => item(vevent(...series, `ATTENDEE;CN=Bo;PARTSTAT=${answer}:mailto:bo@x`));
  expect(rowsOf(invited('NEEDS-ACTION'), invited('ACCEPTED'))).toEqual([{ what: 'People', before: 'Bo: no answer yet', after: 'Bo: accepted' }]);
});
