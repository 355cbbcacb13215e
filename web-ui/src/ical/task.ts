// The rows that a task has in a list: one, or for a recurring task the first open instance and those that are done.
//
// An instance is completed by an override of its own, as Thunderbird and OpenTasks do it; programs that move the
// whole series on to the next date instead are understood likewise.
import type ICAL from 'ical.js';
import { instanceEnd, readStamp, stampAs, text, type Item, type Stamp } from './item';
import { firstOf, recurs, seriesOf } from './series';
import type { Wall } from './wall';

export interface TaskRow {
  component: ICAL.Component;
  /** Original start of the instance; null when the task does not recur. */
  recurrence: Stamp | null;
  due: Stamp | null;
  done: boolean;
}

export const isDone = (component: ICAL.Component): boolean => text(component, 'status').toUpperCase() === 'COMPLETED' || component.hasProperty('completed');

const isClosed = (component: ICAL.Component): boolean => isDone(component) || text(component, 'status').toUpperCase() === 'CANCELLED';

export const taskRows = (item: Item): TaskRow[] => {
  const { master } = item;
  const first = master && firstOf(master);
  const changed = item.overrides.map((one) => ownRow(one, readStamp(one, 'recurrence-id')));
  if (!master) return changed;
  // A series that is completed as a whole has nothing open.
  if (!first || !recurs(master) || isDone(master)) return [ownRow(master, null)];
  const open = firstOpen(master, first, changed);
  return [...(open ? [open] : []), ...changed.filter((one) => one.done)];
};

const ownRow = (component: ICAL.Component, recurrence: Stamp | null): TaskRow => {
  const start = readStamp(component, 'dtstart');
  const due = readStamp(component, 'due') ?? (start && component.hasProperty('duration') ? instanceEnd(component, start, start) : null);
  return { component, recurrence, due, done: isDone(component) };
};

const firstOpen = (master: ICAL.Component, first: Stamp, changed: TaskRow[]): TaskRow | null => {
  const at = new Map<Wall, TaskRow>(changed.flatMap((one) => (one.recurrence ? [[stampAs(one.recurrence, first).time, one]] : [])));
  const series = seriesOf(master, first);
  for (let start = series.next(); start !== null; start = series.next(start + 1)) {
    const own = at.get(start);
    if (own && !isClosed(own.component)) return own;
    const begin = { ...first, time: start };
    if (!own) return { component: master, recurrence: begin, due: instanceEnd(master, first, begin), done: false };
  }
  return null;
};
