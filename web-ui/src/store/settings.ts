// What a person chose about the page itself; kept in this browser, never on the server.
import { effect, signal } from '@preact/signals';
import { zoneHere } from '../ical/zone';

export interface Settings {
  /** Empty = the browser's. */
  language: '' | 'en' | 'de';
  zone: string;
  /** −1 = the locale's. */
  firstDay: number;
  weekends: boolean;
  /** Single letters are commands (WCAG 2.1.4: speech input and slips of the hand want to have that off). */
  letters: boolean;
  hidden: string[];
  /** Calendar for new events. */
  preferred: string;
}

const KEY = 'calendar.settings';
const DEFAULTS: Settings = { language: '', zone: '', firstDay: -1, weekends: true, letters: true, hidden: [], preferred: '' };

const load = (): Settings => {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
};

export const settings = signal<Settings>(load());

effect(() => {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.value));
  } catch {
    // A browser without storage forgets; nothing else suffers.
  }
});

export const change = (some: Partial<Settings>): void => {
  settings.value = { ...settings.value, ...some };
};

/** The zone everything is shown in. */
export const here = (): string => settings.value.zone || zoneHere();
