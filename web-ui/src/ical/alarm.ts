// Alarms: minutes before the start as the form shows them; other kinds are kept and only named.
import ICAL from 'ical.js';

export interface Alarm {
  /** Position among the component's VALARMs; null for one that is new. */
  index: number | null;
  /** Minutes before the start; null = another kind of trigger, kept as it is. */
  minutes: number | null;
}

export const readAlarms = (component: ICAL.Component): Alarm[] =>
  component.getAllSubcomponents('valarm').map((alarm, index) => {
    const trigger = alarm.getFirstProperty('trigger');
    const value = trigger?.getFirstValue();
    const related = trigger?.getFirstParameter('related');
    const shown = value instanceof ICAL.Duration && related !== 'END';
    return { index, minutes: shown ? Math.round(-value.toSeconds() / 60) : null };
  });

export const writeAlarms = (component: ICAL.Component, alarms: Alarm[], title: string): void => {
  const old = component.getAllSubcomponents('valarm');
  old.forEach((alarm, index) => {
    const kept = alarms.find((one) => one.index === index);
    if (!kept) component.removeSubcomponent(alarm);
    else if (kept.minutes !== null) setTrigger(alarm, kept.minutes);
  });
  for (const { index, minutes } of alarms) {
    if (index !== null || minutes === null) continue;
    const alarm = new ICAL.Component('valarm');
    alarm.addPropertyWithValue('action', 'DISPLAY');
    alarm.addPropertyWithValue('description', title || 'Reminder');
    setTrigger(alarm, minutes);
    component.addSubcomponent(alarm);
  }
};

const setTrigger = (alarm: ICAL.Component, minutes: number): void => {
  const value = alarm.getFirstPropertyValue('trigger');
  if (value instanceof ICAL.Duration && Math.round(-value.toSeconds() / 60) === minutes) return;
  alarm.updatePropertyWithValue('trigger', ICAL.Duration.fromSeconds(-minutes * 60));
};
