// App passwords: one for each phone or program, so that the real one need not be given to any.
import { useState } from 'preact/hooks';
import { createAppPassword, removeAppPassword, type AppPassword } from '../caldav/administration';
import { formatInstant, t } from '../i18n';
import { TextField } from '../parts/field';
import { Icon } from '../parts/icon';
import { notify, sentence } from '../store/notices';
import { client } from '../store/session';
import { here } from '../store/settings';

export const AppPasswords = ({ user, list, changed }: { user: string; list: AppPassword[]; changed: () => void }) => {
  const [label, setLabel] = useState('');
  const [secret, setSecret] = useState('');
  const create = async (): Promise<void> => {
    try {
      setSecret((await createAppPassword(client(), user, label.trim())).trim());
      setLabel('');
      changed();
    } catch (error) {
      notify('failed', sentence(error));
    }
  };
  const erase = async (one: AppPassword): Promise<void> => {
    try {
      await removeAppPassword(client(), user, one.id);
      changed();
    } catch (error) {
      notify('failed', sentence(error));
    }
  };
  return (
    <section class="app-passwords">
      <h3>{t('app.title')}</h3>
      <p class="hint">{t('app.hint')}</p>
      <ul>
        {list.map((one) => (
          <li key={one.id}>
            <Icon name="key" size={18} />
            <span class="grow">{one.label || one.id} <small>{Number.isFinite(Date.parse(one.created)) ? formatInstant(Date.parse(one.created), here()) : one.created}</small></span>
            <button type="button" class="icon-button" aria-label={t('app.remove', { name: one.label || one.id })} onClick={() => void erase(one)}><Icon name="trash" size={16} /></button>
          </li>
        ))}
      </ul>
      {secret && (
        <div class="secret" role="status">
          <p>{t('app.once')}</p>
          <code>{secret}</code>
        </div>
      )}
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void create(); }}>
        <TextField label={t('app.label')} value={label} onChange={setLabel} placeholder={t('app.example')} required />
        <button type="submit" class="button">{t('create')}</button>
      </form>
    </section>
  );
};
