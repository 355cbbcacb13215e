// Editing and removing instances of an event: this one, this and the following, or all of them.
//
// Every function takes an item and gives new text; the item that is shown is never touched.
import ICAL from 'ical.js';
import type { Attendee } from './attendee';
import { carryFields, lengthOf, ruleChange, stampsOf, timesChanged, writeDone, writeFields, writeInstance, writeTimes, type Draft } from './draft';
import {
  addStamp, cloneComponent, cloneItem, icalTime, instanceEnd, later, lengthBetween, printItem, readStamp, stampAs, stampOf, writeStamp, writeZone,
  type Item, type Stamp,
} from './item';
import { daysToFirst, shiftedRule, untilTime, writeRule, type Rule } from './rule';
import { Series, changeRules, countBefore, firstOf, recurs, rulesOf } from './series';
import { ensureTimezones } from './vtimezone';
import { DAY, HOUR, dayOf, startOf, type Wall } from './wall';

export type Scope = 'this' | 'following' | 'all';

export interface Change {
  /** New text of the resource; null = it is to be deleted. */
  text: string | null;
  /** The series that a split gave birth to. */
  added: { uid: string; text: string } | null;
}

export interface Hand {
  now: number;
  newUid: string;
  me: Attendee | null;
}

export const makeItem = (uid: string, draft: Draft, hand: Hand): string => {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('prodid', '-//gitstead//calendar//EN');
  calendar.addPropertyWithValue('version', '2.0');
  const component = new ICAL.Component(draft.kind);
  component.addPropertyWithValue('uid', uid);
  const { start, end } = stampsOf(draft);
  const blank: Draft = { ...draft, title: '', place: '', notes: '', link: '', alarms: [], attendees: [], visibility: 'PUBLIC', busy: true, priority: 0 };
  if (draft.kind === 'vevent' || draft.dated) writeTimes(component, start, end);
  if (draft.rule && draft.dated) {
    if (draft.kind === 'vtodo') writeStamp(component, 'dtstart', end);
    component.addPropertyWithValue('rrule', writeRule(draft.rule, draft.kind === 'vtodo' ? end : start));
    beginOnRule(component, draft.rule);
  }
  writeFields(component, blank, draft, hand.me);
  if (draft.done) writeDone(component, true, hand.now);
  touch(component, hand.now, false);
  calendar.addSubcomponent(component);
  ensureTimezones(calendar);
  return printItem(calendar);
};

/** A weekly rule may leave out the day the event is on: then it begins on the first day that is named. */
const beginOnRule = (component: ICAL.Component, rule: Rule | null): void => {
  const first = firstOf(component)!;
  const days = daysToFirst(rule, first.time);
  if (days > 0) writeInstance(component, first, { ...first, time: first.time + days * DAY });
};

const touch = (component: ICAL.Component, now: number, bump = true): void => {
  const stamp: Stamp = { time: now - (now % 1000), date: false, zone: 'UTC' };
  writeStamp(component, 'dtstamp', stamp);
  writeStamp(component, 'last-modified', stamp);
  if (!component.hasProperty('created') && !bump) writeStamp(component, 'created', stamp);
  if (bump) component.updatePropertyWithValue('sequence', (Number(component.getFirstPropertyValue('sequence')) || 0) + 1);
};

const finish = (item: Item): string => {
  ensureTimezones(item.calendar);
  return printItem(item.calendar);
};

const overrideAt = (item: Item, at: Stamp): ICAL.Component | undefined =>
  item.overrides.find((one) => {
    const id = readStamp(one, 'recurrence-id');
    return id !== null && stampAs(id, at).time === stampAs(at, at).time;
  });

export const edit = (original: Item, at: Stamp | null, scope: Scope, before: Draft, after: Draft, hand: Hand): Change => {
  const item = cloneItem(original);
  const { master } = item;
  if (at === null || !master || !recurs(master)) {
    const component = (at && overrideAt(item, at)) ?? master ?? item.overrides[0]!;
    editAll(item, component, before, after, hand);
    return { text: finish(item), added: null };
  }
  const first = firstOf(master)!;
  if (scope === 'this') {
    editOne(item, at, before, after, hand);
    return { text: finish(item), added: null };
  }
  if (scope === 'following' && !isFirst(master, first, at)) return split(item, first, at, before, after, hand);
  editAll(item, master, before, after, hand);
  return { text: finish(item), added: null };
};

const isFirst = (master: ICAL.Component, first: Stamp, at: Stamp): boolean => !startsBefore(master, first, stampAs(at, first).time);

const startsBefore = (master: ICAL.Component, first: Stamp, cut: Wall): boolean => (new Series(master, first).next() ?? cut) < cut;

const editOne = (item: Item, at: Stamp, before: Draft, after: Draft, hand: Hand): void =>
  applyTo(overrideAt(item, at) ?? makeOverride(item, at), before, after, timesChanged(before, after), hand);

const makeOverride = (item: Item, at: Stamp): ICAL.Component => {
  const override = cloneComponent(item.master!);
  for (const name of ['rrule', 'rdate', 'exdate', 'exrule']) override.removeAllProperties(name);
  const first = firstOf(item.master!)!;
  const start = stampAs(at, first);
  item.calendar.addSubcomponent(override);
  writeStamp(override, 'recurrence-id', start);
  writeInstance(override, first, start);
  return override;
};

const applyTo = (component: ICAL.Component, before: Draft, after: Draft, times: boolean, hand: Hand): void => {
  const { start, end } = stampsOf(after);
  if (times && after.dated) writeTimes(component, start, end);
  else if (times) for (const name of ['due', 'dtstart', 'duration']) component.removeAllProperties(name);
  writeFields(component, before, after, hand.me);
  if (before.done !== after.done) writeDone(component, after.done, hand.now);
  touch(component, hand.now);
};

/** Edits a master (or the only component) as the draft of one of its instances says. */
const editAll = (item: Item, component: ICAL.Component, before: Draft, after: Draft, hand: Hand): void => {
  const old = firstOf(component);
  const was = old && recurs(component) ? new Series(component, old) : null;
  const whole = was ? asSeries(component, was.first, before, after) : after;
  const times = timesChanged(before, after);
  applyTo(component, before, whole, times, hand);
  for (const override of item.overrides) if (override !== component) carryFields(override, before, after);
  const start = firstOf(component);
  const rule = start ? ruleChange(before, after, start) : null;
  if (rule) {
    // A recurring task has a start (RFC 5545 section 3.8.5.3).
    if (!component.hasProperty('dtstart')) writeStamp(component, 'dtstart', start!);
    component.removeAllProperties('rrule');
    component.addPropertyWithValue('rrule', rule);
  }
  if (times && was && start && rule !== null) shiftSeries(item, component, was, start, rule === undefined);
  if (rule) {
    beginOnRule(component, after.rule);
    prune(item, component);
  } else if (rule === null) {
    for (const name of ['rrule', 'rdate', 'exdate']) component.removeAllProperties(name);
    dropOverrides(item, (one) => one === component);
  }
};

/** The draft of a series that changes it as `after` changes one of its instances; an instance may be longer than the rest. */
const asSeries = (component: ICAL.Component, old: Stamp, before: Draft, after: Draft): Draft => {
  const { start, end } = stampsOf(after);
  const sameKind = before.allDay === after.allDay;
  // A changed instance may hang in another zone than its series, which keeps its own.
  const begin: Stamp = sameKind && before.zone === after.zone
    ? { ...old, time: old.time + after.start - before.start }
    : { ...start, time: start.time + (sameKind ? old.time - before.start : startOf(dayOf(old.time) - dayOf(before.start))) };
  const last = sameKind && lengthOf(before) === lengthOf(after) ? instanceEnd(component, old, begin) : later(begin, lengthBetween(start, end));
  return { ...after, allDay: begin.date, zone: begin.zone, start: begin.time, end: stampAs(last, begin).time };
};

/** What hangs on the times of a series moves with them: the rule, RDATE, EXDATE, RECURRENCE-ID, overrides. */
const shiftSeries = (item: Item, master: ICAL.Component, was: Series, start: Stamp, shiftRule: boolean): void => {
  const old = was.first;
  const by = start.time - old.time;
  const days = dayOf(start.time) - dayOf(old.time);
  if (shiftRule) changeRules(master, (rule) => shiftedRule(rule, old, start) ?? rule);
  moveValues(master, 'rdate', (one) => ({ ...start, time: stampAs(one, old).time + by }));
  const now = new Series(master, start);
  // The third Wednesday is not always the day after the third Tuesday: what left an instance out still does.
  const move = (stamp: Stamp): Stamp => {
    const at = stampAs(stamp, old).time;
    return { ...start, time: was.gives(at) ? now.nearest(at + by) : at + by };
  };
  moveValues(master, 'exdate', (one) => (one.date && !old.date ? { ...one, time: one.time + days * DAY } : move(one)));
  for (const override of item.overrides) {
    const id = readStamp(override, 'recurrence-id');
    const own = firstOf(override);
    if (!id) continue;
    const moved = move(id);
    if (own && own.date === old.date) {
      const begin = { ...start, time: stampAs(own, old).time + moved.time - stampAs(id, old).time };
      if (old.date === start.date) writeInstance(override, own, begin);
      else writeTimes(override, begin, { ...begin, time: begin.time + (start.date ? DAY : HOUR) });
    }
    writeStamp(override, 'recurrence-id', moved);
  }
};

/** True when a series follows a rule that cannot be moved to other days or hours as a whole. */
export const cannotMove = (item: Item, at: Stamp | null, scope: Scope, before: Draft, after: Draft): boolean => {
  const { master } = item;
  const old = master && firstOf(master);
  if (!old || !at || scope === 'this' || !timesChanged(before, after) || ruleChange(before, after, old) !== undefined) return false;
  const start = stampsOf(asSeries(master, old, before, after)).start;
  return rulesOf(master).some((rule) => shiftedRule(rule, old, start) === null);
};

/** The start that a value of EXDATE or RDATE names; null for what is no time at all. */
const startOfValue = (value: unknown): ICAL.Time | null => (value instanceof ICAL.Period ? value.start : value instanceof ICAL.Time ? value : null);

/** Moves the values of EXDATE or RDATE in their own properties, whose other parameters stay. */
const moveValues = (component: ICAL.Component, name: 'exdate' | 'rdate', move: (stamp: Stamp) => Stamp): void => {
  for (const property of component.getAllProperties(name)) {
    const stamp = (time: ICAL.Time): Stamp => stampOf(time, property.getFirstParameter('tzid'), component.parent);
    const values = (property.getValues() as unknown[]).flatMap((value) => {
      const start = startOfValue(value);
      if (!start) return [];
      const before = stamp(start);
      const after = move(before);
      return [{ before, after, value: value instanceof ICAL.Period && !after.date ? movedPeriod(value, before, after, stamp) : icalTime(after) }];
    });
    const [first] = values;
    if (!first) continue;
    property.resetType(first.value.icaltype);
    property.setValues(values.map((one) => one.value));
    property.removeParameter('value');
    writeZone(property, first.after, first.before.zone);
  }
};

const movedPeriod = (period: ICAL.Period, before: Stamp, after: Stamp, stamp: (time: ICAL.Time) => Stamp): ICAL.Period =>
  new ICAL.Period(period.duration
    ? { start: icalTime(after), duration: period.duration }
    : { start: icalTime(after), end: icalTime(later(after, lengthBetween(before, stamp(period.end)))) });

/** Drops the values of EXDATE or RDATE that the test refuses. */
const keepValues = (component: ICAL.Component, name: 'exdate' | 'rdate', test: (stamp: Stamp) => boolean): void => {
  for (const property of component.getAllProperties(name)) {
    const values = property.getValues() as unknown[];
    const kept = values.filter((value) => {
      const start = startOfValue(value);
      return !start || test(stampOf(start, property.getFirstParameter('tzid'), component.parent));
    });
    if (kept.length === 0) component.removeProperty(property);
    else if (kept.length < values.length) property.setValues(kept as ICAL.Time[]);
  }
};

const dropOverrides = (item: Item, test: (override: ICAL.Component) => boolean): void => {
  for (const override of item.overrides) if (!test(override)) item.calendar.removeSubcomponent(override);
  item.overrides = item.overrides.filter(test);
};

/** Drops the overrides and exceptions of instances that a new rule does not give. */
const prune = (item: Item, master: ICAL.Component): void => {
  const first = firstOf(master)!;
  const series = new Series(master, first);
  const given = (stamp: Stamp): boolean => (stamp.date && !first.date ? series.gives(stamp.time, stamp.time + DAY) : series.gives(stampAs(stamp, first).time));
  keepValues(master, 'exdate', given);
  dropOverrides(item, (one) => {
    const id = readStamp(one, 'recurrence-id');
    return id === null || given(id);
  });
};

/** Ends the series before `at` and gives the instances from there on a life of their own. */
const split = (item: Item, first: Stamp, at: Stamp, before: Draft, after: Draft, hand: Hand): Change => {
  const master = item.master!;
  const cut = stampAs(at, first).time;
  const rest = cloneItem(item);
  const next = rest.master!;

  for (const component of [next, ...rest.overrides]) component.updatePropertyWithValue('uid', hand.newUid);
  changeRules(next, (rule) => {
    if (rule.count) rule.count = Math.max(1, rule.count - countBefore(rule, first, cut));
    return rule;
  });
  // A date beside the rule cannot be where the rule begins: it would go on from the wrong day.
  const ruled = startsByRule(master, first, cut);
  const begin: Stamp = { ...first, time: ruled ?? cut };
  writeInstance(next, first, begin);
  keep(rest, first, (time) => time >= cut);
  next.updatePropertyWithValue('sequence', 0);
  editAll(rest, next, before, after, hand);

  truncate(item, first, cut);
  touch(master, hand.now);
  return { text: finish(item), added: { uid: hand.newUid, text: finish(rest) } };
};

/** The first start from the cut on that the rule gives, not an RDATE; null when there is none. */
const startsByRule = (master: ICAL.Component, first: Stamp, cut: Wall): Wall | null => {
  const plain = cloneComponent(master);
  for (const name of ['rdate', 'exdate']) plain.removeAllProperties(name);
  return plain.hasProperty('rrule') ? new Series(plain, first).next(cut) : null;
};

/** Drops the overrides, exceptions and extra dates whose original time the test refuses. */
const keep = (item: Item, first: Stamp, test: (time: Wall) => boolean): void => {
  dropOverrides(item, (one) => {
    const id = readStamp(one, 'recurrence-id');
    return id === null || test(stampAs(id, first).time);
  });
  for (const name of ['exdate', 'rdate'] as const) keepValues(item.master!, name, (one) => test(stampAs(one, first).time));
};

const truncate = (item: Item, first: Stamp, cut: Wall): void => {
  keep(item, first, (time) => time < cut);
  changeRules(item.master!, (rule) => {
    rule.count = null as unknown as number;
    rule.until = untilTime(cut - (first.date ? DAY : 1000), first);
    return rule;
  });
};

export const remove = (original: Item, at: Stamp | null, scope: Scope, hand: Hand): Change => {
  const nothing: Change = { text: null, added: null };
  if (scope === 'all' || at === null) return nothing;
  const item = cloneItem(original);
  const { master } = item;
  const first = master && firstOf(master);
  if (!master || !first) {
    const override = overrideAt(item, at);
    if (override) item.calendar.removeSubcomponent(override);
    return item.overrides.length > 1 ? { text: finish(item), added: null } : nothing;
  }
  if (scope === 'following') {
    const cut = stampAs(at, first).time;
    if (!startsBefore(master, first, cut)) return nothing;
    truncate(item, first, cut);
    touch(master, hand.now);
    return { text: finish(item), added: null };
  }
  const override = overrideAt(item, at);
  if (override) item.calendar.removeSubcomponent(override);
  addStamp(master, 'exdate', stampAs(at, first));
  touch(master, hand.now);
  return new Series(master, first).next() === null ? nothing : { text: finish(item), added: null };
};

/** A change that only touches one property, for all instances or one: an answer to an invitation, a tick. */
export const amend = (original: Item, at: Stamp | null, hand: Hand, change: (component: ICAL.Component) => void): string => {
  const item = cloneItem(original);
  if (at === null || !item.master) [item.master, ...item.overrides].forEach((one) => one && change(one));
  else {
    let override = overrideAt(item, at);
    if (!override) touch((override = makeOverride(item, at)), hand.now);
    change(override);
  }
  return finish(item);
};
