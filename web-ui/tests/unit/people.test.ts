// When people who are invited are busy.
import { expect, it } from 'vitest';
import { freeBusy } from '../../src/caldav/scheduling';
import { clashes } from '../../src/editor/people';
import { HOUR } from '../../src/ical/wall';

const ask = async (masked?: string): Promise<string> => {
  let body = '';
  const client = {
    request: (_method: string, _path: string, options: { body: string }) => {
      body = options.body;
      return Promise.resolve(new Response('<C:schedule-response xmlns:C="urn:ietf:params:xml:ns:caldav"/>'));
    },
  };
  await freeBusy(client as never, '/outbox/', 'mailto:me@example.org', ['mailto:bo@example.org'], 0, 24 * HOUR, 'question', masked);
  return body;
};

it('a saved meeting does not make its own guests busy', async () => {
  expect(await ask('lunch, with Bo')).toContain('\r\nX-CALENDARSERVER-MASK-UID:lunch\\, with Bo\r\nEND:VFREEBUSY');
  expect(await ask()).not.toContain('MASK');
});
it('what is tentative is no clash', () => {
  const busy = [{ start: 9 * HOUR, end: 10 * HOUR, tentative: true }, { start: 12 * HOUR, end: 13 * HOUR, tentative: false }];
  expect(clashes(busy, 9 * HOUR, 10 * HOUR)).toBe(false);
  expect(clashes(busy, 12 * HOUR, 14 * HOUR)).toBe(true);
  expect(clashes(busy, 13 * HOUR, 14 * HOUR)).toBe(false);
});
