// What the views are given: everything in a range, and the same objects as long as nothing changed.
import { effect } from '@preact/signals';
import { beforeEach, expect, it } from 'vitest';
import { dayFrom } from '../../src/ical/wall';
import { calendars } from '../../src/store/calendars';
import { drop, forget, place, touched } from '../../src/store/entries';
import { instancesIn } from '../../src/store/instances';
import { change } from '../../src/store/settings';

const CALENDAR = { href: '/work/', name: 'Work', color: '#123456', order: 0, description: '', components: ['VEVENT'], owner: '', writable: true, sharable: true, subscribed: false, source: '', published: '', syncToken: 'one', ctag: '' };

const put = (name: string, ...lines: string[]): void => {
  place('/work/', `/work/${name}.ics`, 'e', ['BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', `UID:${name}`, `SUMMARY:${name}`, ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'));
  touched();
};
const march = () => instancesIn(dayFrom(2026, 2, 23), dayFrom(2026, 4, 6));
const titles = (): string[] => march().map((one) => one.title);

beforeEach(() => {
  forget('/work/');
  change({ zone: 'Europe/Berlin', hidden: [] });
  calendars.value = [CALENDAR];
  touched();
  put('single', 'DTSTART:20260303T100000Z', 'DURATION:PT1H');
  put('series', 'DTSTART:20260302T120000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=2');
});

it('finds what touches the range, be it short, long or of many years', () => {
  put('edge', 'DTSTART:20260405T210000Z', 'DURATION:PT1H'); // until midnight
  put('after', 'DTSTART:20260405T220000Z', 'DURATION:PT1H'); // from midnight on
  put('weeks', 'DTSTART;VALUE=DATE:20260110', 'DTEND;VALUE=DATE:20260226');
  put('years', 'DTSTART;VALUE=DATE:20100101', 'DTEND;VALUE=DATE:20300101');
  put('gone', 'DTSTART;VALUE=DATE:20100101', 'DTEND;VALUE=DATE:20200101');
  expect(titles()).toEqual(['years', 'weeks', 'series', 'single', 'series', 'edge']);
});

it('is the same list when nothing in sight changed', () => {
  let draws = 0;
  const stop = effect(() => {
    march();
    draws++;
  });
  const before = march();
  touched();
  put('other month', 'DTSTART:20260603T100000Z', 'DURATION:PT1H');
  calendars.value = [{ ...CALENDAR, syncToken: 'two' }];
  expect(march()).toBe(before);
  expect(draws).toBe(1);
  put('new', 'DTSTART:20260304T100000Z', 'DURATION:PT1H');
  expect(draws).toBe(2);
  expect(march().filter((one) => before.includes(one))).toHaveLength(3);
  stop();
});

it('follows what is changed, taken away, hidden and seen from elsewhere', () => {
  put('single', 'DTSTART:20260310T100000Z', 'DURATION:PT1H');
  expect(titles()).toEqual(['series', 'series', 'single']);
  drop('/work/', '/work/series.ics');
  touched();
  expect(titles()).toEqual(['single']);
  const { start } = march()[0]!;
  change({ zone: 'Asia/Tokyo' });
  expect(march()[0]!.start - start).toBe(8 * 3_600_000);
  calendars.value = [{ ...CALENDAR, color: '#654321' }];
  expect(march()[0]!.calendar.color).toBe('#654321');
  change({ hidden: ['/work/'] });
  expect(titles()).toEqual([]);
});
