// What the month draws again, and what it does not.
import { h, options, render, type VNode } from 'preact';
import { beforeAll, expect, it, vi } from 'vitest';
import { formatLongDay, formatTime } from '../../src/i18n';
import { dayFrom, wall } from '../../src/ical/wall';
import { calendars } from '../../src/store/calendars';
import { place, touched } from '../../src/store/entries';
import { clock, day } from '../../src/store/navigation';
import { change } from '../../src/store/settings';
import { Chip } from '../../src/views/chip';
import { MonthView } from '../../src/views/month';
import { TimeGrid } from '../../src/views/timegrid';

let chips = 0;
beforeAll(() => {
  vi.stubGlobal('ResizeObserver', class { observe() {} disconnect() {} });
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { get: () => 900 });
  const before = options.diffed;
  options.diffed = (node: VNode) => {
    if (node.type === Chip) chips++;
    before?.(node);
  };
});

const put = (name: string, at: string): void => {
  place('/work/', `/work/${name}.ics`, 'e', ['BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', `UID:${name}`, `SUMMARY:${name}`, `DTSTART:${at}`, 'DURATION:PT1H', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'));
  touched();
};
const drawnBy = async (act: () => void): Promise<number> => {
  chips = 0;
  act();
  await new Promise((done) => setTimeout(done, 20));
  return chips;
};

it.each([
  ['month', () => h(MonthView, { phone: false })],
  ['week', () => h(TimeGrid, { from: dayFrom(2026, 3, 2), to: dayFrom(2026, 3, 9), wide: false })],
])('the %s draws a chip again only when its event changed', async (_name, view) => {
  change({ zone: 'Europe/Berlin', language: 'en' });
  day.value = dayFrom(2026, 3, 4);
  calendars.value = [{ href: '/work/', name: 'Work', color: '#123456', components: ['VEVENT'], owner: '', writable: true, subscribed: false } as never];
  for (let hour = 8; hour < 12; hour++) put(`at ${hour}`, `202603${hour < 10 ? '03' : '05'}T${String(hour).padStart(2, '0')}0000Z`);
  expect(await drawnBy(() => render(h(view, {}), document.body))).toBe(4);
  expect(await drawnBy(touched)).toBe(0);
  expect(await drawnBy(() => put('far away', '20270303T100000Z'))).toBe(0);
  expect(await drawnBy(() => (clock.value += 20_000))).toBe(0);
  expect(await drawnBy(() => put('at 9', '20260304T093000Z'))).toBe(1);
  expect(await drawnBy(() => (day.value = dayFrom(2026, 3, 5)))).toBe(0);
  // Every chip says its time in the new language.
  expect(await drawnBy(() => change({ language: 'de' }))).toBe(4);
  render(null, document.body);
});

it('the words for times and days follow the language', () => {
  change({ language: 'en' });
  const english = [formatTime(wall(2026, 3, 3, 15)), formatLongDay(dayFrom(2027, 5, 3))];
  expect(formatTime(wall(2027, 1, 1, 15))).toBe(english[0]);
  change({ language: 'de' });
  expect(formatLongDay(dayFrom(2027, 5, 3))).toBe('Montag, 3. Mai 2027');
  expect(english[1]).toContain('May');
});
