// The administrator's page: state of the repository, users with their app passwords, groups, broken files.
import { useEffect, useState } from 'preact/hooks';
import {
  createGroup, createUser, listPrincipals, putUser, readPrincipal, readRepository, removeGroup, removeUser, setMember, type Principal, type RepositoryState,
} from '../caldav/administration';
import { DavError } from '../caldav/client';
import { formatInstant, t } from '../i18n';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { Icon } from '../parts/icon';
import { notify, sentence } from '../store/notices';
import { closePanel, panel } from '../store/panels';
import { account, client, session } from '../store/session';
import { here } from '../store/settings';
import { AppPasswords } from './passwords';

export const AdminView = () => {
  const [people, setPeople] = useState<Principal[]>([]);
  const [repository, setRepository] = useState<RepositoryState | null>(null);
  const [problem, setProblem] = useState('');
  const load = async (): Promise<void> => {
    try {
      const [list, state] = await Promise.all([listPrincipals(client()), readRepository(client())]);
      setPeople(list);
      setRepository(state);
      setProblem('');
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), 15_000);
    return () => clearInterval(timer);
  }, []);
  const act = async (work: Promise<unknown>, said: string): Promise<boolean> => {
    try {
      await work;
      notify('done', said);
      await load();
      return true;
    } catch (error) {
      notify('failed', sentence(error));
      return false;
    }
  };
  const users = people.filter((one) => !one.group);
  const groups = people.filter((one) => one.group);
  return (
    <div class="admin">
      {problem && <p class="problem" role="alert">{problem}</p>}
      {repository && <Repository state={repository} />}
      <section class="panel">
        <h2>{t('admin.users')} <span class="count">{users.length}</span></h2>
        <ul class="admin-list">{users.map((one) => <UserRow key={one.href} one={one} act={act} reload={() => void load()} />)}</ul>
        <NewUser act={act} taken={users.map((one) => one.id)} />
      </section>
      <section class="panel">
        <h2>{t('admin.groups')} <span class="count">{groups.length}</span></h2>
        {groups.length === 0 && <p class="nothing">{t('admin.noGroups')}</p>}
        <ul class="admin-list">{groups.map((one) => <GroupRow key={one.href} one={one} users={users} act={act} />)}</ul>
        <NewGroup act={act} taken={groups.map((one) => one.id)} />
      </section>
    </div>
  );
};

type Act = (work: Promise<unknown>, said: string) => Promise<boolean>;

const when = (text: string): string => {
  const at = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(at) ? formatInstant(at, here()) : text || '–';
};

const Repository = ({ state }: { state: RepositoryState }) => (
  <>
    <section class="panel">
      <h2>{t('admin.repository')}</h2>
      <p class={`state ${state.reachable === false ? 'bad' : 'good'}`}>
        <Icon name={state.reachable === false ? 'warning' : 'check'} />
        {state.reachable === null ? t('admin.unknown') : state.reachable ? t('admin.reachable') : t('admin.unreachable')}
      </p>
      {state.lastError && <p class="problem">{state.lastError}</p>}
      <dl class="facts">
        <dt>{t('admin.remote')}</dt><dd><code>{state.remote || '–'}</code></dd>
        <dt>{t('admin.commit')}</dt><dd><code>{state.commit.slice(0, 12) || '–'}</code></dd>
        <dt>{t('admin.lastPull')}</dt><dd>{when(state.lastPull)}</dd>
        <dt>{t('admin.lastPush')}</dt><dd>{when(state.lastPush)}</dd>
      </dl>
    </section>
    <section class="panel">
      <h2>{t('admin.broken')} <span class="count">{state.broken.length}</span></h2>
      {state.broken.length === 0 ? <p class="nothing">{t('admin.noBroken')}</p> : (
        <ul class="refusals">
          {state.broken.map((one) => <li key={`${one.path}:${one.line}`}><code>{one.path}{one.line && `:${one.line}`}</code> <span>{one.reason}</span></li>)}
        </ul>
      )}
    </section>
  </>
);

const UserRow = ({ one, act, reload }: { one: Principal; act: Act; reload: () => void }) => {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const self = one.href === account().principal;
  const erase = (): void => {
    panel.value = { kind: 'confirm', title: t('admin.deleteUser', { name: one.id }), text: t('admin.deleteUser.text'), yes: t('delete'), run: () => void act(removeUser(client(), one.id), t('admin.userDeleted', { name: one.id })) };
  };
  return (
    <li>
      <button type="button" class="admin-row" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="avatar" aria-hidden="true">{[...one.name][0]?.toUpperCase()}</span>
        <span class="grow"><strong>{one.name}</strong>{one.name !== one.id && <small>{one.id}</small>}{one.memberOf.length > 0 && <small>{one.memberOf.join(', ')}</small>}</span>
        {one.administrator && <span class="badge">{t('admin.administrator')}</span>}
        <Icon name="down" size={16} />
      </button>
      {open && (
        <div class="admin-body">
          <form class="inline-form" onSubmit={(event) => {
            event.preventDefault();
            void act(putUser(client(), one.id, password), t('admin.passwordChanged', { name: one.id })).then((ok) => ok && setPassword(''));
          }}>
            <TextField label={t('admin.newPassword')} type="password" autocomplete="new-password" value={password} onChange={setPassword} required />
            <button type="submit" class="button">{t('admin.setPassword')}</button>
          </form>
          <AppPasswords user={one.id} list={one.appPasswords} changed={reload} />
          {!self && <button type="button" class="link-button danger-text" onClick={erase}><Icon name="trash" size={16} />{t('admin.deleteUser', { name: one.id })}</button>}
        </div>
      )}
    </li>
  );
};

/** A name that somebody has already must not look like a new one: the server would be asked to change what is there. */
const makeNew = async (name: string, taken: string[], make: () => Promise<void>): Promise<void> => {
  const refusal = (): Error => new Error(t('admin.taken', { name }));
  if (taken.includes(name)) throw refusal();
  try {
    await make();
  } catch (error) {
    throw error instanceof DavError && error.trouble === 'changed' ? refusal() : error;
  }
};

interface NewProps {
  act: Act;
  taken: string[];
}

const NewUser = ({ act, taken }: NewProps) => {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const create = async (): Promise<void> => {
    const wanted = name.trim();
    if (!(await act(makeNew(wanted, taken, () => createUser(client(), wanted, password)), t('admin.userCreated', { name: wanted })))) return;
    setName('');
    setPassword('');
  };
  return (
    <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void create(); }}>
      <TextField label={t('admin.newUser')} value={name} onChange={setName} required />
      <TextField label={t('login.password')} type="password" autocomplete="new-password" value={password} onChange={setPassword} required />
      <button type="submit" class="button">{t('create')}</button>
    </form>
  );
};

const GroupRow = ({ one, users, act }: { one: Principal; users: Principal[]; act: Act }) => {
  const [open, setOpen] = useState(false);
  const erase = (): void => {
    panel.value = { kind: 'confirm', title: t('admin.deleteGroup', { name: one.id }), text: t('admin.deleteGroup.text'), yes: t('delete'), run: () => void act(removeGroup(client(), one.id), t('admin.groupDeleted', { name: one.id })) };
  };
  return (
    <li>
      <button type="button" class="admin-row" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="avatar" aria-hidden="true"><Icon name="people" size={16} /></span>
        <span class="grow"><strong>{one.name}</strong><small>{t('admin.members', { n: one.members.length })}</small></span>
        <Icon name="down" size={16} />
      </button>
      {open && (
        <div class="admin-body">
          <fieldset class="members">
            <legend>{t('admin.membersOf', { name: one.id })}</legend>
            {users.map((user) => {
              const on = one.members.includes(user.id);
              return (
                <label class="check" key={user.id}>
                  <input type="checkbox" checked={on} onChange={() => void act(setMember(client(), one.id, user.id, !on), t(on ? 'admin.memberOut' : 'admin.memberIn', { name: user.id, group: one.id }))} />
                  <span>{user.name}</span>
                </label>
              );
            })}
          </fieldset>
          <button type="button" class="link-button danger-text" onClick={erase}><Icon name="trash" size={16} />{t('admin.deleteGroup', { name: one.id })}</button>
        </div>
      )}
    </li>
  );
};

const NewGroup = ({ act, taken }: NewProps) => {
  const [name, setName] = useState('');
  return (
    <form class="inline-form" onSubmit={(event) => {
      event.preventDefault();
      const wanted = name.trim();
      void act(makeNew(wanted, taken, () => createGroup(client(), wanted)), t('admin.groupCreated', { name: wanted })).then((ok) => ok && setName(''));
    }}>
      <TextField label={t('admin.newGroup')} value={name} onChange={setName} required />
      <button type="submit" class="button">{t('create')}</button>
    </form>
  );
};

/** One's own password and app passwords: no administrator needed. */
export const AccountDialog = () => {
  const [own, setOwn] = useState<Principal | null>(null);
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState('');
  const user = session.value!.user;
  const load = async (): Promise<void> => setOwn(await readPrincipal(client(), account().principal));
  useEffect(() => void load().catch((error) => setProblem(sentence(error))), []);
  const save = async (): Promise<void> => {
    try {
      await putUser(client(), user, password);
      notify('done', t('account.changed'));
      location.reload();
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  return (
    <Dialog title={t('account.title')} onClose={closePanel} size="medium">
      <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <TextField label={t('admin.newPassword')} type="password" autocomplete="new-password" value={password} onChange={setPassword} required hint={t('account.hint')} />
        <button type="submit" class="button">{t('admin.setPassword')}</button>
      </form>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {own && <AppPasswords user={own.id} list={own.appPasswords} changed={() => void load()} />}
    </Dialog>
  );
};
