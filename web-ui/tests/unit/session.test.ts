// Who is at the door, and whether the page is in step with the server.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { event, signedIn } from './lib/server';

type Answer = { status: number; body: string } | 'offline';
let answer: (method: string, href: string, body: string) => Answer;
const reload = vi.fn();

const multistatus = (...responses: string[]): Answer => ({
  status: 207,
  body: `<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">${responses.join('')}</D:multistatus>`,
});
const response = (href: string, props: string): string => `<D:response><D:href>${href}</D:href><D:propstat><D:prop>${props}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`;
const principal = (): Answer =>
  multistatus(response('/p/x/', '<D:current-user-principal><D:href>/p/x/</D:href></D:current-user-principal><C:calendar-home-set><D:href>/c/</D:href></C:calendar-home-set>'));

beforeEach(() => {
  vi.resetModules();
  sessionStorage.clear();
  localStorage.clear();
  reload.mockClear();
  vi.stubGlobal('location', { reload, hash: '', origin: 'http://x' });
  vi.stubGlobal('fetch', async (href: string, init: RequestInit) => {
    const found = answer(init.method!, href, String(init.body ?? ''));
    if (found === 'offline') throw new TypeError('offline');
    return new Response(found.body || null, { status: found.status });
  });
});

describe('somebody else at the door', () => {
  it('finds a page of their own; the changes of the first wait under the first name', async () => {
    answer = principal;
    const { signIn, session, storedCredentials } = await import('../../src/store/session');
    await signIn({ user: 'alice', password: 'a' }, false);
    localStorage.setItem('calendar.outbox.alice/1', '{}');
    void signIn({ user: 'bob', password: 'b' }, false);
    await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce());
    expect(session.value?.user).toBe('alice');
    expect(localStorage.getItem('calendar.outbox.alice/1')).toBe('{}');
    expect(storedCredentials()).toEqual({ user: 'bob', password: 'b', keep: false });
    // Only once: it was not asked to be kept.
    expect(storedCredentials()).toBeNull();
  });
  it('the same person goes on where they were', async () => {
    answer = principal;
    const { signIn } = await import('../../src/store/session');
    await signIn({ user: 'alice', password: 'a' }, false);
    await signIn({ user: 'alice', password: 'new' }, false);
    expect(reload).not.toHaveBeenCalled();
  });
});

describe('in step with the server', () => {
  const CALENDAR = '/c/work/';
  const HREF = `${CALENDAR}one.ics`;
  let sync = 't:1';
  const list = (): string => response(CALENDAR, `<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:sync-token>${sync}</D:sync-token>`);
  const objects = (): string => response(HREF, `<D:getetag>"1"</D:getetag><C:calendar-data>${event('one', 'A')}</C:calendar-data>`);
  const normal = (method: string, _href: string, body: string): Answer => {
    if (method === 'PROPFIND') return multistatus(list());
    // The server has forgotten the token: everything is read anew.
    if (body.includes('sync-collection')) return { status: 403, body: '<D:error xmlns:D="DAV:"><D:valid-sync-token/></D:error>' };
    return multistatus(objects());
  };
  const start = async () => {
    (await import('./lib/server')).signedIn();
    const calendars = await import('../../src/store/calendars');
    const entries = await import('../../src/store/entries');
    await calendars.refresh();
    await calendars.ensure(20510, 20517);
    return { calendars, entry: () => entries.entry(CALENDAR, HREF) };
  };
  beforeEach(() => {
    sync = 't:1';
    answer = normal;
    signedIn();
  });

  it('says since when it is not, until it is again', async () => {
    const { calendars } = await start();
    expect(calendars.behind.value).toBeNull();
    const before = Date.now();
    answer = () => 'offline';
    await expect(calendars.refresh()).rejects.toMatchObject({ trouble: 'offline' });
    expect(calendars.behind.value).toBeGreaterThan(before - 5000);
    expect(calendars.behind.value).toBeLessThanOrEqual(before);
    answer = normal;
    await calendars.refresh();
    expect(calendars.behind.value).toBeNull();
  });
  it('an event stays while its calendar is read anew: a form on it must not think it is gone', async () => {
    const { calendars, entry } = await start();
    sync = 't:2';
    let missing = 0;
    answer = (method, href, body) => {
      if (!entry()) missing++;
      return normal(method, href, body);
    };
    await calendars.refresh();
    expect([missing, Boolean(entry())]).toEqual([0, true]);
  });
  it('what the new reading does not bring is gone', async () => {
    const { calendars, entry } = await start();
    sync = 't:2';
    answer = (method, href, body) => (body.includes('calendar-query') ? multistatus() : normal(method, href, body));
    await calendars.refresh();
    expect(entry()).toBeUndefined();
  });
  it('what could not be read anew stays', async () => {
    const { calendars, entry } = await start();
    sync = 't:2';
    answer = (method, href, body) => (body.includes('calendar-query') ? 'offline' : normal(method, href, body));
    await calendars.refresh();
    expect(entry()).toBeDefined();
    answer = (method, href, body) => (body.includes('calendar-query') ? multistatus() : normal(method, href, body));
    await calendars.refresh();
    expect(entry()).toBeUndefined();
  });
});
