//! Scheduling messages (RFC 5546 section 3): an invitation, its end, and an answer.

use std::collections::BTreeMap;

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

/// Octets that the components of a message have at most.
const MAX_MESSAGE: usize = 1 << 20;

/// CANCEL: of what somebody was invited to, these instances are no more; of very many, the first of them only.
pub fn cancel(draft: &Draft, instances: &[Instance], sequence: u32, product: &str, now: i64) -> Bytes {
    let components = instances.iter().filter_map(|instance| Some((*instance, component(draft, *instance)?)));
    let some = draft.clone().with_components(within(components));
    cancelled(&some, sequence, now).print(product, Some("CANCEL"))
}

/// The component of an instance; for one without, what it follows says of it.
fn component(draft: &Draft, instance: Instance) -> Option<NewComponent> {
    let own = draft.components.get(&instance).cloned();
    own.or_else(|| match instance {
        Instance::One(key) => draft.instance(key),
        Instance::All => None,
    })
}

/// The first, as far as they fit into a message.
fn within(components: impl Iterator<Item = (Instance, NewComponent)>) -> BTreeMap<Instance, NewComponent> {
    let mut size = 0;
    let mut fits = |component: &NewComponent| {
        size += component.size();
        size <= MAX_MESSAGE
    };
    // One is always told of, however large it is.
    components.enumerate().take_while(|(nth, (_, one))| fits(one) || *nth == 0).map(|(_, one)| one).collect()
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

/// REPLY: `who` answers for these instances; of very many, for the first of them only.
pub fn reply(
    copy: &CalendarObject,
    answers: &[Answer],
    who: &str,
    identify: Identify<'_>,
    product: &str,
    now: i64,
) -> Bytes {
    let whole = Draft::of(copy);
    let answer = |Answer { instance, partstat }: &Answer| {
        let component = component(&whole, *instance)?;
        Some((*instance, answer(component, partstat, who, identify, now)))
    };
    let components = within(answers.iter().filter_map(answer));
    whole.with_components(components).print(product, Some("REPLY"))
}

/// What of a component is told with an answer.
fn answer(mut component: NewComponent, partstat: &str, who: &str, identify: Identify<'_>, now: i64) -> NewComponent {
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
    component
}

fn stamp(now: i64) -> NewProperty {
    NewProperty::new("DTSTAMP", &format!("{}Z", print_date_time(now)))
}

fn set(component: &mut NewComponent, property: NewProperty) {
    component.properties.retain(|other| !other.is(property.name()));
    component.properties.push(property);
}
