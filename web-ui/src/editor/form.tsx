// The form of an event or task: a few fields at first, all of them when asked.
import { useRef, useState } from 'preact/hooks';
import type { Draft } from '../ical/draft';
import { setAllDay, setDated, timesChanged } from '../ical/draft';
import { moveTo } from '../ical/drag';
import { clockInTitle } from '../ical/quickadd';
import { DAY, HOUR, dayOf, startOf, timeOfDay } from '../ical/wall';
import { convert, toUtc, toWall } from '../ical/zone';
import { sameRule } from '../ical/rule';
import { cannotMove, type Scope } from '../ical/scope';
import { formatWhen, t, type Key } from '../i18n';
import { Dialog } from '../parts/dialog';
import { CheckField, DayField, SelectField, TextField, TimeField } from '../parts/field';
import { create, draftOf, update } from '../store/actions';
import { calendars } from '../store/calendars';
import type { Shown } from '../store/instances';
import { notify } from '../store/notices';
import { today } from '../store/navigation';
import { askErase, closePanel, openEdit, withScope } from '../store/panels';
import { change, here } from '../store/settings';
import { AlarmFields } from './alarms';
import { PeopleFields } from './people';
import { RecurrenceFields } from './recurrence';
import { ZoneField } from './zone';

interface EditorProps {
  shown: Shown | null;
  draft: Draft;
  calendar: string;
  anchor: DOMRect | null;
}

export const Editor = ({ shown, draft: first, calendar: home, anchor }: EditorProps) => {
  const [draft, setDraft] = useState(first);
  const [calendar, setCalendar] = useState(home);
  const [full, setFull] = useState(shown !== null || anchor === null);
  const [leaving, setLeaving] = useState(false);
  const before = useRef(shown ? draftOf(shown) : first);
  const form = useRef<HTMLFormElement>(null);
  const task = draft.kind === 'vtodo';
  const set = (some: Partial<Draft>): void => setDraft((now) => ({ ...now, ...some }));

  const save = (): void => {
    if (!form.current!.reportValidity()) return;
    const after = shown ? draft : fromTitle(draft, first);
    if (!shown) {
      closePanel();
      change({ preferred: calendar });
      create(calendar, after);
      return;
    }
    const moved = calendar !== shown.entry.calendar;
    const ruleChanged = !sameRule(before.current.rule, after.rule) || before.current.customRule !== after.customRule;
    const write = (scope: Scope): void => {
      if (cannotMove(shown.item, shown.recurrence, scope, before.current, after)) {
        openEdit(shown, after);
        notify('failed', t('notice.cannotMove'));
        return;
      }
      closePanel();
      update(shown, scope, before.current, after, calendar);
    };
    // Another calendar takes the whole series along; a new rule is no matter of one instance.
    if (moved || (ruleChanged && !shown.recurrence)) write('all');
    else withScope(shown, false, (scope) => write(ruleChanged && scope === 'this' ? 'following' : scope), () => openEdit(shown, after));
  };

  const close = (): void => {
    const changed = JSON.stringify(draft) !== JSON.stringify(before.current);
    // What was typed is not thrown away by a slip of the mouse.
    if (changed && !leaving) setLeaving(true);
    else closePanel();
  };

  const title = t(shown ? (task ? 'task.edit' : 'event.edit') : task ? 'task.new' : 'event.new');
  return (
    <Dialog
      title={title} onClose={close} anchor={full ? null : anchor} size={full ? 'medium' : 'small'} className="editor" quiet={!full}
      actions={leaving
        ? (
          <>
            <span role="alert">{t('editor.discard')}</span>
            <span class="spring" />
            <button type="button" class="button" onClick={() => setLeaving(false)}>{t('editor.stay')}</button>
            <button type="button" class="button danger" onClick={closePanel}>{t('editor.leave')}</button>
          </>
        )
        : (
        <>
          {shown && <button type="button" class="button danger-text" onClick={() => { closePanel(); askErase(shown); }}>{t('delete')}</button>}
          {!full && <button type="button" class="button" onClick={() => setFull(true)}>{t('editor.more')}</button>}
          <span class="spring" />
          <button type="button" class="button" onClick={close}>{t('cancel')}</button>
          <button type="submit" form="editor-form" class="button primary">{t('save')}</button>
        </>
        )}
    >
      <form
        ref={form} id="editor-form" class={full ? 'full' : 'brief'}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && save()}
      >
        <div class="title-field">
          <TextField label={t('field.title')} hideLabel placeholder={t(task || shown ? 'field.title' : 'editor.hint')} value={draft.title} onChange={(value) => set({ title: value })} autofocus />
        </div>
        {!shown && <QuickPreview draft={draft} first={first} />}
        {task ? <DueFields draft={draft} set={set} /> : <TimeFields draft={draft} set={set} setDraft={setDraft} full={full} />}
        <CalendarField value={calendar} onChange={setCalendar} task={task} />
        {full && (
          <>
            {(!task || draft.dated) && <RecurrenceFields draft={draft} set={set} />}
            <TextField label={t('field.place')} value={draft.place} onChange={(value) => set({ place: value })} />
            <TextField label={t('field.notes')} value={draft.notes} onChange={(value) => set({ notes: value })} rows={3} />
            {!task && <PeopleFields draft={draft} uid={shown?.item.uid ?? ''} set={set} />}
            {draft.dated && <AlarmFields alarms={draft.alarms} task={task} onChange={(alarms) => set({ alarms })} />}
            <TextField label={t('field.link')} value={draft.link} onChange={(value) => set({ link: value })} type="url" placeholder="https://" />
            <div class="pair">
              <SelectField label={t('field.class')} value={draft.visibility} onChange={(value) => set({ visibility: value as Draft['visibility'] })}>
                {(['PUBLIC', 'PRIVATE', 'CONFIDENTIAL'] as const).map((one) => <option key={one} value={one}>{t(`class.${one}` as Key)}</option>)}
              </SelectField>
              {task
                ? (
                  <SelectField label={t('field.priority')} value={String(draft.priority)} onChange={(value) => set({ priority: Number(value) })}>
                    {[0, 1, 5, 9].concat([0, 1, 5, 9].includes(draft.priority) ? [] : [draft.priority]).map((one) => <option key={one} value={one}>{t(`priority.${one === 0 ? 'none' : one < 5 ? 'high' : one === 5 ? 'middle' : 'low'}`)}</option>)}
                  </SelectField>
                )
                : (
                  <SelectField label={t('field.busy')} value={draft.busy ? 'busy' : 'free'} onChange={(value) => set({ busy: value === 'busy' })}>
                    <option value="busy">{t('busy')}</option>
                    <option value="free">{t('free')}</option>
                  </SelectField>
                )}
            </div>
            {task && shown && <CheckField label={t('task.completed')} checked={draft.done} onChange={(done) => set({ done })} />}
          </>
        )}
      </form>
    </Dialog>
  );
};

/** What a new event's title says of its time holds, unless the person has set one in the form. */
const fromTitle = (draft: Draft, first: Draft): Draft =>
  draft.kind !== 'vevent' || draft.title === first.title || timesChanged(first, draft) ? draft : clockInTitle(draft, here());

const QuickPreview = ({ draft, first }: { draft: Draft; first: Draft }) => {
  const read = fromTitle(draft, first);
  return read === draft ? null : <p class="hint quick-preview" role="status">{t('quick.reads', { title: read.title, when: formatWhen(read.start, read.end, read.allDay) })}</p>;
};

const CalendarField = ({ value, onChange, task }: { value: string; onChange: (href: string) => void; task: boolean }) => {
  const able = calendars.value.filter((one) => (one.writable && one.components.includes(task ? 'VTODO' : 'VEVENT')) || one.href === value);
  const color = able.find((one) => one.href === value)?.color ?? '';
  return (
    <div class="calendar-field" style={{ '--color': color } as Record<string, string>}>
      <i class="swatch" aria-hidden="true" />
      <SelectField label={t('field.calendar')} hideLabel value={value} onChange={onChange}>
        {able.map((one) => <option key={one.href} value={one.href}>{one.name}</option>)}
      </SelectField>
    </div>
  );
};

interface PartProps {
  draft: Draft;
  set: (some: Partial<Draft>) => void;
}

const TimeFields = ({ draft, set, setDraft, full }: PartProps & { setDraft: (draft: Draft) => void; full: boolean }) => {
  const { start, end, allDay } = draft;
  const lastDay = allDay ? dayOf(end) - 1 : dayOf(end);
  const moveStart = (to: number): void => setDraft(moveTo(draft, to, draft.zone));
  const moveEnd = (to: number): void => set({ end: allDay ? Math.max(to, start + DAY) : to < start ? start + HOUR : to });
  return (
    <fieldset class="times">
      <legend class="visually-hidden">{t('field.when')}</legend>
      <div class="time-row">
        <DayField label={t('field.start')} hideLabel={!full} day={dayOf(start)} onChange={(day) => moveStart(startOf(day) + timeOfDay(start))} />
        {!allDay && <TimeField label={t('field.startTime')} hideLabel={!full} time={timeOfDay(start)} onChange={(time) => moveStart(startOf(dayOf(start)) + time)} />}
        <span class="dash" aria-hidden="true">–</span>
        {(full || allDay || lastDay !== dayOf(start)) && <DayField label={t('field.end')} hideLabel={!full} day={lastDay} min={dayOf(start)} onChange={(day) => moveEnd(allDay ? startOf(day + 1) : startOf(day) + timeOfDay(end))} />}
        {!allDay && <TimeField label={t('field.endTime')} hideLabel={!full} time={timeOfDay(end)} onChange={(time) => {
          const same = startOf(lastDay) + time;
          moveEnd(same <= start && lastDay === dayOf(start) ? same + DAY : same);
        }} />}
      </div>
      <div class="pair">
        <CheckField label={t('field.allDay')} checked={allDay} onChange={(on) => setDraft(setAllDay(draft, on, here(), 10))} />
        {full && !allDay && <ZoneField zone={draft.zone} onChange={(zone) => set({ zone })} />}
      </div>
      {!allDay && draft.zone !== here() && draft.zone !== null && (
        <p class="hint">{t('zone.here', { when: formatWhen(convert(start, draft.zone, here()), toWall(toUtc(end, draft.zone), here()), false) })}</p>
      )}
    </fieldset>
  );
};

const DueFields = ({ draft, set }: PartProps) => (
  <fieldset class="times">
    <legend class="visually-hidden">{t('field.due')}</legend>
    <CheckField label={t('field.hasDue')} checked={draft.dated} onChange={(dated) => set(setDated(draft, dated, today()))} />
    {draft.dated && (
      <div class="time-row">
        <DayField label={t('field.due')} day={dayOf(draft.end)} onChange={(day) => set({ end: startOf(day) + timeOfDay(draft.end), start: startOf(day) + timeOfDay(draft.end) })} />
        {draft.allDay
          ? <button type="button" class="button" onClick={() => set({ allDay: false, zone: here(), end: startOf(dayOf(draft.end)) + 17 * HOUR, start: startOf(dayOf(draft.end)) + 17 * HOUR })}>{t('field.addTime')}</button>
          : <TimeField label={t('field.dueTime')} time={timeOfDay(draft.end)} onChange={(time) => set({ end: startOf(dayOf(draft.end)) + time, start: startOf(dayOf(draft.end)) + time })} />}
      </div>
    )}
  </fieldset>
);
