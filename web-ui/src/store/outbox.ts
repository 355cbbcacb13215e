// Every write goes through here: shown at once, sent in order, kept while there is no connection.
//
// A write carries the version it was made from. When that is no longer the newest, here or on the server (412),
// both versions are put before the person, and nothing is overwritten unasked. What a person did in one go is done
// as a whole: when a part is refused, the rest waits or is taken back.
import { computed, signal } from '@preact/signals';
import { DavError } from '../caldav/client';
import { erase, read, write, type Stored } from '../caldav/objects';
import { t } from '../i18n';
import { readItem } from '../ical/item';
import { titleOf } from '../ical/expand';
import { held } from './calendars';
import { alone, keep, kept, latest, onTaken } from './drawer';
import { drop, entry, place, touched } from './entries';
import { condense, connected, inOrder, inverse, lots, madeOf, merge, type Job, type Write } from './jobs';
import { notify, sentence, withdraw } from './notices';
import { client, freshId, refused, session } from './session';

export type { Job, Write } from './jobs';

export interface Conflict {
  job: Job;
  /** Null = somebody deleted it. */
  theirs: Stored | null;
  /** What else the same action does; it waits for the answer. */
  rest: Job[];
}

export const queue = signal<Job[]>([]);
export const conflicts = signal<Conflict[]>([]);
/** Why the queue stands still; empty while it moves. */
export const stalled = signal<'' | 'offline' | 'busy'>('');
/** What a person did that the server does not have yet. */
export const waitingLots = computed(() => lots(queue.value));
export const waiting = computed(() => (stalled.value ? new Set(queue.value.map((one) => one.action)).size : 0));

/** A server that breaks over one object is given this many tries, then the others have their turn. */
const TRIES = 4;

let running = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let pause = 0;
let lastOrder = 0;
let unkept = false;

const everyJob = (): Job[] => [...conflicts.value.flatMap((one) => [one.job, ...one.rest]), ...queue.value];

const remember = (): void => {
  held.clear();
  for (const one of everyJob()) held.add(one.href);
  unkept = !keep(everyJob());
};

// Without storage the queue lives as long as the page: then the page is not left without a word.
addEventListener('beforeunload', (event) => {
  if (unkept && everyJob().length > 0) event.preventDefault();
});

/** Writes that an earlier visit could not send. */
export const restore = (): void => {
  queue.value = kept();
  lastOrder = Math.max(lastOrder, ...queue.value.map((one) => one.order));
  queue.value.forEach(show);
  remember();
  touched();
  void run();
};

const show = (job: Job): void => {
  if (job.after === null) drop(job.calendar, job.href);
  else place(job.calendar, job.href, job.etag, job.after);
};

const shownText = (one: Write): string | null => entry(one.calendar, one.href)?.text ?? null;

/** What the server made of texts it did not keep as they were sent: a form may have been opened on either. */
const rewritten = new Map<string, { sent: string; stored: string }>();

const asStored = (one: Write): Write => {
  const known = rewritten.get(one.href);
  return known && one.before === known.sent ? { ...one, before: known.stored } : one;
};

const makeJob = (one: Write, action: string): Job => {
  // Behind another job of the same object the tag is the one that job will make.
  const etag = one.before === null ? null : queue.value.some((job) => job.href === one.href) ? '' : entry(one.calendar, one.href)?.etag ?? '';
  lastOrder = Math.max(lastOrder + 1, Date.now());
  const { calendar, href, before, after } = one;
  return { calendar, href, before, after, id: freshId(), etag, action, made: [], order: lastOrder, tries: 0 };
};

const makeJobs = (writes: Write[]): Job[] => {
  const action = freshId();
  return inOrder(writes).map((one) => makeJob(one, action));
};

/** Writes that belong together: what one action of a person does. False when a question has to be answered first. */
export const send = (writes: Write[]): boolean => {
  const jobs = makeJobs(writes.map(asStored));
  // Deleted by both: there is nothing to ask, nor to do.
  if (jobs.every((one) => shownText(one) === one.after)) return true;
  const open = conflicts.value.find((one) => [one.job, ...one.rest].some((some) => jobs.some((job) => job.href === some.href)));
  // Somebody else's version came in after the form or card was opened: its tag would let ours through.
  const stale = jobs.find((one) => shownText(one) !== one.before);
  if (open) extend(open, jobs);
  else if (stale) contest(stale, present(stale), jobs);
  else append(jobs);
  return !open && !stale;
};

const present = (job: Job): Stored | null => {
  const found = entry(job.calendar, job.href);
  return found ? { href: job.href, etag: found.etag ?? '', text: found.text } : null;
};

const append = (jobs: Job[]): void => {
  jobs.forEach(show);
  queue.value = [...queue.value, ...jobs];
  remember();
  touched();
  void run();
};

/** One more change of what a question is open about: mine is the newer one. */
const extend = (open: Conflict, jobs: Job[]): void => {
  conflicts.value = conflicts.value.filter((one) => one !== open);
  jobs.forEach(show);
  contest(open.job, open.theirs, [open.job, ...open.rest, ...jobs]);
};

/** Puts two versions before the person; the jobs that stand or fall with the answer wait for it. */
const contest = (job: Job, theirs: Stored | null, lot: Job[]): void => {
  const jobs = merge(lot);
  const own = jobs.find((one) => one.href === job.href);
  const rest = jobs.filter((one) => one !== own);
  queue.value = queue.value.filter((one) => !lot.some((other) => other.id === one.id));
  // The tag of a version that nobody overwrites yet is no tag to keep: after a reload the server is asked.
  if (own) {
    withdraw();
    conflicts.value = [...conflicts.value, { job: { ...own, etag: own.before === null ? null : '' }, theirs, rest }];
  } else {
    showTheirs(job, theirs);
    queue.value = [...rest, ...queue.value];
  }
  remember();
  touched();
};

/** While a write of ours was under way, the poll left the object alone: what came in meanwhile is asked for. */
const askAgain = async (one: Write): Promise<void> => {
  const found = await read(client(), one.href).catch(() => undefined);
  if (found === undefined || held.has(one.href)) return;
  showTheirs(one, found);
  touched();
};

const showTheirs = (job: Write, theirs: Stored | null): void => {
  if (theirs) place(job.calendar, job.href, theirs.etag, theirs.text);
  else drop(job.calendar, job.href);
};

export const run = async (): Promise<void> => {
  clearTimeout(timer);
  if (running || refused.value || !session.value || queue.value.length === 0) return;
  running = true;
  let idle = false;
  try {
    await alone(async () => void (idle = await work()));
  } finally {
    running = false;
  }
  // What came in while the lock was being given back.
  if (idle && queue.value.length > 0) void run();
};

/** True when all is done; false when something has to be waited for. */
const work = async (): Promise<boolean> => {
  while (queue.value.length > 0 && session.value) {
    const job = latest(queue.value[0]!);
    if (!job) {
      leaveTaken();
      continue;
    }
    queue.value = [job, ...queue.value.slice(1)];
    try {
      finish(job, await perform(job));
      pause = 0;
      stalled.value = '';
    } catch (error) {
      if (!(await settle(job, error))) return false;
    }
    remember();
    touched();
  }
  stalled.value = '';
  return true;
};

/** Another tab has sent or dropped them: what came of it is asked. */
const leaveTaken = (): void => {
  const taken = everyJob().filter((one) => latest(one) === null);
  const gone = (one: Job): boolean => taken.some((other) => other.id === one.id);
  queue.value = queue.value.filter((one) => !gone(one));
  conflicts.value = conflicts.value.filter((one) => !gone(one.job));
  remember();
  taken.forEach((one) => void askAgain(one));
};
onTaken(leaveTaken);

/** What the server has now; null = nothing. */
const perform = async (job: Job): Promise<Stored | null> => {
  if (job.etag !== '') return job.after === null ? erase(client(), job.href, job.etag ?? '*').then(() => null) : write(client(), job.href, job.after, job.etag);
  const found = await read(client(), job.href);
  if (!found && job.after === null) return null;
  if (found?.text !== job.before) throw new DavError('changed', 412, '');
  // A server without tags can at least be told that there must be something.
  return perform({ ...job, etag: found.etag || '*' });
};

const finish = (job: Job, made: Stored | null): void => {
  const left = queue.value.filter((one) => one.id !== job.id);
  const later = left.find((one) => one.href === job.href);
  if (made && job.after !== null && made.text !== job.after) rewritten.set(job.href, { sent: job.after, stored: made.text });
  // A second change of the same object is shown already: it stays, and follows this version.
  if (!later) showTheirs(job, made);
  const part = { calendar: job.calendar, href: job.href, before: job.before, after: made?.text ?? null };
  queue.value = left.map((one) => {
    if (one === later) return { ...one, etag: made?.etag ?? null, before: made?.text ?? null };
    return one.action === job.action ? { ...one, made: condense([...one.made, part]) } : one;
  });
};

const MUST_WAIT = ['offline', 'busy', 'attempts', 'stranger'];
const AWAY = [502, 503, 504];

/** True when the queue may go on; false when it has to wait. */
const settle = async (job: Job, error: unknown): Promise<boolean> => {
  // Dropped by the person while it was under way.
  if (!queue.value.some((one) => one.id === job.id)) return true;
  const trouble = error instanceof DavError ? error.trouble : 'refused';
  // Another 5xx than "not now" is about this object: it must not stand before all others for ever.
  const broken = error instanceof DavError && trouble === 'busy' && error.status >= 500 && !AWAY.includes(error.status);
  if (broken) change(job, { tries: job.tries + 1 });
  if (MUST_WAIT.includes(trouble) && !(broken && job.tries + 1 >= TRIES)) {
    wait(trouble === 'offline' ? 'offline' : 'busy', error);
    return false;
  }
  if (trouble === 'password') {
    refused.value = true;
    return false;
  }
  if (trouble === 'changed' || (trouble === 'missing' && job.after !== null && job.before !== null)) return meet(job);
  refuse(job, broken ? new DavError('refused', error.status, error.reason || t('trouble.broken')) : error);
  return true;
};

const change = (job: Job, some: Partial<Job>): void => {
  queue.value = queue.value.map((one) => (one.id === job.id ? { ...one, ...some } : one));
  remember();
};

const wait = (why: 'offline' | 'busy', error: unknown): void => {
  stalled.value = why;
  if (error instanceof DavError && error.trouble === 'stranger') notify('failed', sentence(error));
  pause = Math.min(Math.max(pause * 2, 2), 60);
  const after = error instanceof DavError && error.retryAfter !== null ? Math.min(error.retryAfter, 600) : pause;
  timer = setTimeout(() => void run(), after * 1000);
};

/** The server has another version than the one the job was made from. */
const meet = async (job: Job): Promise<boolean> => {
  let theirs: Stored | null;
  try {
    theirs = await read(client(), job.href);
  } catch (again) {
    return settle(job, again instanceof DavError && again.trouble !== 'changed' ? again : new DavError('busy', 503, ''));
  }
  // Our own write whose answer was lost: the server has exactly what we sent.
  if ((theirs?.text ?? null) === job.after) finish(job, theirs);
  // Our own earlier write, whose tag we never learnt.
  else if (theirs && theirs.text === job.before && theirs.etag !== job.etag) change(job, { etag: theirs.etag });
  else contest(job, theirs, connected(queue.value, job));
  return true;
};

const refuse = (job: Job, error: unknown): void => {
  const lot = connected(queue.value, job);
  const jobs = merge(lot);
  queue.value = queue.value.filter((one) => !lot.includes(one));
  // A later change of the same object is shown and may be fine: all of it is tried as one.
  if (lot.some((one) => one.href === job.href && one.id !== job.id)) {
    queue.value = [...jobs, ...queue.value];
    return;
  }
  const again = condense<Write>([...madeOf(lot), ...jobs]);
  takeBack(jobs, madeOf(lot));
  notify('failed', t('notice.notSaved', { title: titleOfJob(job), reason: sentence(error) }), { label: t('notice.again'), run: () => send(again) });
};

/** Shows what was before, and has the server undo what it has of the same action. */
const takeBack = (jobs: Job[], made: Write[]): void => {
  for (const job of jobs) {
    if (shownText(job) !== job.after) continue;
    if (job.before === null) drop(job.calendar, job.href);
    else place(job.calendar, job.href, job.etag, job.before);
  }
  jobs.forEach((one) => void askAgain(one));
  // Not by `send`: after a reload the page may not hold these objects yet, and their tags say enough.
  if (made.length > 0) append(makeJobs(made.map(inverse)));
};

/** Gives up what waits: the page shows what was before. */
export const dropLot = (lot: Job[]): void => {
  queue.value = queue.value.filter((one) => !lot.some((other) => other.id === one.id));
  takeBack(merge(lot), madeOf(lot));
  if (queue.value.length === 0) stalled.value = '';
  remember();
  touched();
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
  const { job, rest, theirs } = conflict;
  showTheirs(job, theirs);
  if (choice === 'mine') append([{ ...job, before: theirs?.text ?? null, etag: theirs?.etag ?? null }, ...rest]);
  else if (choice === 'both' && copy) append([{ ...job, href: copy.href, before: null, etag: null, after: copy.text }, ...rest]);
  else {
    takeBack(rest, job.made);
    void askAgain(job);
  }
  remember();
  touched();
};

export const goOnline = (): void => {
  pause = 0;
  void run();
};
