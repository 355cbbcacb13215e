// Editing and removing instances of an event: this one, this and the following, or all of them.
//
// Every function takes an item and gives new text; the item that is shown is never touched.
import ICAL from 'ical.js';
import type { Attendee } from './attendee';
import { carryFields, ruleChange, stampsOf, timesChanged, writeDone, writeFields, writeTimes, type Draft } from './draft';
import {
  cloneComponent, cloneItem, icalTime, printItem, readEnd, readStamp, readStamps, stampAs, writeStamp, type Item, type Stamp,
} from './item';
import { readRule, untilTime, writeRule } from './rule';
import { Series, changeRules, countBefore, firstOf, recurs } from './series';
import { ensureTimezones } from './vtimezone';
import { DAY, dayOf, type Wall } from './wall';
import { tzidOf } from './zone';

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
  }
  writeFields(component, blank, draft, hand.me);
  if (draft.done) writeDone(component, true, hand.now);
  touch(component, hand.now, false);
  calendar.addSubcomponent(component);
  ensureTimezones(calendar);
  return printItem(calendar);
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

const editOne = (item: Item, at: Stamp, before: Draft, after: Draft, hand: Hand): void => {
  let override = overrideAt(item, at);
  if (!override) {
    override = cloneComponent(item.master!);
    for (const name of ['rrule', 'rdate', 'exdate', 'exrule']) override.removeAllProperties(name);
    const first = firstOf(item.master!)!;
    const start = stampAs(at, first);
    const length = readEnd(item.master!, first).time - first.time;
    item.calendar.addSubcomponent(override);
    writeStamp(override, 'recurrence-id', start);
    if (override.name === 'vevent') writeTimes(override, start, { ...start, time: start.time + length });
    else writeStamp(override, 'dtstart', start);
  }
  applyTo(override, before, after, hand);
};

const applyTo = (component: ICAL.Component, before: Draft, after: Draft, hand: Hand): void => {
  const { start, end } = stampsOf(after);
  if (timesChanged(before, after)) {
    if (after.dated) writeTimes(component, start, end);
    else for (const name of ['due', 'dtstart', 'duration']) component.removeAllProperties(name);
  }
  writeFields(component, before, after, hand.me);
  if (before.done !== after.done) writeDone(component, after.done, hand.now);
  touch(component, hand.now);
};

/** Edits a master (or the only component) as the draft of one of its instances says. */
const editAll = (item: Item, component: ICAL.Component, before: Draft, after: Draft, hand: Hand): void => {
  const old = readStamp(component, 'dtstart') ?? readStamp(component, 'due');
  const moved = stampsOf(after);
  const shift = old ? old.time - before.start : 0;
  const start: Stamp = old && recurs(component) ? { ...moved.start, time: moved.start.time + shift } : moved.start;
  const end: Stamp = { ...moved.end, time: start.time + (moved.end.time - moved.start.time) };
  const series = { ...after, start: start.time, end: end.time };
  const rule = ruleChange(before, after, start);
  const changed = timesChanged(before, after);
  applyTo(component, before, series, hand);
  for (const override of item.overrides) if (override !== component) carryFields(override, before, after);
  if (rule === null) {
    for (const name of ['rrule', 'rdate', 'exdate']) component.removeAllProperties(name);
    for (const override of item.overrides) if (override !== component) item.calendar.removeSubcomponent(override);
  } else if (rule) component.updatePropertyWithValue('rrule', rule);
  if (changed && old && recurs(component)) shiftSeries(item, component, old, start, rule === undefined);
};

/** What hangs on the times of a series moves with them: EXDATE, RDATE, RECURRENCE-ID, overrides, the rule. */
const shiftSeries = (item: Item, master: ICAL.Component, old: Stamp, start: Stamp, shiftRule: boolean): void => {
  const move = (stamp: Stamp): Stamp => ({ ...start, time: stampAs(stamp, old).time - old.time + start.time });
  for (const name of ['exdate', 'rdate'] as const) {
    const moved = readStamps(master, name).map((one) => (one.date && !old.date ? one : move(one)));
    writeStamps(master, name, moved);
  }
  for (const override of item.overrides) {
    const id = readStamp(override, 'recurrence-id');
    const own = readStamp(override, 'dtstart');
    if (!id) continue;
    if (own && own.date === old.date && override.name === 'vevent') {
      const length = readEnd(override, own).time - own.time;
      const begin = move(own);
      const lasts = old.date === start.date ? length : start.date ? DAY : 3_600_000;
      writeTimes(override, begin, { ...begin, time: begin.time + lasts });
    }
    writeStamp(override, 'recurrence-id', move(id));
  }
  if (shiftRule) for (const property of master.getAllProperties('rrule')) property.setValue(shiftedRule(property.getFirstValue() as unknown as ICAL.Recur, old, start));
};

/** A weekly rule for Tuesdays, dragged to Wednesday, is a rule for Wednesdays. */
const shiftedRule = (recur: ICAL.Recur, old: Stamp, start: Stamp): ICAL.Recur => {
  const rule = readRule(recur, old);
  const days = dayOf(start.time) - dayOf(old.time);
  if (!rule) return recur;
  if (rule.weekdays.length > 0) rule.weekdays = rule.weekdays.map((one) => (((one + days) % 7) + 7) % 7);
  if (rule.end.kind === 'until') rule.end = { kind: 'until', day: rule.end.day + days };
  const shifted = writeRule(rule, start);
  if (recur.wkst !== undefined) shifted.wkst = recur.wkst;
  return shifted;
};

const writeStamps = (component: ICAL.Component, name: string, stamps: Stamp[]): void => {
  component.removeAllProperties(name);
  for (const stamp of stamps) {
    const property = new ICAL.Property(name, component);
    property.resetType(stamp.date ? 'date' : 'date-time');
    property.setValue(icalTime(stamp));
    if (!stamp.date && stamp.zone !== null && stamp.zone !== 'UTC') property.setParameter('tzid', tzidOf(stamp.zone));
    component.addProperty(property);
  }
};

/** Ends the series before `at` and gives the instances from there on a life of their own. */
const split = (item: Item, first: Stamp, at: Stamp, before: Draft, after: Draft, hand: Hand): Change => {
  const master = item.master!;
  const cut = stampAs(at, first).time;
  const rest = cloneItem(item);
  const next = rest.master!;
  const length = readEnd(master, first).time - first.time;

  for (const component of [next, ...rest.overrides]) component.updatePropertyWithValue('uid', hand.newUid);
  changeRules(next, (rule) => {
    if (rule.count) rule.count = Math.max(1, rule.count - countBefore(rule, first, cut));
    return rule;
  });
  // A date beside the rule cannot be where the rule begins: it would go on from the wrong day.
  const ruled = startsByRule(master, first, cut);
  const begin: Stamp = { ...first, time: ruled ?? cut };
  if (next.name === 'vevent') writeTimes(next, begin, { ...begin, time: begin.time + length });
  else writeStamp(next, 'dtstart', begin);
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
  for (const override of item.overrides) {
    const id = readStamp(override, 'recurrence-id');
    if (id && !test(stampAs(id, first).time)) item.calendar.removeSubcomponent(override);
  }
  item.overrides = item.overrides.filter((one) => one.parent === item.calendar);
  for (const name of ['exdate', 'rdate'] as const) {
    const all = readStamps(item.master!, name);
    const kept = all.filter((one) => test(stampAs(one, first).time));
    if (kept.length < all.length) writeStamps(item.master!, name, kept);
  }
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
  writeStamps(master, 'exdate', [...readStamps(master, 'exdate'), stampAs(at, first)]);
  touch(master, hand.now);
  return new Series(master, first).next() === null ? nothing : { text: finish(item), added: null };
};

/** A change that only touches one property, for all instances or one: an answer to an invitation, a tick. */
export const amend = (original: Item, at: Stamp | null, hand: Hand, change: (component: ICAL.Component) => void): string => {
  const item = cloneItem(original);
  if (at === null || !item.master) [item.master, ...item.overrides].forEach((one) => one && change(one));
  else {
    const blank = {} as Draft;
    let override = overrideAt(item, at);
    if (!override) {
      editOne(item, at, blank, blank, { ...hand });
      override = item.calendar.getAllSubcomponents(item.kind).at(-1)!;
    }
    change(override);
  }
  return finish(item);
};
