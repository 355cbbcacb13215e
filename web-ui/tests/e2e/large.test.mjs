// Calendars of 10,000 and 20,000 events: how much is moved for the first month, and how long it and the next one take.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { config, open, settled } from './lib/browser.mjs';
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

for (const count of [10_000, 20_000]) {
  it(`${count} events`, { timeout: 1_200_000 }, async () => {
    const path = `${paths.home}large${count}/`;
    // A calendar that somebody filled by a push is taken as it is: ten thousand PUTs are ten thousand commits.
    const filled = (await client.call('PROPFIND', path, { headers: { Depth: '0' } })).status === 207;
    if (!filled) await client.makeCalendar(path, `Large ${count}`);
    const put = async (index) => {
      const at = new Date(Date.UTC(2022, 0, 1) + index * ((5 * 365 * 86_400_000) / count));
      const start = `${at.toISOString().slice(0, 13).replace(/[-]/g, '')}0000Z`;
      await client.put(`${path}${index}.ics`, event(`large-${count}-${index}`, `SUMMARY:Event ${index}`, `DTSTART:${start}`, 'DURATION:PT45M', 'DESCRIPTION:Some words that an event usually has'));
    };
    for (let index = 0; index < count && !filled; index += 16) await Promise.all(Array.from({ length: Math.min(16, count - index) }, (_, more) => put(index + more)));
    const { page, context } = await stage.person({ signIn: false });
    // Only this calendar and the two of every day: the mark is for one.
    const hidden = [10_000, 20_000].filter((other) => other !== count).map((other) => `${paths.home}large${other}/`);
    await page.evaluate((hrefs) => localStorage.setItem('calendar.settings', JSON.stringify({ hidden: hrefs })), hidden);
    await page.reload();
    let moved = 0;
    page.on('response', async (response) => (moved += Number(response.headers()['content-length'] ?? 0) || (await response.body().catch(() => Buffer.alloc(0))).length));
    await page.evaluate(() => (location.hash = '#/month/2026-03-04'));
    await page.locator('input[autocomplete=username]').fill(config.user);
    await page.locator('input[autocomplete=current-password]').fill(config.password);
    // Beside the clock, the processor time of the page's thread: it says the same on a busy machine.
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const spent = async () => Math.round((await session.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value * 1000);
    const atDoor = await spent();
    const start = Date.now();
    await page.locator('.login button[type=submit]').click();
    await page.locator('.chip[aria-label^="Event"]').first().waitFor();
    const first = Date.now() - start;
    const bytes = moved;
    const firstSpent = (await spent()) - atDoor;
    await settled(page);
    // The months before and after have been fetched.
    await page.waitForLoadState('networkidle');
    const atRest = await spent();
    const next = await page.evaluate(async () => {
      const begin = performance.now();
      document.querySelector('.turn button[aria-label=Next]').click();
      while (!document.querySelector('.chip[aria-label*=" 15 April"]')) await new Promise(requestAnimationFrame);
      return performance.now() - begin;
    });
    const nextSpent = (await spent()) - atRest;
    console.log(`# ${count} events: month after ${first} ms (thread ${firstSpent} ms) with ${Math.round(bytes / 1000)} kB, next month after ${Math.round(next)} ms (thread ${nextSpent} ms)`);
    if (!filled) await client.remove(path);
    assert.ok(bytes < 1_000_000, `${bytes} octets moved`);
    await context.close();
  });
}
