// Reminders: minutes before the start, or before a task is due, chosen from the usual ones.
import { formatMinutes, t } from '../i18n';
import type { Alarm } from '../ical/alarm';
import { Icon } from '../parts/icon';

const USUAL = [0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10080];

export const AlarmFields = ({ alarms, task, onChange }: { alarms: Alarm[]; task: boolean; onChange: (alarms: Alarm[]) => void }) => (
  <div class="field alarms" role="group" aria-label={t('field.alarms')}>
    <span class="label">{t('field.alarms')}</span>
    {alarms.map((alarm, index) => (
      <div class="alarm" key={index}>
        {alarm.minutes === null
          ? <span>{t('alarm.other')}</span>
          : (
            <select
              aria-label={t('alarm.when')} value={String(alarm.minutes)}
              onChange={(event) => onChange(alarms.map((one, other) => (other === index ? { ...one, minutes: Number(event.currentTarget.value) } : one)))}
            >
              {[...new Set([...USUAL, alarm.minutes])].sort((a, b) => a - b).map((minutes) => (
                <option key={minutes} value={minutes}>{minutes > 0 ? t('alarm.before', { time: formatMinutes(minutes) }) : minutes < 0 ? t('alarm.after', { time: formatMinutes(-minutes) }) : t(task ? 'alarm.atDue' : 'alarm.atStart')}</option>
              ))}
            </select>
          )}
        <button type="button" class="icon-button" aria-label={t('alarm.remove')} onClick={() => onChange(alarms.filter((_, other) => other !== index))}><Icon name="close" size={16} /></button>
      </div>
    ))}
    <button type="button" class="link-button" onClick={() => onChange([...alarms, { index: null, minutes: 15, words: t('alarm.when') }])}><Icon name="plus" size={16} />{t('alarm.add')}</button>
  </div>
);
