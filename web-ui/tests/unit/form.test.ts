// The form of an event, drawn without a browser: what Save and Esc do with what was typed.
import { h, render } from 'preact';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { Editor } from '../../src/editor/form';
import { expand } from '../../src/ical/expand';
import { readItem } from '../../src/ical/item';
import { dayFrom } from '../../src/ical/wall';
import { draftOf } from '../../src/store/actions';
import { calendars } from '../../src/store/calendars';
import { present, type Shown } from '../../src/store/instances';
import { panel } from '../../src/store/panels';

beforeAll(() => {
  HTMLDialogElement.prototype.showModal = function () { this.open = true; };
  HTMLDialogElement.prototype.close = function () { this.open = false; };
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
});
afterEach(() => {
  render(null, document.body);
  panel.value = null;
});

const CALENDAR = { href: '/work/', name: 'Work', color: '#123456', writable: true, components: ['VEVENT', 'VTODO'], owner: '', subscribed: false } as never;

const series = (): Shown => {
  const text = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z', 'SUMMARY:Standup',
    'DTSTART;TZID=Europe/Berlin:20260303T100000', 'DTEND;TZID=Europe/Berlin:20260303T103000', 'RRULE:FREQ=WEEKLY;COUNT=6', 'END:VEVENT', 'END:VCALENDAR', '',
  ].join('\r\n');
  const item = readItem(text)!;
  calendars.value = [CALENDAR];
  return present({ href: '/work/one.ics', calendar: '/work/', etag: 'e', text, item }, CALENDAR, expand(item, dayFrom(2026, 3, 8), dayFrom(2026, 3, 15), 'Europe/Berlin')[0]!);
};

const turn = (): Promise<void> => new Promise((done) => setTimeout(done));
const open = (shown: Shown): void => render(h(Editor, { shown, draft: draftOf(shown), calendar: '/work/', anchor: null }), document.body);
const type = async (title: string): Promise<void> => {
  const field = document.querySelector<HTMLInputElement>('.title-field input')!;
  field.value = title;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await turn();
};
const save = (): void => void document.querySelector('form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));

it('leaving the question which instances are meant goes back to the form as it was', async () => {
  open(series());
  await type('Retrospective');
  save();
  expect(panel.value?.kind).toBe('scope');
  if (panel.value?.kind === 'scope') panel.value.cancel();
  expect(panel.value).toMatchObject({ kind: 'editor', draft: { title: 'Retrospective' } });
});

it('the form that came back still asks before it forgets', async () => {
  const shown = series();
  render(h(Editor, { shown, draft: { ...draftOf(shown), title: 'Retrospective' }, calendar: '/work/', anchor: null }), document.body);
  document.querySelector('dialog')!.dispatchEvent(new Event('cancel', { cancelable: true }));
  await turn();
  expect(document.querySelector('[role=alert]')).not.toBeNull();
});

it('another day in the form leaves the length as it is, over a night in which the clocks change too', async () => {
  const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', 'UID:n', 'SUMMARY:Watch', 'DTSTART;TZID=Europe/Berlin:20260328T230000', 'DTEND;TZID=Europe/Berlin:20260329T060000', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
  const item = readItem(text)!;
  calendars.value = [CALENDAR];
  open(present({ href: '/work/n.ics', calendar: '/work/', etag: 'e', text, item }, CALENDAR, expand(item, dayFrom(2026, 3, 28), dayFrom(2026, 3, 30), 'Europe/Berlin')[0]!));
  const [start] = document.querySelectorAll<HTMLInputElement>('.times input[type=date]');
  start!.value = '2026-04-10';
  for (const name of ['input', 'change']) start!.dispatchEvent(new Event(name, { bubbles: true }));
  await turn();
  expect([...document.querySelectorAll<HTMLInputElement>('.times input')].map((one) => one.value).slice(0, 4)).toEqual(['2026-04-10', '23:00', '2026-04-11', '05:00']);
});
