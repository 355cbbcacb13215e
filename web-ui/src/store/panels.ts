// Which dialog is open, and what it is about. One at a time.
import { signal } from '@preact/signals';
import type { Collection } from '../caldav/collections';
import type { Draft } from '../ical/draft';
import { emptyDraft, timesChanged } from '../ical/draft';
import { instanceKey, recurs } from '../ical/expand';
import { DAY, HOUR, dayOf, startOf, type Day, type Wall } from '../ical/wall';
import { toWall } from '../ical/zone';
import { draftOf, erase, update } from './actions';
import { calendars, preferred } from './calendars';
import { keepFocus } from './focus';
import { notify } from './notices';
import { here } from './settings';
import type { Shown } from './instances';
import { cannotMove, type Scope } from '../ical/scope';
import { t } from '../i18n';

export type Panel =
  | { kind: 'details'; shown: Shown; anchor: DOMRect | null }
  | { kind: 'editor'; shown: Shown | null; draft: Draft; calendar: string; anchor: DOMRect | null }
  | { kind: 'scope'; title: string; task: boolean; danger: boolean; choose: (scope: Scope) => void; cancel: () => void }
  | { kind: 'confirm'; title: string; text: string; yes: string; run: () => void }
  | { kind: 'dayList'; day: Day; anchor: DOMRect | null }
  | { kind: 'history'; href: string; calendar: string; title: string }
  | { kind: 'changes'; calendar: Collection }
  | { kind: 'calendar'; calendar: Collection | null; mode: 'own' | 'subscribe' }
  | { kind: 'share'; calendar: Collection }
  | { kind: 'import'; calendar: string }
  | { kind: 'waiting' }
  | { kind: 'account' }
  | { kind: 'settings' }
  | { kind: 'help' }
  | { kind: 'goto' };

export const panel = signal<Panel | null>(null);
export const closePanel = (): void => {
  panel.value = null;
};

/** A series asks which instances are meant; a single event does not. */
export const withScope = (shown: Shown, danger: boolean, run: (scope: Scope) => void, cancel: () => void = () => undefined): void => {
  const { master } = shown.item;
  if (!shown.recurrence || !master || !recurs(master)) {
    run('all');
    return;
  }
  panel.value = {
    kind: 'scope', title: shown.title, task: shown.item.kind === 'vtodo', danger,
    choose: (scope) => {
      closePanel();
      run(scope);
    },
    cancel: () => {
      closePanel();
      cancel();
    },
  };
};

export const openEditor = (start: Wall, end: Wall, allDay: boolean, anchor: DOMRect | null, some: Partial<Draft> = {}): void => {
  const kind = some.kind ?? 'vevent';
  const calendar = preferred(kind === 'vtodo' ? 'VTODO' : 'VEVENT');
  if (!calendar) {
    // A new account begins with its first calendar.
    if (calendars.value.length === 0) panel.value = { kind: 'calendar', calendar: null, mode: 'own' };
    notify('failed', t(calendars.value.length ? 'notice.noWritable' : 'notice.noCalendar'));
    return;
  }
  panel.value = { kind: 'editor', shown: null, draft: { ...emptyDraft(kind, start, end, allDay, here()), ...some }, calendar: calendar.href, anchor };
};

export const openEdit = (shown: Shown, draft: Draft = draftOf(shown)): void => {
  panel.value = { kind: 'editor', shown, draft, calendar: shown.entry.calendar, anchor: null };
};

/** New event on a day: the next full hour when the day is today, else ten o'clock. */
export const openNew = (day: Day, anchor: DOMRect | null = null): void => {
  const now = toWall(Date.now(), here());
  const hour = dayOf(now) === day ? Math.min(23, Math.floor((now % DAY) / HOUR) + 1) : 10;
  openEditor(startOf(day) + hour * HOUR, startOf(day) + (hour + 1) * HOUR, false, anchor);
};

export const openNewTask = (day: Day): void => openEditor(startOf(day), startOf(day), true, null, { kind: 'vtodo' });

/** The name the instance has once it was moved: with the whole series its original start moves too. */
const keyAfter = (shown: Shown, scope: Scope, by: number): string =>
  shown.recurrence && scope === 'all' ? instanceKey(shown.entry.href, { ...shown, recurrence: { ...shown.recurrence, time: shown.recurrence.time + by } }) : shown.key;

/** A drag that ended: asks for the scope and writes. `drawn` is called when the ghost may go. */
export const applyDrag = (shown: Shown, after: Draft, drawn: () => void): void => {
  const before = draftOf(shown);
  if (!timesChanged(before, after)) {
    drawn();
    return;
  }
  withScope(shown, false, (scope) => {
    if (cannotMove(shown.item, shown.recurrence, scope, before, after)) notify('failed', t('notice.cannotMove'));
    else update(shown, scope, before, after, shown.entry.calendar, 'done.moved');
    drawn();
    keepFocus(keyAfter(shown, scope, after.start - before.start), dayOf(after.start));
  }, drawn);
};

export const askErase = (shown: Shown): void => {
  const { master } = shown.item;
  const run = (scope: Scope): void => {
    erase(shown, scope);
    keepFocus(shown.key, dayOf(shown.start));
  };
  if (shown.recurrence && master && recurs(master)) withScope(shown, true, run);
  else run('all');
};
