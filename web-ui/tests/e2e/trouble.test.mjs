// What the page does when something goes wrong: the door, conflicts, no connection, a foreign login page.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { config, go, login, lookAgain, open, settled, shot } from './lib/browser.mjs';
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

describe('a form or card that was open while somebody else was there', () => {
  const original = () => client.put(`${paths.work}review.ics`, event('review', 'SUMMARY:Design review', 'DTSTART;TZID=Europe/Berlin:20260304T100000', 'DTEND;TZID=Europe/Berlin:20260304T113000', 'LOCATION:Studio'));
  const theirs = () => client.put(`${paths.work}review.ics`, event('review', 'SUMMARY:Their review', 'DTSTART;TZID=Europe/Berlin:20260304T100000', 'DTEND;TZID=Europe/Berlin:20260304T113000', 'LOCATION:Roof'));
  const visit = async () => {
    await original();
    const one = await stage.person();
    one.page.setDefaultTimeout(6000);
    await go(one.page, 'week');
    await chip(one.page, 'Design review').waitFor();
    return one;
  };
  const startRenaming = async (page) => {
    await chip(page, 'Design review').focus();
    await page.keyboard.press('e');
    await page.locator('.editor .title-field input').fill('Mine');
  };
  const save = (page) => page.locator('.editor button[type=submit]').click();
  const dialog = (page) => page.locator('.dialog.conflict');

  it('asks, though the page has their version already', async () => {
    const { page, context } = await visit();
    await startRenaming(page);
    await theirs();
    await lookAgain(page);
    await chip(page, 'Their review').waitFor();
    await save(page);
    await dialog(page).waitFor();
    assert.match(await textOf('review'), /SUMMARY:Their review/);
    assert.match(await dialog(page).textContent(), /Roof/);
    await dialog(page).getByRole('button', { name: 'Keep theirs' }).click();
    await chip(page, 'Their review').waitFor();
    await settled(page);
    assert.match(await textOf('review'), /Roof/);
    await context.close();
  });
  it('does not bring back what they deleted', async () => {
    const { page, context } = await visit();
    await startRenaming(page);
    await client.remove(`${paths.work}review.ics`);
    await lookAgain(page);
    await chip(page, 'Design review').waitFor({ state: 'detached' });
    await save(page);
    await dialog(page).getByText('Somebody else deleted this event').waitFor();
    assert.equal((await client.get(`${paths.work}review.ics`)).status, 404);
    await dialog(page).getByRole('button', { name: 'Save mine again' }).click();
    await settled(page);
    assert.match(await textOf('review'), /SUMMARY:Mine/);
    await context.close();
  });
  it('does not delete what they changed', async () => {
    const { page, context } = await visit();
    await chip(page, 'Design review').click();
    await theirs();
    await lookAgain(page);
    await chip(page, 'Their review').waitFor();
    await page.locator('.details').getByRole('button', { name: 'Delete' }).click();
    await dialog(page).waitFor();
    assert.match(await textOf('review'), /SUMMARY:Their review/);
    await dialog(page).getByRole('button', { name: 'Delete it' }).click();
    await chip(page, 'Their review').waitFor({ state: 'detached' });
    await settled(page);
    assert.equal((await client.get(`${paths.work}review.ics`)).status, 404);
    await original();
    await context.close();
  });
  it('the question has no answer in focus, and stays until it is answered', async () => {
    const { page, context } = await visit();
    await theirs();
    await rename(page, 'Design review', 'Mine');
    await dialog(page).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'P');
    for (let round = 0; round < 4; round++) await page.keyboard.press('Escape');
    await page.waitForTimeout(100);
    assert.equal(await dialog(page).evaluate((one) => one.open && one.matches(':modal')), true);
    await dialog(page).getByRole('button', { name: 'Keep theirs' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    await original();
    await context.close();
  });
  it('a question waits until the form is closed', async () => {
    const { page, context } = await visit();
    let release;
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && !release ? { status: 503, headers: { 'Retry-After': '1' } } : null);
    await rename(page, 'Design review', 'Mine');
    await page.getByText('1 change waits').waitFor();
    await theirs();
    await chip(page, 'Dentist').focus();
    await page.keyboard.press('e');
    const refused = page.waitForResponse((response) => response.request().method() === 'PUT' && response.status() === 412);
    release = true;
    await refused;
    await settled(page);
    assert.equal(await dialog(page).count(), 0);
    await page.keyboard.press('Escape');
    await dialog(page).waitFor();
    await dialog(page).getByRole('button', { name: 'Keep theirs' }).click();
    await original();
    await context.close();
  });
});

describe('what belongs together', () => {
  const move = async (page, to) => {
    await chip(page, 'Call with').click();
    await page.locator('.details').getByRole('button', { name: 'Edit' }).click();
    await page.locator('.calendar-field select').selectOption({ label: to });
    await page.locator('.editor button[type=submit]').click();
  };
  const places = async () => (await Promise.all([paths.work, paths.family].map((path) => client.get(`${path}call.ics`)))).map((one) => one.status);
  const refuse = (method, path) => (request) => (request.method === method && request.url.startsWith(path) ? { status: 403 } : null);
  for (const [name, fault] of [['put into', () => refuse('PUT', paths.family)], ['taken out of', () => refuse('DELETE', paths.work)]]) {
    it(`an event that cannot be ${name} a calendar stays where it was`, async () => {
      const { page, context } = await stage.person();
      page.setDefaultTimeout(6000);
      await go(page, 'week');
      stage.proxy.state.fault = fault();
      await move(page, 'Family');
      await page.getByText(/was not saved/).waitFor();
      await page.locator('.chip[aria-label^="Call with"][aria-label$="Work"]').waitFor();
      await settled(page);
      assert.deepEqual(await places(), [200, 404]);
      stage.proxy.state.fault = null;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.chip[aria-label^="Call with"][aria-label$="Family"]').waitFor();
      await settled(page);
      assert.deepEqual(await places(), [404, 200]);
      await page.keyboard.press('u');
      await page.locator('.chip[aria-label^="Call with"][aria-label$="Work"]').waitFor();
      await settled(page);
      assert.deepEqual(await places(), [200, 404]);
      await context.close();
    });
  }
  it('a series that cannot be cut is not doubled', async () => {
    const { page, context } = await stage.person();
    page.setDefaultTimeout(6000);
    await go(page, 'week');
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && request.url.endsWith('standup.ics') ? { status: 403 } : null);
    await chip(page, 'Standup, Thursday').focus();
    await page.keyboard.press('Alt+ArrowDown');
    await page.getByRole('button', { name: /^This and the following/ }).click();
    await page.getByText(/was not saved/).waitFor();
    await settled(page);
    assert.equal((await client.all(paths.work)).filter((text) => text.includes('SUMMARY:Standup')).length, 1);
    await context.close();
  });
});

describe('two browsers', () => {
  it('the second sees the change by itself', { timeout: 90_000 }, async () => {
    const [one, two] = [await stage.person(), await stage.person()];
    for (const { page } of [one, two]) await go(page, 'week');
    await rename(one.page, 'Team lunch', 'Team picnic');
    await chip(two.page, 'Team picnic').waitFor({ timeout: 45_000 });
    await rename(one.page, 'Team picnic', 'Team lunch');
    await settled(one.page);
    for (const { context } of [one, two]) await context.close();
  });
  it('two tabs of one send what waits once, and lose none of it', async () => {
    const { page, context } = await stage.person();
    page.setDefaultTimeout(8000);
    await go(page, 'week');
    stage.proxy.state.fault = (request) => (request.method === 'PUT' ? 'reset' : null);
    await rename(page, 'Team lunch', 'From the first tab');
    await page.getByText('1 change waits').waitFor();
    const second = await context.newPage();
    await second.clock.setFixedTime(new Date('2026-03-04T09:20:00+01:00'));
    await second.goto(stage.proxy.url);
    await login(second, config.user, config.password);
    await go(second, 'week');
    await rename(second, 'Dentist', 'From the second tab');
    await chip(second, 'From the second tab').waitFor();
    stage.proxy.state.log.length = 0;
    stage.proxy.state.fault = null;
    await Promise.all([page, second].map(lookAgain));
    for (const one of [page, second]) await one.locator('.status-pill.waiting').waitFor({ state: 'detached' });
    await settled(page);
    await settled(second);
    assert.match(await textOf('lunch'), /From the first tab/);
    assert.match((await client.get(`${paths.family}dentist.ics`)).text, /From the second tab/);
    assert.equal(stage.proxy.state.log.filter((line) => line.startsWith('PUT')).length, 2);
    assert.equal(await page.locator('dialog').count(), 0);
    assert.equal(await second.locator('dialog').count(), 0);
    await rename(page, 'From the first tab', 'Team lunch');
    await settled(page);
    await rename(second, 'From the second tab', 'Dentist');
    await settled(second);
    await context.close();
  });
});

describe('a server that is away', () => {
  it('answers nothing: the change waits, is seen, and is sent or given up', { timeout: 120_000 }, async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    stage.proxy.state.fault = on('PUT', 'hang');
    await rename(page, 'Team lunch', 'Patience');
    await page.getByText('1 change waits').waitFor({ timeout: 45_000 });
    page.setDefaultTimeout(8000);
    stage.proxy.state.fault = on('PUT', 'reset');
    await rename(page, 'Release 4.0', 'Release 5.0');
    await page.getByText('2 changes wait').click();
    const dialog = page.locator('.dialog', { hasText: 'Changes that wait' });
    await dialog.getByText('Patience').waitFor();
    await shot(page, 'waiting');
    await dialog.getByRole('button', { name: 'Discard the change of “Release 5.0”' }).click();
    stage.proxy.state.fault = null;
    await dialog.getByRole('button', { name: 'Send now' }).click();
    await dialog.getByText('Nothing waits.').waitFor();
    await dialog.locator('footer').getByRole('button', { name: 'Close' }).click();
    await settled(page);
    assert.match(await textOf('lunch'), /SUMMARY:Patience/);
    assert.match(await textOf('release'), /SUMMARY:Release 4.0/);
    await chip(page, 'Release 4.0').waitFor();
    await rename(page, 'Patience', 'Team lunch');
    await settled(page);
    await context.close();
  });
  it('is said, with the time since when', async () => {
    const { page, context } = await stage.person();
    page.setDefaultTimeout(6000);
    await go(page, 'week');
    stage.proxy.state.fault = () => 'reset';
    await lookAgain(page);
    await page.locator('[role=status]').getByText('Not up to date since 9:20').waitFor();
    await shot(page, 'not-up-to-date');
    stage.proxy.state.fault = null;
    await lookAgain(page);
    await page.getByText('Not up to date since').waitFor({ state: 'detached' });
    await context.close();
  });
  it('breaks over one object: the others are saved', { timeout: 60_000 }, async () => {
    const { page, context } = await stage.person();
    await go(page, 'week');
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && request.url.endsWith('lunch.ics') ? { status: 500 } : null);
    await rename(page, 'Team lunch', 'Poison');
    await rename(page, 'Dentist', 'Dentist at nine');
    await page.getByText('“Poison” was not saved: The server failed over it several times.').waitFor();
    await settled(page);
    assert.match((await client.get(`${paths.family}dentist.ics`)).text, /Dentist at nine/);
    stage.proxy.state.fault = null;
    await rename(page, 'Dentist at nine', 'Dentist');
    await settled(page);
    await context.close();
  });
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

describe('a password that is refused while one works', () => {
  const enter = async (page, user, password) => {
    await page.locator('.login input[autocomplete=username]').fill(user);
    await page.locator('input[autocomplete=current-password]').fill(password);
    await page.locator('.login button[type=submit]').click();
  };
  const work = async () => {
    const one = await stage.person();
    one.page.setDefaultTimeout(8000);
    await go(one.page, 'week');
    await chip(one.page, 'Dentist').focus();
    await one.page.keyboard.press('e');
    await one.page.locator('.editor .title-field input').fill('Half written');
    stage.proxy.state.fault = () => ({ status: 401 });
    await lookAgain(one.page);
    await one.page.locator('.login').waitFor();
    return one;
  };
  it('is told by the poll, and the form behind the door loses nothing', async () => {
    const { page, context } = await work();
    for (let round = 0; round < 6; round++) await page.keyboard.press('Escape');
    await page.locator('.login').waitFor();
    await shot(page, 'login-again');
    stage.proxy.state.fault = null;
    await enter(page, config.user, config.password);
    await page.locator('.login').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.editor .title-field input').inputValue(), 'Half written');
    await page.locator('.editor button[type=submit]').click();
    await chip(page, 'Half written').waitFor();
    await settled(page);
    await rename(page, 'Half written', 'Dentist');
    await settled(page);
    await context.close();
  });
  it('somebody else signs in: a page of their own, and what waits is kept for the first', async () => {
    const { page, context } = await stage.person();
    page.setDefaultTimeout(8000);
    await go(page, 'week');
    stage.proxy.state.fault = on('PUT', { status: 401 });
    await rename(page, 'Dentist', 'Kept for later');
    await page.locator('.login').waitFor();
    stage.proxy.state.fault = null;
    await enter(page, config.user2, config.password2);
    await page.locator('.shell').waitFor();
    await page.locator('.login').waitFor({ state: 'detached' });
    await go(page, 'week');
    assert.equal(await chip(page, 'Kept for later').count(), 0);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.reload();
    await enter(page, config.user, config.password);
    await page.locator('.shell').waitFor();
    await go(page, 'week');
    await chip(page, 'Kept for later').waitFor();
    await settled(page);
    assert.match((await client.get(`${paths.family}dentist.ics`)).text, /Kept for later/);
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
