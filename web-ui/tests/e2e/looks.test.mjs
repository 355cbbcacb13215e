// Every view at three widths, light and dark: pictures for eyes, axe for the rest; German; on paper.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { config, go, lookAgain, open, settled, shot, violations } from './lib/browser.mjs';
import { dav, event } from './lib/dav.mjs';
import { seed } from './lib/seed.mjs';

const full = process.env.CALDAV_PAGE === 'server' || process.env.CALDAV_FULL === '1';
const client = dav(config);
let stage;
let paths;
before(async () => {
  paths = await seed(client);
  stage = await open();
});
after(() => stage.close());

const VIEWS = ['month', 'week', 'day', 'agenda', 'year', 'tasks'];
for (const [width, height] of [[1440, 900], [768, 1024], [360, 740]]) {
  for (const dark of [false, true]) {
    it(`${width} px, ${dark ? 'dark' : 'light'}`, async () => {
      const { page, problems, context } = await stage.person({ width, height, dark, touch: width < 500 });
      for (const view of VIEWS) {
        await go(page, view);
        await page.mouse.move(0, 0);
        await shot(page, `${view}-${width}${dark ? '-dark' : ''}`);
        assert.deepEqual(await violations(page), [], view);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, `${view} scrolls sideways`);
      }
      assert.deepEqual(problems, []);
      await context.close();
    });
  }
}

describe('dialogs have no violation', () => {
  for (const [width, height] of [[1440, 900], [360, 740]]) {
    it(`at ${width} px`, async () => {
      const { page, context } = await stage.person({ width, height, touch: width < 500 });
      page.setDefaultTimeout(5000);
      await go(page, 'agenda', '2026-03-03');
      const check = async (name) => {
        await page.waitForTimeout(50);
        await shot(page, `dialog-${name}-${width}`);
        assert.deepEqual(await violations(page), [], name);
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
      };
      await page.locator('.chip[aria-label^="Team lunch"]').click();
      await check('details');
      await page.locator('.chip[aria-label^="Team lunch"]').focus();
      await page.keyboard.press('e');
      await check('editor');
      await page.locator('.chip[aria-label^="Standup"]').first().focus();
      await page.keyboard.press('Delete');
      await check('scope');
      await page.keyboard.press('?');
      await check('help');
      await page.keyboard.press('g');
      await check('goto');
      await page.locator('.avatar-button').click();
      await page.getByRole('menuitem', { name: 'Settings' }).click();
      await check('settings');
      if (width < 1020) await page.getByRole('button', { name: 'Calendars', exact: true }).click();
      const chosen = async (button, item) => {
        await page.getByRole('button', { name: button }).click();
        await page.getByRole('menuitem', { name: item, exact: true }).click();
        await page.locator('dialog').waitFor();
      };
      const reopen = async () => {
        if (width < 1020 && !(await page.locator('.side-open').count())) await page.getByRole('button', { name: 'Calendars', exact: true }).click();
      };
      for (const [button, item] of [['Add calendar', 'New calendar'], ['Add calendar', 'Subscribe to a calendar'], ['Options of Work', 'Edit calendar'], ['Options of Work', 'Share'], ['Options of Work', 'Import'], ['Options of Work', 'Latest changes']]) {
        if (!full && (item === 'Share' || item === 'Latest changes')) continue;
        await reopen();
        await chosen(button, item);
        await settled(page);
        await check(item.toLowerCase().replace(/ /g, '-'));
      }
      await context.close();
    });
    it(`two versions, what waits, and the door over the page, at ${width} px`, async () => {
      const review = (...more) => client.put(`${paths.work}review.ics`, event('review', 'SUMMARY:Design review', 'DTSTART;TZID=Europe/Berlin:20260304T100000', 'DTEND;TZID=Europe/Berlin:20260304T113000', ...more));
      await review('LOCATION:Studio');
      const { page, context } = await stage.person({ width, height, touch: width < 500 });
      page.setDefaultTimeout(6000);
      await go(page, 'agenda', '2026-03-03');
      const rename = async (to) => {
        await page.locator('.chip[aria-label^="Design review"]').first().focus();
        await page.keyboard.press('e');
        await page.locator('.editor .title-field input').fill(to);
        await page.locator('.editor button[type=submit]').click();
      };
      await review('LOCATION:Roof', 'RRULE:FREQ=YEARLY', 'CLASS:PRIVATE');
      await rename('Mine');
      await page.locator('.dialog.conflict').waitFor();
      await shot(page, `dialog-conflict-${width}`);
      assert.deepEqual(await violations(page), []);
      await page.getByRole('button', { name: 'Keep theirs' }).click();
      await page.locator('dialog').waitFor({ state: 'detached' });
      stage.proxy.state.fault = (request) => (request.method === 'PUT' ? 'reset' : null);
      await page.locator('.chip[aria-label^="Design review"]').first().focus();
      await page.keyboard.press('Delete');
      await page.getByRole('button', { name: /^This event/ }).click();
      await page.locator('.status-pill.waiting').click();
      await page.locator('.waiting-list li').waitFor();
      await shot(page, `dialog-waiting-${width}`);
      assert.deepEqual(await violations(page), []);
      await page.getByRole('button', { name: /^Discard the change/ }).click();
      await page.keyboard.press('Escape');
      stage.proxy.state.fault = () => ({ status: 401 });
      await lookAgain(page);
      await page.locator('.login').waitFor();
      await shot(page, `login-again-${width}`);
      assert.deepEqual(await violations(page), []);
      stage.proxy.state.fault = null;
      await context.close();
    });
  }
  it('the door', async () => {
    const { page, context } = await stage.person({ signIn: false });
    assert.deepEqual(await violations(page), []);
    await context.close();
  });
});

it('speaks German', async () => {
  const { page, context } = await stage.person({ locale: 'de-DE' });
  await go(page, 'week');
  await page.locator('.chip[aria-label="Team lunch, Dienstag, 3. März, 12:30 bis 13:30, Work"]').waitFor();
  await shot(page, 'week-german');
  await go(page, 'month');
  await shot(page, 'month-german');
  await context.close();
});

it('follows an American: Sunday first, 12 hours', async () => {
  const { page, context } = await stage.person({ locale: 'en-US', zone: 'America/New_York' });
  await go(page, 'week');
  await page.locator('.chip[aria-label^="New York planning, Thursday, March 5, 11 AM to 12 PM"]').waitFor();
  assert.match(await page.locator('.day-head').first().getAttribute('aria-label'), /Sunday/);
  await shot(page, 'week-american');
  await context.close();
});

it('a finger swipes to the next page', async () => {
  const { page, context } = await stage.person({ width: 360, height: 740, touch: true });
  await go(page, 'day');
  const session = await context.newCDPSession(page);
  const touch = (type, x) => session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: 500 }] });
  await touch('touchStart', 300);
  for (const x of [240, 160, 80]) await touch('touchMove', x);
  await touch('touchEnd', 80);
  await page.locator('.heading', { hasText: '5 Mar' }).waitFor();
  await context.close();
});

it('prints', async () => {
  const { page, context } = await stage.person();
  for (const view of ['month', 'week', 'agenda']) {
    await go(page, view);
    await page.pdf({ path: join(config.screenshots, `print-${view}.pdf`), format: 'A4', landscape: view !== 'agenda' });
  }
  await context.close();
});

it('zooms to 400 %: 320 px wide', async () => {
  const { page, context } = await stage.person({ width: 320, height: 256 });
  await go(page, 'agenda');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= 320), true);
  await context.close();
});
