// The starts of a recurring component, on the wall clock of its own zone.
//
// A rule is walked once and what it gave is kept: a view that turns its page asks for the next few only.
import ICAL from 'ical.js';
import { icalTime, readStamp, readStamps, stampAs, type Stamp } from './item';
import { DAY, HOUR, MINUTE, dayOf, wall, type Wall } from './wall';

/** One event never makes a view stand still: a rule that gives more than this in one range is cut. */
export const MOST_INSTANCES = 3000;
/** What is kept of one rule. */
const MOST_KEPT = 50_000;
/** Four hundred years are a whole turn of the calendar: what has not come by then never comes. */
const EVER = 400 * 366 * DAY;

export const recurs = (component: ICAL.Component): boolean => component.hasProperty('rrule') || component.hasProperty('rdate');

/** Where a series begins: a task that has no start counts from its due time. */
export const firstOf = (component: ICAL.Component): Stamp | null =>
  readStamp(component, 'dtstart') ?? (component.name === 'vtodo' ? readStamp(component, 'due') : null);

export const rulesOf = (component: ICAL.Component): ICAL.Recur[] =>
  component.getAllProperties('rrule').map((one): unknown => one.getFirstValue()).filter((one) => one instanceof ICAL.Recur);

/** Puts another rule in the place of each: ical.js writes only what it was given, not what was changed in its hands. */
export const changeRules = (component: ICAL.Component, change: (rule: ICAL.Recur) => ICAL.Recur): void => {
  for (const property of component.getAllProperties('rrule')) {
    const value: unknown = property.getFirstValue();
    if (value instanceof ICAL.Recur) property.setValue(change(value.clone()));
  }
};

export class Series {
  private readonly walks: Walk[];
  private readonly extra: Wall[];
  private readonly gone: Set<Wall>;
  private readonly goneDays: Set<number>;

  constructor(component: ICAL.Component, readonly first: Stamp) {
    this.walks = rulesOf(component).map((rule) => new Walk(rule, first));
    this.extra = readStamps(component, 'rdate').map((one) => stampAs(one, first).time);
    const exceptions = readStamps(component, 'exdate');
    // An EXDATE of a date takes out every instance of that day.
    const whole = (one: Stamp): boolean => one.date && !first.date;
    this.gone = new Set(exceptions.filter((one) => !whole(one)).map((one) => stampAs(one, first).time));
    this.goneDays = new Set(exceptions.filter(whole).map((one) => dayOf(one.time)));
  }

  /** Sorted starts within a range that is exclusive at its end. */
  between(from: Wall, to: Wall): Wall[] {
    return this.given(from, to).filter((at) => !this.gone.has(at) && !this.goneDays.has(dayOf(at)));
  }

  /** The first start of all, or the first one at or after a time; null when there is none. */
  next(from: Wall = Math.min(this.first.time, ...this.extra)): Wall | null {
    for (let span = 32 * DAY; ; span *= 4) {
      const found = this.between(from, from + Math.min(span, EVER))[0];
      if (found !== undefined) return found;
      if (span > EVER) return null;
    }
  }

  /** True when a rule, an RDATE or DTSTART gives this start, or one of this range, be it excepted or not. */
  gives(from: Wall, to: Wall = from + 1): boolean {
    return this.given(from, to).length > 0;
  }

  /** The start nearest to a time, be it excepted or not; the time itself when none is near. */
  nearest(at: Wall): Wall {
    return nearest(this.given(at - NEAR, at + NEAR), at) ?? at;
  }

  private given(from: Wall, to: Wall): Wall[] {
    const { time } = this.first;
    const lists = this.walks.map((one) => one.between(from, to));
    const single = [time, ...this.extra].filter((at) => at >= from && at < to && !lists.some((list) => list[lowerBound(list, at)] === at));
    if (lists.length === 1 && single.length === 0) return lists[0]!;
    return [...new Set([...lists.flat(), ...single])].sort((a, b) => a - b);
  }
}

const shown = new WeakMap<ICAL.Component, Series>();

/** The series of a component that is shown and so is never edited; what is being edited makes its own. */
export const seriesOf = (component: ICAL.Component, first: Stamp): Series => {
  let found = shown.get(component);
  if (!found) shown.set(component, (found = new Series(component, first)));
  return found;
};

/** Less than half of a month: further away is another instance. */
export const NEAR = 10 * DAY;

export const nearest = (list: Wall[], at: Wall): Wall | undefined =>
  list.reduce<Wall | undefined>((best, one) => (best === undefined || Math.abs(one - at) < Math.abs(best - at) ? one : best), undefined);

/** What the rule alone gives in a range. */
export const startsOf = (rule: ICAL.Recur, first: Stamp, from: Wall, to: Wall): Wall[] => new Walk(rule, first).between(from, to);

/** How many instances the rule alone gives before a time: those that COUNT counts. */
export const countBefore = (rule: ICAL.Recur, first: Stamp, cut: Wall): number => {
  const steps = iterate(rule, first, first.time);
  let count = 0;
  for (let at = steps(); at !== null && at < cut; at = steps()) count++;
  return count;
};

/** One rule and as many of its starts as anybody asked for. */
class Walk {
  private kept: Wall[] = [];
  /** Every start from here on... */
  private begin: Wall = Infinity;
  /** ...up to here, exclusive, is kept. */
  private reach: Wall = -Infinity;
  private step: () => Wall | null = () => null;

  constructor(private readonly rule: ICAL.Recur, private readonly first: Stamp) {}

  between(from: Wall, to: Wall): Wall[] {
    const begin = forward(this.rule, this.first.time, from);
    if (from < this.begin || begin > this.reach || (begin > this.begin && this.kept.length >= MOST_KEPT)) this.restart(begin);
    let found = this.kept.length - lowerBound(this.kept, from);
    while (this.reach < to && found < MOST_INSTANCES && this.kept.length < MOST_KEPT) {
      const at = this.advance();
      if (at !== null && at >= from) found++;
    }
    return this.kept.slice(lowerBound(this.kept, from), lowerBound(this.kept, to));
  }

  private restart(begin: Wall): void {
    this.kept = [];
    this.begin = begin > this.first.time ? begin : -Infinity;
    this.reach = begin;
    this.step = iterate(this.rule, this.first, begin);
  }

  private advance(): Wall | null {
    const at = this.step();
    if (at === null) {
      this.reach = Infinity;
      return null;
    }
    this.reach = Math.max(this.reach, at + 1);
    if (at < this.first.time) return at;
    const place = lowerBound(this.kept, at);
    if (this.kept[place] !== at) this.kept.splice(place, 0, at);
    return at;
  }
}

/** A rule's starts, one a call; a rule that ical.js refuses gives none, so that its first instance can be seen and repaired. */
const iterate = (rule: ICAL.Recur, first: Stamp, begin: Wall): (() => Wall | null) => {
  try {
    const steps = localRule(rule, first).iterator(icalTime({ ...first, time: begin, zone: null }));
    return () => {
      try {
        const next = steps.next();
        return next ? wall(next.year, next.month, next.day, next.hour, next.minute, next.second) : null;
      } catch {
        return null;
      }
    };
  } catch {
    return () => null;
  }
};

const UNIT: Record<string, number> = { SECONDLY: 1000, MINUTELY: MINUTE, HOURLY: HOUR, DAILY: DAY, WEEKLY: 7 * DAY };

/** A start nearer to the range that gives the same instances from there on. */
const forward = (rule: ICAL.Recur, start: Wall, from: Wall): Wall => {
  const unit = UNIT[rule.freq as string];
  if (!unit || rule.count || from <= start) return start;
  const step = unit * (rule.interval || 1);
  return start + Math.max(0, Math.floor((from - start) / step) - 1) * step;
};

/** UNTIL on the wall clock of a series that begins at `first`; null when the rule has none. */
export const untilWall = (rule: ICAL.Recur, first: Stamp): Wall | null => {
  const until = rule.until as ICAL.Time | null;
  if (!until) return null;
  const time = wall(until.year, until.month, until.day, until.hour, until.minute, until.second);
  // A date as the last day of a timed event takes in that whole day.
  if (until.isDate) return first.date ? time : time + DAY - 1000;
  const zone = until.zone === ICAL.Timezone.utcTimezone ? 'UTC' : first.zone;
  return stampAs({ time, date: false, zone }, first).time;
};

const localRule = (rule: ICAL.Recur, first: Stamp): ICAL.Recur => {
  const copy = rule.clone();
  const until = untilWall(rule, first);
  if (until !== null) copy.until = icalTime({ ...first, time: until, zone: null });
  return copy;
};

/** Index of the first element that is not less, in a sorted list. */
export const lowerBound = (list: Wall[], at: Wall): number => {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
};
