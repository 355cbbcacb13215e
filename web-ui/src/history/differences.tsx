// Two versions of an event side by side, property by property, in words where there are words.
import ICAL from 'ical.js';
import { formatLongDay, formatMinutes, formatTime, speech, t, type Key } from '../i18n';
import { nameOf, readAttendees } from '../ical/attendee';
import { differences, type Difference } from '../ical/difference';
import { readStamp, readStamps, type Item, type Stamp } from '../ical/item';
import { dayOf } from '../ical/wall';
import { describeRecur } from '../ical/words';
import { en } from '../i18n/en';

/** A row as people read it. */
export interface Row {
  what: string;
  before: string;
  after: string;
}

export const rowsOf = (before: Item | null, after: Item | null): Row[] =>
  differences(before, after).map((one) => ({ what: headOf(one), before: words(one, one.was, one.before), after: words(one, one.is, one.after) }));

const headOf = ({ name, instance }: Difference): string => {
  const key = `property.${name}`;
  const property = key in en ? t(key as Key) : name.toUpperCase();
  return instance ? `${property} (${formatLongDay(dayOf(instance.time))})` : property;
};

const when = (stamp: Stamp): string =>
  `${formatLongDay(dayOf(stamp.time))}${stamp.date ? '' : `, ${formatTime(stamp.time)}`}${stamp.zone && stamp.zone !== 'UTC' ? ` (${stamp.zone})` : ''}`;

const alarm = (minutes: string): string => {
  const before = Number(minutes);
  if (!Number.isFinite(before)) return t('alarm.other');
  if (before === 0) return t('alarm.atStart');
  return t(before > 0 ? 'alarm.before' : 'alarm.after', { time: formatMinutes(Math.abs(before)) });
};

const words = ({ name }: Difference, component: ICAL.Component | null, value: string): string => {
  switch (name) {
    case 'override': return t(value ? 'difference.own' : 'difference.series');
    // Unsaid is said too.
    case 'class': return component ? t(value === 'PRIVATE' || value === 'CONFIDENTIAL' ? `class.${value}` : 'class.PUBLIC') : '';
    case 'transp': return component ? t(value === 'TRANSPARENT' ? 'free' : 'busy') : '';
    case 'valarm': return value.split('\n').filter(Boolean).map(alarm).join('\n');
  }
  return component && value ? wordsOf(component, name) ?? value : value;
};

const wordsOf = (component: ICAL.Component, name: string): string | null => {
  switch (name) {
    case 'dtstart': case 'dtend': case 'due': case 'completed': {
      const stamp = readStamp(component, name);
      return stamp && when(stamp);
    }
    case 'exdate': case 'rdate': return readStamps(component, name).map(when).join('\n');
    case 'rrule': {
      const recur = component.getFirstPropertyValue('rrule');
      const start = readStamp(component, 'dtstart') ?? readStamp(component, 'due');
      return recur instanceof ICAL.Recur && start ? describeRecur(recur, start, speech) : null;
    }
    case 'attendee': return readAttendees(component).map((one) => `${nameOf(one)}: ${t(`answer.${one.answer}` as Key)}`).join('\n');
    default: return null;
  }
};

export const DifferenceTable = ({ before, after, first }: { before: Item | null; after: Item | null; first?: boolean }) => {
  const rows = rowsOf(before, after);
  if (rows.length === 0) return <p class="hint">{t('difference.none')}</p>;
  return (
    <table class="differences">
      <thead>
        <tr><th scope="col">{t('difference.what')}</th>{!first && <th scope="col">{t('difference.before')}</th>}<th scope="col">{t(first ? 'difference.value' : 'difference.after')}</th></tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.what}>
            <th scope="row">{one.what}</th>
            {!first && <td><del>{one.before}</del></td>}
            <td><ins>{one.after}</ins></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
