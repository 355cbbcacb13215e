// The door: name and password, and what went wrong in words when it stays shut.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { DavError } from '../caldav/client';
import { t, type Key } from '../i18n';
import { useModal } from '../parts/dialog';
import { CheckField, TextField } from '../parts/field';
import { Icon } from '../parts/icon';
import { refused, session, signIn } from '../store/session';

export const Login = ({ onDone, problem }: { onDone: () => void; problem: string }) => (
  <main class="login"><Card onDone={onDone} problem={problem} /></main>
);

/** Over everything else, because a password that worked is refused now; only a password that works opens it. */
export const LoginAgain = ({ onDone }: { onDone: () => void }) => {
  const ref = useRef<HTMLDialogElement>(null);
  useModal(ref);
  useLayoutEffect(() => {
    // Esc is for nothing behind the door either, and a browser would close a dialog at the second one, asked or not.
    const hold = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener('keydown', hold, true);
    return () => removeEventListener('keydown', hold, true);
  }, []);
  return (
    <dialog ref={ref} class="login again" aria-label={t('login.submit')} onCancel={(event) => event.preventDefault()}>
      <Card onDone={onDone} problem="" />
    </dialog>
  );
};

const Card = ({ onDone, problem: first }: { onDone: () => void; problem: string }) => {
  const again = session.value?.user ?? '';
  const [user, setUser] = useState(again);
  const [password, setPassword] = useState('');
  const [keep, setKeep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(again && refused.value ? t('login.expired') : first);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setProblem('');
    try {
      await signIn({ user: user.trim(), password }, keep);
      onDone();
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="login-card" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <span class="logo" aria-hidden="true"><Icon name="month" size={28} /></span>
      <h1>{t('app.name')}</h1>
      <TextField label={t('login.user')} value={user} onChange={setUser} autocomplete="username" required autofocus={!again} />
      <TextField label={t('login.password')} value={password} onChange={setPassword} type="password" autocomplete="current-password" required autofocus={again !== ''} />
      <CheckField label={t('login.keep')} checked={keep} onChange={setKeep} />
      {problem && <p class="problem" role="alert">{problem}</p>}
      <button type="submit" class="button primary wide" disabled={busy}>{t(busy ? 'login.busy' : 'login.submit')}</button>
    </form>
  );
};

const explain = (error: unknown): string => {
  if (!(error instanceof DavError)) return error instanceof Error ? error.message : String(error);
  if (error.trouble === 'attempts') return t('trouble.attempts', { n: error.retryAfter ?? 60 });
  return error.reason || t(error.trouble === 'password' ? 'login.wrong' : `trouble.${error.trouble}` as Key);
};
