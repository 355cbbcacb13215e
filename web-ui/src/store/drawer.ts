// Where writes are kept until the server has them: in localStorage, one key per job.
//
// All tabs of a browser share the storage. With a key per job no tab removes what another one waits to send,
// and a job whose key is gone was sent or dropped by another tab.
import type { Job } from './jobs';
import { session } from './session';

const prefix = (): string => `calendar.outbox.${encodeURIComponent(session.value?.user ?? '')}/`;

/** Jobs of this tab that are in storage, with the text that is there. */
const written = new Map<string, string>();

/** Makes the storage hold these jobs of ours; false when it does not take them all. */
export const keep = (jobs: Job[]): boolean => {
  try {
    for (const id of [...written.keys()].filter((one) => !jobs.some((job) => job.id === one))) {
      localStorage.removeItem(prefix() + id);
      written.delete(id);
    }
    for (const job of jobs) {
      const text = JSON.stringify(job);
      if (written.get(job.id) === text) continue;
      localStorage.setItem(prefix() + job.id, text);
      written.set(job.id, text);
    }
    return true;
  } catch {
    return false;
  }
};

/** Everything that waits for this person in this browser, in order. */
export const kept = (): Job[] => {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? '').filter((one) => one.startsWith(prefix()));
    return keys.flatMap((key) => parse(localStorage.getItem(key)) ?? []).sort((a, b) => a.order - b.order);
  } catch {
    return [];
  }
};

const parse = (text: string | null): Job | null => {
  try {
    const job = JSON.parse(text ?? 'null') as Job | null;
    if (job) written.set(job.id, text!);
    return job;
  } catch {
    return null;
  }
};

/** The job as another tab may have left it; null when one has sent or dropped it. */
export const latest = (job: Job): Job | null => {
  if (!written.has(job.id)) return job;
  try {
    const text = localStorage.getItem(prefix() + job.id);
    return text === null ? null : text === written.get(job.id) ? job : parse(text) ?? job;
  } catch {
    return job;
  }
};

/** Calls back when another tab has taken a job out. */
export const onTaken = (run: () => void): void =>
  addEventListener('storage', (event) => {
    if (session.value && (event.key === null || (event.key.startsWith(prefix()) && event.newValue === null))) run();
  });

/** Runs the work while no other tab of this person does the same. */
export const alone = async (work: () => Promise<void>): Promise<void> => {
  // Only on pages that came over TLS, or from this machine.
  if (navigator.locks) await navigator.locks.request(prefix(), work);
  else await work();
};
