// People of an event: who organises, who is invited, and what they answered (RFC 5545 section 3.8.4).
import ICAL from 'ical.js';

export type Answer = 'NEEDS-ACTION' | 'ACCEPTED' | 'DECLINED' | 'TENTATIVE';

export interface Attendee {
  /** A calendar user address: `mailto:bo@example.org` or the path of a principal. */
  address: string;
  name: string;
  answer: Answer;
}

const ANSWERS: readonly string[] = ['NEEDS-ACTION', 'ACCEPTED', 'DECLINED', 'TENTATIVE'];

const read = (property: ICAL.Property): Attendee => {
  const answer = (property.getFirstParameter('partstat') ?? 'NEEDS-ACTION').toUpperCase();
  return {
    address: String(property.getFirstValue()),
    name: property.getFirstParameter('cn') ?? '',
    answer: (ANSWERS.includes(answer) ? answer : 'NEEDS-ACTION') as Answer,
  };
};

export const readAttendees = (component: ICAL.Component): Attendee[] => component.getAllProperties('attendee').map(read);

export const readOrganizer = (component: ICAL.Component): Attendee | null => {
  const property = component.getFirstProperty('organizer');
  return property ? read(property) : null;
};

export const sameAddress = (a: string, b: string): boolean => a.replace(/\/+$/, '').toLowerCase() === b.replace(/\/+$/, '').toLowerCase();

export const plainAddress = (address: string): string => address.replace(/^mailto:/i, '');
export const nameOf = (one: Attendee): string => one.name || plainAddress(one.address);

/** The first invitation makes the person who edits the organizer. */
export const writeAttendees = (component: ICAL.Component, attendees: Attendee[], me: Attendee | null): void => {
  for (const property of component.getAllProperties('attendee')) {
    const kept = attendees.some((one) => sameAddress(one.address, String(property.getFirstValue())));
    if (!kept) component.removeProperty(property);
  }
  const present = component.getAllProperties('attendee').map((one) => String(one.getFirstValue()));
  const add = (one: Attendee): void => {
    const property = new ICAL.Property('attendee', component);
    property.setValue(one.address);
    if (one.name) property.setParameter('cn', one.name);
    property.setParameter('partstat', one.answer);
    if (one.answer === 'NEEDS-ACTION') property.setParameter('rsvp', 'TRUE');
    component.addProperty(property);
  };
  const fresh = attendees.filter((one) => !present.some((address) => sameAddress(address, one.address)));
  if (attendees.length > 0 && me && !component.hasProperty('organizer')) {
    const organizer = new ICAL.Property('organizer', component);
    organizer.setValue(me.address);
    if (me.name) organizer.setParameter('cn', me.name);
    component.addProperty(organizer);
    if (!attendees.some((one) => sameAddress(one.address, me.address))) add({ ...me, answer: 'ACCEPTED' });
  }
  fresh.forEach(add);
  const others = component.getAllProperties('attendee').filter((one) => !me || !sameAddress(String(one.getFirstValue()), me.address));
  if (others.length === 0 && attendees.length === 0) {
    component.removeAllProperties('attendee');
    component.removeAllProperties('organizer');
  }
};

/** True when the component invites one of these addresses. */
export const setAnswer = (component: ICAL.Component, mine: string[], answer: Answer): boolean => {
  const property = component.getAllProperties('attendee').find((one) => mine.some((address) => sameAddress(address, String(one.getFirstValue()))));
  if (!property) return false;
  property.setParameter('partstat', answer);
  property.removeParameter('rsvp');
  return true;
};
