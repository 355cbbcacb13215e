// How often: the usual choices as one list, the rest of a rule below, and the whole in words.
import { firstDay, formatLongDay, speech, t, weekdayName } from '../i18n';
import type { Draft } from '../ical/draft';
import { stampsOf } from '../ical/draft';
import { daysToFirst, isLastWeekday, nthWeekday, plainRule, type Frequency, type Rule } from '../ical/rule';
import { addMonths, dayOf, weekday } from '../ical/wall';
import { describeRule } from '../ical/words';
import { DayField, SelectField } from '../parts/field';

export const RecurrenceFields = ({ draft, set }: { draft: Draft; set: (some: Partial<Draft>) => void }) => {
  const { rule } = draft;
  const start = draft.kind === 'vtodo' ? { ...stampsOf(draft).end } : stampsOf(draft).start;
  const day = dayOf(start.time);
  const wait = daysToFirst(rule, start.time);
  const choose = (value: string): void => {
    if (value === 'custom') return;
    set({ customRule: false, rule: value === 'never' ? null : { ...plainRule(value as Frequency), end: rule?.end ?? { kind: 'never' } } });
  };
  const put = (some: Partial<Rule>): void => set({ rule: { ...rule!, ...some } });
  return (
    <fieldset class="recurrence">
      <legend class="visually-hidden">{t('field.repeat')}</legend>
      <div class="pair">
        <SelectField label={t('field.repeat')} value={draft.customRule ? 'custom' : rule?.frequency ?? 'never'} onChange={choose}>
          <option value="never">{t('repeat.never')}</option>
          <option value="DAILY">{t('repeat.DAILY')}</option>
          <option value="WEEKLY">{t('repeat.WEEKLY')}</option>
          <option value="MONTHLY">{t('repeat.MONTHLY')}</option>
          <option value="YEARLY">{t('repeat.YEARLY')}</option>
          {draft.customRule && <option value="custom">{t('repeat.custom')}</option>}
        </SelectField>
        {rule && (
          <SelectField label={t('repeat.every')} value={String(rule.interval)} onChange={(value) => put({ interval: Number(value) })}>
            {Array.from({ length: Math.max(30, rule.interval) }, (_, index) => index + 1).map((n) => <option key={n} value={n}>{t(`repeat.every.${rule.frequency}`, { n })}</option>)}
          </SelectField>
        )}
      </div>
      {rule?.frequency === 'WEEKLY' && (
        <div class="weekdays" role="group" aria-label={t('repeat.days')}>
          {Array.from({ length: 7 }, (_, index) => (firstDay.value + index) % 7).map((one) => {
            const chosen = rule.weekdays.length ? rule.weekdays : [weekday(day)];
            const on = chosen.includes(one);
            return (
              <button key={one} type="button" aria-pressed={on} aria-label={weekdayName(one)} onClick={() => put({ weekdays: on && chosen.length > 1 ? chosen.filter((other) => other !== one) : [...new Set([...chosen, one])] })}>
                {weekdayName(one, 'short').slice(0, 2)}
              </button>
            );
          })}
        </div>
      )}
      {rule?.frequency === 'MONTHLY' && (
        <SelectField label={t('repeat.on')} value={rule.monthly} onChange={(value) => put({ monthly: value as Rule['monthly'] })}>
          <option value="number">{describeRule({ ...plainRule('MONTHLY') }, start, speech)}</option>
          {nthWeekday(start.time) < 5 && <option value="weekday">{describeRule({ ...plainRule('MONTHLY'), monthly: 'weekday' }, start, speech)}</option>}
          {isLastWeekday(start.time) && <option value="last-weekday">{describeRule({ ...plainRule('MONTHLY'), monthly: 'last-weekday' }, start, speech)}</option>}
        </SelectField>
      )}
      {rule && (
        <div class="pair">
          <SelectField
            label={t('repeat.ends')} value={rule.end.kind}
            onChange={(kind) => put({ end: kind === 'count' ? { kind, count: 10 } : kind === 'until' ? { kind, day: addMonths(day, 3) } : { kind: 'never' } })}
          >
            <option value="never">{t('repeat.forever')}</option>
            <option value="until">{t('repeat.until')}</option>
            <option value="count">{t('repeat.count')}</option>
          </SelectField>
          {rule.end.kind === 'until' && <DayField label={t('repeat.lastDay')} day={rule.end.day} min={day} onChange={(last) => put({ end: { kind: 'until', day: last } })} />}
          {rule.end.kind === 'count' && <CountField count={rule.end.count} onChange={(count) => put({ end: { kind: 'count', count } })} />}
        </div>
      )}
      {rule && <p class="hint" role="status">{describeRule(rule, start, speech)}{wait > 0 && `. ${t('repeat.begins', { day: formatLongDay(day + wait) })}`}</p>}
    </fieldset>
  );
};

const CountField = ({ count, onChange }: { count: number; onChange: (count: number) => void }) => (
  <div class="field">
    <label for="recurrence-count">{t('repeat.times')}</label>
    <input id="recurrence-count" type="number" min={1} max={9999} value={count} required onInput={(event) => onChange(Math.max(1, Math.min(9999, Number(event.currentTarget.value) || 1)))} />
  </div>
);
