// Days side by side with their hours: the week, the day, and on a phone three days.
import { computed } from '@preact/signals';
import type { Style } from '../parts/types';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { firstDay, formatDay, formatLongDay, formatTime, t } from '../i18n';
import { lastDay } from '../ical/expand';
import { DAY, HOUR, dayOf, isoWeek, parts, startOf, startOfWeek, weekday, type Day } from '../ical/wall';
import { offsetAt, printOffset, toUtc, toWall } from '../ical/zone';
import { instancesIn, type Shown } from '../store/instances';
import { clock, go, thisDay } from '../store/navigation';
import { openEditor, panel } from '../store/panels';
import { here, settings } from '../store/settings';
import { Seen } from '../parts/seen';
import { Chip, Line, Marks } from './chip';
import { Cursor } from './cursor';
import { dragAllDay, dragBlock, dragCreate, dragEmptyDay, dragResize, ghost, HOUR_HEIGHT } from './griddrag';
import { placeColumns, placeLanes, type Bar } from './layout';

export const weekRange = (at: Day, phone: boolean): [Day, Day] => {
  if (phone) return [at, at + 3];
  const from = startOfWeek(at, firstDay.value);
  return [from, from + 7];
};

/** The event that is being dragged: its block is drawn again when the drag begins and ends, not while it moves. */
const dragged = computed(() => ghost.value?.key ?? '');

export const TimeGrid = ({ from, to, wide }: { from: Day; to: Day; wide: boolean }) => {
  const { weekends } = settings.value;
  const days = useMemo(() => Array.from({ length: to - from }, (_, index) => from + index).filter((one) => weekends || ![0, 6].includes(weekday(one)) || to - from < 7), [from, to, weekends]);
  const all = instancesIn(from, to);
  const isLong = (one: Shown): boolean => one.allDay || one.end - one.start >= DAY;
  const [long, timed] = useMemo(() => [all.filter(isLong), all.filter((one) => !isLong(one))], [all]);
  const scroller = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // The morning is in sight, or what is now.
    const now = toWall(Date.now(), here());
    const hour = dayOf(now) >= from && dayOf(now) < to ? Math.max(0, (now % DAY) / HOUR - 3) : 7;
    scroller.current!.scrollTop = Math.min(hour, 7.25 + Math.max(0, hour - 12)) * HOUR_HEIGHT;
  }, [from, to]);
  return (
    <div class={`timegrid ${wide ? 'wide' : ''}`} style={{ '--days': days.length, '--hour': `${HOUR_HEIGHT}px` } as Style}>
      <div class="grid-scroll" ref={scroller} tabIndex={-1}>
        <div class="grid-head">
          <div class="corner">
            <span class="week-label">{t('week.short', { n: isoWeek(days[Math.min(3, days.length - 1)]!) })}</span>
            <ZoneLabel at={from} />
          </div>
          {days.map((one) => <DayHead key={one} at={one} single={days.length === 1} />)}
        </div>
        <AllDay days={days} items={long} />
        <div class="grid-body">
          <Hours />
          {days.map((one) => <Column key={one} at={one} items={timed} />)}
          <Cursor days={days} />
        </div>
      </div>
    </div>
  );
};

const ZoneLabel = ({ at }: { at: Day }) => (
  <span class="zone" title={here()}>
    {`GMT${printOffset(offsetAt(toUtc(startOf(at) + 12 * HOUR, here()), here()))}`}
  </span>
);

const DayHead = ({ at, single }: { at: Day; single: boolean }) => {
  const now = at === thisDay.value;
  return (
    <button type="button" class={`day-head ${now ? 'today' : ''}`} aria-label={formatLongDay(at)} aria-current={now ? 'date' : undefined} onClick={() => go('day', at)}>
      <Seen className="name" text={formatDay(at, { weekday: single ? 'long' : 'short' })} />
      <Seen className="number" text={String(parts(startOf(at)).day)} />
    </button>
  );
};

const LANES = 5;

const AllDay = ({ days, items }: { days: Day[]; items: Shown[] }) => {
  const first = days[0]!;
  const bars = placeLanes(items.map((item) => ({ item, first: dayOf(item.start), last: lastDay(item) })), first, days.at(-1)! - first + 1);
  const shown = bars.filter((bar) => bar.lane < LANES);
  // Hidden weekends leave gaps in the day numbers: columns are counted among the days that are there.
  const column = (offset: number): number => days.filter((one) => one < first + offset).length + 1;
  const more = (at: Day): number => bars.filter((bar) => bar.lane >= LANES && bar.from <= at - first && bar.to > at - first).length;
  return (
    <div class="all-day" role="group" aria-label={t('event.allDay')}>
      <span class="corner">{t('allDay.short')}</span>
      <div class="strip">
        {days.map((one, index) => <DaySlot key={one} at={one} column={index + 1} />)}
        <div class="bars">
          {shown.map((bar) => (
            <AllDayBar
              key={bar.item.key} one={bar.item} lane={bar.lane} from={column(bar.from)} to={Math.max(column(bar.from) + 1, column(bar.to))} before={bar.before} after={bar.after}
            />
          ))}
          {days.map((one, index) => more(one) > 0 && (
            <button
              type="button" class="more" key={`more ${one}`} style={{ gridColumn: index + 1, gridRow: LANES + 1 }} aria-label={t('more.on', { n: more(one), day: formatLongDay(one) })}
              onClick={(event) => (panel.value = { kind: 'dayList', day: one, anchor: event.currentTarget.getBoundingClientRect() })}
            >
              {t('more', { n: more(one) })}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
};

const DaySlot = ({ at, column }: { at: Day; column: number }) => {
  const one = ghost.value;
  const marked = one?.allDay && at >= dayOf(one.start) && at < dayOf(one.end);
  return <div style={{ gridColumn: column }} class={`day-slot ${marked ? 'marked' : ''}`} data-day={at} data-strip="1" onPointerDown={(event) => dragEmptyDay(event, at)} />;
};

/** `from` and `to` are columns of the strip. */
const AllDayBar = ({ one, lane, from, to, before, after }: Omit<Bar<Shown>, 'item'> & { one: Shown }) => (
  <Chip
    one={one} dim={dragged.value === one.key} className={`bar ${before ? 'before' : ''} ${after ? 'after' : ''}`}
    style={{ gridColumn: `${from} / ${to}`, gridRow: lane + 1 }} onPointerDown={(event) => dragAllDay(event, one)}
  >
    <Line one={one} />
  </Chip>
);

const Hours = () => (
  <div class="hours" aria-hidden="true">
    {Array.from({ length: 23 }, (_, index) => (
      <span key={index} style={{ top: `${(index + 1) * HOUR_HEIGHT}px` }}>{formatTime((index + 1) * HOUR)}</span>
    ))}
  </div>
);

interface Block {
  item: Shown;
  start: number; // within the day
  end: number;
}

const SHORTEST = 25 * 60_000;

const Column = ({ at, items }: { at: Day; items: Shown[] }) => {
  const begin = startOf(at);
  const blocks: Block[] = items
    .filter((one) => one.start < begin + DAY && (one.end > begin || one.start >= begin))
    .map((item) => {
      const start = Math.max(0, item.start - begin);
      // A night in which the clocks go back can end before it began, by the clock.
      return { item, start, end: Math.min(DAY, Math.max(item.end - begin, start + SHORTEST)) };
    });
  return (
    <div
      class={`column ${at === thisDay.value ? 'today' : ''} ${[0, 6].includes(weekday(at)) ? 'weekend' : ''}`} data-day={at} role="group" aria-label={formatLongDay(at)}
      onPointerDown={(event) => event.target === event.currentTarget && dragCreate(event, at)}
    >
      {placeColumns(blocks).map(({ item: block, column, columns, width }) => (
        <BlockChip key={block.item.key} one={block.item} start={block.start} end={block.end} left={column / columns} width={width / columns} inner={columns > 1} />
      ))}
      <GhostBlock begin={begin} />
      {at === thisDay.value && <NowLine begin={begin} />}
    </div>
  );
};

const NowLine = ({ begin }: { begin: number }) => {
  const now = toWall(clock.value, here());
  return <div class="now" style={{ top: `${pixels(now - begin)}px` }}><span class="visually-hidden">{t('now', { time: formatTime(now) })}</span></div>;
};

const pixels = (time: number): number => (time / HOUR) * HOUR_HEIGHT;

interface BlockProps {
  one: Shown;
  start: number; // within the day
  end: number;
  left: number;
  width: number;
  inner: boolean;
}

/** Its properties are plain, so that a block that stays where it is is not drawn again. */
const BlockChip = ({ one, start, end, left, width, inner }: BlockProps) => {
  const height = pixels(end - start) - 2;
  const size = height < 30 ? 'short' : height < 54 ? 'middle' : '';
  const other = one.zone ? `${formatTime(toWall(one.startUtc, one.zone))} ${cityOf(one.zone)}` : '';
  return (
    <Chip
      one={one} className={`block ${size} ${inner ? 'inner' : ''}`} dim={dragged.value === one.key} onPointerDown={(event) => dragBlock(event, one)}
      style={{ top: `${pixels(start) + 1}px`, height: `${height}px`, left: `calc(${left * 100}% + 1px)`, width: `calc(${width * 100}% - 4px)` }}
    >
      <span class="block-title">{one.title || t('event.untitled')}<Marks one={one} /></span>
      <Seen className="block-time" text={size === 'short' ? formatTime(one.start) : `${formatTime(one.start)} – ${formatTime(one.end)}${other && ` · ${other}`}`} />
      {size === '' && <Place one={one} />}
      {one.calendar.writable && <span class="resize" aria-hidden="true" onPointerDown={(event) => dragResize(event, one)} />}
    </Chip>
  );
};

const Place = ({ one }: { one: Shown }) => {
  const place = one.component.getFirstPropertyValue('location');
  return place ? <Seen className="block-place" text={String(place)} /> : null;
};

export const cityOf = (zone: string): string => zone.split('/').at(-1)!.replace(/_/g, ' ');

const GhostBlock = ({ begin }: { begin: number }) => {
  const one = ghost.value;
  if (!one || one.allDay || one.start >= begin + DAY || one.end <= begin) return null;
  const start = Math.max(0, one.start - begin);
  const end = Math.min(DAY, one.end - begin);
  return (
    <div class="ghost" style={{ top: `${pixels(start)}px`, height: `${Math.max(12, pixels(end - start) - 2)}px`, '--color': one.color } as Style}>
      <span>{one.title}</span>
      <span>{formatTime(one.start)} – {formatTime(one.end)}</span>
    </div>
  );
};

export const createAt = (at: Day, time: number, anchor: DOMRect | null): void => openEditor(startOf(at) + time, startOf(at) + time + HOUR, false, anchor);
