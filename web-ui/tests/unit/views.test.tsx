// Views that ask the server: what they ask for, and what they offer to whom.
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { beforeEach, expect, it, vi } from 'vitest';
import type { Collection } from '../../src/caldav/collections';

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
HTMLDialogElement.prototype.showModal = function () { this.open = true; };
HTMLDialogElement.prototype.close = function () { this.open = false; };

const asked: string[] = [];
let answer: (method: string, href: string, body: string) => string;
const multistatus = (inner = ''): string => `<D:multistatus xmlns:D="DAV:" xmlns:G="urn:gitstead:caldav">${inner}</D:multistatus>`;

const calendar = (name: string, owner = '/p/alice/'): Collection => ({
  href: `/c/${name}/`, name, color: '#112233', order: 0, description: '', components: ['VEVENT'], owner, writable: true, sharable: true, subscribed: false, source: '', published: '', syncToken: '', ctag: '',
});

const box = (): HTMLElement => {
  const made = document.createElement('div');
  document.body.replaceChildren(made);
  return made;
};

beforeEach(async () => {
  vi.resetModules();
  localStorage.clear();
  asked.length = 0;
  answer = () => multistatus();
  vi.stubGlobal('fetch', async (href: string, init: RequestInit) => {
    asked.push(`${init.method} ${href} ${String(init.body ?? '')}`);
    return new Response(answer(init.method!, href, String(init.body ?? '')), { status: init.method === 'GET' ? 200 : 207 });
  });
  (await import('./lib/server')).signedIn();
});

it('a calendar that is shown while one looks at the year is read for all of it', async () => {
  const { calendars, toggle } = await import('../../src/store/calendars');
  const { change } = await import('../../src/store/settings');
  const { day } = await import('../../src/store/navigation');
  const { YearView } = await import('../../src/views/year');
  const { dayFrom } = await import('../../src/ical/wall');
  change({ hidden: ['/c/b/'] });
  calendars.value = [calendar('a'), calendar('b')];
  day.value = dayFrom(2026, 6, 1);
  act(() => render(<YearView />, box()));
  await vi.waitFor(() => expect(asked.filter((one) => one.includes('/c/a/')).length).toBe(4));
  await new Promise((resolve) => setTimeout(resolve, 20));
  toggle('/c/b/');
  await vi.waitFor(() => expect(asked.some((one) => one.includes('/c/b/'))).toBe(true));
  const [start, end] = /start="(\d{4}).*end="(\d{4})/.exec(asked.find((one) => one.includes('/c/b/'))!)!.slice(1);
  expect([start, end]).toEqual(['2025', '2027']);
});

it('a hundred changes are one request, and each says what its commit says', async () => {
  const { ChangesDialog } = await import('../../src/history/history');
  const version = (index: number, comment: string): string =>
    `<D:response><D:href>/c/a/${index}.ics?version=${index}</D:href><D:propstat><D:prop><D:version-name>${index}</D:version-name><D:creator-displayname>alice</D:creator-displayname><D:comment>${comment}</D:comment><G:change>removed</G:change></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`;
  answer = () => multistatus([...Array.from({ length: 99 }, (_, index) => version(index, `alice: remove "Lunch ${index}"`)), version(99, 'some files')].join(''));
  const where = box();
  act(() => render(<ChangesDialog calendar={calendar('a')} />, where));
  await vi.waitFor(() => expect(where.querySelectorAll('.version')).toHaveLength(100));
  expect(asked).toHaveLength(1);
  const heads = [...where.querySelectorAll('.version strong')].map((one) => one.textContent);
  expect([heads[7], heads[99]]).toEqual(['remove "Lunch 7"', 'some files · 99.ics']);
});

it('the history is offered to the owner only', async () => {
  const { calendars } = await import('../../src/store/calendars');
  const { CalendarList } = await import('../../src/calendars/list');
  calendars.value = [calendar('a'), calendar('b', '/p/bob/')];
  const where = box();
  act(() => render(<CalendarList />, where));
  const offers = (name: string): (string | null)[] => {
    act(() => where.querySelector<HTMLElement>(`[aria-label="Options of ${name}"]`)!.click());
    return [...where.querySelectorAll(`[role=menu][aria-label="Options of ${name}"] [role=menuitem]`)].map((one) => one.textContent);
  };
  expect(offers('a')).toContain('Latest changes');
  expect(offers('b')).not.toContain('Latest changes');
});
