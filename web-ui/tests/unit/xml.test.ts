// The XML both ways: what is escaped, and how answers and refusals are read.
import { expect, it } from 'vitest';
import { explain } from '../../src/caldav/client';
import { readSchedule } from '../../src/caldav/scheduling';
import { escape, NotXml, parseMultistatus, pathOf, propertyText, DAV } from '../../src/caldav/xml';

it('escapes and leaves out what XML cannot carry', () => expect(escape('a<b>&"\u0000\u0008c')).toBe('a&lt;b&gt;&amp;&quot;c'));

it('reads a multistatus with other prefixes and a removed member', () => {
  const answer = parseMultistatus(`<multistatus xmlns="DAV:"><response><href>http://h/c/a.ics</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat>
    <propstat><prop><displayname>no</displayname></prop><status>HTTP/1.1 404 Not Found</status></propstat></response>
    <response><href>/c/b.ics</href><status>HTTP/1.1 404 Not Found</status></response><sync-token>t:2</sync-token></multistatus>`);
  expect(answer.responses.map((one) => [one.href, one.status])).toEqual([['/c/a.ics', 200], ['/c/b.ics', 404]]);
  expect(propertyText(answer.responses[0]!, DAV, 'getetag')).toBe('"1"');
  expect(propertyText(answer.responses[0]!, DAV, 'displayname')).toBe('');
  expect(answer.syncToken).toBe('t:2');
});

it('knows a login page when it sees one', () => expect(() => parseMultistatus('<!doctype html><html><body><form></form></body></html>')).toThrow(NotXml));

it('finds the precondition and the sentence', () => {
  const text = '<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><C:no-uid-conflict/><reason xmlns="urn:gitstead:caldav">the UID is taken</reason></D:error>';
  expect(explain(text, 'application/xml')).toEqual({ precondition: 'no-uid-conflict', reason: 'the UID is taken' });
  expect(explain('<html></html>', 'text/html')).toEqual({ precondition: '', reason: '' });
});

it('keeps the path of a href', () => {
  expect(pathOf('https://h:1/a%20b/?version=1')).toBe('/a%20b/?version=1');
  expect(pathOf(' /x/ ')).toBe('/x/');
});

it('reads free and busy', () => {
  const answer = readSchedule(`<C:schedule-response xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><C:response><C:recipient><D:href>mailto:bo@x</D:href></C:recipient><C:request-status>2.0;Success</C:request-status>
<C:calendar-data>BEGIN:VCALENDAR
BEGIN:VFREEBUSY
FREEBUSY;FBTYPE=BUSY:20260303T100000Z/20260303T110000Z,20260303T120000Z/PT30M
FREEBUSY;FBTYPE=FREE:20260303T130000Z/PT30M
END:VFREEBUSY
END:VCALENDAR</C:calendar-data></C:response></C:schedule-response>`);
  expect(answer[0]!.busy!.map((one) => [one.start, one.end - one.start])).toEqual([[Date.UTC(2026, 2, 3, 10), 3_600_000], [Date.UTC(2026, 2, 3, 12), 1_800_000]]);
});
