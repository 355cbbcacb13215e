// The frame around the views: bar at the top, calendars at the side, on a phone a bar at the foot.
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDay, formatDays, formatLongDay, formatTime, t, type Key } from '../i18n';
import { AccountDialog, AdminView } from '../admin/admin';
import { CalendarList } from '../calendars/list';
import { CalendarDialog } from '../calendars/dialog';
import { ImportDialog } from '../calendars/import';
import { ShareDialog } from '../calendars/share';
import { Details } from '../editor/details';
import { Editor } from '../editor/form';
import { QuickAdd } from '../editor/quick';
import { ScopeDialog } from '../editor/scope';
import { Conflicts } from '../history/conflict';
import { ChangesDialog, HistoryDialog } from '../history/history';
import { WaitingDialog } from '../history/waiting';
import { addMonths, dayOf, parts, startOf, type Day } from '../ical/wall';
import { toWall } from '../ical/zone';
import { Confirm, Dialog } from '../parts/dialog';
import { Icon, type IconName } from '../parts/icon';
import { Menu } from '../parts/menu';
import { Notices } from '../parts/notices';
import { behind, ensureAround, ensureTasks, loading, shown } from '../store/calendars';
import { unreadable } from '../store/entries';
import { day, go, today, view, VIEWS, type View } from '../store/navigation';
import { queue, stalled, waiting, waitingLots } from '../store/outbox';
import { closePanel, openNew, openNewTask, panel } from '../store/panels';
import { account, session, signOut } from '../store/session';
import { here } from '../store/settings';
import { AGENDA, AgendaView, DayListBody } from './agenda';
import { HelpDialog, GotoDialog, SettingsDialog } from './dialogs';
import { MiniMonth } from './mini';
import { monthRange, MonthView } from './month';
import { onSwipe } from './pointer';
import { TasksView } from './tasks';
import { TimeGrid, weekRange } from './timegrid';
import { YearView } from './year';

const phone = matchMedia('(max-width: 720px)');
const narrow = signal(phone.matches);
phone.addEventListener('change', () => (narrow.value = phone.matches));
/** A tablet upright: the bar has room for short names only. */
const small = matchMedia('(max-width: 1020px)');
const tight = signal(small.matches);
small.addEventListener('change', () => (tight.value = small.matches));

export const turn = (direction: 1 | -1): void => {
  const step: Record<View, Day> = {
    month: addMonths(day.value, direction), week: day.value + direction * (narrow.value ? 3 : 7), day: day.value + direction,
    agenda: day.value + direction * 7, year: addMonths(day.value, 12 * direction), tasks: day.value, admin: day.value,
  };
  day.value = step[view.value];
};

const range = (): [Day, Day] => {
  if (view.value === 'month') return monthRange(day.value);
  if (view.value === 'week') return weekRange(day.value, narrow.value);
  if (view.value === 'agenda') return [day.value, day.value + AGENDA];
  return [day.value, day.value + 1];
};

const heading = (): string => {
  const at = day.value;
  const short = tight.value ? 'short' : 'long';
  switch (view.value) {
    case 'month': return formatDay(at, { month: narrow.value ? 'long' : short, year: 'numeric' });
    case 'day': return formatDay(at, tight.value ? { weekday: 'short', day: 'numeric', month: 'short' } : { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
    case 'year': return String(parts(startOf(at)).year);
    case 'tasks': return t('view.tasks');
    case 'admin': return t('view.admin');
    case 'agenda': return formatDay(at, { month: short, year: 'numeric' });
    case 'week': {
      const [from, to] = weekRange(at, narrow.value);
      return narrow.value ? formatDays(from, to - 1, { day: 'numeric', month: 'short' }) : formatDays(from, to - 1, { month: short, year: 'numeric' });
    }
  }
};

export const Shell = () => {
  const [side, setSide] = useState(false);
  const main = useRef<HTMLElement>(null);
  const [from, to] = range();
  useEffect(() => {
    if (view.value === 'tasks') void ensureTasks();
    else if (view.value !== 'admin' && view.value !== 'year') void ensureAround(day.value, from, to);
  }, [from, to, view.value, shown.value]);
  useEffect(() => onSwipe(main.current!, turn), []);
  // What was chosen at the side is in the middle now.
  useEffect(() => setSide(false), [panel.value, view.value]);
  return (
    <div class={`shell ${side ? 'side-open' : ''}`} onKeyDown={(event) => event.key === 'Escape' && setSide(false)}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>{t('skip')}</a>
      <Bar openSide={() => setSide(!side)} side={side} />
      <aside class="side" aria-label={t('calendars')} onClick={(event) => event.target === event.currentTarget && setSide(false)}>
        <div class="side-box">
          <button type="button" class="button primary wide new-event" onClick={() => openNew(day.value)}><Icon name="plus" />{t('event.new')}</button>
          <MiniMonth onPick={() => setSide(false)} />
          <CalendarList />
        </div>
      </aside>
      <main id="main" ref={main} tabIndex={-1} class={`view-${view.value}`} aria-label={heading()}>
        <h1 class="visually-hidden">{`${t(`view.${view.value}`)}: ${heading()}`}</h1>
        <Current />
      </main>
      <BottomBar />
      {view.value !== 'admin' && <button type="button" class="fab" aria-label={t(view.value === 'tasks' ? 'task.new' : 'event.new')} onClick={() => (view.value === 'tasks' ? openNewTask(today()) : openNew(day.value))}><Icon name="plus" size={26} /></button>}
      <Panels />
      <Conflicts />
      <Notices />
    </div>
  );
};

const Current = () => {
  switch (view.value) {
    case 'month': return <MonthView phone={narrow.value} />;
    case 'week': {
      const [from, to] = weekRange(day.value, narrow.value);
      return <TimeGrid from={from} to={to} wide={false} />;
    }
    case 'day': return <TimeGrid from={day.value} to={day.value + 1} wide />;
    case 'agenda': return <AgendaView />;
    case 'year': return <YearView />;
    case 'tasks': return <TasksView />;
    case 'admin': return account().administrator ? <AdminView /> : <p class="empty">{t('admin.forbidden')}</p>;
  }
};

const Bar = ({ openSide, side }: { openSide: () => void; side: boolean }) => {
  const dated = view.value !== 'tasks' && view.value !== 'admin';
  return (
    <header class="bar">
      <button type="button" class="icon-button side-button" aria-label={t('calendars')} aria-expanded={side} onClick={openSide}><Icon name="menu" /></button>
      {dated && (
        <div class="turn">
          <button type="button" class="button today-button" onClick={() => (day.value = today())} title={formatLongDay(today())}>{t('today')}</button>
          <button type="button" class="icon-button" aria-label={t('previous')} onClick={() => turn(-1)}><Icon name="left" /></button>
          <button type="button" class="icon-button" aria-label={t('next')} onClick={() => turn(1)}><Icon name="right" /></button>
        </div>
      )}
      <div class="heading" aria-live="polite">{heading()}</div>
      <span class="spring" />
      <State />
      <QuickAdd />
      <nav class="segmented views" aria-label={t('views')}>
        {VIEWS.filter((one) => one !== 'admin').map((one) => (
          <button key={one} type="button" aria-current={view.value === one ? 'page' : undefined} onClick={() => go(one)}>{t(`view.${one}`)}</button>
        ))}
      </nav>
      <UserMenu />
    </header>
  );
};

const UserMenu = () => (
  <Menu
    label={t('menu', { name: account().name })} className="avatar-button"
    items={[
      { label: t('view.year'), icon: 'year', run: () => go('year') },
      account().administrator ? { label: t('view.admin'), icon: 'shield', run: () => go('admin') } : null,
      { label: t('account.title'), icon: 'key', run: () => (panel.value = { kind: 'account' }) },
      { label: t('settings'), icon: 'gear', run: () => (panel.value = { kind: 'settings' }) },
      { label: t('help'), icon: 'keyboard', run: () => (panel.value = { kind: 'help' }) },
      { label: t('print'), icon: 'download', run: () => print() },
      { label: t('signOut'), icon: 'door', run: leave },
    ]}
  >
    <span class="avatar">{[...(account().name || session.value!.user)][0]?.toUpperCase()}</span>
  </Menu>
);

const leave = (): void => {
  const n = waitingLots.value.length;
  if (n === 0) signOut();
  else panel.value = { kind: 'confirm', title: t('signOut'), text: t('signOut.waiting', { n }), yes: t('signOut'), run: signOut };
};

const State = () => {
  const stuck = stalled.value !== '' && queue.value.length > 0;
  const busy = !stuck && (queue.value.length > 0 || loading.value > 0);
  // The region is always there: only what changes inside of one is read out.
  return (
    <div class="states" role="status">
      {behind.value !== null && <span class="status-pill behind">{behindText(behind.value)}</span>}
      {stuck
        ? (
          <button type="button" class="status-pill waiting" onClick={() => (panel.value = { kind: 'waiting' })} title={t(`trouble.${stalled.value as 'busy'}`)}>
            <Icon name="cloud" size={16} />{t('waiting', { n: waiting.value })}
          </button>
        )
        : (
          <span class={`status-pill ${busy ? 'busy' : ''}`}>
            {queue.value.length > 0 ? t('saving') : ''}
            {unreadable.value.length > 0 && <span class="warn" title={unreadable.value.map((one) => `${one.href}: ${one.problem}`).join('\n')}>{t('unreadable', { n: unreadable.value.length })}</span>}
          </span>
        )}
    </div>
  );
};

const behindText = (since: number): string => {
  if (since === 0) return t('behind.never');
  const at = toWall(since, here());
  return t('behind', { time: dayOf(at) === today() ? formatTime(at) : `${formatDay(dayOf(at), { day: 'numeric', month: 'short' })}, ${formatTime(at)}` });
};

const BOTTOM: { view: View; icon: IconName; label: Key }[] = [
  { view: 'month', icon: 'month', label: 'view.month' }, { view: 'week', icon: 'week', label: 'view.threeDays' }, { view: 'day', icon: 'day', label: 'view.day' },
  { view: 'agenda', icon: 'agenda', label: 'view.agenda' }, { view: 'tasks', icon: 'tasks', label: 'view.tasks' },
];

const BottomBar = () => (
  <nav class="bottom" aria-label={t('views')}>
    {BOTTOM.map((one) => (
      <button key={one.view} type="button" aria-current={view.value === one.view ? 'page' : undefined} onClick={() => go(one.view)}>
        <Icon name={one.icon} />
        <span>{t(one.label)}</span>
      </button>
    ))}
  </nav>
);

const Panels = () => {
  const open = panel.value;
  if (!open) return null;
  switch (open.kind) {
    case 'details': return <Details key={open.shown.key} shown={open.shown} anchor={open.anchor} />;
    case 'editor': return <Editor key={open.shown?.key ?? 'new'} {...open} />;
    case 'scope': return <ScopeDialog {...open} />;
    case 'confirm': return <Confirm title={open.title} text={open.text} yes={open.yes} danger onYes={open.run} onClose={closePanel} />;
    case 'dayList': return <Dialog title={formatLongDay(open.day)} anchor={open.anchor} size="small" onClose={closePanel} className="day-list"><DayListBody at={open.day} /></Dialog>;
    case 'history': return <HistoryDialog {...open} />;
    case 'changes': return <ChangesDialog calendar={open.calendar} />;
    case 'calendar': return <CalendarDialog calendar={open.calendar} mode={open.mode} />;
    case 'share': return <ShareDialog calendar={open.calendar} />;
    case 'import': return <ImportDialog calendar={open.calendar} />;
    case 'waiting': return <WaitingDialog />;
    case 'account': return <AccountDialog />;
    case 'settings': return <SettingsDialog />;
    case 'help': return <HelpDialog />;
    case 'goto': return <GotoDialog />;
  }
};

