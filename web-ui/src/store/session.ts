// Who is signed in. Credentials live in memory; in sessionStorage only when the person ticked that.
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
  if (keep) store(credentials);
  refused.value = false;
  session.value = { client, account, user: credentials.user };
};

const store = (credentials: Credentials): void => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(credentials));
  } catch {
    // Storage may be forbidden; then the tab forgets on reload.
  }
};

export const storedCredentials = (): Credentials | null => {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Credentials | null;
    return found && typeof found.user === 'string' && typeof found.password === 'string' ? found : null;
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
