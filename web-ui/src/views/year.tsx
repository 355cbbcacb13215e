// The year: twelve small months; the darker a day, the more is in it.
import { useEffect } from 'preact/hooks';
import { firstDay, formatDay, formatLongDay, t, weekdayName } from '../i18n';
import { lastDay } from '../ical/expand';
import { dayFrom, dayOf, daysInMonth, parts, startOf, weekday, type Day } from '../ical/wall';
import { ensure } from '../store/calendars';
import { instancesIn } from '../store/instances';
import { clock, day, go, today } from '../store/navigation';

export const YearView = () => {
  clock.value;
  const { year } = parts(startOf(day.value));
  const from = dayFrom(year, 1, 1);
  const to = dayFrom(year + 1, 1, 1);
  useEffect(() => {
    // A month after another: the first ones are seen while the last are still asked for.
    let alive = true;
    void (async () => {
      for (let quarter = 0; quarter < 4 && alive; quarter++) await ensure(dayFrom(year, quarter * 3 + 1, 1), dayFrom(year, quarter * 3 + 4, 1));
      // The range that is looked at is all of it, also for a calendar that is shown later.
      if (alive) await ensure(from, to);
    })();
    return () => void (alive = false);
  }, [year]);
  const counts = new Map<Day, number>();
  for (const one of instancesIn(from, to)) {
    for (let at = Math.max(from, dayOf(one.start)); at <= Math.min(lastDay(one), to - 1); at++) counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return (
    <div class="year">
      {Array.from({ length: 12 }, (_, month) => <Month key={month} year={year} month={month + 1} counts={counts} />)}
    </div>
  );
};

const level = (count: number): number => (count === 0 ? 0 : count < 2 ? 1 : count < 4 ? 2 : count < 7 ? 3 : 4);

const Month = ({ year, month, counts }: { year: number; month: number; counts: Map<Day, number> }) => {
  const first = dayFrom(year, month, 1);
  const name = formatDay(first, { month: 'long' });
  const lead = (weekday(first) - firstDay.value + 7) % 7;
  return (
    <section class="year-month" aria-label={name}>
      <h2><button type="button" onClick={() => go('month', first)}>{name}</button></h2>
      <div class="year-grid">
        {Array.from({ length: 7 }, (_, index) => <span key={`w${index}`} class="year-weekday" aria-hidden="true">{weekdayName((firstDay.value + index) % 7, 'narrow')}</span>)}
        {Array.from({ length: daysInMonth(year, month) }, (_, index) => {
          const at = first + index;
          const count = counts.get(at) ?? 0;
          return (
            <button
              key={at} type="button" class={`year-day level-${level(count)} ${at === today() ? 'today' : ''}`} style={index === 0 ? { gridColumnStart: lead + 1 } : undefined}
              aria-label={`${formatLongDay(at)}, ${t('events.n', { n: count })}`} aria-current={at === today() ? 'date' : undefined} onClick={() => go('day', at)}
            >
              <span aria-hidden="true">{index + 1}</span>
            </button>
          );
        })}
      </div>
    </section>
  );
};
