// Tasks: what is due, what has no date, what is done. A tick writes STATUS and COMPLETED.
import { useEffect, useState } from 'preact/hooks';
import { formatDay, formatTime, t } from '../i18n';
import { stampWall, text } from '../ical/item';
import { taskRows } from '../ical/task';
import { titleOf, type Instance } from '../ical/expand';
import { dayOf, type Wall } from '../ical/wall';
import { draftOf, update } from '../store/actions';
import { ensureTasks, shown } from '../store/calendars';
import { present, tasks, type Shown } from '../store/instances';
import { day, today } from '../store/navigation';
import { openEdit, openNewTask } from '../store/panels';
import { here } from '../store/settings';
import { Icon } from '../parts/icon';

interface Task {
  shown: Shown;
  due: Wall | null;
  date: boolean;
  done: boolean;
  priority: number;
}

const read = (): Task[] =>
  tasks().flatMap(({ entry, calendar }) =>
    taskRows(entry.item).map(({ component, recurrence, due, done }): Task => {
      const at = due ? stampWall(due, here()) : 0;
      const instance: Instance = { item: entry.item, component, recurrence, start: at, end: at, allDay: due?.date ?? true, zone: null, startUtc: 0, endUtc: 0 };
      return { shown: present(entry, calendar, instance), due: due ? at : null, date: due?.date ?? true, done, priority: Number(text(component, 'priority')) || 10 };
    }),
  );

const GROUPS = ['overdue', 'today', 'later', 'someday', 'done'] as const;

const groupOf = (one: Task): (typeof GROUPS)[number] => {
  if (one.done) return 'done';
  if (one.due === null) return 'someday';
  const at = dayOf(one.due);
  return at < today() ? 'overdue' : at === today() ? 'today' : 'later';
};

export const TasksView = () => {
  useEffect(() => void ensureTasks(), [shown.value]);
  const [open, setOpen] = useState(false);
  const all = read().sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity) || a.priority - b.priority || a.shown.title.localeCompare(b.shown.title));
  return (
    <div class="tasks">
      <button type="button" class="button primary" onClick={() => openNewTask(Math.max(day.value, today()))}><Icon name="plus" size={18} />{t('task.new')}</button>
      {all.length === 0 && <p class="empty">{t('task.none')}</p>}
      {GROUPS.map((group) => {
        const mine = all.filter((one) => groupOf(one) === group);
        if (mine.length === 0) return null;
        const folded = group === 'done' && !open;
        return (
          <section key={group} class={`task-group ${group}`}>
            <h2>
              {group === 'done'
                ? <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>{t('task.done')} <span class="count">{mine.length}</span></button>
                : <>{t(`task.${group}`)} <span class="count">{mine.length}</span></>}
            </h2>
            {!folded && <ul>{mine.map((one) => <Row key={one.shown.key} task={one} />)}</ul>}
          </section>
        );
      })}
    </div>
  );
};

const Row = ({ task }: { task: Task }) => {
  const { shown: one } = task;
  const title = titleOf(one.component) || t('event.untitled');
  const tick = (): void => {
    const before = draftOf(one);
    // One instance of a series is done, not the series.
    update(one, one.recurrence ? 'this' : 'all', before, { ...before, done: !task.done }, one.entry.calendar, task.done ? 'done.reopened' : 'done.completed');
  };
  const due = task.due === null ? '' : `${formatDay(dayOf(task.due), { weekday: 'short', day: 'numeric', month: 'short' })}${task.date ? '' : `, ${formatTime(task.due)}`}`;
  return (
    <li class={`task ${task.done ? 'ticked' : ''}`} style={{ '--color': one.calendar.color } as Record<string, string>}>
      <input type="checkbox" checked={task.done} disabled={!one.calendar.writable} onChange={tick} aria-label={t('task.tick', { title })} />
      <button type="button" class="task-title" disabled={!one.calendar.writable} onClick={() => openEdit(one)}>
        <span>{title}{task.priority < 5 && <b class="priority" title={t('task.important')}> !</b>}</span>
        <small>{[due, one.calendar.name].filter(Boolean).join(' · ')}</small>
      </button>
    </li>
  );
};
