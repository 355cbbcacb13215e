// Older versions: of one event, and of a whole calendar with what was removed; each can be brought back.
import { useEffect, useState } from 'preact/hooks';
import type { Collection } from '../caldav/collections';
import { DavError } from '../caldav/client';
import { readVersion, resourceOf, versions, type Version } from '../caldav/versions';
import { read } from '../caldav/objects';
import { formatInstant, t, type Key } from '../i18n';
import { readItem, type Item } from '../ical/item';
import { titleOf } from '../ical/expand';
import { Dialog } from '../parts/dialog';
import { Icon } from '../parts/icon';
import { replace } from '../store/actions';
import { drop, place } from '../store/entries';
import { sentence } from '../store/notices';
import { closePanel } from '../store/panels';
import { client } from '../store/session';
import { here } from '../store/settings';
import { DifferenceTable } from './differences';

const parseSafely = (text: string | null): Item | null => {
  try {
    return text === null ? null : readItem(text);
  } catch {
    return null;
  }
};

export const HistoryDialog = ({ href, calendar, title }: { href: string; calendar: string; title: string }) => {
  const [list, setList] = useState<Version[] | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => void versions(client(), href, 0).then(setList, (error) => setProblem(explain(error))), [href]);
  return (
    <Dialog title={t('history.of', { title })} onClose={closePanel} size="medium" className="history">
      {problem && <p class="problem" role="alert">{problem}</p>}
      {!list && !problem && <p class="hint">{t('loading')}</p>}
      <ol class="versions">
        {list?.map((one, index) => (
          <VersionRow key={one.href} version={one} older={list[index + 1] ?? null} newest={index === 0} restore={(text) => void restore(calendar, href, text, title, setProblem)} />
        ))}
      </ol>
    </Dialog>
  );
};

/** A commit message that begins with the name beside it says that name once. */
const said = ({ who, comment }: Version): string => (who && comment.startsWith(`${who}: `) ? comment.slice(who.length + 2) : comment);

const explain = (error: unknown): string => (error instanceof DavError && (error.trouble === 'refused' || error.trouble === 'missing') && !error.reason ? t('history.unsupported') : sentence(error));

/** Puts the old octets over what is there now, whatever that is: the history keeps it too. */
const restore = async (calendar: string, href: string, text: string, title: string, fail: (problem: string) => void): Promise<void> => {
  try {
    const present = await read(client(), href);
    if (present) place(calendar, href, present.etag, present.text);
    else drop(calendar, href);
    replace('done.restored', title, { calendar, href, before: present?.text ?? null, after: text });
    closePanel();
  } catch (error) {
    fail(sentence(error));
  }
};

interface RowProps {
  version: Version;
  older: Version | null;
  newest: boolean;
  restore: (text: string) => void;
}

const VersionRow = ({ version, older, newest, restore: bringBack }: RowProps) => {
  const [open, setOpen] = useState(newest);
  const [texts, setTexts] = useState<{ now: string; before: string | null } | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (!open || texts) return;
    Promise.all([readVersion(client(), version.href), older ? readVersion(client(), older.href) : Promise.resolve(null)])
      .then(([now, before]) => setTexts({ now, before }), (error) => setProblem(sentence(error)));
  }, [open]);
  return (
    <li>
      <button type="button" class={`version ${version.change}`} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="version-dot" />
        <span class="grow"><strong>{version.who || t('history.somebody')}</strong> <span>{said(version)}</span></span>
        <time dateTime={Number.isFinite(version.when) ? new Date(version.when).toISOString() : undefined}>{formatInstant(version.when, here())}</time>
      </button>
      {open && (
        <div class="version-body">
          {problem && <p class="problem">{problem}</p>}
          {texts && version.change !== 'removed' && <DifferenceTable before={parseSafely(texts.before)} after={parseSafely(texts.now)} first={texts.before === null} />}
          {texts && !newest && <button type="button" class="button" onClick={() => bringBack(texts.now)}><Icon name="history" size={18} />{t('history.restore')}</button>}
        </div>
      )}
    </li>
  );
};

export const ChangesDialog = ({ calendar }: { calendar: Collection }) => {
  const [list, setList] = useState<Version[] | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => void versions(client(), calendar.href, 1).then(setList, (error) => setProblem(explain(error))), [calendar.href]);
  return (
    <Dialog title={t('changes.of', { name: calendar.name })} onClose={closePanel} size="medium" className="history">
      {problem && <p class="problem" role="alert">{problem}</p>}
      {!list && !problem && <p class="hint">{t('loading')}</p>}
      {list?.length === 0 && <p class="hint">{t('changes.none')}</p>}
      <ol class="versions">{list?.slice(0, 100).map((one) => <ChangeRow key={`${one.href} ${one.commit}`} one={one} calendar={calendar} fail={setProblem} />)}</ol>
    </Dialog>
  );
};

const nameOfFile = (one: Version): string => decodeURIComponent(resourceOf(one).split('/').at(-1) ?? '');

/** The server's own commits name the event (`move "Team lunch" to …`); whoever pushed may have written anything. */
export const headOf = (one: Version): string => {
  const comment = said(one);
  return /".+"/.test(comment) ? comment : [comment, nameOfFile(one)].filter(Boolean).join(' · ');
};

const titleIn = (text: string): string => {
  const item = parseSafely(text);
  const component = item?.master ?? item?.overrides[0];
  return (component && titleOf(component)) || t('event.untitled');
};

const ChangeRow = ({ one, calendar, fail }: { one: Version; calendar: Collection; fail: (problem: string) => void }) => {
  const bringBack = async (): Promise<void> => {
    try {
      const text = await readVersion(client(), one.href);
      await restore(calendar.href, resourceOf(one), text, titleIn(text), fail);
    } catch (error) {
      fail(sentence(error));
    }
  };
  return (
    <li>
      <div class={`version ${one.change}`}>
        <span class="version-dot" />
        <span class="grow"><strong>{headOf(one)}</strong> <span>{t(`change.${one.change || 'changed'}` as Key)} · {one.who || t('history.somebody')}</span></span>
        <time>{formatInstant(one.when, here())}</time>
        {one.change === 'removed' && calendar.writable && <button type="button" class="button" onClick={() => void bringBack()}>{t('history.restore')}</button>}
      </div>
    </li>
  );
};
