// Who else sees a calendar: people and groups with their right, and the secret link.
import { useEffect, useState } from 'preact/hooks';
import { nameOfPrincipal, readGrants, writeGrants, type Grant, type Right } from '../caldav/access';
import { setPublished, type Collection } from '../caldav/collections';
import { t } from '../i18n';
import { PersonSearch } from '../editor/people';
import { Dialog } from '../parts/dialog';
import { Icon } from '../parts/icon';
import { refreshList } from '../store/calendars';
import { sentence } from '../store/notices';
import { closePanel } from '../store/panels';
import { account, client } from '../store/session';

export const ShareDialog = ({ calendar }: { calendar: Collection }) => {
  const [grants, setGrants] = useState<Grant[] | null>(null);
  const [names, setNames] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState('');
  useEffect(() => void readGrants(client(), calendar.href).then((list) => setGrants(list.filter((one) => one.who !== account().principal)), (error) => setProblem(sentence(error))), []);
  const put = async (next: Grant[]): Promise<void> => {
    const before = grants;
    setGrants(next);
    setProblem('');
    try {
      await writeGrants(client(), calendar.href, next);
    } catch (error) {
      setGrants(before);
      setProblem(sentence(error));
    }
  };
  const list = grants ?? [];
  const nameOf = (who: string): string => (who === 'authenticated' ? t('share.everybody') : names[who] ?? nameOfPrincipal(who));
  return (
    <Dialog title={t('share.title', { name: calendar.name })} onClose={closePanel} size="medium" className="share">
      <PersonSearch
        label={t('share.with')}
        onPick={(person) => {
          setNames({ ...names, [person.href]: person.name });
          if (!list.some((one) => one.who === person.href)) void put([...list, { who: person.href, right: 'read' }]);
        }}
      />
      {problem && <p class="problem" role="alert">{problem}</p>}
      <ul class="grants">
        {list.map((one) => (
          <li key={one.who}>
            <Icon name={one.who === 'authenticated' ? 'globe' : 'person'} size={18} />
            <span class="grow">{nameOf(one.who)}</span>
            <select aria-label={t('share.right', { name: nameOf(one.who) })} value={one.right} onChange={(event) => void put(list.map((other) => (other === one ? { ...one, right: event.currentTarget.value as Right } : other)))}>
              <option value="free-busy">{t('right.free-busy')}</option>
              <option value="read">{t('right.read')}</option>
              <option value="write">{t('right.write')}</option>
            </select>
            <button type="button" class="icon-button" aria-label={t('share.stop', { name: nameOf(one.who) })} onClick={() => void put(list.filter((other) => other !== one))}><Icon name="close" size={18} /></button>
          </li>
        ))}
        {grants && list.length === 0 && <li class="nothing">{t('share.nobody')}</li>}
      </ul>
      {grants && !list.some((one) => one.who === 'authenticated') && (
        <button type="button" class="link-button" onClick={() => void put([...list, { who: 'authenticated', right: 'read' }])}><Icon name="globe" size={16} />{t('share.addEverybody')}</button>
      )}
      <SecretLink calendar={calendar} />
    </Dialog>
  );
};

const SecretLink = ({ calendar }: { calendar: Collection }) => {
  const [path, setPath] = useState(calendar.published);
  const [problem, setProblem] = useState('');
  const [copied, setCopied] = useState(false);
  const turn = async (on: boolean): Promise<void> => {
    try {
      setPath(await setPublished(client(), calendar.href, on));
      setProblem('');
      await refreshList();
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const link = path ? new URL(path, location.origin).href : '';
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      document.querySelector<HTMLInputElement>('#secret-link')?.select();
    }
  };
  return (
    <section class="secret-link">
      <h3>{t('link.title')}</h3>
      <p class="hint">{t('link.hint')}</p>
      {link
        ? (
          <>
            <div class="copy-row">
              <input id="secret-link" readOnly value={link} aria-label={t('link.title')} onFocus={(event) => event.currentTarget.select()} />
              <button type="button" class="button" onClick={() => void copy()}>{t(copied ? 'link.copied' : 'link.copy')}</button>
            </div>
            <button type="button" class="link-button danger-text" onClick={() => void turn(false)}>{t('link.remove')}</button>
          </>
        )
        : <button type="button" class="button" onClick={() => void turn(true)}><Icon name="link" size={18} />{t('link.create')}</button>}
      {problem && <p class="problem" role="alert">{problem}</p>}
    </section>
  );
};
