// The small month at the side: a way to any day in two clicks.
import { useState, useEffect } from 'preact/hooks';
import { firstDay, formatDay, formatLongDay, t, weekdayName } from '../i18n';
import { addMonths, parts, startOf, startOfMonth, startOfWeek, type Day } from '../ical/wall';
import { Icon } from '../parts/icon';
import { day, go, today, view } from '../store/navigation';

export const MiniMonth = ({ onPick }: { onPick: () => void }) => {
  const [month, setMonth] = useState(startOfMonth(day.value));
  useEffect(() => setMonth(startOfMonth(day.value)), [day.value]);
  const from = startOfWeek(month, firstDay.value);
  const days = Array.from({ length: 42 }, (_, index) => from + index);
  const pick = (at: Day): void => {
    if (view.value === 'tasks' || view.value === 'admin' || view.value === 'year') go('day', at);
    else day.value = at;
    onPick();
  };
  return (
    <section class="mini" aria-label={formatDay(month, { month: 'long', year: 'numeric' })}>
      <header>
        <span>{formatDay(month, { month: 'long', year: 'numeric' })}</span>
        <button type="button" class="icon-button" aria-label={t('previous.month')} onClick={() => setMonth(addMonths(month, -1))}><Icon name="left" size={16} /></button>
        <button type="button" class="icon-button" aria-label={t('next.month')} onClick={() => setMonth(addMonths(month, 1))}><Icon name="right" size={16} /></button>
      </header>
      <div class="mini-grid">
        {Array.from({ length: 7 }, (_, index) => <span key={`w${index}`} aria-hidden="true">{weekdayName((firstDay.value + index) % 7, 'narrow')}</span>)}
        {days.map((at) => (
          <button
            key={at} type="button" tabIndex={at === day.value ? 0 : -1} aria-label={formatLongDay(at)} aria-pressed={at === day.value} aria-current={at === today() ? 'date' : undefined}
            class={`${parts(startOf(at)).month === parts(startOf(month)).month ? '' : 'outside'} ${at === today() ? 'today' : ''} ${at === day.value ? 'chosen' : ''}`}
            onClick={() => pick(at)}
          >
            <span aria-hidden="true">{parts(startOf(at)).day}</span>
          </button>
        ))}
      </div>
    </section>
  );
};
