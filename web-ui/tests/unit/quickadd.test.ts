// Lines that people type, in both languages, read on Friday 27 November 2026 at 10:00.
import { expect, it } from 'vitest';
import { emptyDraft } from '../../src/ical/draft';
import { clockInTitle, parseQuick } from '../../src/ical/quickadd';
import { DAY, HOUR, dayOf, printDay, printTime, wall } from '../../src/ical/wall';

const now = wall(2026, 11, 27, 10);
const read = (line: string): string => {
  const quick = parseQuick(line, now);
  if (!quick) return 'nothing';
  const when = quick.allDay
    ? `${printDay(dayOf(quick.start))}${quick.end - quick.start > DAY ? `..${printDay(dayOf(quick.end) - 1)}` : ''}`
    : `${printDay(dayOf(quick.start))} ${printTime(quick.start)}-${printTime(quick.end)}`;
  const rule = quick.rule ? ` ${quick.rule.frequency}/${quick.rule.interval}${quick.rule.weekdays.length ? `:${quick.rule.weekdays.join('')}` : ''}` : '';
  return `${quick.title} | ${when}${quick.place ? ` @${quick.place}` : ''}${rule}`;
};

it.each([
  ['Lunch with Bo tomorrow 12-13', 'Lunch with Bo | 2026-11-28 12:00-13:00'],
  ['Mittag mit Bo morgen 12-13', 'Mittag mit Bo | 2026-11-28 12:00-13:00'],
  ['Dentist on Tuesday at 9:30', 'Dentist | 2026-12-01 09:30-10:30'],
  ['Zahnarzt Dienstag 9:30 Uhr', 'Zahnarzt | 2026-12-01 09:30-10:30'],
  ['Call Ann 3pm', 'Call Ann | 2026-11-27 15:00-16:00'],
  ['Call Ann at 8am', 'Call Ann | 2026-11-28 08:00-09:00'],
  ['Review 1-3pm monday at Room 5', 'Review | 2026-11-30 13:00-15:00 @Room 5'],
  ['Standup every weekday 9:00 for 15 min', 'Standup | 2026-11-27 09:00-09:15 WEEKLY/1:12345'],
  ['Band every second Tuesday 19:30-22:00', 'Band | 2026-12-01 19:30-22:00 WEEKLY/2:2'],
  ['Chor jeden zweiten Mittwoch 20 Uhr', 'Chor | 2026-12-02 20:00-21:00 WEEKLY/2:3'],
  ['Holiday 3-7 August', 'Holiday | 2027-08-03..2027-08-07'],
  ['Urlaub vom 24. bis 31. Dezember', 'Urlaub | 2026-12-24..2026-12-31'],
  ['Birthday of Jo March 5 yearly', 'Birthday of Jo | 2027-03-05 YEARLY/1'],
  ['Steuer 15.2.', 'Steuer | 2027-02-15'],
  ['Release 2026-12-09 17:00', 'Release | 2026-12-09 17:00-18:00'],
  ['Party Saturday 22-2', 'Party | 2026-11-28 22:00-02:00'],
  ['Coffee @ Blue Bottle tomorrow noon', 'Coffee | 2026-11-28 12:00-13:00 @Blue Bottle'],
  ['Buy milk', 'Buy milk | 2026-11-27'],
  ['May I ask', 'May I ask | 2026-11-27'],
  ['', 'nothing'],
])('%s', (line, expected) => expect(read(line)).toBe(expected));

// The form has a day of its own: a title there says a time of the clock, or nothing.
const inForm = (title: string): string => {
  const draft = { ...emptyDraft('vevent', now, now + HOUR, false, 'Europe/Berlin'), title };
  const read = clockInTitle(draft, 'Europe/Berlin');
  return read === draft ? 'as typed' : `${read.title} | ${printDay(dayOf(read.start))} ${printTime(read.start)}-${printTime(read.end)}${read.rule ? ' rule' : ''}`;
};

it.each([
  ['Weekly report', 'as typed'],
  ['Dentist tomorrow', 'as typed'],
  ['Holiday 3-7 August', 'as typed'],
  ['Chapters 12-13', 'as typed'],
  ['Look at 3 flats', 'as typed'],
  ['Vorlesung 5 am Montag', 'as typed'],
  ['Call Bo at 25:30', 'as typed'],
  ['14:30', 'as typed'],
  ['Lunch with Bo 12:30', 'Lunch with Bo | 2026-11-27 12:30-13:30'],
  ['Dentist tomorrow 9:30', 'Dentist tomorrow | 2026-11-27 09:30-10:30'],
  ['Weekly report 15:00-15:45', 'Weekly report | 2026-11-27 15:00-15:45'],
  ['Call at 9am for 15 min', 'Call for 15 min | 2026-11-27 09:00-10:00'],
  ['Chor um 20 Uhr', 'Chor | 2026-11-27 20:00-21:00'],
  ['Party 22:00-2', 'Party | 2026-11-27 22:00-02:00'],
])('in the form: %s', (title, expected) => expect(inForm(title)).toBe(expected));

it('an all-day event of one day gets an hour of it, one of several days keeps them', () => {
  const days = (count: number) => ({ ...emptyDraft('vevent', wall(2026, 11, 27), wall(2026, 11, 27 + count), true, null), title: 'Conference 9:00' });
  expect(clockInTitle(days(1), 'Europe/Berlin')).toMatchObject({ allDay: false, zone: 'Europe/Berlin', start: wall(2026, 11, 27, 9), end: wall(2026, 11, 27, 10) });
  expect(clockInTitle(days(3), 'Europe/Berlin').allDay).toBe(true);
});
