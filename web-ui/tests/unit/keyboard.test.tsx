// Keys: which of them are commands, where the cursor goes, and what Esc closes.
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { beforeEach, expect, it, vi } from 'vitest';
import { dayFrom } from '../../src/ical/wall';

vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));

beforeEach(() => localStorage.clear());

const press = (key: string, target: EventTarget = document.body): Event => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
  return event;
};

it('letters are commands, until that is switched off; the arrows stay', async () => {
  const { startKeys } = await import('../../src/views/keys');
  const { day, view } = await import('../../src/store/navigation');
  const { change } = await import('../../src/store/settings');
  startKeys();
  press('w');
  expect(view.value).toBe('week');
  change({ letters: false });
  press('m');
  press('?');
  expect(view.value).toBe('week');
  const before = day.value;
  press('ArrowRight');
  expect(day.value).toBe(before + 7);
});

it('the cursor steps over weekends that are hidden, into the next week and back', async () => {
  const { stepDay } = await import('../../src/views/cursor');
  const monday = dayFrom(2026, 3, 2);
  const workdays = [0, 1, 2, 3, 4].map((one) => monday + one);
  expect(stepDay(monday + 4, 1, workdays)).toBe(monday + 7);
  expect(stepDay(monday, -1, workdays)).toBe(monday - 3);
  expect(stepDay(monday + 1, 1, workdays)).toBe(monday + 2);
  expect(stepDay(monday + 4, 1, [...workdays, monday + 5, monday + 6])).toBe(monday + 5);
  expect(stepDay(monday + 4, 1, [monday + 4])).toBe(monday + 5);
});

it('Esc in a menu closes the menu, and not what is around it', async () => {
  const { Menu } = await import('../../src/parts/menu');
  const box = document.createElement('div');
  document.body.append(box);
  act(() => render(<Menu label="More" items={[{ label: 'One', run: () => undefined }]}>…</Menu>, box));
  act(() => box.querySelector<HTMLElement>('button')!.click());
  expect(box.querySelector('[role=menu]')).not.toBeNull();
  let event!: Event;
  act(() => void (event = press('Escape', box.querySelector('[role=menuitem]')!)));
  expect(box.querySelector('[role=menu]')).toBeNull();
  expect(event.defaultPrevented).toBe(true);
});
