// Import: what a file is taken apart into.
import { expect, it } from 'vitest';
import { splitFile } from '../../src/ical/split';
import { differences } from '../../src/ical/difference';
import { readItem } from '../../src/ical/item';

const event = (uid: string, ...lines: string[]): string => ['BEGIN:VEVENT', ...(uid ? [`UID:${uid}`] : []), 'DTSTART;TZID=Europe/Berlin:20260303T100000', ...lines, 'END:VEVENT'].join('\r\n');
const file = (...parts: string[]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:x', ...parts, 'END:VCALENDAR', ''].join('\r\n');

it('keeps the overrides of a series with their master, and gives each piece its zone', () => {
  const pieces = splitFile(file(event('a', 'RRULE:FREQ=DAILY'), event('b'), event('a', 'RECURRENCE-ID;TZID=Europe/Berlin:20260304T100000')), () => 'fresh');
  expect(pieces.map((one) => one.uid)).toEqual(['a', 'b']);
  expect(pieces[0]!.text!.match(/BEGIN:VEVENT/g)).toHaveLength(2);
  expect(pieces[1]!.text).toContain('BEGIN:VTIMEZONE');
});
it('gives a name to an event that has none, and reads several calendars in one file', () => {
  const pieces = splitFile(file(event('')) + file(event('z')), () => 'fresh');
  expect(pieces.map((one) => one.uid)).toEqual(['fresh', 'z']);
});
it('leaves out a METHOD, which has no place in a store', () => expect(splitFile(file('METHOD:PUBLISH', event('a')), () => '')[0]!.text).not.toContain('METHOD'));
it('refuses what is no calendar', () => expect(() => splitFile('hello', () => '')).toThrow());

it('names what differs between two versions, and not the stamps', () => {
  const before = readItem(file(event('a', 'SUMMARY:One', 'DTSTAMP:20260101T000000Z', 'X-A:1')))!;
  const after = readItem(file(event('a', 'SUMMARY:Two', 'DTSTAMP:20270101T000000Z', 'LOCATION:Here', 'X-A:1')))!;
  expect(differences(before, after).map((one) => [one.name, one.before, one.after])).toEqual([['summary', 'One', 'Two'], ['location', '', 'Here']]);
});
