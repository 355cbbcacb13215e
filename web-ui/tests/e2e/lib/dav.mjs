// A second, very small CalDAV client: what other people's programs do to the server while the page is open.
export const dav = ({ url, user, password }) => {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const call = async (method, path, { body, headers = {}, type = 'application/xml; charset=utf-8' } = {}) => {
    const response = await fetch(new URL(path, url), { method, body, redirect: 'manual', headers: { Authorization: authorization, ...(body === undefined ? {} : { 'Content-Type': type }), ...headers } });
    return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
  };
  const find = async (path, property) => {
    const answer = await call('PROPFIND', path, { headers: { Depth: '0' }, body: `<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>${property}</prop></propfind>` });
    return /<(?:\w+:)?(?:current-user-principal|calendar-home-set)[^>]*>\s*<(?:\w+:)?href[^>]*>([^<]+)/.exec(answer.text)?.[1] ?? '';
  };
  return {
    call,
    home: async () => find(await find('/', '<current-user-principal/>'), '<C:calendar-home-set/>'),
    put: (path, body, headers = {}) => call('PUT', path, { body, headers, type: 'text/calendar; charset=utf-8' }),
    get: (path) => call('GET', path),
    remove: (path) => call('DELETE', path),
    makeCalendar: (path, name, color = '#1f9d74') =>
      call('MKCALENDAR', path, { body: `<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/"><set><prop><displayname>${name}</displayname><A:calendar-color>${color}</A:calendar-color></prop></set></C:mkcalendar>` }),
    /** Every object of a calendar, as text. */
    all: async (path) => {
      const answer = await call('REPORT', path, { headers: { Depth: '1' }, body: '<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>' });
      return [...answer.text.matchAll(/BEGIN:VCALENDAR[\s\S]*?END:VCALENDAR/g)].map((one) => one[0].replace(/&#13;/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/\r?\n[ \t]/g, ''));
    },
  };
};

export const event = (uid, ...lines) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');

export const todo = (uid, ...lines) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', 'BEGIN:VTODO', `UID:${uid}`, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VTODO', 'END:VCALENDAR', ''].join('\r\n');
