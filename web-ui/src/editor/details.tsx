// The card of an event: what it says, and what one can do with it.
import type { ComponentChildren } from 'preact';
import ICAL from 'ical.js';
import { formatInstant, formatMinutes, formatWall, formatWhen, speech, t, type Key } from '../i18n';
import { readAlarms } from '../ical/alarm';
import { nameOf, readAttendees, readOrganizer, sameAddress, setAnswer, type Answer } from '../ical/attendee';
import { readStamp, text } from '../ical/item';
import { amend } from '../ical/scope';
import { describeRecur } from '../ical/words';
import { toWall } from '../ical/zone';
import { Dialog } from '../parts/dialog';
import { Icon, type IconName } from '../parts/icon';
import { Menu } from '../parts/menu';
import { draftOf, hand, replace } from '../store/actions';
import { isMine } from '../store/calendars';
import type { Shown } from '../store/instances';
import { askErase, closePanel, openEdit, openEditor, panel, withScope } from '../store/panels';
import { account } from '../store/session';
import { cityOf } from '../views/timegrid';

const Row = ({ icon, children }: { icon: IconName; children: ComponentChildren }) => (
  <div class="detail">
    <Icon name={icon} size={18} />
    <div>{children}</div>
  </div>
);

export const Details = ({ shown: one, anchor }: { shown: Shown; anchor: DOMRect | null }) => {
  const { component } = one;
  const title = one.title || t('event.untitled');
  const place = text(component, 'location');
  const link = safeLink(text(component, 'url'));
  const visibility = text(component, 'class').toUpperCase();
  const alarms = readAlarms(component);
  return (
    <Dialog title={title} onClose={closePanel} anchor={anchor} size="small" className="details">
      <div class="detail-calendar" style={{ '--color': one.calendar.color } as Record<string, string>}>
        <i class="swatch" />
        {one.calendar.name}
        {one.cancelled && <b>{t('event.cancelled')}</b>}
        {one.open && <b>{t('event.tentative')}</b>}
      </div>
      <Row icon="clock">
        {formatWhen(one.start, one.end, one.allDay)}
        {one.zone && <small>{zoneText(one)}</small>}
      </Row>
      <Recurrence one={one} />
      {place && <Row icon="place">{safeLink(place) ? <a href={place} target="_blank" rel="noopener noreferrer">{place}</a> : place}</Row>}
      {link && <Row icon="link"><a href={link} target="_blank" rel="noopener noreferrer">{link}</a></Row>}
      {text(component, 'description') && <Row icon="notes"><p class="pre">{text(component, 'description')}</p></Row>}
      <People one={one} />
      {alarms.length > 0 && <Row icon="bell">{alarms.map((alarm) => (alarm.minutes === null ? t('alarm.other') : alarm.minutes > 0 ? t('alarm.before', { time: formatMinutes(alarm.minutes) }) : t('alarm.atStart'))).join(', ')}</Row>}
      {(visibility === 'PRIVATE' || visibility === 'CONFIDENTIAL') && <Row icon="lock">{t(`class.${visibility}` as Key)}</Row>}
      <div class="detail-actions">
        {one.calendar.writable && (
          <>
            <button type="button" class="button primary" data-autofocus onClick={() => openEdit(one)}><Icon name="edit" size={18} />{t('edit')}</button>
            <button type="button" class="button" onClick={() => { closePanel(); askErase(one); }}><Icon name="trash" size={18} />{t('delete')}</button>
          </>
        )}
        <Menu
          label={t('more.actions')} className="button square"
          items={[
            isMine(one.calendar) ? { label: t('history'), icon: 'history', run: () => (panel.value = { kind: 'history', href: one.entry.href, calendar: one.entry.calendar, title }) } : null,
            { label: t('duplicate'), icon: 'plus', run: () => duplicate(one) },
            { label: t('export.event'), icon: 'download', run: () => download(`${title}.ics`, one.entry.text) },
          ]}
        >
          <Icon name="more" />
        </Menu>
      </div>
    </Dialog>
  );
};

const duplicate = (one: Shown): void => {
  const draft = draftOf(one);
  openEditor(draft.start, draft.end, draft.allDay, null, { ...draft, attendees: [], alarms: draft.alarms.map((alarm) => ({ ...alarm, index: null })) });
};

/** Only links that a browser may follow safely are links; anything else stays text. */
export const safeLink = (link: string): string => (/^(https?|mailto|tel):/i.test(link.trim()) ? link.trim() : '');

export const download = (name: string, content: string): void => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type: 'text/calendar' }));
  link.download = name.replace(/[\\/:*?"<>|]/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

const zoneText = (one: Shown): string => {
  const from = toWall(one.startUtc, one.zone);
  const to = toWall(one.endUtc, one.zone);
  const time = { hour: 'numeric', minute: '2-digit' } as const;
  return t('zone.there', { from: formatWall(from, time), to: formatWall(to, time), city: cityOf(one.zone!) });
};

const Recurrence = ({ one }: { one: Shown }) => {
  const { master } = one.item;
  const recur = master?.getFirstPropertyValue('rrule');
  const start = master ? readStamp(master, 'dtstart') : null;
  if (!(recur instanceof ICAL.Recur) || !start) return null;
  return <Row icon="repeat">{describeRecur(recur, start, speech)}{one.component !== master && <small>{t('event.exception')}</small>}</Row>;
};

const People = ({ one }: { one: Shown }) => {
  const people = readAttendees(one.component);
  const organizer = readOrganizer(one.component);
  if (people.length === 0) return null;
  const mine = account().addresses;
  const invited = people.find((person) => mine.some((address) => sameAddress(address, person.address)));
  const own = organizer && mine.some((address) => sameAddress(address, organizer.address));
  const reply = (answer: Answer): void =>
    withScope(one, false, (scope) => {
      const at = scope === 'this' ? one.recurrence : null;
      const after = amend(one.item, at, hand(), (component) => void setAnswer(component, mine, answer));
      closePanel();
      replace('done.answered', one.title, { calendar: one.entry.calendar, href: one.entry.href, before: one.entry.text, after });
    });
  return (
    <Row icon="people">
      {organizer && <small>{t('people.by', { name: nameOf(organizer) })}</small>}
      <ul class="people">
        {people.map((person) => (
          <li key={person.address}>
            <span class={`answer ${person.answer.toLowerCase()}`} aria-hidden="true" />
            {nameOf(person)} <small>{t(`answer.${person.answer}` as Key)}</small>
          </li>
        ))}
      </ul>
      {invited && !own && one.calendar.writable && (
        <div class="segmented" role="group" aria-label={t('answer.question')}>
          {(['ACCEPTED', 'TENTATIVE', 'DECLINED'] as const).map((answer) => (
            <button key={answer} type="button" aria-pressed={invited.answer === answer} onClick={() => reply(answer)}>{t(`reply.${answer}`)}</button>
          ))}
        </div>
      )}
    </Row>
  );
};

export { formatInstant };
