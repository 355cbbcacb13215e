// The agenda: what comes, day by day, as a list. It prints well and reads well.
import { useEffect, useState } from 'preact/hooks';
import { formatDay, formatLongDay, formatTime, t } from '../i18n';
import { lastDay } from '../ical/expand';
import { text } from '../ical/item';
import { DAY, dayOf, parts, startOf, type Day } from '../ical/wall';
import { ensure } from '../store/calendars';
import { instancesIn, type Shown } from '../store/instances';
import { clock, day, today } from '../store/navigation';
import { openNew } from '../store/panels';
import { Icon } from '../parts/icon';
import { Seen } from '../parts/seen';
import { Chip, Marks } from './chip';

export const AGENDA = 35;

export const AgendaView = () => {
  clock.value;
  const [length, setLength] = useState(AGENDA);
  const from = day.value;
  useEffect(() => setLength(AGENDA), [from]);
  useEffect(() => void ensure(from, from + length), [from, length]);
  const all = instancesIn(from, from + length);
  const days = Array.from({ length }, (_, index) => from + index).filter((at) => at === today() || onDay(all, at).length > 0);
  return (
    <div class="agenda">
      {days.length === 0 && <p class="empty">{t('agenda.empty')}</p>}
      <ol class="agenda-days">
        {days.map((at) => (
          <li key={at} class={`agenda-day ${at === today() ? 'today' : ''}`}>
            <h2>
              <span class="number">{parts(startOf(at)).day}</span>
              <span class="name">{at === today() ? t('today') : formatDay(at, { weekday: 'long' })}<small>{formatDay(at, { month: 'long', year: 'numeric' })}</small></span>
            </h2>
            <EventList at={at} items={onDay(all, at)} />
          </li>
        ))}
      </ol>
      <button type="button" class="button wide" onClick={() => setLength(length + AGENDA)}>{t('agenda.more')}</button>
    </div>
  );
};

const onDay = (all: Shown[], at: Day): Shown[] => all.filter((one) => dayOf(one.start) <= at && lastDay(one) >= at);

const timeOn = (one: Shown, at: Day): string => {
  if (one.allDay || (one.start <= startOf(at) && one.end >= startOf(at + 1))) return t('event.allDay');
  if (one.start < startOf(at)) return t('until', { time: formatTime(one.end) });
  if (one.end <= one.start) return formatTime(one.start);
  return one.end > startOf(at) + DAY ? t('from', { time: formatTime(one.start) }) : `${formatTime(one.start)} – ${formatTime(one.end)}`;
};

export const EventList = ({ at, items }: { at: Day; items: Shown[] }) => {
  if (items.length === 0) return <p class="nothing">{t('day.empty')}</p>;
  return (
    <ul class="event-list">
      {items.map((one) => (
        <li key={one.key}>
          <Chip one={one} className="row">
            <Seen className="row-time" text={timeOn(one, at)} />
            <span class="row-mark" />
            <span class="row-text">
              <strong>{one.title || t('event.untitled')} <Marks one={one} /></strong>
              {text(one.component, 'location') && <Seen className="row-place" text={text(one.component, 'location')} />}
            </span>
          </Chip>
        </li>
      ))}
    </ul>
  );
};

/** The chosen day below the month on a phone. */
export const DayEvents = ({ day: at, all }: { day: Day; all: Shown[] }) => (
  <section class="day-events" aria-label={formatLongDay(at)}>
    <header>
      <h2>{formatLongDay(at)}</h2>
      <button type="button" class="icon-button" aria-label={t('event.newOn', { day: formatLongDay(at) })} onClick={() => openNew(at)}><Icon name="plus" /></button>
    </header>
    <EventList at={at} items={onDay(all, at)} />
  </section>
);

export const DayListBody = ({ at }: { at: Day }) => <EventList at={at} items={instancesIn(at, at + 1)} />;
