// Dragging and durations where the clocks change, and zones of several makes.
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { readDraft } from '../../src/ical/draft';
import { readItem, readStamp } from '../../src/ical/item';
import { edit, remove } from '../../src/ical/scope';
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
  it('two files may mean different zones by one name', () => {
    const file = (offset: string): string => [
      'BEGIN:VCALENDAR', 'BEGIN:VTIMEZONE', 'TZID:Customized Time Zone', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', `TZOFFSETFROM:${offset}`, `TZOFFSETTO:${offset}`, 'END:STANDARD', 'END:VTIMEZONE',
      'BEGIN:VEVENT', 'UID:u', 'DTSTART;TZID=Customized Time Zone:20260303T100000', 'DURATION:PT1H', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
    const start = (offset: string): string => printTime(expand(readItem(file(offset))!, dayFrom(2026, 3, 3), dayFrom(2026, 3, 4), 'UTC')[0]!.start);
    expect([start('+0100'), start('-0500'), start('+0100')]).toEqual(['09:00', '15:00', '09:00']);
    const zone = readStamp(readItem(file('+0100'))!.master!, 'dtstart')!.zone;
    expect(zone).toBe(readStamp(readItem(file('+0100'))!.master!, 'dtstart')!.zone);
    expect(tzidOf(zone!)).toBe('Customized Time Zone');
  });
  it('a name that nobody defines stays with the times it was given to', () => {
    const item = readItem([
      'BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:u', 'DTSTART;TZID=Office:20260303T100000', 'DTEND;TZID=Office:20260303T110000', 'RRULE:FREQ=WEEKLY;COUNT=4',
      'EXDATE;TZID=Office:20260310T100000', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'))!;
    const one = expand(item, dayFrom(2026, 3, 17), dayFrom(2026, 3, 18), 'Europe/Berlin')[0]!;
    expect(printTime(one.start)).toBe('10:00');
    const before = readDraft(one.component, item.master, one.recurrence);
    const moved = { ...before, start: before.start + HOUR, end: before.end + HOUR };
    const hand = { now: 0, newUid: 'second', me: null };
    for (const scope of ['this', 'following', 'all'] as const) {
      const { text, added } = edit(item, one.recurrence, scope, before, moved, hand);
      const times = `${text}${added?.text ?? ''}`.match(/^(DTSTART|DTEND|EXDATE|RECURRENCE-ID)[^\r]*/gm)!;
      expect(times.filter((line) => !line.includes('TZID=Office:'))).toEqual([]);
    }
    expect(remove(item, one.recurrence, 'this', hand).text).toContain('EXDATE;TZID=Office:20260317T100000');
  });
  it('counts weeks as ISO 8601 does', () => {
    expect(isoWeek(dayFrom(2026, 1, 1))).toBe(1);
    expect(isoWeek(dayFrom(2027, 1, 1))).toBe(53);
    expect(isoWeek(dayFrom(2026, 11, 27))).toBe(48);
  });
});
