// The protocol where an answer is not what it seems.
import { beforeEach, expect, it, vi } from 'vitest';
import { createGroup, createUser, putUser } from '../../src/caldav/administration';
import { Client, DavError } from '../../src/caldav/client';
import { changeCalendar } from '../../src/caldav/collections';

const client = new Client({ user: 'alice', password: 'x' });
const asked: { method: string; href: string; headers: Record<string, string> }[] = [];
let answer: Response;

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal('fetch', async (href: string, init: RequestInit) => {
    asked.push({ method: init.method!, href, headers: init.headers as Record<string, string> });
    return answer;
  });
});

const LOOKS = { name: 'Work', color: '#112233', description: '' };
const propstat = (name: string, status: string, more = ''): string => `<D:propstat><D:prop><D:${name}/></D:prop><D:status>HTTP/1.1 ${status}</D:status>${more}</D:propstat>`;
const multistatus = (...inner: string[]): Response => new Response(`<D:multistatus xmlns:D="DAV:"><D:response><D:href>/c/</D:href>${inner.join('')}</D:response></D:multistatus>`, { status: 207 });

it('a property that was not set is a failure, and the reason is the first cause', async () => {
  answer = multistatus(propstat('displayname', '424 Failed Dependency'), propstat('calendar-color', '403 Forbidden', '<D:responsedescription>no colours here</D:responsedescription>'));
  const failure = await changeCalendar(client, '/c/', LOOKS).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DavError);
  expect(failure).toMatchObject({ trouble: 'refused', status: 403, reason: 'no colours here' });
});

it('properties that were set are none', async () => {
  answer = multistatus(propstat('displayname', '200 OK'));
  await expect(changeCalendar(client, '/c/', LOOKS)).resolves.toBeUndefined();
});

it('a body that breaks off is no answer', async () => {
  answer = new Response('<D:multi', { status: 207 });
  vi.spyOn(answer, 'text').mockRejectedValue(new TypeError('broke off'));
  await expect(client.multistatus('PROPFIND', '/', '')).rejects.toMatchObject({ trouble: 'offline' });
});

it('a new user or group never takes the place of one that exists; a new password does', async () => {
  answer = new Response(null, { status: 201 });
  await createUser(client, 'bo', 'secret');
  await createGroup(client, 'crew');
  await putUser(client, 'bo', 'other');
  expect(asked.map((one) => [one.href, one.headers['If-None-Match']])).toEqual([['/users/bo', '*'], ['/groups/crew?members=', '*'], ['/users/bo', undefined]]);
});
