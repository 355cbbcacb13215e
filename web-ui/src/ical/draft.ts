// What the form edits: the properties the page knows, read from a component and written back into it.
//
// Only fields that differ are written; everything else in the component stays as its author left it.
import ICAL from 'ical.js';
import { readAlarms, writeAlarms, type Alarm } from './alarm';
import { readAttendees, writeAttendees, type Attendee } from './attendee';
import { instanceEnd, later, lengthBetween, readEnd, readStamp, stampAs, text, writeStamp, type Kind, type Stamp } from './item';
import { readRule, sameRule, writeRule, type Rule } from './rule';
import { isDone } from './task';
import { DAY, HOUR, startOf, type Day, type Wall } from './wall';
import type { Zone } from './zone';

export type Visibility = 'PUBLIC' | 'PRIVATE' | 'CONFIDENTIAL';

export interface Draft {
  kind: Kind;
  title: string;
  place: string;
  notes: string;
  link: string;
  allDay: boolean;
  zone: Zone;
  start: Wall;
  /** Exclusive; the due time of a task. */
  end: Wall;
  /** A task may have no due time. */
  dated: boolean;
  rule: Rule | null;
  /** The event recurs in a way the form cannot show; it is kept unless `rule` is set. */
  customRule: boolean;
  alarms: Alarm[];
  attendees: Attendee[];
  visibility: Visibility;
  busy: boolean;
  done: boolean;
  priority: number;
}

export const emptyDraft = (kind: Kind, start: Wall, end: Wall, allDay: boolean, zone: Zone): Draft => ({
  kind, title: '', place: '', notes: '', link: '', allDay, zone: allDay ? null : zone, start, end, dated: true,
  rule: null, customRule: false, alarms: [], attendees: [], visibility: 'PUBLIC', busy: true, done: false, priority: 0,
});

/** `at` is the start of the instance that is edited, `master` the component that holds the rule. */
export const readDraft = (component: ICAL.Component, master: ICAL.Component | null, at: Stamp | null): Draft => {
  const kind = component.name as Kind;
  const due = readStamp(component, 'due');
  const first = readStamp(component, 'dtstart') ?? due;
  const dated = kind === 'vevent' || due !== null || first !== null;
  const own = first ?? { time: 0, date: true, zone: null };
  const start = at ? stampAs(at, own) : own;
  const recur = master?.getFirstPropertyValue('rrule');
  const masterStart = master ? readStamp(master, 'dtstart') ?? readStamp(master, 'due') : null;
  const rule = recur instanceof ICAL.Recur && masterStart ? readRule(recur, masterStart) : null;
  const visibility = text(component, 'class').toUpperCase();
  return {
    kind,
    title: text(component, 'summary'),
    place: text(component, 'location'),
    notes: text(component, 'description'),
    link: text(component, 'url'),
    allDay: own.date,
    zone: own.zone,
    start: start.time,
    end: stampAs(instanceEnd(component, own, start), start).time,
    dated,
    rule,
    customRule: Boolean(master && (master.hasProperty('rrule') || master.hasProperty('rdate')) && !rule),
    alarms: readAlarms(component),
    attendees: readAttendees(component),
    visibility: visibility === 'PRIVATE' || visibility === 'CONFIDENTIAL' ? visibility : 'PUBLIC',
    busy: text(component, 'transp').toUpperCase() !== 'TRANSPARENT',
    done: isDone(component),
    priority: Number(text(component, 'priority')) || 0,
  };
};

const setText = (component: ICAL.Component, name: string, value: string): void => {
  if (value === '') component.removeAllProperties(name);
  else component.updatePropertyWithValue(name, value);
};

const TEXTS = [['title', 'summary'], ['place', 'location'], ['notes', 'description'], ['link', 'url']] as const;

/** Writes the plain fields that changed; times and recurrence are the business of writeTimes. */
export const writeFields = (component: ICAL.Component, before: Draft, after: Draft, me: Attendee | null): void => {
  for (const [field, name] of TEXTS) if (before[field] !== after[field]) setText(component, name, after[field]);
  if (before.visibility !== after.visibility) setText(component, 'class', after.visibility === 'PUBLIC' ? '' : after.visibility);
  if (before.busy !== after.busy) setText(component, 'transp', after.busy ? '' : 'TRANSPARENT');
  if (before.priority !== after.priority) {
    if (after.priority) component.updatePropertyWithValue('priority', after.priority);
    else component.removeAllProperties('priority');
  }
  if (JSON.stringify(before.alarms) !== JSON.stringify(after.alarms)) writeAlarms(component, after.alarms, after.title);
  if (JSON.stringify(before.attendees) !== JSON.stringify(after.attendees)) writeAttendees(component, after.attendees, me);
};

export const writeDone = (component: ICAL.Component, done: boolean, now: number): void => {
  if (done) {
    component.updatePropertyWithValue('status', 'COMPLETED');
    component.updatePropertyWithValue('percent-complete', 100);
    writeStamp(component, 'completed', { time: now - (now % 1000), date: false, zone: 'UTC' });
  } else {
    for (const name of ['completed', 'percent-complete']) component.removeAllProperties(name);
    component.updatePropertyWithValue('status', 'NEEDS-ACTION');
  }
};

/** A text field changed for all instances reaches the overrides that said the same as the master. */
export const carryFields = (override: ICAL.Component, before: Draft, after: Draft): void => {
  for (const [field, name] of TEXTS) {
    if (before[field] !== after[field] && text(override, name) === before[field]) setText(override, name, after[field]);
  }
};

/**
 * Puts a start and an end into a component. What was written with DURATION keeps one, and an end in a zone of
 * its own (a flight, a program that writes UTC) stays in it.
 */
export const writeTimes = (component: ICAL.Component, start: Stamp, end: Stamp): void => {
  if (component.name === 'vtodo') writeDue(component, end);
  else {
    const zone = endZone(component, 'dtend', start);
    writeStamp(component, 'dtstart', start);
    const endless = !component.hasProperty('dtend');
    if (endless && component.hasProperty('duration')) writeDuration(component, start, end);
    // A moment has no end: DTEND has to be later than DTSTART.
    else if (!endless || end.time !== start.time) writeStamp(component, 'dtend', inZone(end, zone));
  }
};

/** The start of a task keeps its distance to the due time; a DURATION says when it is due, and so there is no DUE. */
const writeDue = (component: ICAL.Component, end: Stamp): void => {
  const start = readStamp(component, 'dtstart');
  const due = readStamp(component, 'due');
  if (!start) {
    writeStamp(component, 'due', end);
    return;
  }
  const zone = endZone(component, 'due', end);
  const old = due ?? readEnd(component, start);
  const begin = old.date === start.date && start.date === end.date ? later(end, -lengthBetween(start, old)) : end;
  writeStamp(component, 'dtstart', begin);
  if (!due && component.hasProperty('duration')) writeDuration(component, begin, end);
  else writeStamp(component, 'due', inZone(end, zone));
};

const writeDuration = (component: ICAL.Component, start: Stamp, end: Stamp): void => {
  // "P1D" over a night in which the clocks change still means the next day.
  if (stampAs(readEnd(component, start), start).time === stampAs(end, start).time) return;
  const days = (stampAs(end, start).time - start.time) / DAY;
  const seconds = Math.round(lengthBetween(start, end) / 1000);
  const nominal = start.date || (Number.isInteger(days) && days > 0);
  const duration = ICAL.Duration.fromData(nominal ? { days: Math.max(1, Math.round(days)) } : { hours: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60), seconds: seconds % 60 });
  component.updatePropertyWithValue('duration', duration);
};

/** The zone that an end is to be written in: its own when it has one, else that of the start. */
const endZone = (component: ICAL.Component, name: 'dtend' | 'due', start: Stamp): Zone => {
  const old = readStamp(component, name);
  const own = old && !old.date && old.zone !== null && old.zone !== readStamp(component, 'dtstart')?.zone;
  return own && !start.date && start.zone !== null ? old.zone : start.zone;
};

const inZone = (stamp: Stamp, zone: Zone): Stamp => (stamp.date || stamp.zone === zone ? stamp : stampAs(stamp, { ...stamp, zone }));

/** Makes a component that begins at `first` one that begins at `begin`: an instance of it, or the rest of it. */
export const writeInstance = (component: ICAL.Component, first: Stamp, begin: Stamp): void => {
  if (component.name === 'vtodo' && !component.hasProperty('dtstart')) writeStamp(component, 'due', begin);
  else if (component.name === 'vtodo' && !component.hasProperty('due')) writeStamp(component, 'dtstart', begin);
  else writeTimes(component, begin, instanceEnd(component, first, begin));
};

export const stampsOf = (draft: Draft): { start: Stamp; end: Stamp } => {
  const zone = draft.allDay ? null : draft.zone;
  const end = draft.allDay && draft.kind === 'vevent' ? Math.max(draft.end, draft.start + DAY) : draft.end;
  return { start: { time: draft.start, date: draft.allDay, zone }, end: { time: end, date: draft.allDay, zone } };
};

export const lengthOf = (draft: Draft): number => {
  const { start, end } = stampsOf(draft);
  return lengthBetween(start, end);
};

/** The rule the draft asks for; undefined = leave what is there. */
export const ruleChange = (before: Draft, after: Draft, start: Stamp): ICAL.Recur | null | undefined => {
  if (before.customRule === after.customRule && sameRule(before.rule, after.rule)) return undefined;
  if (after.rule) return writeRule(after.rule, start);
  return after.customRule ? undefined : null;
};

export const timesChanged = (before: Draft, after: Draft): boolean =>
  before.start !== after.start || before.end !== after.end || before.allDay !== after.allDay || before.zone !== after.zone || before.dated !== after.dated;

/** A task that had no date is offered this day; one that had a date gets that one back. */
export const setDated = (draft: Draft, dated: boolean, day: Day): Draft =>
  dated && !draft.dated && draft.end === 0 ? { ...draft, dated, allDay: true, zone: null, start: startOf(day), end: startOf(day) } : { ...draft, dated };

/** Switching to all-day and back keeps the days; a timed event starts as long as it was, at least an hour. */
export const setAllDay = (draft: Draft, allDay: boolean, zone: Zone, hour: number): Draft => {
  if (draft.allDay === allDay) return draft;
  const first = Math.floor(draft.start / DAY) * DAY;
  if (allDay) return { ...draft, allDay, zone: null, start: first, end: Math.max(first + DAY, Math.ceil(draft.end / DAY) * DAY) };
  const days = Math.max(0, Math.round((draft.end - draft.start) / DAY) - 1);
  return { ...draft, allDay, zone, start: first + hour * HOUR, end: first + days * DAY + (hour + 1) * HOUR };
};
