//! Who organizes an object and who is invited to which instances of it (RFC 5545 section 3.8.4, RFC 6638 section 7).

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Identify, Instance, component_for, instances};
use crate::document::{Component, Property};
use crate::object::CalendarObject;
use crate::patch::{NewProperty, Patch};
use crate::value;

/// The components name different organizers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the components have different organizers")]
pub struct TwoOrganizers;

/// Somebody who is invited, and whom the server is to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The address, as it is written first.
    pub address: String,
    /// To what.
    pub instances: BTreeSet<Instance>,
    /// SCHEDULE-FORCE-SEND=REQUEST: to be told even if nothing has changed.
    pub is_forced: bool,
    /// Did the last message not arrive, for a reason that passes?
    pub has_missed: bool,
}

/// Who organizes an object; nobody, if it has no ORGANIZER.
pub fn organizer(object: &CalendarObject, identify: Identify<'_>) -> Result<Option<String>, TwoOrganizers> {
    let named = instances(object).flat_map(|(_, component)| component.properties_named("ORGANIZER"));
    let mut all: BTreeSet<String> = named.map(|organizer| identify(&organizer.value())).collect();
    let first = all.pop_first();
    if all.is_empty() { Ok(first) } else { Err(TwoOrganizers) }
}

/// Whether it is for the server to send messages to whom a property names (RFC 6638 section 7.1).
pub fn is_scheduled_by_server(property: Property<'_>) -> bool {
    property.parameter("SCHEDULE-AGENT").is_none_or(|agent| agent.eq_ignore_ascii_case("SERVER"))
}

/// Everybody who is invited to something and whom the server is to tell, by identity.
pub fn invited(object: &CalendarObject, identify: Identify<'_>) -> BTreeMap<String, Invited> {
    let mut all: BTreeMap<String, Invited> = BTreeMap::new();
    for (instance, component) in instances(object) {
        for attendee in component.properties_named("ATTENDEE").filter(|one| is_scheduled_by_server(*one)) {
            let says = |name: &str, value: &str| attendee.parameter(name).is_some_and(|said| said.starts_with(value));
            let address = attendee.value();
            let known = all.entry(identify(&address)).or_insert_with(|| Invited {
                address: address.into_owned(),
                instances: BTreeSet::new(),
                is_forced: false,
                has_missed: false,
            });
            known.instances.insert(instance);
            known.is_forced |= says("SCHEDULE-FORCE-SEND", "REQUEST");
            known.has_missed |= says("SCHEDULE-STATUS", "5.1");
        }
    }
    all
}

/// The ATTENDEE of somebody in a component.
pub(super) fn attendee<'a>(component: Component<'a>, who: &str, identify: Identify<'_>) -> Option<Property<'a>> {
    component.properties_named("ATTENDEE").find(|attendee| identify(&attendee.value()) == who)
}

/// Whether somebody takes part in an instance, in capitals; NEEDS-ACTION if nothing is said (RFC 5545 section 3.2.12). None for who is
/// not invited.
pub fn partstat(object: &CalendarObject, instance: Instance, who: &str, identify: Identify<'_>) -> Option<String> {
    let attendee = attendee(component_for(object, instance)?, who, identify)?;
    Some(said(attendee))
}

/// SCHEDULE-STATUS of somebody in an instance: what became of the last message.
pub fn status(object: &CalendarObject, instance: Instance, who: &str, identify: Identify<'_>) -> Option<String> {
    let attendee = attendee(component_for(object, instance)?, who, identify)?;
    attendee.parameter("SCHEDULE-STATUS").map(|status| status.into_owned())
}

/// Whether somebody is invited to any instance.
pub fn is_invited(object: &CalendarObject, who: &str, identify: Identify<'_>) -> bool {
    instances(object).any(|(_, component)| attendee(component, who, identify).is_some())
}

/// The highest SEQUENCE of the components.
pub fn sequence(object: &CalendarObject) -> u32 {
    let numbers = instances(object).filter_map(|(_, component)| component.property("SEQUENCE"));
    numbers.filter_map(|number| value::digits(number.value().trim_ascii().as_bytes())).max().unwrap_or(0)
}

/// Octets of a PARTSTAT at most: what is longer is not known, and so counts as NEEDS-ACTION (RFC 5545 section 3.2.12).
const MAX_PARTSTAT: usize = 64;

pub(super) fn said(attendee: Property<'_>) -> String {
    let said = attendee.parameter("PARTSTAT").filter(|said| said.len() <= MAX_PARTSTAT);
    said.map_or_else(|| "NEEDS-ACTION".to_owned(), |said| said.to_ascii_uppercase())
}

/// The octets with another property in the place of each ORGANIZER and ATTENDEE for which there is one; the same octets if there is none.
pub fn rewrite(
    object: &CalendarObject,
    mut change: impl FnMut(Instance, Property<'_>, NewProperty) -> NewProperty,
) -> Bytes {
    let mut patch = Patch::new(object.document());
    for (instance, component) in instances(object) {
        for old in component.properties().filter(|one| one.is("ATTENDEE") || one.is("ORGANIZER")) {
            let as_it_is = NewProperty::of(old);
            let new = change(instance, old, as_it_is.clone());
            if new != as_it_is {
                patch.replace(old, &new);
            }
        }
    }
    patch.finish()
}
