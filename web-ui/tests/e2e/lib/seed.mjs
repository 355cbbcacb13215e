// Two calendars of a believable month, for looking at and for testing with.
import { event, todo } from './dav.mjs';

const berlin = (name, at) => `${name};TZID=Europe/Berlin:${at}`;

export const seed = async (client) => {
  const home = await client.home();
  const work = `${home}work/`;
  const family = `${home}family/`;
  for (const path of [work, family]) await client.remove(path);
  await client.makeCalendar(work, 'Work', '#3b6fd8');
  await client.makeCalendar(family, 'Family', '#c8553d');
  const put = (path, uid, ...lines) => client.put(`${path}${uid}.ics`, event(uid, ...lines));
  const timed = (path, uid, title, from, to, ...more) => put(path, uid, `SUMMARY:${title}`, berlin('DTSTART', from), berlin('DTEND', to), ...more);
  const answers = [
    timed(work, 'standup', 'Standup', '20260105T093000', '20260105T094500', 'RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'LOCATION:Room 2'),
    timed(work, 'lunch', 'Team lunch', '20260303T123000', '20260303T133000', 'LOCATION:Café Central', 'DESCRIPTION:Bring an appetite.\\nhttps://example.org', 'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT15M', 'DESCRIPTION:x', 'END:VALARM'),
    timed(work, 'review', 'Design review', '20260304T100000', '20260304T113000', 'LOCATION:Studio', 'X-KEEP;X-P=1:me'),
    timed(work, 'call', 'Call with the port authority', '20260304T103000', '20260304T110000'),
    timed(work, 'sync', 'Roadmap', '20260304T140000', '20260304T150000', 'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=WE'),
    timed(work, 'one', '1:1 Ada', '20260305T150000', '20260305T153000', 'RRULE:FREQ=WEEKLY;BYDAY=TH'),
    put(work, 'ny', 'SUMMARY:New York planning', 'DTSTART;TZID=America/New_York:20260305T110000', 'DTEND;TZID=America/New_York:20260305T120000'),
    put(work, 'offsite', 'SUMMARY:Offsite in Lisbon', 'DTSTART;VALUE=DATE:20260310', 'DTEND;VALUE=DATE:20260313'),
    put(work, 'release', 'SUMMARY:Release 4.0', 'DTSTART;VALUE=DATE:20260306', 'DTEND;VALUE=DATE:20260307'),
    timed(work, 'maybe', 'Press talk (to be confirmed)', '20260306T160000', '20260306T170000', 'STATUS:TENTATIVE'),
    timed(work, 'gone', 'Vendor demo', '20260303T160000', '20260303T170000', 'STATUS:CANCELLED'),
    timed(family, 'school', 'School play', '20260305T173000', '20260305T190000', 'LOCATION:Gym'),
    timed(family, 'dentist', 'Dentist', '20260302T083000', '20260302T091500'),
    timed(family, 'swim', 'Swimming', '20260307T100000', '20260307T113000', 'RRULE:FREQ=WEEKLY;BYDAY=SA'),
    timed(family, 'dinner', 'Dinner with Jo & Sam', '20260304T190000', '20260304T220000'),
    timed(family, 'party', 'Birthday party', '20260314T150000', '20260314T190000'),
    put(family, 'holidays', 'SUMMARY:Spring holidays', 'DTSTART;VALUE=DATE:20260323', 'DTEND;VALUE=DATE:20260404'),
    put(family, 'grandma', 'SUMMARY:Grandma visits', 'DTSTART;VALUE=DATE:20260306', 'DTEND;VALUE=DATE:20260309'),
    put(family, 'bins', 'SUMMARY:Paper bin', 'DTSTART;VALUE=DATE:20260303', 'RRULE:FREQ=WEEKLY;INTERVAL=2'),
    client.put(`${work}t1.ics`, todo('t1', 'SUMMARY:Send the contract', 'DUE;VALUE=DATE:20260302', 'PRIORITY:1')),
    client.put(`${work}t2.ics`, todo('t2', 'SUMMARY:Book train to Lisbon', 'DUE;TZID=Europe/Berlin:20260304T170000')),
    client.put(`${work}t3.ics`, todo('t3', 'SUMMARY:Write the release notes', 'DUE;VALUE=DATE:20260306')),
    client.put(`${family}t4.ics`, todo('t4', 'SUMMARY:Paint the shed')),
    client.put(`${family}t5.ics`, todo('t5', 'SUMMARY:Buy a present', 'STATUS:COMPLETED', 'COMPLETED:20260301T120000Z')),
  ];
  for (const answer of await Promise.all(answers)) if (answer.status >= 300) throw new Error(`seed: ${answer.status} ${answer.text}`);
  return { home, work, family };
};
