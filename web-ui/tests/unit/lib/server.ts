// A calendar server in memory behind a stubbed fetch: objects with entity tags, conditions, and faults on demand.
import { vi } from 'vitest';
import { Client } from '../../../src/caldav/client';
import { session } from '../../../src/store/session';

export interface Asked {
  method: string;
  href: string;
  headers: Record<string, string>;
  body: string;
}

type Fault = (asked: Asked) => Response | 'offline' | 'stored, no answer' | null;

export interface FakeServer {
  objects: Map<string, { text: string; etag: string }>;
  log: string[];
  fault: Fault;
  set(href: string, text: string): string;
  text(href: string): string | undefined;
}

export const fakeServer = (): FakeServer => {
  let version = 0;
  const server: FakeServer = {
    objects: new Map(),
    log: [],
    fault: () => null,
    set(href, text) {
      const etag = `"${++version}"`;
      this.objects.set(href, { text, etag });
      return etag;
    },
    text(href) {
      return this.objects.get(href)?.text;
    },
  };
  vi.stubGlobal('fetch', async (href: string, init: RequestInit): Promise<Response> => {
    const asked: Asked = { method: init.method!, href, headers: init.headers as Record<string, string>, body: String(init.body ?? '') };
    server.log.push(`${asked.method} ${href}`);
    const fault = server.fault(asked);
    if (fault instanceof Response) return fault;
    if (fault === 'offline') throw new TypeError('no answer');
    const answer = respond(server, asked);
    if (fault === 'stored, no answer') throw new TypeError('no answer');
    return answer;
  });
  return server;
};

const respond = (server: FakeServer, { method, href, headers, body }: Asked): Response => {
  const present = server.objects.get(href);
  if (headers['If-None-Match'] === '*' && present) return new Response(null, { status: 412 });
  const match = headers['If-Match'];
  if (match !== undefined && (match === '*' ? !present : match !== present?.etag)) return new Response(null, { status: 412 });
  if (method === 'GET') return present ? new Response(present.text, { headers: { ETag: present.etag } }) : new Response(null, { status: 404 });
  if (method === 'PUT') return new Response(null, { status: 201, headers: { ETag: server.set(href, body) } });
  if (method === 'DELETE') return new Response(null, { status: server.objects.delete(href) ? 204 : 404 });
  return new Response(null, { status: 405 });
};

export const signedIn = (user = 'alice'): void => {
  session.value = {
    client: new Client({ user, password: 'x' }),
    account: { principal: `/p/${user}/`, home: '/c/', inbox: '', outbox: '', addresses: [], name: user, administrator: false },
    user,
  };
};

export const event = (uid: string, title: string, ...more: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:test', 'BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20260101T000000Z', 'DTSTART:20260303T100000Z', 'DTEND:20260303T110000Z', `SUMMARY:${title}`, ...more, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
