// Recurrences in words, in both languages, for rules of the form and rules of strangers.
import ICAL from 'ical.js';
import { afterEach, expect, it } from 'vitest';
import { speech } from '../../src/i18n';
import { de } from '../../src/i18n/de';
import { en } from '../../src/i18n/en';
import { readRule, writeRule } from '../../src/ical/rule';
import { wall } from '../../src/ical/wall';
import { describeRecur, describeRule } from '../../src/ical/words';
import { change } from '../../src/store/settings';

const start = { time: wall(2026, 3, 10, 10), date: false, zone: 'Europe/Berlin' }; // the second Tuesday
afterEach(() => change({ language: '' }));

it.each([
  ['FREQ=DAILY', 'every day', 'jeden Tag'],
  ['FREQ=DAILY;INTERVAL=3', 'every 3 days', 'alle 3 Tage'],
  ['FREQ=WEEKLY', 'every week on Tuesday', 'jede Woche am Dienstag'],
  ['FREQ=WEEKLY;INTERVAL=2;BYDAY=TU', 'every second Tuesday', 'jeden zweiten Dienstag'],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'every weekday', 'jeden Werktag'],
  ['FREQ=WEEKLY;BYDAY=TU,TH;COUNT=5', 'every week on Tuesday and Thursday, 5 times', 'jede Woche am Dienstag und Donnerstag, 5-mal'],
  ['FREQ=MONTHLY', 'every month on the 10th', 'jeden Monat am 10.'],
  ['FREQ=MONTHLY;BYDAY=2TU', 'every month on the 2nd Tuesday', 'jeden Monat am 2. Dienstag'],
  ['FREQ=MONTHLY;BYDAY=-1FR', 'every month on the last Friday', 'jeden Monat am letzten Freitag'],
  ['FREQ=MONTHLY;BYMONTHDAY=-1', 'every month on the last day', 'jeden Monat am letzten Tag'],
  ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', 'every month on a working day', 'jeden Monat an einem Werktag'],
  ['FREQ=YEARLY', 'every year on March 10', 'jedes Jahr am 10. März'],
  ['FREQ=YEARLY;BYMONTH=11;BYDAY=4TH', 'every year on the 4th Thursday in November', 'jedes Jahr am 4. Donnerstag im November'],
  ['FREQ=HOURLY', 'by a rule of its own', 'nach einer eigenen Regel'],
])('%s', (rule, english, german) => {
  const recur = ICAL.Recur.fromString(rule);
  change({ language: 'en' });
  expect(describeRecur(recur, start, speech)).toBe(english);
  change({ language: 'de' });
  expect(describeRecur(recur, start, speech)).toBe(german);
});

it.each(['FREQ=WEEKLY;BYDAY=TU', 'FREQ=MONTHLY;BYDAY=2TU', 'FREQ=YEARLY', 'FREQ=DAILY;COUNT=3', 'FREQ=WEEKLY;INTERVAL=2;UNTIL=20260609T080000Z'])('the form gives %s back as it was', (text) => {
  const rule = readRule(ICAL.Recur.fromString(text), start)!;
  expect(readRule(writeRule(rule, start), start)).toEqual(rule);
  change({ language: 'en' });
  expect(describeRule(rule, start, speech)).not.toContain('{');
});

it.each(['FREQ=MONTHLY;BYMONTHDAY=1,15', 'FREQ=WEEKLY;BYHOUR=9', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2', 'FREQ=HOURLY'])('%s is more than the form can show', (text) =>
  expect(readRule(ICAL.Recur.fromString(text), start)).toBeNull());

it('both languages have the same places to fill in', () => {
  for (const [key, message] of Object.entries(en)) {
    const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    expect([key, places(de[key as keyof typeof en])]).toEqual([key, places(message)]);
    expect([key, de[key as keyof typeof en].split('|').length]).toEqual([key, message.split('|').length]);
  }
});
