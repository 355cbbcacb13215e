// Making a calendar, changing how it looks, and subscribing to one that lives elsewhere.
import { useState } from 'preact/hooks';
import { changeCalendar, colorFor, createCalendar, subscribe, type Collection } from '../caldav/collections';
import { t } from '../i18n';
import { Dialog } from '../parts/dialog';
import { SelectField, TextField } from '../parts/field';
import { ensure, calendars, refreshList } from '../store/calendars';
import { notify, sentence } from '../store/notices';
import { closePanel } from '../store/panels';
import { account, client, freshId } from '../store/session';
import { day } from '../store/navigation';

export const COLORS: [string, string][] = [
  ['#3b6fd8', 'blue'], ['#0f8fa8', 'teal'], ['#1f9d74', 'green'], ['#5f7d2c', 'olive'], ['#c98a12', 'amber'], ['#c8553d', 'red'], ['#c2447f', 'pink'], ['#8a5bc7', 'violet'], ['#6b7280', 'grey'],
];

export const CalendarDialog = ({ calendar, mode }: { calendar: Collection | null; mode: 'own' | 'subscribe' }) => {
  const [name, setName] = useState(calendar?.name ?? '');
  const [color, setColor] = useState(calendar?.color ?? COLORS[calendars.value.length % COLORS.length]![0]);
  const [description, setDescription] = useState(calendar?.description ?? '');
  const [source, setSource] = useState(calendar?.source ?? '');
  const [content, setContent] = useState('VEVENT VTODO');
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const wanted = { name: name.trim(), color, description };
      const href = calendar?.href ?? `${account().home}${freshId()}/`;
      if (calendar) await changeCalendar(client(), href, wanted);
      else if (mode === 'subscribe') await subscribe(client(), href, wanted, normal(source));
      else await createCalendar(client(), href, wanted, content.split(' '));
      await refreshList();
      closePanel();
      void ensure(day.value - 31, day.value + 31);
      notify('done', t(calendar ? 'done.calendarChanged' : 'done.calendarCreated', { name: wanted.name }));
    } catch (error) {
      setProblem(sentence(error));
      setBusy(false);
    }
  };
  const title = t(calendar ? 'calendar.edit' : mode === 'subscribe' ? 'calendar.subscribe' : 'calendar.new');
  return (
    <Dialog
      title={title} onClose={closePanel} size="small"
      actions={
        <>
          <span class="spring" />
          <button type="button" class="button" onClick={closePanel}>{t('cancel')}</button>
          <button type="submit" form="calendar-form" class="button primary" disabled={busy}>{t(calendar ? 'save' : 'create')}</button>
        </>
      }
    >
      <form id="calendar-form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        {mode === 'subscribe' && !calendar && <TextField label={t('calendar.source')} value={source} onChange={setSource} type="text" placeholder="https://example.org/holidays.ics" required autofocus hint={t('calendar.source.hint')} />}
        {calendar?.subscribed && <p class="hint">{calendar.source}</p>}
        <TextField label={t('calendar.name')} value={name} onChange={setName} required autofocus={mode === 'own'} />
        <ColorField color={color} onChange={setColor} />
        <TextField label={t('calendar.description')} value={description} onChange={setDescription} rows={2} />
        {!calendar && mode === 'own' && (
          <SelectField label={t('calendar.content')} value={content} onChange={setContent}>
            <option value="VEVENT VTODO">{t('calendar.content.both')}</option>
            <option value="VEVENT">{t('calendar.content.events')}</option>
            <option value="VTODO">{t('calendar.content.tasks')}</option>
          </SelectField>
        )}
        {problem && <p class="problem" role="alert">{problem}</p>}
      </form>
    </Dialog>
  );
};

/** `webcal:` is what calendar links are often written with; it means https. */
const normal = (source: string): string => source.trim().replace(/^webcals?:/i, 'https:');

const ColorField = ({ color, onChange }: { color: string; onChange: (color: string) => void }) => {
  const known = COLORS.some(([one]) => one === color);
  return (
    <fieldset class="colors">
      <legend>{t('calendar.color')}</legend>
      {COLORS.map(([one, name]) => (
        <label key={one} style={{ '--color': one } as Record<string, string>}>
          <input type="radio" name="color" value={one} checked={color === one} onChange={() => onChange(one)} aria-label={t(`color.${name}` as 'color.blue')} />
        </label>
      ))}
      <label class="other" style={{ '--color': known ? colorFor('other') : color } as Record<string, string>}>
        <input type="color" value={color} onInput={(event) => onChange(event.currentTarget.value)} aria-label={t('color.other')} />
      </label>
    </fieldset>
  );
};
