// An event as a button: its looks, its name for screen readers, and what keys do to it.
import type { ComponentChildren } from 'preact';
import type { Key, Press, Style } from '../parts/types';
import { formatTime, speakWhen, t } from '../i18n';
import { moveTo, stretchTo, STEP } from '../ical/drag';
import { DAY } from '../ical/wall';
import { draftOf } from '../store/actions';
import type { Shown } from '../store/instances';
import { applyDrag, askErase, openEdit, panel } from '../store/panels';
import { here } from '../store/settings';
import { Icon } from '../parts/icon';
import { Seen } from '../parts/seen';

export const spoken = (one: Shown): string => {
  const title = one.title || t('event.untitled');
  const state = one.cancelled ? `, ${t('event.cancelled')}` : one.open ? `, ${t('event.tentative')}` : '';
  return `${title}, ${speakWhen(one.start, one.end, one.allDay)}, ${one.calendar.name}${state}`;
};

export const openDetails = (one: Shown, element: HTMLElement): void => {
  panel.value = { kind: 'details', shown: one, anchor: element.getBoundingClientRect() };
};

const nudge = (one: Shown, key: string, stretch: boolean): void => {
  if (!one.calendar.writable) return;
  const days = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  const steps = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0;
  const by = days * DAY + (one.allDay ? steps * DAY * 7 : steps * STEP);
  const draft = draftOf(one);
  const after = stretch ? stretchTo(draft, one.end + (one.allDay ? days * DAY : by), here()) : moveTo(draft, one.start + by, here());
  applyDrag(one, after, () => undefined);
};

/** Alt and the arrows move an event, with Shift they change its length: whoever cannot drag loses nothing. */
export const chipKeys = (one: Shown) => (event: Key): void => {
  if (event.altKey && event.key.startsWith('Arrow')) {
    event.preventDefault();
    event.stopPropagation();
    nudge(one, event.key, event.shiftKey);
  } else if (event.key === 'Delete' || event.key === 'Backspace') {
    event.preventDefault();
    if (one.calendar.writable) askErase(one);
  } else if (event.key === 'e' && !event.ctrlKey && !event.metaKey && one.calendar.writable) {
    event.preventDefault();
    event.stopPropagation();
    openEdit(one);
  }
};

interface ChipProps {
  one: Shown;
  className?: string;
  style?: Style;
  children?: ComponentChildren;
  onPointerDown?: (event: Press) => void;
  dim?: boolean;
}

export const Chip = ({ one, className = '', style, children, onPointerDown, dim }: ChipProps) => (
  <button
    type="button"
    class={`chip ${className} ${one.cancelled ? 'cancelled' : ''} ${one.open ? 'open' : ''} ${dim ? 'dim' : ''}`}
    style={{ ...style, '--color': one.calendar.color } as Style}
    aria-label={spoken(one)}
    aria-haspopup="dialog"
    data-key={one.key}
    onClick={(event) => openDetails(one, event.currentTarget)}
    onKeyDown={chipKeys(one)}
    onPointerDown={onPointerDown}
  >
    {children}
  </button>
);

export const Marks = ({ one }: { one: Shown }) => (
  <>
    {one.recurrence && <Icon name="repeat" size={12} />}
    {one.component.hasProperty('attendee') && <Icon name="people" size={12} />}
  </>
);

export const Line = ({ one }: { one: Shown }) => (
  <>
    {!one.allDay && <Seen className="chip-time" text={formatTime(one.start)} />}
    <span class="chip-title">{one.title || t('event.untitled')}</span>
  </>
);
