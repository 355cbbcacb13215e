// Calendars: making, changing, removing, sharing, the secret link, import and export, subscriptions.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { config, go, open, settled, shot } from './lib/browser.mjs';
import { dav, event } from './lib/dav.mjs';
import { seed } from './lib/seed.mjs';

const full = process.env.CALDAV_PAGE === 'server' || process.env.CALDAV_FULL === '1';
const client = dav(config);
let stage;
let page;
let person;
before(async () => {
  await seed(client);
  stage = await open();
  person = await stage.person();
  page = person.page;
  page.setDefaultTimeout(6000);
  await go(page, 'week');
});
after(async () => {
  await shot(page, 'calendars-last');
  await stage.close();
  assert.deepEqual(person.problems, []);
});

const row = (name) => page.locator('.calendar-row').filter({ hasText: name });
const menu = async (name, item) => {
  await page.getByRole('button', { name: `Options of ${name}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
};
const add = async (item) => {
  await page.getByRole('button', { name: 'Add calendar' }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

describe('a calendar', () => {
  it('is made with a name and a colour', async () => {
    await add('New calendar');
    await page.getByLabel('Name', { exact: true }).fill('Garden & <b>house</b>');
    await page.getByLabel('Olive').check();
    await shot(page, 'calendar-new');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await row('Garden & <b>house</b>').waitFor();
  });
  it('is renamed', async () => {
    await menu('Garden & <b>house</b>', 'Edit calendar');
    await page.getByLabel('Name', { exact: true }).fill('Garden');
    await page.getByLabel('Violet').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await row('Garden').evaluate((one) => one.style.getPropertyValue('--color')), '#8a5bc7');
  });
  it('is hidden and shown', async () => {
    await row('Family').locator('input').uncheck();
    await page.locator('.chip[aria-label^="Dentist"]').waitFor({ state: 'detached' });
    await row('Family').locator('input').check();
    await page.locator('.chip[aria-label^="Dentist"]').waitFor();
  });
  it('is deleted after a warning', async () => {
    await menu('Garden', 'Delete calendar');
    await page.getByText('All its events and tasks are deleted').waitFor();
    await shot(page, 'calendar-delete');
    await page.locator('.dialog').getByRole('button', { name: 'Delete' }).click();
    await row('Garden').waitFor({ state: 'detached' });
  });
});

describe('files', () => {
  const file = (text, name = 'some.ics') => ({ name, mimeType: 'text/calendar', buffer: Buffer.from(text) });
  const many = (count) => {
    const inner = (text) => text.replace(/BEGIN:VCALENDAR[\s\S]*?(BEGIN:VEVENT[\s\S]*END:VEVENT\r\n)[\s\S]*/, '$1');
    const events = Array.from({ length: count }, (_, index) => inner(event(`import-${index}`, `SUMMARY:Imported ${index}`, `DTSTART:2026030${1 + (index % 7)}T${String(8 + (index % 9)).padStart(2, '0')}0000Z`, 'DURATION:PT30M')));
    return `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n${events.join('')}END:VCALENDAR\r\n`;
  };
  it('are imported, with a bar and a report', async () => {
    await menu('Family', 'Import');
    let refused = 0;
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && request.url.includes('import-3.ics') && refused++ === 0
      ? { status: 403, headers: { 'Content-Type': 'application/xml' }, body: '<D:error xmlns:D="DAV:"><D:x/><reason xmlns="urn:gitstead:caldav">the server does not like Mondays</reason></D:error>' }
      : null);
    await page.locator('.drop input').setInputFiles(file(many(40)));
    await page.getByText('39 of 40 imported').waitFor();
    await page.getByText('the server does not like Mondays').waitFor();
    await shot(page, 'import');
    stage.proxy.state.fault = null;
    await page.locator('.dialog footer').getByRole('button', { name: 'Close' }).click();
    await page.locator('.chip[aria-label^="Imported"]').first().waitFor();
  });
  it('a second time says what is there already', async () => {
    await menu('Family', 'Import');
    await page.locator('.drop input').setInputFiles(file(many(2)));
    await page.getByText('0 of 2 imported').waitFor();
    await page.getByText('It is in the calendar already.').first().waitFor();
    await page.keyboard.press('Escape');
  });
  it('are stopped with a report', async () => {
    await menu('Family', 'Import');
    let sent = 0;
    stage.proxy.state.fault = (request) => (request.method === 'PUT' && sent++ >= 4 ? 'reset' : null);
    await page.locator('.drop input').setInputFiles(file(many(30).replace(/import-/g, 'stopped-')));
    await page.getByText('4 of 30', { exact: true }).waitFor();
    await page.locator('.dialog footer').getByRole('button', { name: 'Stop' }).click();
    await page.getByText('4 of 30 imported').waitFor();
    stage.proxy.state.fault = null;
    await page.locator('.dialog footer').getByRole('button', { name: 'Close' }).click();
  });
  it('that are none are named', async () => {
    await menu('Family', 'Import');
    await page.locator('.drop input').setInputFiles(file('PK\u0003\u0004nonsense', 'photo.ics'));
    await page.getByText('photo.ics is not a calendar file.').waitFor();
    await page.keyboard.press('Escape');
  });
  it('are exported', async () => {
    const wait = page.waitForEvent('download');
    await menu('Work', 'Export');
    const download = await wait;
    assert.equal(download.suggestedFilename(), 'Work.ics');
  });
});

describe('others', { skip: full ? false : 'needs the real server' }, () => {
  it('are found and given a right', async () => {
    await menu('Work', 'Share');
    await page.getByRole('combobox', { name: 'Share with a person or group' }).fill(config.user2.slice(0, 3));
    await page.getByRole('option').filter({ hasText: new RegExp(config.user2, 'i') }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.grants select').first().selectOption('write');
    await shot(page, 'share');
    await page.keyboard.press('Escape');
    const other = await stage.person({ user: config.user2, password: config.password2 });
    await go(other.page, 'week');
    await other.page.locator('.calendar-row').filter({ hasText: 'Work' }).waitFor();
    await other.page.locator('.chip[aria-label^="Design review"]').focus();
    await other.page.keyboard.press('Alt+ArrowRight');
    await settled(other.page);
    await shot(other.page, 'shared');
    await page.keyboard.press('r');
    await page.locator('.chip[aria-label^="Design review, Thursday 5 March"]').waitFor();
    await other.page.keyboard.press('u');
    await settled(other.page);
    await other.context.close();
  });
  it('lose it again', async () => {
    await menu('Work', 'Share');
    await page.getByRole('button', { name: /^Stop sharing with/ }).click();
    await page.getByText('Only you see this calendar.').waitFor();
    await page.keyboard.press('Escape');
    const other = await stage.person({ user: config.user2, password: config.password2 });
    assert.equal(await other.page.locator('.calendar-row').filter({ hasText: 'Work' }).count(), 0);
    await other.context.close();
  });
  it('read by a secret link, until it is taken back', async () => {
    await menu('Work', 'Share');
    await page.getByRole('button', { name: 'Create secret link' }).click();
    const link = await page.locator('#secret-link').inputValue();
    const answer = await fetch(new URL(new URL(link).pathname, config.url));
    assert.match(await answer.text(), /Design review/);
    await page.getByRole('button', { name: 'Take the link back' }).click();
    await page.getByRole('button', { name: 'Create secret link' }).waitFor();
    assert.notEqual((await fetch(new URL(new URL(link).pathname, config.url))).status, 200);
    await page.keyboard.press('Escape');
  });
  it('publish a calendar that is subscribed to', async () => {
    const feed = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/calendar' }).end(event('feed-1', 'SUMMARY:Full moon', 'DTSTART;VALUE=DATE:20260305', 'DTEND;VALUE=DATE:20260306')));
    await new Promise((resolve) => feed.listen(0, '127.0.0.1', resolve));
    await add('Subscribe to a calendar');
    await page.getByLabel('Address of the calendar').fill(`http://127.0.0.1:${feed.address().port}/moon.ics`);
    await page.getByLabel('Name', { exact: true }).fill('Moon');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await row('Moon').waitFor();
    for (let round = 0; round < 20 && (await page.locator('.chip[aria-label^="Full moon"]').count()) === 0; round++) {
      await page.keyboard.press('r');
      await page.waitForTimeout(500);
    }
    await page.locator('.chip[aria-label^="Full moon, Thursday 5 March, all day, Moon"]').waitFor();
    await shot(page, 'subscribed');
    await menu('Moon', 'Delete calendar');
    await page.locator('.dialog').getByRole('button', { name: 'Delete' }).click();
    await row('Moon').waitFor({ state: 'detached' });
    await new Promise((resolve) => feed.close(resolve));
  });
});
