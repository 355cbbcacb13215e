// Alarms: minutes before the start as the form shows them; other kinds are kept and only named.
//
// A task without a start has its alarms before the due time (RFC 5545 section 3.8.6.3: such a trigger says so).
import ICAL from 'ical.js';

export interface Alarm {
  /** Position among the component's VALARMs; null for one that is new. */
  index: number | null;
  /** Minutes before the start; null = another kind of trigger, kept as it is. */
  minutes: number | null;
  /** What the alarm says when the event has no title. */
  words: string;
}

const beforeDue = (component: ICAL.Component): boolean => component.name === 'vtodo' && !component.hasProperty('dtstart');

export const readAlarms = (component: ICAL.Component): Alarm[] =>
  component.getAllSubcomponents('valarm').map((alarm, index) => {
    const trigger = alarm.getFirstProperty('trigger');
    const value = trigger?.getFirstValue();
    // Where there is no start, a trigger that does not say END can mean nothing else.
    const shown = value instanceof ICAL.Duration && (beforeDue(component) || trigger?.getFirstParameter('related') !== 'END');
    return { index, minutes: shown ? Math.round(-value.toSeconds() / 60) : null, words: String(alarm.getFirstPropertyValue('description') ?? '') };
  });

export const writeAlarms = (component: ICAL.Component, alarms: Alarm[], title: string): void => {
  const old = component.getAllSubcomponents('valarm');
  old.forEach((alarm, index) => {
    const kept = alarms.find((one) => one.index === index);
    if (!kept) component.removeSubcomponent(alarm);
    else if (kept.minutes !== null) setTrigger(component, alarm, kept.minutes);
  });
  for (const { index, minutes, words } of alarms) {
    if (index !== null || minutes === null) continue;
    const alarm = new ICAL.Component('valarm');
    alarm.addPropertyWithValue('action', 'DISPLAY');
    alarm.addPropertyWithValue('description', title || words);
    setTrigger(component, alarm, minutes);
    component.addSubcomponent(alarm);
  }
};

const setTrigger = (component: ICAL.Component, alarm: ICAL.Component, minutes: number): void => {
  const value = alarm.getFirstPropertyValue('trigger');
  if (value instanceof ICAL.Duration && Math.round(-value.toSeconds() / 60) === minutes) return;
  const trigger = alarm.updatePropertyWithValue('trigger', ICAL.Duration.fromSeconds(-minutes * 60));
  if (beforeDue(component)) trigger.setParameter('related', 'END');
};
