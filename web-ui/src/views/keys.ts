// Keys that work anywhere on the page, unless something is being typed or a dialog is open.
import { undo } from '../store/actions';
import { complain, refresh } from '../store/calendars';
import { day, go, today, view, type View } from '../store/navigation';
import { openNew, openNewTask, panel } from '../store/panels';
import { conflicts } from '../store/outbox';
import { refused } from '../store/session';
import { settings } from '../store/settings';
import { focusCursor } from './cursor';
import { focusDay } from './month';
import { turn } from './shell';

const VIEW_KEYS: Record<string, View> = { m: 'month', w: 'week', d: 'day', a: 'agenda', y: 'year', k: 'tasks' };

const typing = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export const startKeys = (): void => {
  addEventListener('keydown', (event) => {
    if (panel.value || conflicts.value.length || refused.value || event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !typing(event.target)) {
      event.preventDefault();
      undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || (typing(event.target) && (event.target as HTMLInputElement).type !== 'checkbox')) return;
    // A letter, digit or sign; the arrows are none.
    if (event.key.length === 1 && !settings.value.letters) return;
    const run = command(event.key);
    if (!run) return;
    event.preventDefault();
    run();
  });
};

const command = (key: string): (() => void) | undefined => {
  const wanted = VIEW_KEYS[key];
  if (wanted) return () => go(wanted);
  const commands: Record<string, () => void> = {
    t: () => (day.value = today()),
    n: () => (view.value === 'tasks' ? openNewTask(today()) : openNew(day.value)),
    q: () => document.getElementById('quick-add')?.focus(),
    '/': () => document.getElementById('quick-add')?.focus(),
    g: () => (panel.value = { kind: 'goto' }),
    u: undo,
    r: () => void refresh().catch(complain),
    '?': () => (panel.value = { kind: 'help' }),
    ArrowLeft: () => turn(-1),
    ArrowRight: () => turn(1),
    ArrowDown: enter,
    ArrowUp: enter,
  };
  return commands[key];
};

/** Up and down step into the grid: from there the arrows move by days or half hours. */
const enter = (): void => {
  if (view.value === 'month') focusDay();
  else if (view.value === 'week' || view.value === 'day') focusCursor();
};
