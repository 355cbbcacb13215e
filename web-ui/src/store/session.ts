// Who is signed in. Credentials live in memory; in sessionStorage only when the person ticked that, or for the
// moment of the reload that parts two people who use one tab.
import { signal } from '@preact/signals';
import { Client, DavError, type Credentials } from '../caldav/client';
import { discover, type Account } from '../caldav/discovery';
import type { Attendee } from '../ical/attendee';

export interface Session {
  client: Client;
  account: Account;
  user: string;
}

export const session = signal<Session | null>(null);
/** True while a password that worked before is refused now: the page asks again and keeps everything. */
export const refused = signal(false);

const KEY = 'calendar.session';

export const signIn = async (credentials: Credentials, keep: boolean): Promise<void> => {
  const client = new Client(credentials);
  const account = await discover(client);
  if (session.value && session.value.user !== credentials.user) {
    giveWay(credentials, keep);
    // The page goes now: nothing more is done on it.
    return new Promise(() => undefined);
  }
  if (keep) store(credentials);
  refused.value = false;
  session.value = { client, account, user: credentials.user };
};

/** Somebody else at the door: nothing of the first person stays in memory; what waits is kept under that person's name. */
const giveWay = (credentials: Credentials, keep: boolean): void => {
  forgetCredentials();
  // Without the tick it is there for the moment of the reload only: `storedCredentials` takes it out.
  store(credentials, !keep);
  location.reload();
};

const store = (credentials: Credentials, once = false): void => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(once ? { ...credentials, once } : credentials));
  } catch {
    // Storage may be forbidden; then the tab forgets on reload.
  }
};

export const storedCredentials = (): (Credentials & { keep: boolean }) | null => {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as (Credentials & { once?: boolean }) | null;
    if (found?.once) sessionStorage.removeItem(KEY);
    return found && typeof found.user === 'string' && typeof found.password === 'string' ? { user: found.user, password: found.password, keep: !found.once } : null;
  } catch {
    return null;
  }
};

export const forgetCredentials = (): void => {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
};

/** A reload is the surest way to leave nothing of one person for the next. */
export const signOut = (): void => {
  forgetCredentials();
  location.reload();
};

export const client = (): Client => {
  if (!session.value) throw new DavError('password', 401, '');
  return session.value.client;
};

export const account = (): Account => session.value!.account;

/** The address that invitations carry: mail before paths. */
export const me = (): Attendee | null => {
  const current = session.value?.account;
  if (!current) return null;
  const address = current.addresses.find((one) => one.toLowerCase().startsWith('mailto:')) ?? current.addresses[0] ?? '';
  return address ? { address, name: current.name, answer: 'ACCEPTED' } : null;
};

export const freshId = (): string =>
  typeof crypto.randomUUID === 'function'
    ? crypto.randomUUID()
    : [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('');
