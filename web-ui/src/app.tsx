// The page: the door, then the calendar; and what keeps it in step with the server.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { DavError } from './caldav/client';
import { language, locale } from './i18n';
import { complain, POLL, refresh } from './store/calendars';
import { startNavigation } from './store/navigation';
import { sentence } from './store/notices';
import { goOnline, restore } from './store/outbox';
import { forgetCredentials, refused, session, signIn, storedCredentials } from './store/session';
import { startKeys } from './views/keys';
import { Login, LoginAgain } from './views/login';
import { Shell } from './views/shell';
import './style/index.css';

/** Why the kept password did not open the door: said there. */
const shut = signal('');
/** The stored password is being tried, or the list of calendars fetched for the first time. */
const starting = signal(true);

const App = () => {
  if (starting.value) return <div class="starting" role="status" aria-label="…" />;
  if (!session.value) return <Login onDone={begin} problem={shut.value} />;
  // The page stays as it is behind the door: a form that is open loses nothing.
  return (
    <>
      <Shell />
      {refused.value && <LoginAgain onDone={resume} />}
    </>
  );
};

const begin = (): void => {
  starting.value = true;
  void refresh().catch(complain).finally(() => {
    restore();
    starting.value = false;
  });
};

const resume = (): void => {
  refused.value = false;
  goOnline();
  void refresh().catch(complain);
};

const look = (): void => {
  if (!session.value || refused.value || document.hidden) return;
  goOnline();
  // A server that is away is no message every half minute: the bar says since when. A password refused is one.
  void refresh().catch((error: unknown) => {
    if (error instanceof DavError && error.trouble === 'password') complain(error);
  });
};

const start = async (): Promise<void> => {
  effect(() => {
    document.documentElement.lang = locale.value;
    document.title = language.value === 'de' ? 'Kalender' : 'Calendar';
  });
  startNavigation();
  startKeys();
  addEventListener('online', look);
  addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);
  setInterval(look, POLL);
  const stored = storedCredentials();
  if (stored) {
    try {
      const { keep, ...credentials } = stored;
      await signIn(credentials, keep);
      begin();
    } catch (error) {
      // Only a refusal makes the password worthless; no answer does not.
      if (error instanceof DavError && error.trouble !== 'password') shut.value = sentence(error);
      else forgetCredentials();
      starting.value = false;
    }
  } else starting.value = false;
};

render(<App />, document.getElementById('app')!);
void start();
