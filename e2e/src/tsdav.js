// tsdav as a client: each of its functions for calendars once, in a story; prints "ok NAME" or "not ok NAME: why".
'use strict';
const assert = require('node:assert');
const tsdav = require('tsdav');

const { URL: serverUrl, NAME: username, PASSWORD: password } = process.env;
const event = (uid, start, summary) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//e2e//EN', 'BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20260101T000000Z',
    `DTSTART:${start}`, 'DURATION:PT1H', `SUMMARY:${summary}`, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const january = { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' };

async function story() {
  const step = async (name, run) => {
    try {
      const value = await run();
      console.log(`ok ${name}`);
      return value;
    } catch (error) {
      console.log(`not ok ${name}: ${error.message.split('\n').join(' ')}`);
      return undefined;
    }
  };
  const client = await step('createDAVClient', () => tsdav.createDAVClient({
    serverUrl, credentials: { username, password }, authMethod: 'Basic', defaultAccountType: 'caldav',
  }));
  const headers = tsdav.getBasicAuthHeaders({ username, password });
  const account = await step('createAccount', async () => {
    const found = await tsdav.createAccount({ account: { serverUrl, accountType: 'caldav' }, headers });
    assert.ok(found.principalUrl.endsWith(`/principals/${username}/`) && found.homeUrl.endsWith(`/calendars/${username}/`));
    return found;
  });
  const home = `${serverUrl}/calendars/${username}/`;
  const url = `${home}tsdav/`;
  await step('makeCalendar', async () => {
    const [made] = await client.makeCalendar({ url, props: { displayname: 'From tsdav' } });
    assert.strictEqual(made.status, 201);
  });
  await step('a calendar twice', async () => {
    const [made] = await client.makeCalendar({ url, props: {} });
    assert.ok(!made.ok);
  });
  const calendar = await step('fetchCalendars', async () => {
    const all = await client.fetchCalendars();
    const found = all.find((one) => one.url === url);
    assert.strictEqual(found.displayName, 'From tsdav');
    assert.ok(found.components.includes('VEVENT') && found.ctag && found.syncToken);
    assert.ok(found.reports.includes('calendarQuery') && found.reports.includes('syncCollection'));
    return found;
  });
  await step('fetchCalendarUserAddresses', async () => {
    const addresses = await client.fetchCalendarUserAddresses();
    assert.ok(addresses.length > 0);
  });
  await step('supportedReportSet', async () => {
    const reports = await client.supportedReportSet({ collection: calendar });
    assert.ok(reports.includes('calendarMultiget'));
  });
  await step('createCalendarObject', async () => {
    for (const [name, start] of [['one', '20260105T120000Z'], ['two', '20260301T120000Z']]) {
      const made = await client.createCalendarObject({ calendar, filename: `${name}.ics`, iCalString: event(name, start, name) });
      assert.strictEqual(made.status, 201);
      assert.ok(made.headers.get('etag'));
    }
  });
  await step('createCalendarObject twice', async () => {
    const made = await client.createCalendarObject({ calendar, filename: 'one.ics', iCalString: event('one', '20260105T120000Z', 'x') });
    assert.strictEqual(made.status, 412);
  });
  const objects = await step('fetchCalendarObjects', async () => {
    const all = await client.fetchCalendarObjects({ calendar });
    assert.strictEqual(all.length, 2);
    // Its XML parser trims.
    assert.strictEqual(all.find((one) => one.url.endsWith('one.ics')).data, event('one', '20260105T120000Z', 'one').trim());
    return all;
  });
  await step('fetchCalendarObjects in a range', async () => {
    const some = await client.fetchCalendarObjects({ calendar, timeRange: january });
    assert.deepStrictEqual(some.map((one) => one.url), [`${url}one.ics`]);
    const expanded = await client.fetchCalendarObjects({ calendar, timeRange: january, expand: true });
    assert.strictEqual(expanded.length, 1);
  });
  await step('calendarQuery', async () => {
    const found = await client.calendarQuery({
      url,
      props: { [`${tsdav.DAVNamespaceShort.DAV}:getetag`]: {} },
      filters: { 'comp-filter': { _attributes: { name: 'VCALENDAR' } } },
      depth: '1',
    });
    assert.strictEqual(found.filter((one) => one.ok).length, 2);
  });
  await step('calendarMultiGet', async () => {
    const found = await client.calendarMultiGet({
      url,
      props: { [`${tsdav.DAVNamespaceShort.DAV}:getetag`]: {}, [`${tsdav.DAVNamespaceShort.CALDAV}:calendar-data`]: {} },
      objectUrls: ['one.ics', 'two.ics'].map((name) => `/calendars/${username}/tsdav/${name}`),
      depth: '1',
    });
    assert.strictEqual(found.filter((one) => one.props.calendarData).length, 2);
  });
  await step('freeBusyQuery', async () => {
    const found = await tsdav.freeBusyQuery({ url, timeRange: january, depth: '0', headers });
    assert.ok(String(found.raw).includes('20260105T120000Z'));
  });
  await step('isCollectionDirty before', async () => {
    const { isDirty } = await client.isCollectionDirty({ collection: calendar });
    assert.ok(isDirty, 'two objects have come since');
  });
  const one = objects.find((object) => object.url.endsWith('one.ics'));
  await step('updateCalendarObject', async () => {
    const changed = await client.updateCalendarObject({ calendarObject: { ...one, data: event('one', '20260106T120000Z', 'moved') } });
    assert.strictEqual(changed.status, 204);
  });
  await step('updateCalendarObject of an old version', async () => {
    const changed = await client.updateCalendarObject({ calendarObject: { ...one, data: event('one', '20260107T120000Z', 'again') } });
    assert.strictEqual(changed.status, 412);
  });
  await step('smartCollectionSync', async () => {
    const known = { ...calendar, objects, objectMultiGet: client.calendarMultiGet };
    const synced = await client.smartCollectionSync({ collection: known, method: 'webdav', account, detailedResult: true });
    assert.deepStrictEqual(synced.objects.updated.map((object) => new URL(object.url, serverUrl).href), [one.url]);
    assert.ok(synced.objects.updated[0].data.includes('SUMMARY:moved'));
  });
  await step('syncCollection', async () => {
    const found = await client.syncCollection({ url, props: { [`${tsdav.DAVNamespaceShort.DAV}:getetag`]: {} }, syncLevel: 1, syncToken: calendar.syncToken });
    assert.strictEqual(found.filter((object) => object.href?.endsWith('.ics')).length, 2);
  });
  await step('deleteCalendarObject', async () => {
    const gone = await client.deleteCalendarObject({ calendarObject: { ...one, etag: '"old"' } });
    assert.strictEqual(gone.status, 412);
    const [now] = await client.fetchCalendarObjects({ calendar, objectUrls: [one.url] });
    assert.strictEqual((await client.deleteCalendarObject({ calendarObject: now })).status, 204);
  });
  await step('syncCalendars', async () => {
    const synced = await client.syncCalendars({ oldCalendars: [{ ...calendar, objects }], detailedResult: true });
    assert.deepStrictEqual(synced.updated.map((changed) => changed.url), [url]);
  });
  await step('propfind', async () => {
    const [found] = await client.propfind({ url, props: { [`${tsdav.DAVNamespaceShort.DAV}:displayname`]: {} }, depth: '0' });
    assert.strictEqual(found.props.displayname, 'From tsdav');
  });
  await step('deleteObject', async () => {
    assert.strictEqual((await tsdav.deleteObject({ url, headers })).status, 204);
    assert.ok(!(await client.fetchCalendars()).some((other) => other.url === url));
  });
  await step('a wrong password', async () => {
    await assert.rejects(tsdav.createDAVClient({
      serverUrl, credentials: { username, password: 'wrong' }, authMethod: 'Basic', defaultAccountType: 'caldav',
    }));
  });
  console.log('the end');
}

story();
