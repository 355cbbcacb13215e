// Two versions of an event side by side, property by property, in words where there are words.
import { formatTime, formatLongDay, t, type Key } from '../i18n';
import { differences } from '../ical/difference';
import { readStamp, type Item } from '../ical/item';
import { dayOf } from '../ical/wall';
import { en } from '../i18n/en';

const nameOf = (property: string): string => {
  const key = `property.${property}`;
  return key in en ? t(key as Key) : property.toUpperCase();
};

const TIMES = new Set(['dtstart', 'dtend', 'due', 'completed']);

const show = (item: Item | null, name: string, value: string): string => {
  const component = item?.master ?? item?.overrides[0];
  const stamp = TIMES.has(name) && component ? readStamp(component, name) : null;
  if (!stamp || !value) return value;
  return `${formatLongDay(dayOf(stamp.time))}${stamp.date ? '' : `, ${formatTime(stamp.time)}`}${stamp.zone && stamp.zone !== 'UTC' ? ` (${stamp.zone})` : ''}`;
};

export const DifferenceTable = ({ before, after, first }: { before: Item | null; after: Item | null; first?: boolean }) => {
  const rows = differences(before, after);
  if (rows.length === 0) return <p class="hint">{t('difference.none')}</p>;
  return (
    <table class="differences">
      <thead>
        <tr><th scope="col">{t('difference.what')}</th>{!first && <th scope="col">{t('difference.before')}</th>}<th scope="col">{t(first ? 'difference.value' : 'difference.after')}</th></tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.name}>
            <th scope="row">{nameOf(one.name)}</th>
            {!first && <td><del>{show(before, one.name, one.before)}</del></td>}
            <td><ins>{show(after, one.name, one.after)}</ins></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
