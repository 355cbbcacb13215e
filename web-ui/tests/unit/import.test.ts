// Import: cutting a file so that the page goes on, and sending until a piece is taken or refused.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chunksOf } from '../../src/calendars/chunks';
import { sendPiece } from '../../src/calendars/send';
import { splitFile, type Piece } from '../../src/ical/split';
import { refused } from '../../src/store/session';
import { event, fakeServer, signedIn, type FakeServer } from './lib/server';

const vevent = (uid: string, ...lines: string[]): string[] => ['BEGIN:VEVENT', ...(uid ? [`UID:${uid}`] : []), 'DTSTAMP:20260101T000000Z', 'DTSTART;TZID=Here:20260303T100000', ...lines, 'END:VEVENT'];
const zone = ['BEGIN:VTIMEZONE', 'TZID:Here', 'BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0100', 'END:STANDARD', 'END:VTIMEZONE'];
const file = (...events: string[][]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:x', ...zone, ...events.flat(), 'END:VCALENDAR', ''].join('\r\n');
const split = (text: string): string[] => splitFile(text, () => 'fresh').map((one) => `${one.uid}: ${one.text}`).sort();

describe('a large file', () => {
  const long = 'a-very-long-uid-'.repeat(6);
  const text = file(
    ...Array.from({ length: 20 }, (_, index) => vevent(`u${index}`, `SUMMARY:${index}`, 'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT5M', 'END:VALARM')),
    vevent(`${long.slice(0, 60)}\r\n ${long.slice(60)}`, 'RRULE:FREQ=DAILY'), vevent('u3', 'RECURRENCE-ID:20260304T090000Z'), vevent(long, 'RECURRENCE-ID:20260304T090000Z'), vevent('', 'SUMMARY:no name'),
  );
  it('is read in pieces that together say what the whole says', () => {
    const chunks = chunksOf(text, 5);
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks.flatMap(split).sort()).toEqual(split(text));
  });
  it('of several calendars keeps what has one UID together', () => {
    const two = file(vevent('a'), vevent('b'), vevent('c')) + file(vevent('b', 'RECURRENCE-ID:20260304T090000Z'), vevent('d'));
    expect(chunksOf(two, 1)).toHaveLength(4);
    expect(chunksOf(two, 1).flatMap(split).sort()).toEqual(split(two));
  });
  it('that is none is left to its reader', () => {
    for (const none of ['PK\u0003nonsense', 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n', '']) expect(chunksOf(none, 1)).toEqual([none]);
  });
});

describe('a piece', () => {
  let server: FakeServer;
  const piece: Piece = { uid: 'one', title: 'One', text: event('one', 'One'), problem: '' };
  const go = () => sendPiece('/c/', piece, () => false);
  const times = (count: number, fault: () => Response | 'offline') => {
    let left = count;
    server.fault = () => (left-- > 0 ? fault() : null);
  };
  beforeEach(() => {
    vi.useFakeTimers();
    server = fakeServer();
    signedIn();
  });
  for (const [name, fault] of [
    ['no answer', () => 'offline' as const],
    ['too many attempts', () => new Response(null, { status: 429, headers: { 'Retry-After': '3' } })],
    ['a server that is busy', () => new Response(null, { status: 503 })],
  ] as const) {
    it(`goes through after ${name}`, async () => {
      times(3, fault);
      const sent = go();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await sent).toBeNull();
      expect(server.text('/c/one.ics')).toBe(piece.text);
    });
  }
  it('is given up in the end', async () => {
    times(100, () => 'offline');
    const sent = go();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(await sent).toMatchObject({ title: 'One' });
  });
  it('waits for a new password', async () => {
    times(1, () => new Response(null, { status: 401 }));
    const sent = go();
    await vi.advanceTimersByTimeAsync(1);
    expect(refused.value).toBe(true);
    refused.value = false;
    expect(await sent).toBeNull();
  });
  it('is not waited for when the person says stop', async () => {
    times(100, () => 'offline');
    let stopped = false;
    const sent = sendPiece('/c/', piece, () => stopped);
    await vi.advanceTimersByTimeAsync(500);
    stopped = true;
    await vi.advanceTimersByTimeAsync(500);
    expect(await sent).toMatchObject({ title: 'One' });
  });
});
