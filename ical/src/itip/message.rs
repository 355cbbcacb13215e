//! Scheduling messages (RFC 5546 section 3): an invitation, its end, and an answer.

use bytes::Bytes;

use super::answer::Answer;
use super::draft::{Draft, without_scheduling};
use super::{Identify, Instance};
use crate::object::CalendarObject;
use crate::patch::{NewComponent, NewProperty};
use crate::value::print_date_time;

/// REQUEST: this is what somebody is invited to.
pub fn request(draft: &Draft, product: &str) -> Bytes {
    draft.print(product, Some("REQUEST"))
}

/// What somebody was invited to, cancelled: as it is kept in a calendar.
pub fn cancelled(draft: &Draft, sequence: u32, now: i64) -> Draft {
    let mut draft = draft.clone();
    let sequence = sequence.max(draft.sequence());
    for component in draft.components.values_mut() {
        component.components.clear();
        set(component, NewProperty::new("STATUS", "CANCELLED"));
        set(component, NewProperty::new("SEQUENCE", &sequence.to_string()));
        set(component, stamp(now));
    }
    draft
}

/// CANCEL: of what somebody was invited to, these instances are no more.
pub fn cancel(draft: &Draft, instances: &[Instance], sequence: u32, product: &str, now: i64) -> Bytes {
    let mut some = draft.clone();
    some.components.clear();
    some.exceptions.clear();
    for instance in instances {
        let own = draft.components.get(instance).cloned();
        let component = own.or_else(|| match instance {
            Instance::One(key) => draft.instance(*key),
            Instance::All => None,
        });
        some.components.extend(component.map(|component| (*instance, component)));
    }
    cancelled(&some, sequence, now).print(product, Some("CANCEL"))
}

/// What an answer tells of the event, and of who answers.
const ANSWERED: [&str; 15] = [
    "UID",
    "SEQUENCE",
    "RECURRENCE-ID",
    "SUMMARY",
    "DTSTART",
    "DTEND",
    "DURATION",
    "DUE",
    "RRULE",
    "COMMENT",
    "COMPLETED",
    "PERCENT-COMPLETE",
    "LOCATION",
    "ORGANIZER",
    "STATUS",
];

/// REPLY: `who` answers for these instances.
pub fn reply(
    copy: &CalendarObject,
    answers: &[Answer],
    who: &str,
    identify: Identify<'_>,
    product: &str,
    now: i64,
) -> Bytes {
    let mut draft = Draft::of(copy);
    let whole = draft.clone();
    draft.components.clear();
    draft.exceptions.clear();
    for Answer { instance, partstat } in answers {
        let own = whole.components.get(instance).cloned();
        let component = own.or_else(|| match instance {
            Instance::One(key) => whole.instance(*key),
            Instance::All => None,
        });
        let Some(mut component) = component else { continue };
        component.components.clear();
        let is_mine = |property: &NewProperty| property.is("ATTENDEE") && identify(&property.value) == who;
        component.properties.retain(|property| is_mine(property) || ANSWERED.iter().any(|name| property.is(name)));
        for property in &mut component.properties {
            if property.is("ATTENDEE") {
                let plain = without_scheduling(property.clone()).without_parameter("RSVP");
                *property = plain.with_parameter("PARTSTAT", partstat);
            } else if property.is("ORGANIZER") {
                *property = without_scheduling(property.clone());
            }
        }
        set(&mut component, stamp(now));
        draft.components.insert(*instance, component);
    }
    draft.print(product, Some("REPLY"))
}

fn stamp(now: i64) -> NewProperty {
    NewProperty::new("DTSTAMP", &format!("{}Z", print_date_time(now)))
}

fn set(component: &mut NewComponent, property: NewProperty) {
    component.properties.retain(|other| !other.is(property.name()));
    component.properties.push(property);
}
