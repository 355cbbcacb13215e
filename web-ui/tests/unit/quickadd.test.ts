// Lines that people type, in both languages, read on Friday 27 November 2026 at 10:00.
import { expect, it } from 'vitest';
import { parseQuick } from '../../src/ical/quickadd';
import { DAY, dayOf, printDay, printTime, wall } from '../../src/ical/wall';

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
