//! Invitations (iTIP, RFC 5546): who takes part in an object, what of it goes to whom, and what a message changes in a calendar that
//! has the object already.
//!
//! An object is looked at instance by instance: all of them, which the master is about, and single ones with a component of their
//! own. Who is who is the caller's to know: a function tells from a calendar user address whose it is, so that two addresses of one
//! person are the same.

mod answer;
mod difference;
mod draft;
mod merge;
mod message;
mod people;
#[cfg(test)]
mod tests;

pub use answer::{Answer, MAX_ANSWERS, TooManyAnswers, answered, answers, try_answered};
pub use difference::{attendee_may, fingerprint, rescheduled};
pub use draft::Draft;
pub use merge::Kept;
pub use message::{cancel, cancelled, reply, request};
pub use people::{
    Invited, TwoOrganizers, invited, is_invited, is_scheduled_by_server, organizer, partstat, rewrite, sequence, status,
};

use std::ops::ControlFlow;

use crate::document::Component;
use crate::object::{CalendarObject, local_of_key, visit_schedule};
use crate::recurrence::Steps;
use crate::value;
use crate::zone::Zone;

/// From the value of an ORGANIZER or ATTENDEE to whose address it is.
pub type Identify<'a> = &'a dyn Fn(&str) -> String;

/// What a component is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instance {
    /// Every instance that has no component of its own.
    All,
    /// The one that the rule starts then: UTC where the master has a zone, else its digits, in seconds.
    One(i64),
}

/// The components of an object by what they are about, the master first.
pub fn instances(object: &CalendarObject) -> impl Iterator<Item = (Instance, Component<'_>)> {
    parts(object).map(|(instance, part)| (instance, object.component(part)))
}

/// The numbers of the components.
pub(crate) fn parts(object: &CalendarObject) -> impl Iterator<Item = (Instance, usize)> + '_ {
    let master = object.master().map(|part| (Instance::All, part));
    let overrides = object.overrides().iter().map(|one| (Instance::One(one.key), one.part as usize));
    master.into_iter().chain(overrides)
}

/// The number of the component of an instance, if it has one of its own.
fn part_of(object: &CalendarObject, instance: Instance) -> Option<usize> {
    match instance {
        Instance::All => object.master(),
        Instance::One(key) => {
            let at = object.overrides().binary_search_by_key(&key, |one| one.key).ok()?;
            Some(object.overrides()[at].part as usize)
        }
    }
}

/// The component of an instance; for one without, the one that it follows.
fn component_for(object: &CalendarObject, instance: Instance) -> Option<Component<'_>> {
    let part = part_of(object, instance).or_else(|| part_of(object, followed(object, instance)));
    part.map(|part| object.component(part))
}

/// What an instance without a component of its own follows: the last override of all later ones before it, else the master.
fn followed(object: &CalendarObject, instance: Instance) -> Instance {
    match instance {
        Instance::All => Instance::All,
        Instance::One(key) => object.future_of(key).map_or(Instance::All, |future| Instance::One(future.key)),
    }
}

/// Whether the master has an instance that starts then and that no EXDATE takes away.
fn has_instance(object: &CalendarObject, key: i64) -> bool {
    let Some(master) = object.master() else { return false };
    let schedule = &object.parts()[master].schedule;
    // A to-do that is only due takes place in the second before (RFC 4791 section 9.9).
    let around = key.saturating_sub(1)..key.saturating_add(1);
    let mut is_found = false;
    // A search that does not end has not found it.
    let _ = visit_schedule(schedule, &around, &Zone::utc(), &mut Steps::of_a_search(), &mut |occurrence| {
        is_found = occurrence.recurrence_id.is_some_and(|id| id.seconds() == key);
        if is_found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    is_found && schedule.recurrence.is_some()
}

/// `2026-03-04` of an instance, for a person.
pub fn date(object: &CalendarObject, key: i64) -> String {
    let digits = value::print_date(local_of_key(&object.form(), key));
    format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..])
}
