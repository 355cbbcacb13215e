// Every write goes through here: shown at once, sent in order, kept while there is no connection.
//
// A write carries the version it was made from. The server refuses it when that is no longer the newest
// (412): then both versions are put before the person, and nothing is overwritten unasked.
import { computed, signal } from '@preact/signals';
import { DavError } from '../caldav/client';
import { erase, read, write, type Stored } from '../caldav/objects';
import { t } from '../i18n';
import { readItem } from '../ical/item';
import { titleOf } from '../ical/expand';
import { held } from './calendars';
import { drop, entry, place, setEtag, touched } from './entries';
import { notify, sentence } from './notices';
import { client, freshId, refused, session } from './session';

export interface Write {
  calendar: string;
  href: string;
  /** Text the change was made from; null = the object is new. */
  before: string | null;
  /** Null = delete. */
  after: string | null;
}

export interface Job extends Write {
  id: string;
  /** Entity tag of `before` on the server; null = it must not exist. */
  etag: string | null;
}

export interface Conflict {
  job: Job;
  /** Null = somebody deleted it. */
  theirs: Stored | null;
}

export const queue = signal<Job[]>([]);
export const conflicts = signal<Conflict[]>([]);
/** Why the queue stands still; empty while it moves. */
export const stalled = signal<'' | 'offline' | 'busy'>('');
export const waiting = computed(() => (stalled.value ? queue.value.length : 0));

let running = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let pause = 0;

const keyOf = (): string => `calendar.outbox.${session.value?.user ?? ''}`;

const remember = (): void => {
  held.clear();
  for (const one of [...queue.value, ...conflicts.value.map((some) => some.job)]) held.add(one.href);
  try {
    const kept = [...conflicts.value.map((one) => one.job), ...queue.value];
    if (kept.length) localStorage.setItem(keyOf(), JSON.stringify(kept));
    else localStorage.removeItem(keyOf());
  } catch {
    // Without storage the queue lives as long as the page.
  }
};

/** Writes that an earlier visit could not send. */
export const restore = (): void => {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf()) ?? '[]') as Job[];
    queue.value = kept;
    kept.forEach(show);
  } catch {
    queue.value = [];
  }
  remember();
  touched();
  void run();
};

const show = (job: Write & { etag: string | null }): void => {
  if (job.after === null) drop(job.calendar, job.href);
  else place(job.calendar, job.href, job.etag, job.after);
};

/** The newest version of an object that a write of ours may follow. */
const etags = new Map<string, string>();

export const send = (writes: Write[]): void => {
  const jobs = writes.map((one): Job => {
    const present = entry(one.calendar, one.href);
    const etag = one.before === null ? null : present?.etag ?? null;
    if (etag) etags.set(one.href, etag);
    return { ...one, id: freshId(), etag };
  });
  jobs.forEach(show);
  queue.value = [...queue.value, ...jobs];
  remember();
  touched();
  void run();
};

export const run = async (): Promise<void> => {
  clearTimeout(timer);
  if (running || refused.value) return;
  running = true;
  try {
    while (queue.value.length > 0 && session.value) {
      const job = queue.value[0]!;
      try {
        await perform(job);
        pause = 0;
        stalled.value = '';
      } catch (error) {
        if (!(await settle(job, error))) return;
      }
      queue.value = queue.value.filter((one) => one.id !== job.id);
      remember();
      touched();
    }
    stalled.value = '';
  } finally {
    running = false;
  }
};

const perform = async (job: Job): Promise<void> => {
  // A job behind another of the same object follows the version that one made.
  const base = job.before === null ? null : etags.get(job.href) ?? job.etag;
  if (job.after === null) {
    await erase(client(), job.href, base ?? '');
    etags.delete(job.href);
    return;
  }
  const made = await write(client(), job.href, job.after, base);
  etags.set(job.href, made.etag);
  // A second change of the same object may be shown already: it stays, and follows this version.
  if (entry(job.calendar, job.href)?.text === job.after) place(job.calendar, job.href, made.etag, made.text);
  else setEtag(job.calendar, job.href, made.etag);
};

/** True when the job is done with, one way or another; false when the queue has to wait. */
const settle = async (job: Job, error: unknown): Promise<boolean> => {
  const trouble = error instanceof DavError ? error.trouble : 'refused';
  if (trouble === 'offline' || trouble === 'busy' || trouble === 'attempts' || trouble === 'stranger') {
    stalled.value = trouble === 'offline' ? 'offline' : 'busy';
    if (trouble === 'stranger') notify('failed', sentence(error));
    pause = Math.min(Math.max(pause * 2, 2), 60);
    const after = error instanceof DavError && error.retryAfter !== null ? Math.min(error.retryAfter, 600) : pause;
    timer = setTimeout(() => void run(), after * 1000);
    return false;
  }
  if (trouble === 'password') {
    refused.value = true;
    return false;
  }
  if (trouble === 'changed' || (trouble === 'missing' && job.after !== null && job.before !== null)) {
    try {
      const theirs = await read(client(), job.href);
      // Our own write whose answer was lost: the server has exactly what we sent.
      if (theirs && theirs.text === job.after) {
        etags.set(job.href, theirs.etag);
        setEtag(job.calendar, job.href, theirs.etag);
        return true;
      }
      if (!theirs && job.after === null) return true;
      conflicts.value = [...conflicts.value, { job, theirs }];
      return true;
    } catch (again) {
      return settle(job, again instanceof DavError && again.trouble !== 'changed' ? again : new DavError('busy', 0, ''));
    }
  }
  takeBack(job);
  notify('failed', t('notice.notSaved', { title: titleOfJob(job), reason: sentence(error) }), {
    label: t('notice.again'),
    run: () => send([{ calendar: job.calendar, href: job.href, before: job.before, after: job.after }]),
  });
  return true;
};

const takeBack = (job: Job): void => {
  if (job.before === null) drop(job.calendar, job.href);
  else place(job.calendar, job.href, etags.get(job.href) ?? job.etag, job.before);
};

export const titleOfJob = (job: Write): string => {
  try {
    const item = readItem(job.after ?? job.before ?? '');
    const component = item?.master ?? item?.overrides[0];
    return (component && titleOf(component)) || t('event.untitled');
  } catch {
    return t('event.untitled');
  }
};

/** Ends a conflict: mine over theirs, theirs, or mine beside theirs as an event of its own. */
export const resolve = (conflict: Conflict, choice: 'mine' | 'theirs' | 'both', copy: { href: string; text: string } | null): void => {
  conflicts.value = conflicts.value.filter((one) => one !== conflict);
  const { job, theirs } = conflict;
  if (theirs) {
    etags.set(job.href, theirs.etag);
    place(job.calendar, job.href, theirs.etag, theirs.text);
  } else {
    etags.delete(job.href);
    drop(job.calendar, job.href);
  }
  remember();
  touched();
  if (choice === 'mine') send([{ ...job, before: theirs?.text ?? null }]);
  if (choice === 'both' && copy) send([{ calendar: job.calendar, href: copy.href, before: null, after: copy.text }]);
};

export const goOnline = (): void => {
  pause = 0;
  void run();
};
