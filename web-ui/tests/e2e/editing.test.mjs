// Making, moving, changing and removing events, as a person does it; the server is asked what came of it.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { config, go, open, settled, shot } from './lib/browser.mjs';
import { dav, event } from './lib/dav.mjs';
import { seed } from './lib/seed.mjs';

const client = dav(config);
let stage;
let page;
let person;
let paths;

const saved = () => settled(page);
const objects = (path) => client.all(path);
const one = async (title, ...where) => {
  const found = await Promise.all((where.length ? where : [paths.work, paths.family, `${paths.home}calendar/`]).map(objects));
  return found.flat().filter((text) => text.includes(`SUMMARY:${title}`));
};
const chip = (name) => page.locator(`.chip[aria-label^="${name}"]`);
/** The hours always scrolled to the same place, so that two places can be measured after each other. */
const steady = () => page.evaluate(() => document.querySelector('.grid-scroll')?.scrollTo(0, 7 * 52));
/** The middle of an hour in the column of a day of the week shown. */
const spot = async (day, hour) => {
  const column = page.locator('.column').nth(day);
  await steady();
  const box = await column.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + hour * 52 };
};
const drag = async (from, to) => {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
};
const middle = async (locator) => {
  await steady();
  const box = await locator.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, 12) };
};

before(async () => {
  paths = await seed(client);
  stage = await open();
  person = await stage.person();
  page = person.page;
});
after(async () => {
  await shot(page, 'editing-last');
  await stage.close();
  assert.deepEqual(person.problems, []);
});
beforeEach(async () => {
  page.setDefaultTimeout(5000);
  await page.keyboard.press('Escape');
  const discard = page.getByRole('button', { name: 'Discard', exact: true });
  if (await discard.isVisible()) await discard.click();
  await go(page, 'week');
});

describe('making events', () => {
  it('by a click in the week', async () => {
    const at = await spot(1, 14.2);
    await page.mouse.click(at.x, at.y);
    await page.locator('.editor .title-field input').fill('Clicked');
    await shot(page, 'create-by-click');
    await page.keyboard.press('Enter');
    await chip('Clicked, Tuesday 3 March, 14:00 to 15:00').waitFor();
    await saved();
    const [text] = await one('Clicked');
    assert.match(text, /DTSTART;TZID=Europe\/Berlin:20260303T140000/);
    assert.match(text, /BEGIN:VTIMEZONE/);
  });
  it('by a drag over hours', async () => {
    await drag(await spot(6, 12.05), await spot(6, 14.5));
    await page.locator('.editor .title-field input').fill('Dragged');
    await page.keyboard.press('Enter');
    await chip('Dragged, Sunday 8 March, 12:00 to 14:30').waitFor();
  });
  it('by a drag over days of the month', async () => {
    await go(page, 'month');
    const from = await middle(page.locator('.cell[data-day="20529"]')); // 17 March
    const to = await middle(page.locator('.cell[data-day="20531"]'));
    await drag({ x: from.x, y: from.y + 90 }, { x: to.x, y: to.y + 90 });
    await page.locator('.editor .title-field input').fill('Three days');
    await page.keyboard.press('Enter');
    await chip('Three days, Tuesday 17 March to Thursday 19 March').or(chip('Three days')).first().waitFor();
    await saved();
    assert.match((await one('Three days'))[0], /DTSTART;VALUE=DATE:20260317[\s\S]*DTEND;VALUE=DATE:20260320/);
  });
  it('by quick add', async () => {
    await page.keyboard.press('q');
    await page.keyboard.type('Lunch with Bo tomorrow 12-13');
    await page.locator('.quick-reads').waitFor();
    await shot(page, 'quick-add');
    await page.keyboard.press('Enter');
    await chip('Lunch with Bo, Thursday 5 March, 12:00 to 13:00').waitFor();
    await saved();
    assert.equal((await one('Lunch with Bo')).length, 1);
  });
  it('by keyboard alone, with the whole form', async () => {
    await page.keyboard.press('n');
    await page.locator('.editor').waitFor();
    await page.keyboard.type('Choir');
    await page.getByLabel('Repeats').selectOption('WEEKLY');
    await page.getByLabel('Every', { exact: true }).selectOption('2');
    await page.getByLabel('Ends', { exact: true }).selectOption('count');
    await page.getByLabel('Times').fill('5');
    await page.getByText('every second Wednesday, 5 times').waitFor();
    await page.getByLabel('Place').fill('St Mary');
    await page.getByLabel('Notes').fill('Bring scores;\nand water, too');
    await page.getByRole('button', { name: 'Add reminder' }).click();
    await page.getByLabel('Visibility').selectOption('PRIVATE');
    await shot(page, 'form');
    await page.keyboard.press('Control+Enter');
    await chip('Choir').first().waitFor();
    await saved();
    const [text] = await one('Choir');
    assert.match(text, /RRULE:FREQ=WEEKLY;(COUNT=5;INTERVAL=2|INTERVAL=2;COUNT=5)/);
    assert.match(text, /TRIGGER:-PT15M/);
    assert.match(text, /CLASS:PRIVATE/);
    assert.match(text, /DESCRIPTION:Bring scores\\;\\nand water\\, too/);
  });
  it('at the hour the keyboard holds', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.locator('.editor .title-field input').fill('Early bird');
    await page.keyboard.press('Enter');
    await chip('Early bird, Thursday 5 March, 8:30 to 9:30').waitFor();
  });
});

describe('moving', () => {
  it('by a drag, keeping every property the page does not know', async () => {
    const from = await middle(chip('Design review'));
    const to = await spot(4, 12.05);
    await drag(from, { x: to.x, y: to.y + 10 });
    await chip('Design review, Friday 6 March, 12:00 to 13:30').waitFor();
    await saved();
    const [text] = await one('Design review');
    assert.match(text, /X-KEEP;X-P=1:me/);
    assert.match(text, /LOCATION:Studio/);
  });
  it('and back by undo', async () => {
    await page.keyboard.press('Control+z');
    await chip('Design review, Wednesday 4 March, 10:00 to 11:30').waitFor();
    await saved();
    assert.match((await one('Design review'))[0], /20260304T100000/);
  });
  it('stretching its end', async () => {
    const block = chip('Team lunch');
    const box = await block.boundingBox();
    await drag({ x: box.x + 40, y: box.y + box.height - 3 }, { x: box.x + 40, y: box.y + box.height - 3 + 52 });
    await chip('Team lunch, Tuesday 3 March, 12:30 to 14:30').waitFor();
  });
  it('by keys', async () => {
    await chip('Dinner with Jo').focus();
    await page.keyboard.press('Alt+ArrowRight');
    await chip('Dinner with Jo & Sam, Thursday 5 March, 19:00 to 22:00').waitFor();
  });
  it('in the month, and Esc cancels', async () => {
    await go(page, 'month');
    const from = await middle(chip('Birthday party'));
    const to = await middle(page.locator('.cell[data-day="20525"]')); // 13 March
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 5 });
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await chip('Birthday party, Saturday 14 March').waitFor();
    await drag(await middle(chip('Birthday party')), to);
    await chip('Birthday party, Friday 13 March, 15:00 to 19:00').waitFor();
  });
  it('from the hours to the all-day strip', async () => {
    await drag(await middle(chip('Call with')), await middle(page.locator('.day-slot').nth(0)));
    await chip('Call with the port authority, Monday 2 March, all day').waitFor();
  });
});

describe('a series', () => {
  it('moves one instance', async () => {
    await drag(await middle(chip('Standup, Tuesday')), await spot(1, 11.22));
    await shot(page, 'scope');
    await page.getByRole('button', { name: /^This event/ }).click();
    await chip('Standup, Tuesday 3 March, 11:00').waitFor();
    await saved();
    assert.match((await one('Standup'))[0], /RECURRENCE-ID;TZID=Europe\/Berlin:20260303T093000/);
  });
  it('splits for this and the following', async () => {
    await drag(await middle(chip('Standup, Thursday')), await spot(3, 8.22));
    await page.getByRole('button', { name: /^This and the following/ }).click();
    await chip('Standup, Friday 6 March, 8:00').waitFor();
    await chip('Standup, Wednesday 4 March, 9:30').waitFor();
    await saved();
    assert.equal((await one('Standup')).length, 2);
  });
  it('turns all instances, and undo turns them back', async () => {
    await chip('1:1 Ada').focus();
    await page.keyboard.press('e');
    await page.locator('.editor .title-field input').fill('1:1 with Ada');
    await page.locator('.editor button[type=submit]').click();
    await page.getByRole('button', { name: /^All events/ }).click();
    await chip('1:1 with Ada').waitFor();
    await saved();
    await page.keyboard.press('u');
    await chip('1:1 Ada').waitFor();
    await saved();
    assert.equal((await one('1:1 Ada')).length, 1);
  });
  it('loses one instance, and gets it back', async () => {
    await go(page, 'week', '2026-03-18');
    await chip('Roadmap').focus();
    await page.keyboard.press('Delete');
    await page.getByRole('button', { name: /^This event/ }).click();
    await chip('Roadmap').waitFor({ state: 'detached' });
    await saved();
    assert.match((await one('Roadmap'))[0], /EXDATE;TZID=Europe\/Berlin:20260318T140000/);
    await page.locator('.notice-action').click();
    await chip('Roadmap').waitFor();
  });
});

describe('the focus', () => {
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName);
  const eventually = async (pattern) => {
    const is = (source) => new RegExp(source).test(document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName);
    // Where it never is, the assertion says what is there instead.
    await page.waitForFunction(is, pattern.source, { timeout: 5000 }).catch(() => {});
    assert.match(await focused(), pattern);
  };
  it('stays with an event that moves to another day', async () => {
    await chip('Swimming').focus();
    await page.keyboard.press('Alt+ArrowLeft');
    await page.getByRole('button', { name: /^This event/ }).click();
    await eventually(/^Swimming, Friday 6 March/);
    await page.keyboard.press('Alt+ArrowRight');
    await page.getByRole('button', { name: /^All events/ }).click();
    await eventually(/^Swimming, Saturday 7 March/);
    await chip('School play').focus();
    await page.keyboard.press('Alt+ArrowLeft');
    await eventually(/^School play, Wednesday 4 March/);
    await page.keyboard.press('Alt+ArrowRight');
    await eventually(/^School play, Thursday 5 March/);
  });
  it('goes to the day of an event that was deleted', async () => {
    await chip('School play').focus();
    await page.keyboard.press('Delete');
    await chip('School play').waitFor({ state: 'detached' });
    await eventually(/^New event on Thursday 5 March/);
    await page.keyboard.press('u');
    await chip('School play').waitFor();
    await go(page, 'month');
    await chip('Birthday party').focus();
    await page.keyboard.press('Delete');
    await chip('Birthday party').waitFor({ state: 'detached' });
    await eventually(/^Friday 13 March/);
    await page.keyboard.press('u');
    await chip('Birthday party').waitFor();
  });
  it('is never under the head', async () => {
    await page.evaluate(() => document.querySelector('.grid-scroll').scrollTo(0, 12 * 52));
    await chip('Dentist').focus();
    const [top, head] = await page.evaluate(() => [document.activeElement.getBoundingClientRect().top, document.querySelector('.all-day').getBoundingClientRect().bottom]);
    assert.ok(top >= head, `${top} is above ${head}`);
  });
  it('Esc in the menu of a card leaves the card open', async () => {
    await chip('Dentist').click();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.locator('.details [role=menuitem]').first().waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.details .menu').waitFor({ state: 'detached' });
    await page.waitForTimeout(50);
    assert.equal(await page.locator('.details').count(), 1);
    await page.keyboard.press('Escape');
    await page.locator('.details').waitFor({ state: 'detached' });
  });
});

describe('details', () => {
  it('show what the event says, and its time where it is', async () => {
    await chip('New York planning').click();
    const card = page.locator('.dialog.details');
    await card.getByText('11:00 – 12:00 in New York').waitFor();
    await shot(page, 'details');
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')?.startsWith('New York')), true);
  });
  it('an event made by another program appears', async () => {
    await client.put(`${paths.work}foreign.ics`, event('foreign', 'SUMMARY:From elsewhere', 'DTSTART:20260306T120000Z', 'DTEND:20260306T130000Z'));
    await page.keyboard.press('r');
    await chip('From elsewhere, Friday 6 March, 13:00 to 14:00').waitFor();
    await client.remove(`${paths.work}foreign.ics`);
    await page.keyboard.press('r');
    await chip('From elsewhere').waitFor({ state: 'detached' });
  });
  it('moves to another calendar', async () => {
    await chip('Team lunch').click();
    await page.locator('.details').getByRole('button', { name: 'Edit' }).click();
    await page.locator('.calendar-field select').selectOption({ label: 'Family' });
    await page.locator('.editor button[type=submit]').click();
    await chip('Team lunch, Tuesday 3 March, 12:30 to 14:30, Family').waitFor();
    await saved();
    assert.equal((await one('Team lunch', paths.work)).length, 0);
    assert.equal((await one('Team lunch', paths.family)).length, 1);
  });
  it('a task is made and ticked', async () => {
    await go(page, 'tasks');
    await page.keyboard.press('n');
    await page.locator('.editor .title-field input').fill('Water the plants');
    await page.keyboard.press('Enter');
    await page.getByLabel('Done: Water the plants').click();
    await page.getByText('“Water the plants” completed').waitFor();
    await saved();
    const [text] = await one('Water the plants');
    assert.match(text, /STATUS:COMPLETED/);
    assert.match(text, /COMPLETED:2026/);
  });
});
