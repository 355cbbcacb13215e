// Writes that wait, as plain values: which of them belong together, and what several come to in the end. Pure.

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
  /** Entity tag of `before` on the server; null = it must not exist; empty = not known, the server is asked first. */
  etag: string | null;
  /** What a person did in one go: all its jobs are done, or none. */
  action: string;
  /** What of the same action the server has already. */
  made: Write[];
  /** Place in the queue, over all tabs and visits. */
  order: number;
  /** How often the server broke over it. */
  tries: number;
}

const rank = (one: Write): number => (one.before === null ? 0 : one.after !== null ? 1 : 2);

/** New things first, removals last: whatever fails on the way, nothing was removed that is not somewhere else. */
export const inOrder = <T extends Write>(writes: T[]): T[] => [...writes].sort((a, b) => rank(a) - rank(b));

export const inverse = (one: Write): Write => ({ calendar: one.calendar, href: one.href, before: one.after, after: one.before });

/** Several writes of one object are one, from the first text to the last; what comes to nothing is left out. */
export const condense = <T extends Write>(writes: T[]): T[] => {
  const byHref = new Map<string, T>();
  for (const one of writes) byHref.set(one.href, { ...(byHref.get(one.href) ?? one), after: one.after });
  return inOrder([...byHref.values()].filter((one) => one.before !== one.after));
};

/** What the server has already of the actions that these jobs belong to. */
export const madeOf = (jobs: Job[]): Write[] =>
  jobs.flatMap((one) => one.made).filter((one, index, all) => all.findIndex((other) => other.href === one.href) === index);

/** Jobs as those of one action. */
export const merge = (jobs: Job[]): Job[] => condense(jobs).map((one) => ({ ...one, action: jobs[0]!.action, made: madeOf(jobs), tries: 0 }));

/** Every job that stands or falls with this one: of the same action, or of an object that such a job writes. */
export const connected = (jobs: Job[], first: Job): Job[] => {
  const actions = new Set([first.action]);
  const hrefs = new Set([first.href, ...first.made.map((one) => one.href)]);
  for (let before = -1; ; ) {
    const found = jobs.filter((one) => actions.has(one.action) || hrefs.has(one.href));
    if (found.length === before) return found;
    before = found.length;
    for (const one of found) {
      actions.add(one.action);
      for (const { href } of [one, ...one.made]) hrefs.add(href);
    }
  }
};

/** The queue as what a person sees waiting: one entry per action, with what was done to its objects since. */
export const lots = (jobs: Job[]): Job[][] => {
  const found: Job[][] = [];
  for (const one of jobs) if (!found.some((lot) => lot.includes(one))) found.push(connected(jobs, one));
  return found;
};
