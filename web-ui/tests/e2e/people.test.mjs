// What needs the real server: invitations and free/busy, the history, the administrator's page.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { config, go, login, open, settled, shot, violations } from './lib/browser.mjs';
import { dav, event } from './lib/dav.mjs';
import { seed } from './lib/seed.mjs';

const full = process.env.CALDAV_PAGE === 'server' || process.env.CALDAV_FULL === '1';
const client = dav(config);
const other = dav({ url: config.url, user: config.user2, password: config.password2 });
let stage;
let paths;
let theirs;

const chip = (page, name) => page.locator(`.chip[aria-label^="${name}"]`);

describe('with the real server', { skip: full ? false : 'set CALDAV_FULL=1' }, () => {
  before(async () => {
    paths = await seed(client);
    theirs = `${await other.home()}own/`;
    await other.remove(theirs);
    await other.makeCalendar(theirs, 'Own');
    stage = await open();
  });
  after(() => stage.close());

  const visit = async (options) => {
    const one = await stage.person(options);
    one.page.setDefaultTimeout(6000);
    return one;
  };

  const invite = async (page) => {
    await go(page, 'week');
    await chip(page, 'Design review').focus();
    await page.keyboard.press('e');
    await page.getByRole('combobox', { name: 'Invite people' }).fill(config.user2.slice(0, 3));
    await page.locator('#person-list [role=option]').first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.people-field .people li').first().waitFor();
  };

  it('one sees when the people invited are busy', async () => {
    await other.put(`${theirs}busy.ics`, event('busy', 'SUMMARY:Secret', 'DTSTART:20260304T090000Z', 'DTEND:20260304T093000Z'));
    const { page, context } = await visit();
    await invite(page);
    await page.locator('.free-busy').scrollIntoViewIfNeeded();
    await shot(page, 'free-busy');
    await page.locator('.free-busy').getByText('busy then').waitFor();
    assert.deepEqual(await violations(page), []);
    await context.close();
  });

  it('somebody is invited, and answers', async () => {
    const { page, context } = await visit();
    await invite(page);
    await page.locator('.editor button[type=submit]').click();
    await settled(page);
    await context.close();

    const guest = await visit({ user: config.user2, password: config.password2 });
    await go(guest.page, 'week');
    await chip(guest.page, 'Design review').click();
    await guest.page.getByText(/^Invited by/).waitFor();
    await shot(guest.page, 'invitation');
    await guest.page.getByRole('button', { name: 'Yes', exact: true }).click();
    await settled(guest.page);
    await guest.context.close();

    const host = await visit();
    await go(host.page, 'week');
    await chip(host.page, 'Design review').click();
    await host.page.locator('.people li', { hasText: config.user2 }).getByText('accepted').waitFor();
    await shot(host.page, 'answered');
    await host.context.close();
  });

  it('the history of an event says who and what, and brings it back', async () => {
    const { page, context } = await visit();
    await go(page, 'week');
    await chip(page, 'Team lunch').focus();
    await page.keyboard.press('e');
    await page.getByLabel('Place').fill('Canteen');
    await page.locator('.editor button[type=submit]').click();
    await settled(page);
    await chip(page, 'Team lunch').click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'History' }).click();
    // The server reads its history from git: that may take a moment.
    await page.locator('.version').nth(1).waitFor({ timeout: 30_000 });
    await page.locator('.differences ins', { hasText: 'Canteen' }).waitFor();
    await page.locator('.version').nth(1).click();
    await page.getByRole('button', { name: 'Restore this version' }).waitFor();
    await shot(page, 'history');
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Restore this version' }).click();
    await settled(page);
    assert.match((await client.get(`${paths.work}lunch.ics`)).text, /Café Central/);
    await context.close();
  });

  it('the commits say exactly what was done', async () => {
    const comments = async (path) => {
      const answer = await client.call('REPORT', path, { headers: { Depth: '0' }, body: '<D:version-tree xmlns:D="DAV:"><D:prop><D:comment/></D:prop></D:version-tree>' });
      return [...answer.text.matchAll(/<\w+:comment>([^<]*)/g)].map((one) => one[1].replace(/&quot;/g, '"'));
    };
    const { page, context } = await visit();
    await go(page, 'week');
    const rename = async (from, to) => {
      await chip(page, from).focus();
      await page.keyboard.press('e');
      await page.locator('.editor .title-field input').fill(to);
      await page.locator('.editor button[type=submit]').click();
      await chip(page, to).waitFor();
      await settled(page);
    };
    await rename('Dinner with Jo', 'Supper');
    await chip(page, 'Supper').focus();
    await page.keyboard.press('Alt+ArrowRight');
    await chip(page, 'Supper, Thursday 5 March').waitFor();
    await settled(page);
    await chip(page, 'Roadmap').focus();
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: /^This event/ }).click();
    await chip(page, 'Roadmap').waitFor({ state: 'detached' });
    await settled(page);
    await page.keyboard.press('q');
    await page.keyboard.type('Chess today 20-21');
    await page.keyboard.press('Enter');
    await chip(page, 'Chess').waitFor();
    await settled(page);
    const user = config.user;
    assert.deepEqual((await comments(`${paths.family}dinner.ics`)).slice(0, 2), [`${user}: move "Supper" to 2026-03-05 19:00`, `${user}: rename "Dinner with Jo &amp; Sam" to "Supper"`]);
    assert.equal((await comments(`${paths.work}sync.ics`))[0], `${user}: remove "Roadmap" of 2026-03-04`);
    await page.keyboard.press('u');
    await settled(page);
    await context.close();
  });

  it('a removed event is found among the latest changes, and comes back', async () => {
    const { page, context } = await visit();
    await go(page, 'week');
    await chip(page, 'School play').focus();
    await page.keyboard.press('Delete');
    await chip(page, 'School play').waitFor({ state: 'detached' });
    await settled(page);
    await page.getByRole('button', { name: 'Options of Family' }).click();
    await page.getByRole('menuitem', { name: 'Latest changes' }).click();
    const line = page.locator('.version.removed', { hasText: 'School play' });
    await line.first().waitFor({ timeout: 30_000 });
    await shot(page, 'changes');
    await line.first().getByRole('button', { name: 'Restore this version' }).click();
    await chip(page, 'School play').waitFor();
    await settled(page);
    assert.equal((await client.get(`${paths.family}school.ics`)).status, 200);
    await context.close();
  });

  it('one makes an app password for a phone, and it signs in', async () => {
    const { page, context } = await visit();
    await page.locator('.avatar-button').click();
    await page.getByRole('menuitem', { name: 'My account' }).click();
    await page.getByLabel('New app password for').fill('Phone');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const secret = await page.locator('.secret code').textContent();
    await shot(page, 'account');
    const phone = dav({ url: config.url, user: config.user, password: secret });
    assert.equal(await phone.home(), paths.home);
    await page.getByRole('button', { name: 'Remove app password Phone' }).first().click();
    await page.getByRole('button', { name: 'Remove app password Phone' }).waitFor({ state: 'detached' });
    assert.equal((await phone.get(`${paths.work}lunch.ics`)).status, 401);
    await context.close();
  });

  describe('the administrator', { skip: config.admin ? false : 'set CALDAV_ADMIN' }, () => {
    it('makes a user and a group, and removes them', async () => {
      const { page, problems, context } = await visit({ signIn: false });
      await login(page, config.admin, config.adminPassword);
      await page.locator('.avatar-button').click();
      await page.getByRole('menuitem', { name: 'Administration' }).click();
      await page.getByText('The remote is reachable.').waitFor();
      await page.getByLabel('New user').fill('carla');
      await page.getByLabel('Password', { exact: true }).fill('carla-secret');
      await page.locator('form', { has: page.getByLabel('New user') }).getByRole('button').click();
      await page.locator('.admin-row', { hasText: 'carla' }).waitFor();
      // A second time it is no new user: the password of the first stays.
      await page.getByLabel('New user').fill('carla');
      await page.getByLabel('Password', { exact: true }).fill('another');
      await page.locator('form', { has: page.getByLabel('New user') }).getByRole('button').click();
      await page.getByText('There is a carla already.').waitFor();
      await page.getByLabel('New group').fill('crew');
      await page.locator('form', { has: page.getByLabel('New group') }).getByRole('button').click();
      const crew = page.locator('.panel', { hasText: 'New group' }).locator('.admin-row', { hasText: 'crew' });
      await crew.click();
      await page.locator('.members').getByLabel('carla').click();
      await crew.getByText('1 member').waitFor();
      await shot(page, 'admin');
      assert.deepEqual(await violations(page), []);
      assert.ok(await dav({ url: config.url, user: 'carla', password: 'carla-secret' }).home());
      await page.getByRole('button', { name: 'Delete group crew' }).click();
      await page.locator('.dialog').getByRole('button', { name: 'Delete' }).click();
      await crew.waitFor({ state: 'detached' });
      await page.locator('.admin-row', { hasText: 'carla' }).click();
      await page.getByRole('button', { name: 'Delete carla' }).click();
      await page.locator('.dialog').getByRole('button', { name: 'Delete' }).click();
      await page.locator('.admin-row', { hasText: 'carla' }).waitFor({ state: 'detached' });
      assert.deepEqual(problems, []);
      await context.close();
    });
    it('is told that others may not', async () => {
      const { page, context } = await visit();
      await go(page, 'admin');
      await page.getByText('This page is for administrators.').waitFor();
      await context.close();
    });
  });
});
