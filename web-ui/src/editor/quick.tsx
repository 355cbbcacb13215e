// Quick add: one line at the top of the page; what it was understood as is said before Enter makes it so.
import { useRef, useState } from 'preact/hooks';
import { formatWhen, speech, t } from '../i18n';
import { emptyDraft, type Draft } from '../ical/draft';
import { parseQuick } from '../ical/quickadd';
import { describeRule } from '../ical/words';
import { toWall } from '../ical/zone';
import { Icon } from '../parts/icon';
import { create } from '../store/actions';
import { preferred } from '../store/calendars';
import { go, view } from '../store/navigation';
import { openEditor } from '../store/panels';
import { here } from '../store/settings';
import { dayOf } from '../ical/wall';

const read = (line: string): Draft | null => {
  const quick = parseQuick(line, toWall(Date.now(), here()));
  return quick && { ...emptyDraft('vevent', quick.start, quick.end, quick.allDay, here()), title: quick.title, place: quick.place, rule: quick.rule };
};

export const QuickAdd = () => {
  const [line, setLine] = useState('');
  const [focused, setFocused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const draft = line.trim() ? read(line) : null;
  const words = draft && [formatWhen(draft.start, draft.end, draft.allDay), draft.rule && describeRule(draft.rule, { time: draft.start, date: draft.allDay, zone: draft.zone }, speech), draft.place].filter(Boolean).join(' · ');
  const submit = (more: boolean): void => {
    if (!draft) return;
    const calendar = preferred('VEVENT');
    if (more || !calendar) openEditor(draft.start, draft.end, draft.allDay, null, draft);
    else {
      create(calendar.href, draft);
      if (view.value !== 'agenda') go(view.value === 'tasks' || view.value === 'admin' ? 'week' : view.value, dayOf(draft.start));
    }
    setLine('');
    input.current?.blur();
  };
  return (
    <form class={`quick ${focused ? 'focused' : ''}`} role="search" aria-label={t('quick')} onSubmit={(event) => { event.preventDefault(); submit(false); }}>
      <Icon name="plus" size={18} />
      <input
        ref={input} id="quick-add" value={line} placeholder={t('quick.hint')} aria-label={t('quick')} autocomplete="off" aria-describedby="quick-reads"
        onInput={(event) => setLine(event.currentTarget.value)} onFocus={() => setFocused(true)} onBlur={() => setTimeout(() => setFocused(false), 150)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setLine('');
          event.currentTarget.blur();
        }}
      />
      <div id="quick-reads" role="status" class="quick-reads" hidden={!draft || !focused}>
        {draft && <><strong>{draft.title || t('event.untitled')}</strong><span>{words}</span><button type="button" class="link-button" onClick={() => submit(true)}>{t('editor.more')}</button></>}
      </div>
    </form>
  );
};
