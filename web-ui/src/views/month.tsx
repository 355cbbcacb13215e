// The month: weeks of seven days, bars across them; on a phone dots, and the chosen day's events below.
import { computed, signal } from '@preact/signals';
import type { Click, Key, Press } from '../parts/types';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { firstDay, formatDay, formatLongDay, t, weekdayName } from '../i18n';
import { moveTo } from '../ical/drag';
import { lastDay } from '../ical/expand';
import { DAY, addMonths, dayOf, isoWeek, parts, startOf, startOfMonth, startOfWeek, weekday, type Day } from '../ical/wall';
import { draftOf } from '../store/actions';
import { instancesIn, type Shown } from '../store/instances';
import { day, go, thisDay } from '../store/navigation';
import { applyDrag, openEditor, openNew, panel } from '../store/panels';
import { here } from '../store/settings';
import { DayEvents } from './agenda';
import { Seen } from '../parts/seen';
import { Chip, Line } from './chip';
import { placeLanes, type Bar } from './layout';
import { dayAt, follow } from './pointer';

export const monthRange = (at: Day): [Day, Day] => {
  const from = startOfWeek(startOfMonth(at), firstDay.value);
  const end = startOfMonth(addMonths(at, 1));
  return [from, from + Math.ceil((end - from) / 7) * 7];
};

const LANE = 24;
const HEAD = 30;

/** Days a drag marks: those a new event would cover, or an event's new place. */
const marked = signal<{ from: Day; to: Day; key: string } | null>(null);
const dragged = computed(() => marked.value?.key ?? '');

export const MonthView = ({ phone }: { phone: boolean }) => {
  const [from, to] = monthRange(day.value);
  const all = instancesIn(from, to);
  const weeks = Array.from({ length: (to - from) / 7 }, (_, index) => from + index * 7);
  const body = useRef<HTMLDivElement>(null);
  const fit = useFit(body, weeks.length);
  return (
    <div class={`month ${phone ? 'compact' : ''}`}>
      <div class="month-head" aria-hidden="true">
        <span class="week-number" />
        {Array.from({ length: 7 }, (_, index) => (
          <span key={index}>{weekdayName((firstDay.value + index) % 7, phone ? 'narrow' : 'short')}</span>
        ))}
      </div>
      <div class="month-body" ref={body} onKeyDown={moveFocus}>
        {weeks.map((week) => (
          <Week
            key={week} week={week} all={all} fit={phone ? 0 : fit} phone={phone} month={parts(startOf(day.value)).month}
            chosen={inWeek(week, day.value)} now={inWeek(week, thisDay.value)}
          />
        ))}
      </div>
      {phone && <DayEvents day={day.value} all={all} />}
    </div>
  );
};

/** Lanes of bars that a week's height has room for. */
const useFit = (body: { current: HTMLDivElement | null }, weeks: number): number => {
  const [fit, setFit] = useState(4);
  useLayoutEffect(() => {
    const measure = (): void => setFit(Math.max(1, Math.floor(((body.current?.clientHeight ?? 600) / weeks - HEAD) / LANE)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, [weeks]);
  return fit;
};

/** A day for the week it lies in: the others are not drawn again when it moves. */
const inWeek = (week: Day, at: Day): Day | null => (at >= week && at < week + 7 ? at : null);

interface WeekProps {
  week: Day;
  all: Shown[];
  fit: number;
  phone: boolean;
  month: number;
  chosen: Day | null;
  now: Day | null;
}

const Week = ({ week, all, fit, phone, month, chosen, now }: WeekProps) => {
  const mine = all.filter((one) => dayOf(one.start) < week + 7 && lastDay(one) >= week);
  const bars = placeLanes(mine.map((item) => ({ item, first: dayOf(item.start), last: lastDay(item) })), week);
  const counts = [0, 0, 0, 0, 0, 0, 0];
  const highest = [...counts];
  for (const bar of bars) {
    for (const column of range(bar)) {
      counts[column]!++;
      highest[column] = Math.max(highest[column]!, bar.lane);
    }
  }
  // A day with more than fits gives its last lane to the "more" button.
  const visible = bars.filter((bar) => range(bar).every((column) => bar.lane < (highest[column]! >= fit ? fit - 1 : fit)));
  const days = Array.from({ length: 7 }, (_, index) => week + index);
  return (
    <div class="week" role="group" aria-label={t('week.n', { n: isoWeek(week + 3) })}>
      <button type="button" class="week-number" onClick={() => go('week', week)} aria-label={t('week.open', { n: isoWeek(week + 3) })}><span aria-hidden="true">{isoWeek(week + 3)}</span></button>
      {days.map((at) => (
        <Cell
          key={at} at={at} count={counts[at - week]!} phone={phone} colors={phone ? colorsOf(mine, at).join(' ') : ''}
          outside={parts(startOf(at)).month !== month} chosen={at === chosen} now={at === now}
        />
      ))}
      {!phone && (
        <div class="bars">
          {visible.map(({ item, lane, from, to, before, after }) => <WeekBar key={`${item.key} ${from}`} one={item} lane={lane} from={from} to={to} before={before} after={after} />)}
          {days.map((at, index) => {
            const hidden = counts[index]! - visible.filter((bar) => covers(bar, index)).length;
            return hidden > 0 && (
              <button
                type="button" class="more" style={{ gridColumn: index + 1, gridRow: fit }} aria-label={t('more.on', { n: hidden, day: formatLongDay(at) })}
                onClick={(event) => (panel.value = { kind: 'dayList', day: at, anchor: event.currentTarget.getBoundingClientRect() })}
              >
                {t('more', { n: hidden })}
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
};

/** Its properties are plain, so that a bar that stays where it is is not drawn again. */
const WeekBar = ({ one, lane, from, to, before, after }: Omit<Bar<Shown>, 'item'> & { one: Shown }) => (
  <Chip
    one={one}
    className={`${isBar(one) ? 'bar' : 'dot'} ${before ? 'before' : ''} ${after ? 'after' : ''}`}
    style={{ gridColumn: `${from + 1} / ${to + 1}`, gridRow: lane + 1 }}
    dim={dragged.value === one.key}
    onPointerDown={(event) => dragEvent(event, one)}
  >
    <Line one={one} />
  </Chip>
);

const covers = (bar: { from: number; to: number }, column: number): boolean => bar.from <= column && bar.to > column;
const range = (bar: { from: number; to: number }): number[] => Array.from({ length: bar.to - bar.from }, (_, index) => bar.from + index);
const isBar = (one: Shown): boolean => one.allDay || dayOf(one.start) !== lastDay(one);
const colorsOf = (all: Shown[], at: Day): string[] =>
  [...new Set(all.filter((one) => dayOf(one.start) <= at && lastDay(one) >= at).map((one) => one.calendar.color))].slice(0, 4);

interface CellProps {
  at: Day;
  count: number;
  phone: boolean;
  /** With a space between them. */
  colors: string;
  outside: boolean;
  chosen: boolean;
  now: boolean;
}

const Cell = ({ at, count, phone, colors, outside, chosen, now }: CellProps) => {
  const { day: number } = parts(startOf(at));
  const mark = marked.value;
  const classes = [
    'cell', outside && 'outside', now && 'today', chosen && 'chosen', [0, 6].includes(weekday(at)) && 'weekend', mark && at >= mark.from && at <= mark.to && 'marked',
  ];
  const click = (event: Click): void => {
    if (phone) day.value = at;
    else if ((event.target as HTMLElement).closest('.number')) go('day', at);
    // A click by mouse was answered by the drag already; this one comes from the keyboard.
    else if (event.detail === 0) openNew(at, event.currentTarget.getBoundingClientRect());
  };
  return (
    <button
      type="button" class={classes.filter(Boolean).join(' ')} data-day={at} tabIndex={chosen ? 0 : -1}
      aria-label={`${formatLongDay(at)}, ${t('events.n', { n: count })}`} aria-current={now ? 'date' : undefined} aria-pressed={phone ? chosen : undefined}
      onClick={click} onPointerDown={phone ? undefined : (event) => dragCells(event, at)}
    >
      <Seen className="number" text={number === 1 && !phone ? formatDay(at, { day: 'numeric', month: 'short' }) : String(number)} />
      {phone && <span class="dots" aria-hidden="true">{colors.split(' ').filter(Boolean).map((color) => <i key={color} style={{ background: color }} />)}</span>}
    </button>
  );
};

/** A press on a day makes an event there; a drag over days one that lasts as many. */
const dragCells = (event: Press, at: Day): void => {
  if ((event.target as HTMLElement).closest('.number')) return;
  let last = at;
  const cell = event.currentTarget;
  follow(event, {
    move: (x, y) => {
      last = dayAt(x, y) ?? last;
      marked.value = { from: Math.min(at, last), to: Math.max(at, last), key: '' };
    },
    end: () => {
      const { from, to } = marked.value ?? { from: at, to: at };
      marked.value = null;
      openEditor(startOf(from), startOf(to + 1), true, cell.getBoundingClientRect());
    },
    cancel: () => (marked.value = null),
    tap: () => openNew(at, cell.getBoundingClientRect()),
  });
};

const dragEvent = (event: Press, one: Shown): void => {
  if (!one.calendar.writable) return;
  const grabbed = dayAt(event.clientX, event.clientY) ?? dayOf(one.start);
  const length = lastDay(one) - dayOf(one.start);
  let by = 0;
  const clear = (): void => void (marked.value = null);
  follow(event, {
    move: (x, y) => {
      by = (dayAt(x, y) ?? grabbed + by) - grabbed;
      marked.value = { from: dayOf(one.start) + by, to: dayOf(one.start) + by + length, key: one.key };
    },
    end: () => applyDrag(one, moveTo(draftOf(one), one.start + by * DAY, here()), clear),
    cancel: clear,
  });
};

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

const moveFocus = (event: Key): void => {
  if (!(event.target as HTMLElement).classList.contains('cell') || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = STEPS[event.key];
  const page = event.key === 'PageUp' ? -1 : event.key === 'PageDown' ? 1 : 0;
  if (step === undefined && page === 0) return;
  event.preventDefault();
  event.stopPropagation();
  day.value = page ? addMonths(day.value, page) : day.value + step!;
  requestAnimationFrame(focusDay);
};

export const focusDay = (): void => document.querySelector<HTMLElement>(`.month .cell[data-day="${day.value}"]`)?.focus();
