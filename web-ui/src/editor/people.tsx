// Who is invited, found by name or typed as an address, and when they are busy on that day.
import { useEffect, useRef, useState } from 'preact/hooks';
import { findPeople, type Person } from '../caldav/access';
import { freeBusy, type Availability, type Busy } from '../caldav/scheduling';
import { formatTime, t, type Key } from '../i18n';
import { nameOf, sameAddress, type Attendee } from '../ical/attendee';
import type { Draft } from '../ical/draft';
import { DAY, HOUR, dayOf, startOf } from '../ical/wall';
import { convert, toUtc, toWall } from '../ical/zone';
import { Icon } from '../parts/icon';
import { account, client, freshId, me } from '../store/session';
import { here } from '../store/settings';

export const addressOf = (person: Person): string => person.addresses.find((one) => /^mailto:/i.test(one)) ?? person.addresses[0] ?? person.href;

/** `uid` is that of the event as it is saved already; empty for a new one. */
export const PeopleFields = ({ draft, uid, set }: { draft: Draft; uid: string; set: (some: Partial<Draft>) => void }) => {
  const { attendees } = draft;
  const add = (one: Attendee): void => {
    if (!attendees.some((other) => sameAddress(other.address, one.address))) set({ attendees: [...attendees, one] });
  };
  return (
    <div class="field people-field" role="group" aria-label={t('field.people')}>
      <PersonSearch label={t('field.people')} onPick={(person) => add({ address: addressOf(person), name: person.name, answer: 'NEEDS-ACTION' })} free />
      {attendees.length > 0 && (
        <ul class="people">
          {attendees.map((one) => (
            <li key={one.address}>
              <span class={`answer ${one.answer.toLowerCase()}`} aria-hidden="true" />
              <span class="grow">{nameOf(one)} <small>{t(`answer.${one.answer}` as Key)}</small></span>
              <button type="button" class="icon-button" aria-label={t('people.remove', { name: nameOf(one) })} onClick={() => set({ attendees: attendees.filter((other) => other !== one) })}><Icon name="close" size={16} /></button>
            </li>
          ))}
        </ul>
      )}
      {attendees.length > 0 && !draft.allDay && account().outbox && <FreeBusy draft={draft} uid={uid} />}
    </div>
  );
};

interface SearchProps {
  label: string;
  onPick: (person: Person) => void;
  /** Any mail address will do, not only people the server knows. */
  free?: boolean;
}

export const PersonSearch = ({ label, onPick, free }: SearchProps) => {
  const [letters, setLetters] = useState('');
  const [found, setFound] = useState<Person[]>([]);
  const [at, setAt] = useState(0);
  const latest = useRef('');
  useEffect(() => {
    latest.current = letters.trim();
    setAt(0);
    if (latest.current.length < 2) {
      setFound([]);
      return;
    }
    const timer = setTimeout(() => {
      // A server without the search still takes addresses that are typed.
      findPeople(client(), latest.current).then((people) => letters.trim() === latest.current && setFound(people.slice(0, 8)), () => setFound([]));
    }, 180);
    return () => clearTimeout(timer);
  }, [letters]);
  const typed: Person[] = free && /^[^\s@]+@[^\s@]+$/.test(letters.trim()) ? [{ href: '', name: '', addresses: [`mailto:${letters.trim()}`], group: false }] : [];
  const list = [...found, ...typed];
  const pick = (person: Person | undefined): void => {
    if (!person) return;
    onPick(person);
    setLetters('');
  };
  return (
    <div class="combo">
      <label for="person-search">{label}</label>
      <input
        id="person-search" role="combobox" aria-expanded={list.length > 0} aria-controls="person-list" aria-autocomplete="list" autocomplete="off" placeholder={t('people.search')}
        aria-activedescendant={list.length ? `person-${at}` : undefined} value={letters} onInput={(event) => setLetters(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setAt((at + (event.key === 'ArrowDown' ? 1 : -1) + list.length) % Math.max(1, list.length));
          } else if (event.key === 'Enter' && letters) {
            event.preventDefault();
            pick(list[at]);
          } else if (event.key === 'Escape' && letters) {
            event.stopPropagation();
            event.preventDefault();
            setLetters('');
          }
        }}
      />
      <ul id="person-list" role="listbox" aria-label={label} hidden={list.length === 0}>
        {list.map((one, index) => (
          <li key={one.href || one.addresses[0]} id={`person-${index}`} role="option" aria-selected={index === at} onPointerDown={(event) => { event.preventDefault(); pick(one); }}>
            <Icon name={one.group ? 'people' : 'person'} size={16} />
            {one.name || one.addresses[0]?.replace(/^mailto:/i, '')}
          </li>
        ))}
      </ul>
    </div>
  );
};

/** Somebody who may come to something else may come to this: only what is certain is a clash. */
export const clashes = (busy: Busy[], from: number, to: number): boolean => busy.some((one) => !one.tentative && one.start < to && one.end > from);

/** A strip of the day for each person: what is busy, and where the event would be. */
const FreeBusy = ({ draft, uid }: { draft: Draft; uid: string }) => {
  const [answers, setAnswers] = useState<Availability[] | null>(null);
  const zone = draft.zone ?? here();
  const start = convert(draft.start, zone, here());
  const day = dayOf(start);
  const people = draft.attendees.map((one) => one.address).join(' ');
  useEffect(() => {
    const own = me();
    if (!own) return;
    let alive = true;
    const from = toUtc(startOf(day), here());
    freeBusy(client(), account().outbox, own.address, draft.attendees.map((one) => one.address), from, from + DAY, freshId(), uid)
      .then((list) => alive && setAnswers(list), () => alive && setAnswers([]));
    return () => void (alive = false);
  }, [day, people]);
  if (!answers) return null;
  const from = 7 * HOUR;
  const span = 14 * HOUR;
  const place = (wall: number): number => Math.max(0, Math.min(100, ((wall - startOf(day) - from) / span) * 100));
  const end = toWall(toUtc(draft.end, zone), here());
  return (
    <div class="free-busy" role="group" aria-label={t('freebusy')}>
      <div class="fb-scale" aria-hidden="true">{[8, 12, 16, 20].map((hour) => <span key={hour} style={{ left: `${((hour * HOUR - from) / span) * 100}%` }}>{formatTime(hour * HOUR)}</span>)}</div>
      {draft.attendees.map((one) => {
        const busy = answers.find((some) => sameAddress(some.address, one.address))?.busy ?? null;
        const clash = busy !== null && clashes(busy, toUtc(draft.start, zone), toUtc(draft.end, zone));
        const words = busy === null ? t('freebusy.unknown') : clash ? t('freebusy.busy') : t('freebusy.free');
        return (
          <div class="fb-row" key={one.address}>
            <span class="fb-name">{nameOf(one)} <small class={clash ? 'clash' : ''}>{words}</small></span>
            <span class={`fb-strip ${busy === null ? 'unknown' : ''}`} aria-hidden="true">
              {busy?.map((period) => {
                const left = place(toWall(period.start, here()));
                return <i key={period.start} class={period.tentative ? 'tentative' : ''} style={{ left: `${left}%`, width: `${place(toWall(period.end, here())) - left}%` }} />;
              })}
              <b style={{ left: `${place(start)}%`, width: `${Math.max(1, place(end) - place(start))}%` }} />
            </span>
          </div>
        );
      })}
    </div>
  );
};
