// Dragging and durations where the clocks change, and zones of several makes.
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { readItem, readStamp } from '../../src/ical/item';
import { expand } from '../../src/ical/expand';
import { convert, offsetAt, toUtc, toWall, tzidOf } from '../../src/ical/zone';
import { makeTimezone } from '../../src/ical/vtimezone';
import { HOUR, dayFrom, isoWeek, printTime, wall } from '../../src/ical/wall';

describe('zones', () => {
  it('knows both sides of a change', () => {
    expect(offsetAt(Date.UTC(2026, 2, 29, 0, 59, 59), 'Europe/Berlin')).toBe(HOUR);
    expect(offsetAt(Date.UTC(2026, 2, 29, 1), 'Europe/Berlin')).toBe(2 * HOUR);
  });
  it('gives the first of two, and a time for one that is skipped', () => {
    expect(toUtc(wall(2026, 10, 25, 2, 30), 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 25, 0, 30));
    expect(toWall(toUtc(wall(2026, 3, 29, 2, 30), 'Europe/Berlin'), 'Europe/Berlin')).toBe(wall(2026, 3, 29, 3, 30));
  });
  it('converts across the date line', () => {
    expect(convert(wall(2026, 3, 3, 23), 'America/New_York', 'Asia/Tokyo')).toBe(wall(2026, 3, 4, 13));
  });
  it('writes definitions that ical.js reads back the same', () => {
    for (const name of ['Europe/Berlin', 'America/New_York', 'Australia/Sydney', 'Asia/Kolkata', 'Africa/Casablanca', 'America/Sao_Paulo']) {
      const zone = new ICAL.Timezone(makeTimezone(name, 2026));
      for (const month of [1, 4, 7, 10]) {
        const at = wall(2026, month, 15, 12);
        const local = ICAL.Time.fromString(new Date(at).toISOString().slice(0, 19), undefined as never);
        expect(`${name} ${month} ${zone.utcOffset(local) * 1000}`).toBe(`${name} ${month} ${offsetAt(toUtc(at, name), name)}`);
      }
    }
  });
  it('believes a home-made VTIMEZONE', () => {
    const item = readItem([
      'BEGIN:VCALENDAR', 'BEGIN:VTIMEZONE', 'TZID:Moon', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0330', 'TZOFFSETTO:+0330', 'END:STANDARD', 'END:VTIMEZONE',
      'BEGIN:VEVENT', 'UID:u', 'DTSTART;TZID=Moon:20260303T100000', 'DTEND;TZID=Moon:20260303T110000', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'))!;
    expect(printTime(expand(item, dayFrom(2026, 3, 3), dayFrom(2026, 3, 4), 'UTC')[0]!.start)).toBe('06:30');
    expect(tzidOf(readStamp(item.master!, 'dtstart')!.zone!)).toBe('Moon');
  });
  it('counts weeks as ISO 8601 does', () => {
    expect(isoWeek(dayFrom(2026, 1, 1))).toBe(1);
    expect(isoWeek(dayFrom(2027, 1, 1))).toBe(53);
    expect(isoWeek(dayFrom(2026, 11, 27))).toBe(48);
  });
});
