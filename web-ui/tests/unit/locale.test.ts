// Words of one language, habits of another region.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dayFrom, wall } from '../../src/ical/wall';

const browser = async (...languages: string[]) => {
  vi.stubGlobal('navigator', { languages, language: languages[0] });
  vi.resetModules();
  return import('../../src/i18n');
};
const afternoon = wall(2026, 3, 5, 15, 30);

beforeEach(() => localStorage.clear());

describe('the browser says', () => {
  it('fr-FR: English words, Monday first, 24 hours', async () => {
    const { firstDay, formatTime, hours24, language, locale, t } = await browser('fr-FR', 'fr');
    expect([language.value, locale.value, firstDay.value, hours24.value]).toEqual(['en', 'en-FR', 1, true]);
    expect([t('today'), formatTime(afternoon)]).toEqual(['Today', '15:30']);
  });
  it('fr-FR and then en-US: the region is still France', async () => {
    const { firstDay, formatTime, locale } = await browser('fr-FR', 'fr', 'en-US', 'en');
    expect([locale.value, firstDay.value, formatTime(afternoon)]).toEqual(['en-FR', 1, '15:30']);
  });
  it('en-US: Sunday first, 12 hours', async () => {
    const { firstDay, formatLongDay, formatTime } = await browser('en-US');
    expect(firstDay.value).toBe(0);
    expect(formatTime(afternoon)).toMatch(/^3:30\sPM$/);
    expect(formatLongDay(dayFrom(2026, 3, 5))).toContain('March 5');
  });
  it('de: the region that German comes from', async () => {
    const { firstDay, formatTime, language } = await browser('de', 'en-US', 'en');
    expect([language.value, firstDay.value, formatTime(afternoon)]).toEqual(['de', 1, '15:30']);
  });
  it('en-GB stays British', async () => {
    const { formatLongDay, formatTime, locale } = await browser('en-GB');
    expect([locale.value, formatTime(wall(2026, 3, 5, 8, 30)), formatLongDay(dayFrom(2026, 3, 5))]).toEqual(['en-GB', '8:30', expect.stringContaining('5 March')]);
  });
});

it('a language that is chosen leaves the habits of the region', async () => {
  localStorage.setItem('calendar.settings', JSON.stringify({ language: 'de' }));
  const { firstDay, formatTime, language, t } = await browser('en-US');
  expect([language.value, firstDay.value, t('today')]).toEqual(['de', 0, 'Heute']);
  expect(formatTime(afternoon)).toMatch(/3:30\sPM/);
});
