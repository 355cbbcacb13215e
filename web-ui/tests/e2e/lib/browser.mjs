// Starting Chromium on the page as one person sees it, and the few moves every test makes.
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startProxy } from './proxy.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const DIST = process.env.CALDAV_DIST ?? join(here, '..', '..', '..', 'dist');
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const config = {
  url: process.env.CALDAV_URL ?? '',
  user: process.env.CALDAV_USER ?? 'alice',
  password: process.env.CALDAV_PASSWORD ?? 'alice',
  user2: process.env.CALDAV_USER2 ?? 'bob',
  password2: process.env.CALDAV_PASSWORD2 ?? 'bob',
  admin: process.env.CALDAV_ADMIN ?? '',
  adminPassword: process.env.CALDAV_ADMIN_PASSWORD ?? '',
  /** Set when the server does not serve the page itself: then the proxy does. */
  ownPage: process.env.CALDAV_PAGE !== 'server',
  screenshots: process.env.SCREENSHOTS ?? join(here, '..', 'screenshots'),
};

/** The moment at which every test is: a Wednesday morning in Berlin, in winter. */
export const NOW = new Date('2026-03-04T09:20:00+01:00');

export const open = async ({ fixedTime = true } = {}) => {
  const proxy = await startProxy(config.url, { dist: config.ownPage ? DIST : null });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  mkdirSync(config.screenshots, { recursive: true });
  const people = [];
  const person = async ({ user = config.user, password = config.password, width = 1440, height = 900, dark = false, locale = 'en-GB', touch = false, signIn = true, zone = 'Europe/Berlin' } = {}) => {
    const context = await browser.newContext({
      viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', locale, timezoneId: zone, hasTouch: touch, isMobile: touch, acceptDownloads: true, reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    if (fixedTime) await page.clock.setFixedTime(NOW);
    const problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && /Content Security Policy|violates/.test(message.text()) && problems.push(message.text()));
    page.on('request', (request) => !request.url().startsWith(proxy.url) && !/^(data|blob):/.test(request.url()) && problems.push(`request to ${request.url()}`));
    await page.goto(proxy.url);
    const one = { page, context, problems };
    people.push(one);
    if (signIn) await login(page, user, password);
    return one;
  };
  return {
    proxy, browser, person,
    close: async () => {
      await browser.close();
      await proxy.close();
    },
  };
};

export const login = async (page, user, password, keep = false) => {
  await page.locator('input[autocomplete=username]').fill(user);
  await page.locator('input[autocomplete=current-password]').fill(password);
  if (keep) await page.locator('.login input[type=checkbox]').check();
  await page.locator('.login button[type=submit]').click();
  await page.locator('.shell').waitFor();
};

export const shot = (page, name) => page.screenshot({ path: join(config.screenshots, `${name}.png`) });

/** Waits until nothing is being read or written. */
export const settled = async (page) => {
  await page.waitForTimeout(30);
  await page.waitForFunction(() => !document.querySelector('.status-pill.busy'));
};

/** What the page does when its window is looked at again: it asks the server what changed. */
export const lookAgain = (page) => page.evaluate(() => dispatchEvent(new Event('focus')));

export const violations = async (page) => {
  // Not by a script tag: the policy of the page forbids that, as it should.
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} — ${node.any.concat(node.all, node.none).map((check) => check.message).join('; ')}`).join(' | ')}`);
};

export const go = async (page, view, day = '2026-03-04') => {
  await page.evaluate(([name, at]) => (location.hash = `#/${name}/${at}`), [view, day]);
  await page.locator(`main.view-${view}`).waitFor();
  await settled(page);
};
