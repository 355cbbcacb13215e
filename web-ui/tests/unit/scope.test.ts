// Recurrence editing as people mean it: this one, this and the following, all of them.
import { describe, expect, it } from 'vitest';
import { readDraft, type Draft } from '../../src/ical/draft';
import { expand, type Instance } from '../../src/ical/expand';
import { readItem, type Item } from '../../src/ical/item';
import { plainRule } from '../../src/ical/rule';
import { cannotMove, edit, makeItem, remove, type Scope } from '../../src/ical/scope';
import { emptyDraft } from '../../src/ical/draft';
import { DAY, HOUR, dayFrom, printDay, printTime, startOf, wall } from '../../src/ical/wall';

const BERLIN = 'Europe/Berlin';
const hand = { now: Date.UTC(2026, 1, 1), newUid: 'second', me: null };

const event = (...lines: string[]): Item =>
  readItem(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'))!;

const weekly = (...more: string[]): Item =>
  event('SUMMARY:Standup', 'DTSTART;TZID=Europe/Berlin:20260303T100000', 'DTEND;TZID=Europe/Berlin:20260303T103000', 'X-UNKNOWN;X-P=q:kept', ...(more.length ? more : ['RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=6']));

const list = (item: Item): string[] =>
  expand(item, dayFrom(2026, 1, 1), dayFrom(2027, 1, 1), BERLIN).sort((a, b) => a.start - b.start).map((one) => `${printDay(Math.floor(one.start / DAY))} ${one.allDay ? 'day' : printTime(one.start)}`);

const at = (item: Item, index: number): Instance => expand(item, dayFrom(2026, 1, 1), dayFrom(2027, 1, 1), BERLIN).sort((a, b) => a.start - b.start)[index]!;

const change = (item: Item, index: number, scope: Scope, how: (draft: Draft) => Partial<Draft>) => {
  const one = at(item, index);
  const before = readDraft(one.component, item.master, one.recurrence && one.component === item.master ? one.recurrence : null);
  const result = edit(item, one.recurrence, scope, before, { ...before, ...how(before) }, hand);
  return { text: result.text!, now: readItem(result.text!)!, next: result.added ? readItem(result.added.text) : null };
};
const later = (hours: number) => (draft: Draft): Partial<Draft> => ({ start: draft.start + hours * HOUR, end: draft.end + hours * HOUR });

describe('this event', () => {
  it('moves one instance and leaves the others', () => {
    const { now, text } = change(weekly(), 1, 'this', later(2));
    expect(list(now)).toEqual(['2026-03-03 10:00', '2026-03-10 12:00', '2026-03-17 10:00', '2026-03-24 10:00', '2026-03-31 10:00', '2026-04-07 10:00']);
    expect(text).toContain('RECURRENCE-ID;TZID=Europe/Berlin:20260310T100000');
    expect(text.match(/X-UNKNOWN;X-P=q:kept/g)).toHaveLength(2);
  });
  it('edits the override that is already there', () => {
    const once = change(weekly(), 1, 'this', later(2)).now;
    const twice = change(once, 1, 'this', () => ({ title: 'Moved' }));
    expect(twice.now.overrides).toHaveLength(1);
    expect(list(twice.now)[1]).toBe('2026-03-10 12:00');
  });
  it('is removed with an exception date, and the series with its last instance', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;COUNT=2');
    const once = readItem(remove(item, at(item, 0).recurrence, 'this', hand).text!)!;
    expect(list(once)).toEqual(['2026-03-10 10:00']);
    expect(remove(once, at(once, 0).recurrence, 'this', hand).text).toBeNull();
  });
});

describe('this and the following', () => {
  it('splits the series; the count is shared', () => {
    const { now, next } = change(weekly(), 2, 'following', later(1));
    expect(list(now)).toEqual(['2026-03-03 10:00', '2026-03-10 10:00']);
    expect(list(next!)).toEqual(['2026-03-17 11:00', '2026-03-24 11:00', '2026-03-31 11:00', '2026-04-07 11:00']);
    expect(next!.uid).toBe('second');
  });
  it('takes exceptions and overrides to their side', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=6', 'EXDATE;TZID=Europe/Berlin:20260310T100000', 'EXDATE;TZID=Europe/Berlin:20260331T100000');
    const moved = change(item, 2, 'this', later(3)).now; // 24 March
    const { now, next } = change(moved, 1, 'following', later(1)); // from 17 March
    expect(list(now)).toEqual(['2026-03-03 10:00']);
    expect(list(next!)).toEqual(['2026-03-17 11:00', '2026-03-24 14:00', '2026-04-07 11:00']);
  });
  it('from the first instance is all of them', () => {
    const { now, next } = change(weekly(), 0, 'following', later(1));
    expect(next).toBeNull();
    expect(list(now)[5]).toBe('2026-04-07 11:00');
  });
  it('counts what the rule gave, not extra dates nor exceptions that meet nothing', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=6', 'RDATE;TZID=Europe/Berlin:20260305T100000', 'EXDATE;TZID=Europe/Berlin:20260306T090000');
    expect(list(change(item, 3, 'following', later(1)).next!)).toEqual(['2026-03-17 11:00', '2026-03-24 11:00', '2026-03-31 11:00', '2026-04-07 11:00']);
  });
  it('counts beyond what one view shows', () => {
    const item = event('SUMMARY:x', 'DTSTART:20260101T000000Z', 'RRULE:FREQ=HOURLY;COUNT=4000');
    const cut = { time: wall(2026, 1, 1) + 3500 * HOUR, date: false, zone: 'UTC' };
    const before = readDraft(item.master!, item.master, cut);
    expect(edit(item, cut, 'following', before, { ...before, title: 'y' }, hand).added!.text).toContain('COUNT=500');
  });
  it('from an extra date keeps the days of the rule', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;COUNT=6', 'RDATE;TZID=Europe/Berlin:20260313T100000');
    const { now, next } = change(item, 2, 'following', () => ({ title: 'New' })); // Friday 13 March
    expect(list(now)).toEqual(['2026-03-03 10:00', '2026-03-10 10:00']);
    expect(list(next!)).toEqual(['2026-03-13 10:00', '2026-03-17 10:00', '2026-03-24 10:00', '2026-03-31 10:00', '2026-04-07 10:00']);
  });
  it('removes the rest', () => {
    const item = weekly();
    expect(list(readItem(remove(item, at(item, 4).recurrence, 'following', hand).text!)!)).toHaveLength(4);
  });
});

describe('all', () => {
  it('moves the series on the wall clock, across the change of the clocks', () => {
    expect(list(change(weekly(), 5, 'all', later(-1)).now)).toEqual(['2026-03-03 09:00', '2026-03-10 09:00', '2026-03-17 09:00', '2026-03-24 09:00', '2026-03-31 09:00', '2026-04-07 09:00']);
  });
  it('turns Tuesdays into Wednesdays with all that hangs on them', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260407T080000Z', 'EXDATE;TZID=Europe/Berlin:20260317T100000');
    const moved = change(item, 1, 'this', later(1)).now;
    const { now, text } = change(moved, 0, 'all', later(24));
    expect(list(now)).toEqual(['2026-03-04 10:00', '2026-03-11 11:00', '2026-03-25 10:00', '2026-04-01 10:00', '2026-04-08 10:00']);
    expect(text).toContain('BYDAY=WE');
    expect(text).toContain('EXDATE;TZID=Europe/Berlin:20260318T100000');
  });
  it('carries a new title to the overrides that had the old one', () => {
    const moved = change(weekly(), 1, 'this', later(1)).now;
    const { text } = change(moved, 0, 'all', () => ({ title: 'Daily' }));
    expect(text.match(/SUMMARY:Daily/g)).toHaveLength(2);
  });
  it('stops recurring when the rule goes', () => {
    expect(list(change(weekly(), 0, 'all', () => ({ rule: null })).now)).toEqual(['2026-03-03 10:00']);
  });
  it('becomes all-day and stays on its days', () => {
    const day = dayFrom(2026, 3, 3);
    const { now, text } = change(weekly(), 0, 'all', () => ({ allDay: true, zone: null, start: startOf(day), end: startOf(day + 1) }));
    expect(list(now).slice(0, 2)).toEqual(['2026-03-03 day', '2026-03-10 day']);
    expect(text).toContain('DTSTART;VALUE=DATE:20260303');
  });
  it('keeps what it does not know, and a DURATION', () => {
    const item = event('SUMMARY:x', 'DTSTART;X-A=b;TZID=Europe/Berlin:20260303T100000', 'DURATION:PT45M', 'X-FOO;BAR="a,b":c\\,d', 'CONFERENCE;FEATURE=AUDIO;VALUE=URI:tel:+1', 'BEGIN:VALARM', 'ACTION:EMAIL', 'TRIGGER:-PT5M', 'X-Y:z', 'END:VALARM');
    const { text } = change(item, 0, 'all', later(1));
    for (const kept of ['DTSTART;X-A=b;TZID=Europe/Berlin:20260303T110000', 'DURATION:PT45M', 'c\\,d', 'CONFERENCE;FEATURE=AUDIO', 'tel:+1', 'X-Y:z', 'ACTION:EMAIL']) expect(text.replace(/\r\n /g, '')).toContain(kept);
  });
});

/** What the form of one instance shows. */
const draftAt = (item: Item, index: number): Draft => {
  const one = at(item, index);
  return readDraft(one.component, item.master, one.component === item.master ? one.recurrence : null);
};
const hours = (one: Instance): number => (one.endUtc - one.startUtc) / HOUR;
const lengths = (item: Item): number[] => expand(item, dayFrom(2026, 1, 1), dayFrom(2027, 1, 1), BERLIN).sort((a, b) => a.start - b.start).map(hours);

describe('an event that ends in another zone', () => {
  const flight = (end = 'DTEND;TZID=America/New_York:20260303T130000'): Item =>
    event('SUMMARY:Flight', 'DTSTART;TZID=Europe/Berlin:20260303T100000', end, 'RRULE:FREQ=WEEKLY;COUNT=6');
  it.each(['this', 'following', 'all'] as const)('keeps its length and the zone of its end: %s', (scope) => {
    // 10 March: New York has changed its clocks, Berlin has not.
    const { now, next, text } = change(flight(), 1, scope, later(1));
    expect([...lengths(now), ...(next ? lengths(next) : [])]).toEqual([9, 9, 9, 9, 9, 9]);
    expect(text).toContain('DTEND;TZID=America/New_York');
    expect(text).not.toContain('DTEND;TZID=Europe/Berlin');
  });
  it.each(['this', 'following', 'all'] as const)('keeps an end in UTC: %s', (scope) => {
    const { now, next, text } = change(flight('DTEND:20260303T180000Z'), 5, scope, () => ({ title: 'x' })); // 7 April, summer time
    expect([...lengths(now), ...(next ? lengths(next) : [])]).toEqual([9, 9, 9, 9, 9, 9]);
    expect(text).toMatch(/DTEND:2026\d{4}T\d{6}Z/);
  });
  it('keeps the length of a changed instance that moves with the series', () => {
    const once = change(flight(), 2, 'this', later(2)).now;
    expect(lengths(change(once, 0, 'all', later(24 * 7)).now)).toEqual([9, 9, 9, 9, 9, 9]);
  });
  it('ends in the new zone of the start where both had one', () => {
    const { text } = change(weekly(), 0, 'all', () => ({ zone: 'Asia/Tokyo' }));
    expect(text).toContain('DTEND;TZID=Asia/Tokyo:20260303T103000');
  });
});

describe('the night in which the clocks change', () => {
  const night = (...length: string[]): Item => event('SUMMARY:Watch', 'DTSTART;TZID=Europe/Berlin:20260326T230000', ...length, 'RRULE:FREQ=DAILY;COUNT=5');
  it('is as long in the form as in the view', () => {
    const item = night('DTEND;TZID=Europe/Berlin:20260327T050000');
    expect(printTime(at(item, 2).end)).toBe('06:00');
    expect(printTime(draftAt(item, 2).end)).toBe('06:00');
    expect(lengths(change(item, 2, 'this', () => ({ title: 'Short night' })).now)).toEqual([6, 6, 6, 6, 6]);
  });
  it('ends at the same hour when the length is a day', () => {
    const item = night('DURATION:P1D');
    expect(lengths(item)).toEqual([24, 24, 23, 24, 24]);
    const { now, text } = change(item, 0, 'all', later(-1));
    expect(lengths(now)).toEqual([24, 24, 23, 24, 24]);
    expect(text).toContain('DURATION:P1D');
  });
  it('a DURATION of hours stays one', () => {
    const item = event('SUMMARY:x', 'DTSTART;TZID=Europe/Berlin:20260328T120000', 'DURATION:PT4H');
    expect(change(item, 0, 'all', (draft) => ({ end: draft.end + 19 * HOUR })).text).toContain('DURATION:PT22H');
  });
});

describe('a changed instance that is longer than the series', () => {
  const longer = (): Item => change(weekly(), 1, 'this', (draft) => ({ start: draft.start + 2 * HOUR, end: draft.end + 4 * HOUR })).now;
  it('leaves the others their length when all are moved by it', () => {
    const { now } = change(longer(), 1, 'all', later(1));
    expect(lengths(now)).toEqual([0.5, 2.5, 0.5, 0.5, 0.5, 0.5]);
    expect(list(now).slice(0, 2)).toEqual(['2026-03-03 11:00', '2026-03-10 13:00']);
  });
  it('or renamed by it', () => {
    expect(lengths(change(longer(), 1, 'all', () => ({ title: 'x' })).now)).toEqual([0.5, 2.5, 0.5, 0.5, 0.5, 0.5]);
  });
  it('gives them its length when that is what was changed', () => {
    expect(lengths(change(longer(), 1, 'all', (draft) => ({ end: draft.end + HOUR })).now)[0]).toBe(3.5);
  });
  it('becomes all-day with the series, on the days of the series', () => {
    const day = dayFrom(2026, 3, 10);
    const { now } = change(longer(), 1, 'all', () => ({ allDay: true, zone: null, start: startOf(day), end: startOf(day + 1) }));
    expect(list(now).slice(0, 2)).toEqual(['2026-03-03 day', '2026-03-10 day']);
  });
});

describe('all, by a rule that the form cannot show', () => {
  const days = (item: Item): string[] => list(item).map((one) => one.slice(5, 10));
  it('moves the days of the month with their exceptions', () => {
    const item = event('SUMMARY:Rent', 'DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;UNTIL=20260315', 'EXDATE;VALUE=DATE:20260115');
    expect(days(change(item, 0, 'all', later(24)).now)).toEqual(['01-02', '02-02', '02-16', '03-02', '03-16']);
  });
  it('keeps the last instance when the hour is later', () => {
    const item = event('SUMMARY:x', 'DTSTART;TZID=Europe/Berlin:20260130T100000', 'DURATION:PT1H', 'RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20260331T080000Z');
    expect(list(item)).toHaveLength(3);
    expect(list(change(item, 0, 'all', later(1)).now)).toEqual(['2026-01-30 11:00', '2026-02-27 11:00', '2026-03-31 11:00']);
  });
  it('turns the days of every second week, and where that week begins', () => {
    const item = event('SUMMARY:x', 'DTSTART:20260302T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;COUNT=5');
    const moved = change(item, 0, 'all', later(24)).now;
    expect(list(moved).map((one) => Date.parse(one.slice(0, 10)) / DAY)).toEqual(list(item).map((one) => Date.parse(one.slice(0, 10)) / DAY + 1));
  });
  it('leaves out the same weeks when the second Tuesdays become Wednesdays, and none at the end', () => {
    const item = event('SUMMARY:x', 'DTSTART;VALUE=DATE:20260113', 'RRULE:FREQ=MONTHLY;BYDAY=2TU;UNTIL=20260908', 'EXDATE;VALUE=DATE:20260414');
    expect(days(item)).toEqual(['01-13', '02-10', '03-10', '05-12', '06-09', '07-14', '08-11', '09-08']);
    expect(days(change(item, 0, 'all', later(24)).now)).toEqual(['01-14', '02-11', '03-11', '05-13', '06-10', '07-08', '08-12', '09-09']);
    expect(days(change(item, 0, 'all', later(-24)).now)).toEqual(['01-12', '02-09', '03-09', '05-11', '06-08', '07-13', '08-10', '09-14']);
  });
  it('keeps the length of an extra PERIOD', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;COUNT=2', 'RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260305T100000/PT3H,20260306T100000/20260306T120000');
    const { text } = change(item, 0, 'all', later(1));
    expect(text.replace(/\r\n /g, '')).toContain('RDATE;TZID=Europe/Berlin;VALUE=PERIOD:20260305T110000/PT3H,20260306T110000/20260306T130000');
  });
  it('says so when the rule cannot be moved', () => {
    const refused = (rule: string, by: number, scope: Scope = 'all'): boolean => {
      const item = event('SUMMARY:x', 'DTSTART;TZID=Europe/Berlin:20260130T100000', 'DURATION:PT1H', `RRULE:${rule}`);
      const before = draftAt(item, 0);
      return cannotMove(item, at(item, 0).recurrence, scope, before, { ...before, ...later(by)(before) });
    };
    expect(refused('FREQ=MONTHLY;BYDAY=-1FR,-1SA', 24)).toBe(true);
    expect(refused('FREQ=MONTHLY;BYDAY=-1FR,-1SA', 24, 'this')).toBe(false);
    expect(refused('FREQ=MONTHLY;BYDAY=-1FR,-1SA', 1)).toBe(false);
    expect(refused('FREQ=MONTHLY;BYMONTHDAY=15,30', 24)).toBe(true);
    expect(refused('FREQ=MONTHLY;BYMONTHDAY=10,20', 24)).toBe(false);
    expect(refused('FREQ=DAILY;BYHOUR=10,14', 1)).toBe(true);
    expect(refused('FREQ=WEEKLY;BYMONTH=1,2', 24)).toBe(true);
    expect(refused('FREQ=WEEKLY', 24)).toBe(false);
  });
});

describe('weekdays that leave out the day of the event', () => {
  const rule = (weekdays: number[]) => ({ ...plainRule('WEEKLY'), weekdays, end: { kind: 'count' as const, count: 3 } });
  it('a new event begins on the first of them', () => {
    const draft = { ...emptyDraft('vevent', wall(2026, 3, 3, 10), wall(2026, 3, 3, 11), false, BERLIN), rule: rule([4, 1]) };
    expect(list(readItem(makeItem('u', draft, hand))!)).toEqual(['2026-03-05 10:00', '2026-03-09 10:00', '2026-03-12 10:00']);
  });
  it('a series does too, and loses the exceptions and changed instances that are none of them', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6', 'EXDATE;TZID=Europe/Berlin:20260305T100000,20260310T100000');
    const moved = change(item, 2, 'this', later(1)).now; // 17 March, a Tuesday
    const { now, text } = change(change(moved, 1, 'this', later(2)).now, 0, 'all', () => ({ rule: rule([4]) })); // 12 March
    expect(list(now)).toEqual(['2026-03-12 12:00', '2026-03-19 10:00']);
    expect(text).toContain('EXDATE;TZID=Europe/Berlin:20260305T100000\r\n');
    expect(now.overrides).toHaveLength(1);
  });
  it('a new rule and a new day at once take the exceptions along', () => {
    const item = weekly('RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4', 'EXDATE;TZID=Europe/Berlin:20260317T100000');
    const { now } = change(item, 0, 'all', (draft) => ({ ...later(48)(draft), rule: rule([4]) }));
    expect(list(now)).toEqual(['2026-03-05 10:00', '2026-03-12 10:00']);
  });
  it('the rest of a series begins on its own first day', () => {
    const { now, next } = change(weekly(), 2, 'following', () => ({ rule: rule([5]) }));
    expect(list(now)).toHaveLength(2);
    expect(list(next!)).toEqual(['2026-03-20 10:00', '2026-03-27 10:00', '2026-04-03 10:00']);
  });
});

describe('a new event', () => {
  it('brings the definition of its time zone', () => {
    const draft = { ...emptyDraft('vevent', wall(2026, 3, 3, 10), wall(2026, 3, 3, 11), false, BERLIN), title: 'New' };
    const text = makeItem('u', draft, hand);
    expect(text).toContain('BEGIN:VTIMEZONE');
    expect(text).toContain('RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU');
    expect(list(readItem(text)!)).toEqual(['2026-03-03 10:00']);
  });
  it('survives a hostile title', () => {
    const title = '</script><img src=x onerror=alert(1)>\nEND:VEVENT\r\nBEGIN:VEVENT;,\\';
    const text = makeItem('u', { ...emptyDraft('vevent', 0, HOUR, false, 'UTC'), title }, hand);
    expect(readItem(text)!.master!.getFirstPropertyValue('summary')).toContain('onerror=alert(1)>\nEND:VEVENT');
    expect(text.match(/BEGIN:VEVENT\r\n/g)).toHaveLength(1);
  });
});

describe('expansion', () => {
  it('finds a far instance of an endless rule at once', () => {
    const item = event('SUMMARY:x', 'DTSTART:19700101T090000Z', 'RRULE:FREQ=DAILY');
    const before = performance.now();
    expect(expand(item, dayFrom(2026, 3, 1), dayFrom(2026, 3, 3), 'UTC')).toHaveLength(2);
    expect(performance.now() - before).toBeLessThan(100);
  });
  it('cuts a rule of seconds', () => {
    const item = event('SUMMARY:x', 'DTSTART:20260101T090000Z', 'RRULE:FREQ=SECONDLY');
    expect(expand(item, dayFrom(2026, 3, 1), dayFrom(2026, 4, 3), 'UTC').length).toBeLessThanOrEqual(3000);
  });
  it('has 5,000 instances of one event in range of a year view', () => {
    const item = event('SUMMARY:x', 'DTSTART:20260101T000000Z', 'RRULE:FREQ=HOURLY;COUNT=5000');
    expect(expand(item, dayFrom(2026, 7, 1), dayFrom(2026, 7, 2), 'UTC')).toHaveLength(24);
  });
  it('says the same whichever way one turns the pages', () => {
    for (const rule of ['FREQ=MONTHLY;BYDAY=2TU', 'FREQ=DAILY;COUNT=3000', 'FREQ=DAILY', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU', 'FREQ=YEARLY', 'FREQ=HOURLY;INTERVAL=5', 'FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270301T000000Z']) {
      const make = (): Item => event('DTSTART;TZID=Europe/Berlin:20200114T100000', 'DURATION:PT1H', `RRULE:${rule}`, 'EXDATE;TZID=Europe/Berlin:20260310T100000', 'RDATE;TZID=Europe/Berlin:20260312T080000');
      const held = make();
      for (const month of [3, 4, 5, 16, 2, 3, -30, 4, 0]) {
        const range = [dayFrom(2026, month, 1), dayFrom(2026, month + 1, 8), BERLIN] as const;
        const times = (item: Item): number[] => expand(item, ...range).map((one) => one.start);
        expect(`${rule} ${month} ${times(held)}`).toBe(`${rule} ${month} ${times(make())}`);
      }
    }
  });
});
