// What people do with events, as groups of writes that can be undone as one.
import { signal } from '@preact/signals';
import { t, type Key } from '../i18n';
import { readItem } from '../ical/item';
import { edit, makeItem, remove, type Change, type Hand, type Scope } from '../ical/scope';
import { readDraft, type Draft } from '../ical/draft';
import { entry } from './entries';
import { notify } from './notices';
import { send, type Write } from './outbox';
import { freshId, me } from './session';
import type { Shown } from './instances';

interface Done {
  label: string;
  writes: Write[];
}

const undone = signal<Done[]>([]);

export const hand = (): Hand => ({ now: Date.now(), newUid: freshId(), me: me() });

export const hrefFor = (calendar: string, uid: string): string => `${calendar}${encodeURIComponent(uid.replace(/[/\\?#%]/g, '-'))}.ics`;

const commit = (label: string, writes: Write[]): void => {
  // Somebody else was there first: nothing is done as yet.
  if (!send(writes)) return;
  undone.value = [...undone.value, { label, writes }].slice(-20);
  notify('done', label, { label: t('action.undo'), run: undo });
};

const stands = (done: Done, side: 'before' | 'after'): boolean => done.writes.every((one) => (entry(one.calendar, one.href)?.text ?? null) === one[side]);

export const undo = (): void => {
  // A change that the server refused was taken back already.
  const last = undone.value.findLast((one) => !stands(one, 'before'));
  if (!last) {
    notify('done', t('notice.nothingToUndo'));
    return;
  }
  undone.value = undone.value.slice(0, undone.value.indexOf(last));
  // Only what is still as we left it is turned back: somebody may have been there since.
  if (!stands(last, 'after')) {
    notify('failed', t('notice.cannotUndo'));
    return;
  }
  send([...last.writes].reverse().map((one) => ({ ...one, before: one.after, after: one.before })));
  notify('done', t('notice.undone', { what: last.label }));
};

const say = (key: Key, title: string): string => t(key, { title: title || t('event.untitled') });

export const create = (calendar: string, draft: Draft): string => {
  const uid = freshId();
  const href = hrefFor(calendar, uid);
  commit(say('done.created', draft.title), [{ calendar, href, before: null, after: makeItem(uid, draft, hand()) }]);
  return href;
};

const writesFor = (one: Shown, change: Change, calendar: string): Write[] => {
  const { entry: old } = one;
  const moved = calendar !== old.calendar;
  const href = moved ? hrefFor(calendar, old.item.uid) : old.href;
  const writes: Write[] = [{ calendar, href, before: moved ? null : old.text, after: change.text }];
  if (moved) writes.push({ calendar: old.calendar, href: old.href, before: old.text, after: null });
  if (change.added) writes.push({ calendar, href: hrefFor(calendar, change.added.uid), before: null, after: change.added.text });
  return writes;
};

export const draftOf = (one: Shown): Draft => {
  const original = one.component === one.item.master ? one.recurrence : null;
  return readDraft(one.component, one.item.master, original);
};

export const update = (one: Shown, scope: Scope, before: Draft, after: Draft, calendar: string, label: Key = 'done.changed'): void => {
  const change = edit(one.item, one.recurrence, scope, before, after, hand());
  commit(say(label, after.title), writesFor(one, change, calendar));
};

export const erase = (one: Shown, scope: Scope): void => {
  const change = remove(one.item, one.recurrence, scope, hand());
  const { entry: old } = one;
  commit(say('done.deleted', one.title), [{ calendar: old.calendar, href: old.href, before: old.text, after: change.text }]);
};

export const replace = (label: Key, title: string, write: Write): void => commit(say(label, title), [write]);

/** A copy under a new UID, for the one who keeps both sides of a conflict. */
export const copyOf = (calendar: string, text: string): { href: string; text: string } | null => {
  const item = readItem(text);
  if (!item) return null;
  const uid = freshId();
  for (const component of [item.master, ...item.overrides]) component?.updatePropertyWithValue('uid', uid);
  return { href: hrefFor(calendar, uid), text: `${item.calendar.toString()}\r\n` };
};
