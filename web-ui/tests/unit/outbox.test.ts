// The outbox against a server in memory: what is sent, what is asked, and what is on both sides in the end.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { event, fakeServer, type FakeServer } from './lib/server';

const CALENDAR = '/c/work/';
const OTHER = '/c/family/';
const HREF = `${CALENDAR}one.ics`;
const A = event('one', 'A');
const B = event('one', 'B');
const C = event('one', 'C');
const THEIRS = event('one', 'A', 'LOCATION:Roof');

type Outbox = typeof import('../../src/store/outbox');
type Entries = typeof import('../../src/store/entries');
type Notices = typeof import('../../src/store/notices');

let server: FakeServer;
let outbox: Outbox;
let entries: Entries;
let notices: Notices;

/** The page as it is after a reload: nothing in memory, everything in storage. */
const load = async (): Promise<void> => {
  vi.resetModules();
  (await import('./lib/server')).signedIn();
  outbox = await import('../../src/store/outbox');
  entries = await import('../../src/store/entries');
  notices = await import('../../src/store/notices');
};

const seen = (href = HREF, calendar = CALENDAR): string | undefined => entries.entry(calendar, href)?.text;
const known = (text: string, href = HREF, calendar = CALENDAR): void => void entries.place(calendar, href, server.set(href, text), text);
const change = (before: string | null, after: string | null, href = HREF, calendar = CALENDAR) => ({ calendar, href, before, after });
const idle = async (): Promise<void> => {
  for (let round = 0; round < 200 && outbox.queue.value.length > 0 && !outbox.stalled.value; round++) await vi.advanceTimersByTimeAsync(1);
  await vi.advanceTimersByTimeAsync(1);
};
const failOn = (method: string, href: string, status: number) => (asked: { method: string; href: string }) =>
  asked.method === method && asked.href === href ? new Response(null, { status }) : null;

beforeEach(async () => {
  vi.useFakeTimers();
  localStorage.clear();
  server = fakeServer();
  await load();
});

describe('a form that was open while somebody else changed the event', () => {
  it('asks, and sends nothing', async () => {
    known(A);
    known(THEIRS); // what a poll brings
    outbox.send([change(A, B)]);
    await idle();
    expect(outbox.conflicts.value[0]?.theirs?.text).toBe(THEIRS);
    expect(server.log).toEqual([]);
    expect(seen()).toBe(THEIRS);
    outbox.resolve(outbox.conflicts.value[0]!, 'mine', null);
    await idle();
    expect(server.text(HREF)).toBe(B);
  });
  it('is not said to be done while the question is open', async () => {
    const { replace, undo } = await import('../../src/store/actions');
    known(A);
    known(THEIRS);
    replace('done.changed', 'A', change(A, B));
    expect(notices.notices.value).toEqual([]);
    undo();
    expect(server.text(HREF)).toBe(THEIRS);
    // Nor when the server is the first to know.
    outbox.resolve(outbox.conflicts.value[0]!, 'theirs', null);
    server.set(HREF, C);
    replace('done.changed', 'A', change(THEIRS, B));
    await idle();
    expect(outbox.conflicts.value).toHaveLength(1);
    expect(notices.notices.value.filter((one) => one.kind === 'done')).toEqual([]);
  });
  it('deleted it: nothing comes back unasked', async () => {
    known(A);
    server.objects.delete(HREF);
    entries.drop(CALENDAR, HREF);
    outbox.send([change(A, B)]);
    await idle();
    expect(outbox.conflicts.value[0]?.theirs).toBeNull();
    expect(server.text(HREF)).toBeUndefined();
    outbox.resolve(outbox.conflicts.value[0]!, 'mine', null);
    await idle();
    expect(server.text(HREF)).toBe(B);
  });
  it('is not deleted unasked either', async () => {
    known(A);
    known(THEIRS);
    outbox.send([change(A, null)]);
    await idle();
    expect(outbox.conflicts.value).toHaveLength(1);
    expect(server.text(HREF)).toBe(THEIRS);
    outbox.resolve(outbox.conflicts.value[0]!, 'theirs', null);
    await idle();
    expect(server.text(HREF)).toBe(THEIRS);
    expect(seen()).toBe(THEIRS);
  });
  it('asks again after a reload', async () => {
    known(A);
    known(THEIRS);
    outbox.send([change(A, B)]);
    await load();
    known(THEIRS);
    outbox.restore();
    await idle();
    expect(outbox.conflicts.value).toHaveLength(1);
    expect(server.text(HREF)).toBe(THEIRS);
  });
  it('does not ask about what the server made of one\'s own text', async () => {
    known(A);
    server.fault = (asked) => {
      if (asked.method !== 'PUT' || asked.body !== B) return null;
      server.set(asked.href, THEIRS);
      return new Response(null, { status: 204 });
    };
    outbox.send([change(A, B)]);
    await idle();
    expect(seen()).toBe(THEIRS);
    outbox.send([change(B, C)]);
    await idle();
    expect(outbox.conflicts.value).toEqual([]);
    expect(server.text(HREF)).toBe(C);
  });
  it('both deleted: there is nothing to ask', () => {
    outbox.send([change(A, null)]);
    expect([outbox.conflicts.value, outbox.queue.value]).toEqual([[], []]);
  });
});

describe('what belongs together', () => {
  const there = `${OTHER}one.ics`;
  const move = () => outbox.send([change(A, null), change(null, B, there, OTHER)]);
  it('goes in an order that loses nothing', async () => {
    known(A);
    move();
    await idle();
    expect(server.log).toEqual([`PUT ${there}`, `DELETE ${HREF}`]);
    expect([server.text(HREF), server.text(there)]).toEqual([undefined, B]);
  });
  it('the new place is refused: the old one stays', async () => {
    known(A);
    server.fault = failOn('PUT', there, 403);
    move();
    await idle();
    expect([server.text(HREF), seen(), seen(there, OTHER)]).toEqual([A, A, undefined]);
    server.fault = () => null;
    notices.notices.value[0]!.action!.run();
    await idle();
    expect([server.text(HREF), server.text(there)]).toEqual([undefined, B]);
  });
  it('the old place is not given up: the new one is taken back', async () => {
    known(A);
    server.fault = failOn('DELETE', HREF, 403);
    move();
    await idle();
    expect([server.text(HREF), server.text(there), seen(), seen(there, OTHER)]).toEqual([A, undefined, A, undefined]);
  });
  it('somebody changed it at the old place: theirs stays, mine is taken back', async () => {
    known(A);
    server.set(HREF, THEIRS);
    move();
    await idle();
    expect(outbox.conflicts.value[0]?.theirs?.text).toBe(THEIRS);
    outbox.resolve(outbox.conflicts.value[0]!, 'theirs', null);
    await idle();
    expect([server.text(HREF), server.text(there), seen()]).toEqual([THEIRS, undefined, THEIRS]);
  });
  it('something is at the new place: the old one waits for the answer', async () => {
    known(A);
    server.set(there, THEIRS);
    move();
    await idle();
    expect(outbox.conflicts.value[0]?.rest.map((one) => one.href)).toEqual([HREF]);
    expect(server.text(HREF)).toBe(A);
    outbox.resolve(outbox.conflicts.value[0]!, 'mine', null);
    await idle();
    expect([server.text(HREF), server.text(there)]).toEqual([undefined, B]);
  });
  it('a part that was done before a reload is taken back after it', async () => {
    known(A);
    server.fault = (asked) => (asked.method === 'DELETE' ? 'offline' : null);
    move();
    await idle();
    expect(server.text(there)).toBe(B);
    await load();
    server.fault = failOn('DELETE', HREF, 403);
    outbox.restore();
    await idle();
    expect([server.text(HREF), server.text(there)]).toEqual([A, undefined]);
  });
  it('a series that cannot be cut is not doubled', async () => {
    known(A);
    server.fault = failOn('PUT', HREF, 403);
    outbox.send([change(A, B), change(null, C, `${CALENDAR}two.ics`)]);
    await idle();
    expect([server.text(HREF), server.text(`${CALENDAR}two.ics`)]).toEqual([A, undefined]);
  });
});

describe('two changes of one event', () => {
  it('the first is refused, the second accepted: the page shows the second', async () => {
    known(A);
    let puts = 0;
    server.fault = (asked) => (asked.method === 'PUT' && ++puts === 1 ? new Response(null, { status: 403 }) : null);
    outbox.send([change(A, B)]);
    outbox.send([change(B, C)]);
    await idle();
    expect([server.text(HREF), seen()]).toEqual([C, C]);
    expect(entries.entry(CALENDAR, HREF)?.etag).toBe(server.objects.get(HREF)!.etag);
  });
  it('both are refused: the page shows what the server has', async () => {
    known(A);
    server.fault = failOn('PUT', HREF, 403);
    outbox.send([change(A, B)]);
    outbox.send([change(B, C)]);
    await idle();
    expect([server.text(HREF), seen(), notices.notices.value.length]).toEqual([A, A, 1]);
  });
  it('are one question when somebody else was there', async () => {
    known(A);
    server.set(HREF, THEIRS);
    outbox.send([change(A, B)]);
    outbox.send([change(B, C)]);
    await idle();
    expect(outbox.conflicts.value.map((one) => [one.job.before, one.job.after])).toEqual([[A, C]]);
    expect(outbox.queue.value).toEqual([]);
  });
  it('a new event that is refused and changed meanwhile is made as it is now', async () => {
    let puts = 0;
    server.fault = (asked) => (asked.method === 'PUT' && ++puts === 1 ? new Response(null, { status: 403 }) : null);
    outbox.send([change(null, A)]);
    outbox.send([change(A, B)]);
    await idle();
    expect([server.text(HREF), seen()]).toEqual([B, B]);
  });
});

describe('the queue', () => {
  it('keeps what another tab waits to send', async () => {
    known(A);
    server.fault = () => 'offline';
    outbox.send([change(A, B)]);
    await idle();
    const first = Object.keys(localStorage).filter((one) => one.startsWith('calendar.outbox'));
    await load(); // a second tab that does not look into the storage
    outbox.send([change(null, C, `${CALENDAR}two.ics`)]);
    await idle();
    server.fault = () => null;
    outbox.goOnline();
    await idle();
    expect(Object.keys(localStorage).filter((one) => one.startsWith('calendar.outbox'))).toEqual(first);
  });
  it('sends nothing that another tab has sent', async () => {
    known(A);
    server.fault = () => 'offline';
    outbox.send([change(A, B)]);
    await idle();
    localStorage.clear();
    server.set(HREF, C);
    server.fault = () => null;
    server.log = [];
    outbox.goOnline();
    await idle();
    expect(server.log).toEqual([`GET ${HREF}`]);
    expect([outbox.conflicts.value, outbox.queue.value, seen()]).toEqual([[], [], C]);
  });
  it('works in one tab at a time', async () => {
    const request = vi.fn(async (_name: string, work: () => Promise<void>) => work());
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { locks: { request } }));
    known(A);
    outbox.send([change(A, B)]);
    await idle();
    expect(request.mock.calls[0]![0]).toContain('alice');
    expect(server.text(HREF)).toBe(B);
    vi.unstubAllGlobals();
  });
  it('is not held up by one object that the server breaks over', async () => {
    known(A);
    server.fault = failOn('PUT', HREF, 500);
    outbox.send([change(A, B)]);
    outbox.send([change(null, C, `${CALENDAR}two.ics`)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.text(`${CALENDAR}two.ics`)).toBe(C);
    expect([seen(), notices.notices.value.at(-1)?.kind]).toEqual([A, 'failed']);
  });
  it('waits out a 503 for as long as it lasts', async () => {
    known(A);
    server.fault = failOn('PUT', HREF, 503);
    outbox.send([change(A, B)]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(outbox.queue.value).toHaveLength(1);
    server.fault = () => null;
    await vi.advanceTimersByTimeAsync(61_000);
    expect(server.text(HREF)).toBe(B);
  });
  it('does not ask about one\'s own write after a reload', async () => {
    known(A);
    server.fault = (asked) => (asked.body === C ? 'offline' : null);
    outbox.send([change(A, B)]);
    outbox.send([change(B, C)]);
    await idle();
    expect(server.text(HREF)).toBe(B);
    await load();
    server.fault = () => null;
    outbox.restore();
    await idle();
    expect(outbox.conflicts.value).toEqual([]);
    expect([server.text(HREF), seen()]).toEqual([C, C]);
  });
  it('nor when the answer to it was lost', async () => {
    known(A);
    server.fault = (asked) => (asked.method === 'PUT' ? 'stored, no answer' : 'offline');
    outbox.send([change(A, B)]);
    await vi.advanceTimersByTimeAsync(1);
    outbox.send([change(B, C)]);
    await load();
    server.fault = () => null;
    outbox.restore();
    await idle();
    expect(outbox.conflicts.value).toEqual([]);
    expect([server.text(HREF), seen()]).toEqual([C, C]);
  });
  it('what waits can be dropped', async () => {
    known(A);
    server.fault = () => 'offline';
    outbox.send([change(A, null), change(null, B, `${OTHER}one.ics`, OTHER)]);
    await idle();
    expect([outbox.waiting.value, outbox.waitingLots.value.length]).toEqual([1, 1]);
    outbox.dropLot(outbox.waitingLots.value[0]!);
    expect([seen(), seen(`${OTHER}one.ics`, OTHER), outbox.queue.value]).toEqual([A, undefined, []]);
    expect(Object.keys(localStorage).filter((one) => one.startsWith('calendar.outbox'))).toEqual([]);
  });
  it('what was given up shows what came in meanwhile', async () => {
    known(A);
    server.fault = failOn('PUT', HREF, 503);
    outbox.send([change(A, B)]);
    await idle();
    server.set(HREF, THEIRS); // the poll leaves it alone as long as ours waits
    outbox.dropLot(outbox.waitingLots.value[0]!);
    await idle();
    expect(seen()).toBe(THEIRS);
  });
  it('warns before the page is left when the browser kept nothing', async () => {
    const leave = (): boolean => dispatchEvent(new Event('beforeunload', { cancelable: true }));
    known(A);
    server.fault = () => 'offline';
    const full = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    outbox.send([change(A, B)]);
    await idle();
    expect(leave()).toBe(false);
    full.mockRestore();
    outbox.dropLot(outbox.queue.value);
    expect(leave()).toBe(true);
  });
});

describe('answers that are none', () => {
  const breaking = (status: number, headers: Record<string, string> = {}): Response => {
    const response = new Response('x', { status, headers });
    vi.spyOn(response, 'text').mockRejectedValue(new TypeError('the body broke off'));
    return response;
  };
  it('a question that breaks off is no refusal', async () => {
    known(A);
    server.set(HREF, THEIRS);
    server.fault = (asked) => (asked.method === 'GET' ? breaking(200) : null);
    outbox.send([change(A, B)]);
    await idle();
    expect([outbox.stalled.value, outbox.queue.value.length, notices.notices.value]).toEqual(['offline', 1, []]);
  });
  it('a write that was stored is saved, though nobody can say with which tag', async () => {
    known(A);
    server.fault = (asked) => {
      if (asked.method === 'GET') return new Response(null, { status: 500 });
      server.set(asked.href, asked.body);
      return new Response(null, { status: 204 });
    };
    outbox.send([change(A, B)]);
    await idle();
    expect([seen(), outbox.queue.value, notices.notices.value]).toEqual([B, [], []]);
    server.fault = () => null;
    outbox.send([change(B, null)]);
    await idle();
    expect(server.text(HREF)).toBeUndefined();
  });
  it('nothing is deleted without a tag', async () => {
    server.set(HREF, THEIRS);
    entries.place(CALENDAR, HREF, '', A);
    outbox.send([change(A, null)]);
    await idle();
    expect(server.text(HREF)).toBe(THEIRS);
    expect(outbox.conflicts.value).toHaveLength(1);
  });
});
