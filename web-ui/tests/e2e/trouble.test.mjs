// What the page does when something goes wrong: the door, conflicts, no connection, a foreign login page.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { config, go, login, open, settled, shot } from './lib/browser.mjs';
import { dav, event } from './lib/dav.mjs';
import { seed } from './lib/seed.mjs';

const client = dav(config);
let stage;
let paths;
before(async () => {
  paths = await seed(client);
  stage = await open();
});
after(() => stage.close());
beforeEach(() => {
  stage.proxy.state.fault = null;
});

const on = (method, answer) => (request) => (request.method === method ? answer : null);
const chip = (page, name) => page.locator(`.chip[aria-label^="${name}"]`);
const rename = async (page, from, to) => {
  await chip(page, from).first().focus();
  await page.keyboard.press('e');
  await page.locator('.editor .title-field input').fill(to);
  await page.locator('.editor button[type=submit]').click();
};
const textOf = async (uid) => (await client.get(`${paths.work}${uid}.ics`)).text;

describe('the door', () => {
  const attempt = async (fault) => {
    const { page } = await stage.person({ signIn: false });
    stage.proxy.state.fault = fault;
    await page.locator('input[autocomplete=username]').fill(config.user);
    await page.locator('input[autocomplete=current-password]').fill('secret');
    await page.locator('.login button[type=submit]').click();
    await page.locator('.problem').waitFor();
    const said = await page.locator('.problem').textContent();
    return { page, said };
  };
  it('a wrong password', async () => {
    const { page, said } = await attempt(() => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }));
    assert.match(said, /wrong/);
    await shot(page, 'login-wrong');
  });
  it('too many attempts', async () => assert.match((await attempt(() => ({ status: 429, headers: { 'Retry-After': '30' } }))).said, /30 seconds/));
  it('a login page of a proxy', async () => assert.match((await attempt(() => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html><form>Hotel</form></html>' }))).said, /login page/));
  it('a redirect to a login page', async () => assert.match((await attempt((request) => (request.url === '/hotel' ? { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>hi' } : { status: 302, headers: { Location: '/hotel' } }))).said, /login page/));
  it('no answer', async () => assert.match((await attempt(() => 'reset')).said, /No answer/));
  it('stays open for the tab when asked to', async () => {
    const { page, context } = await stage.person({ signIn: false });
    await login(page, config.user, config.password, true);
    await page.reload();
    await page.locator('.shell').waitFor();
    assert.equal(await page.evaluate(() => localStorage.length === 0 || !Object.values(localStorage).some((one) => one.includes('password'))), true);
    await context.close();
  });
});

describe('a change of somebody else', () => {
  const meet = async (name, change) => {
    const { page, context } = await stage.person();
    page.setDefaultTimeout(6000);
    await go(page, 'week');
    await chip(page, 'Design review').waitFor();
    await change();
    await rename(page, 'Design review', 'Mine');
    const dialog = page.locator('.dialog.conflict');
    await dialog.waitFor();
    await shot(page, name);
    return { page, context, dialog };
  };
  const theirs = () => client.put(`${paths.work}review.ics`, event('review', 'SUMMARY:Design review', 'DTSTART;TZID=Europe/Berlin:20260304T100000', 'DTEND;TZID=Europe/Berlin:20260304T113000', 'LOCATION:Roof'));
  it('is shown beside mine; mine stays', async () => {
    const { page, dialog, context } = await meet('conflict', theirs);
    assert.match(await dialog.textContent(), /Roof/);
    assert.match(await textOf('review'), /SUMMARY:Design review/);
    await dialog.getByRole('button', { name: 'Keep mine' }).click();
    await settled(page);
    assert.match(await textOf('review'), /SUMMARY:Mine/);
    await theirs();
    await context.close();
  });
  it('theirs stays', async () => {
    const { page, dialog, context } = await meet('conflict-2', async () => client.put(`${paths.work}review.ics`, event('review', 'SUMMARY:Design review', 'DTSTART:20260304T090000Z', 'DTEND:20260304T103000Z', 'LOCATION:Cellar')));
    await dialog.getByRole('button', { name: 'Keep theirs' }).click();
    await chip(page, 'Design review').waitFor();
    await settled(page);
    assert.match(await textOf('review'), /Cellar/);
    await context.close();
  });
  it('both stay', async () => {
    const { page, dialog, context } = await meet('conflict-3', theirs);
    await dialog.getByRole('button', { name: 'Keep both' }).click();
    await chip(page, 'Mine').waitFor();
    await chip(page, 'Design review').waitFor();
    await settled(page);
    await context.close();
  });
  it('deleted by the other', async () => {
    const { page, dialog, context } = await meet('conflict-gone', () => client.remove(`${paths.work}review.ics`));
    await dialog.getByRole('button', { name: 'Save mine again' }).click();
    await settled(page);
    await chip(page, 'Mine').first().waitFor();
    assert.match(await textOf('review'), /SUMMARY:Mine/);
    await context.close();
  });
});

describe('a server that is away', () => {
  it('gets the changes later, also those of an earlier visit', async () => {
    const { page, context, problems } = await stage.person();
    page.setDefaultTimeout(6000);
    await go(page, 'week');
    await chip(page, 'Team lunch').waitFor();
    stage.proxy.state.fault = () => 'reset';
    await rename(page, 'Team lunch', 'Team brunch');
    await chip(page, 'Team brunch').waitFor();
    await page.getByText('1 change waits').waitFor();
    await rename(page, 'Team brunch', 'Team supper');
    await page.getByText('2 changes wait').waitFor();
    await shot(page, 'offline');
    stage.proxy.state.fault = null;
    await page.goto(stage.proxy.url);
    await page.reload();
    await login(page, config.user, config.password);
    await go(page, 'week');
    await chip(page, 'Team supper').waitFor();
    await settled(page);
    assert.match(await textOf('lunch'), /SUMMARY:Team supper/);
    assert.deepEqual(problems, []);
    await context.close();
  });
  it('503 with Retry-After is waited out', async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    let refusals = 0;
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && refusals++ < 1 ? { status: 503, headers: { 'Retry-After': '1' } } : null);
    await rename(page, 'Team supper', 'Team lunch');
    await page.getByText('1 change waits').waitFor();
    await page.locator('.status-pill.waiting').waitFor({ state: 'detached' });
    assert.match(await textOf('lunch'), /SUMMARY:Team lunch/);
    await context.close();
  });
  it('a refusal is told with its reason, and taken back', async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    stage.proxy.state.fault = on('PUT', {
      status: 403, headers: { 'Content-Type': 'application/xml' },
      body: '<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><C:valid-calendar-data/><reason xmlns="urn:gitstead:caldav">line 7: no such zone</reason></D:error>',
    });
    await rename(page, 'Team lunch', 'Refused');
    await page.getByText('“Refused” was not saved: line 7: no such zone').waitFor();
    await chip(page, 'Team lunch').waitFor();
    await shot(page, 'refused');
    await context.close();
  });
  it('a login page in the middle is named', async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    stage.proxy.state.fault = on('PUT', { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Please sign in' });
    await rename(page, 'Team lunch', 'Held up');
    await page.getByText(/login page of a network/).first().waitFor();
    await context.close();
  });
  it('a password changed elsewhere asks again and loses nothing', async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    stage.proxy.state.fault = on('PUT', { status: 401 });
    await rename(page, 'Dentist', 'Dentist again');
    await page.locator('.login').waitFor();
    stage.proxy.state.fault = null;
    await page.locator('input[autocomplete=current-password]').fill(config.password);
    await page.locator('.login button[type=submit]').click();
    await chip(page, 'Dentist again').waitFor();
    await settled(page);
    assert.match((await client.get(`${paths.family}dentist.ics`)).text, /Dentist again/);
    await context.close();
  });
});

describe('hostile and heavy calendars', () => {
  it('markup stays text everywhere', async () => {
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    await client.put(`${paths.work}evil.ics`, event('evil', `SUMMARY:${evil}`, `DESCRIPTION:${evil} javascript:alert(1)`, `LOCATION:javascript:window.hacked=1`, 'URL:javascript:window.hacked=1', 'DTSTART:20260304T060000Z', 'DTEND:20260304T070000Z', `ORGANIZER;CN="${evil.replace(/"/g, '')}":mailto:x@example.org`, `ATTENDEE;CN="${evil.replace(/"/g, '')}":javascript:alert(1)`));
    const { page, problems, context } = await stage.person();
    for (const view of ['month', 'agenda', 'week']) await go(page, view);
    await chip(page, '<img').click();
    await page.locator('.details').waitFor();
    assert.equal(await page.locator('.details a[href^="javascript"]').count(), 0);
    await shot(page, 'hostile');
    await page.locator('.details').getByRole('button', { name: 'Edit' }).click();
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.locator('img').count(), 0);
    assert.deepEqual(problems, []);
    await client.remove(`${paths.work}evil.ics`);
    await context.close();
  });
  it('an event with 5,000 instances', async () => {
    await client.put(`${paths.work}many.ics`, event('many', 'SUMMARY:Tick', 'DTSTART:20260101T000000Z', 'DURATION:PT15M', 'RRULE:FREQ=HOURLY;COUNT=5000'));
    const { page, context } = await stage.person();
    for (const view of ['month', 'week', 'year', 'agenda']) {
      const start = Date.now();
      await go(page, view);
      assert.ok(Date.now() - start < 4000, `${view} took ${Date.now() - start} ms`);
    }
    await client.remove(`${paths.work}many.ics`);
    await context.close();
  });
});
