//! Invitations between users of the server (RFC 6638): a stored event with an organizer and attendees sends messages,
//! and each message changes the calendars of those it is for, in the same commit.
//!
//! Whose event it is, is decided by whose calendar it is in: who may write into somebody's calendar invites in their
//! name. Messages are written, never processed again, so that nothing can go in circles. Nothing is sent by mail: who
//! has no account here is not told, and the status says so (5.2).

mod attendee;
pub mod calendars;
mod delivery;
pub mod free_busy;
mod organizer;
mod outbox;
mod role;
mod tag;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::StatusCode;
use ical::CalendarObject;
use ical::itip::{self, Answer, Instance};

use crate::addresses::Addresses;
use crate::context::Context;
use crate::error::Error;
use crate::limits::MAX_ATTENDEES;
use crate::method::Write;
use crate::method::put::{Target, own_href, refusal};
use crate::resource::principal_href;
use crate::webdav::names::CALDAV;
use crate::world::{Collection, Member};
use attendee::Invitation;
use delivery::Delivery;
use role::{Role, role};

pub use outbox::outbox;

/// What a change of an object does beside what it says.
#[derive(Debug, Default)]
pub struct Plan {
    /// What is stored in place of what was sent.
    pub stored: Option<Arc<CalendarObject>>,
    /// What else is written.
    pub writes: Vec<Write>,
    /// The schedule tag of what is written.
    pub schedule_tag: Option<String>,
    /// What it is called in the commit, if there is a better word than that it is a change.
    pub message: Option<String>,
    /// The users who are told.
    pub told: Vec<String>,
}

impl Plan {
    /// What the change is called: the better word if there is one, and who is told.
    pub fn describe(&self, otherwise: String) -> String {
        self.tell_of(self.message.clone().unwrap_or(otherwise))
    }

    /// `move "Team lunch", tell bob and carol`
    pub fn tell_of(&self, what: String) -> String {
        match self.told.as_slice() {
            [] => what,
            [one] => format!("{what}, tell {one}"),
            [first @ .., last] if first.len() <= 4 => format!("{what}, tell {} and {last}", first.join(", ")),
            [first, second, rest @ ..] => format!("{what}, tell {first}, {second} and {} others", rest.len()),
        }
    }
}

/// The schedule tag of a member.
pub fn schedule_tag(context: &Context<'_>, collection: &Collection, member: &Member) -> Option<String> {
    let object = member.object.as_ref().filter(|object| has_people(object))?;
    tag::of(context, collection, object)
}

/// Whether it is worth to look who the people are.
fn has_people(object: &CalendarObject) -> bool {
    itip::instances(object).any(|(_, component)| component.property("ORGANIZER").is_some())
}

/// What storing an object does.
pub fn put(
    context: &Context<'_>,
    target: &Target,
    before: Option<&CalendarObject>,
    after: &CalendarObject,
) -> Result<Plan, Error> {
    if !has_people(after) && !before.is_some_and(has_people) {
        return Ok(Plan::default());
    }
    let mut delivery = Delivery::new(context);
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    let owner = principal_href(target.collection.owner());
    let was = before.map_or(Ok(Role::None), |before| role(before, &owner, &identify)).unwrap_or(Role::None);
    let is = role(after, &owner, &identify);
    let is = is.map_err(|error| Error::caldav("same-organizer-in-all-components", error.to_string()))?;
    check_roles(&was, &is, after, &owner, &addresses)?;
    check_people(after, &identify)?;
    if was == Role::None && is != Role::None {
        check_unique(context, target, after, &owner, &identify)?;
    }
    let mut plan = Plan::default();
    let octets = match (&was, &is) {
        (_, Role::Attendee { organizer, is_answered }) => {
            let before = before.filter(|_| is_of(&was, organizer));
            // What an organizer elsewhere changes is brought here by the attendee's client.
            let was_answered = matches!(was, Role::Attendee { is_answered: true, .. });
            let bound = before.filter(|_| addresses.user(organizer).is_some() && was_answered);
            bound.map_or(Ok(()), |before| itip::attendee_may(before, after, &identify)).map_err(not_attendee)?;
            let invitation = Invitation { who: &owner, organizer, is_answered: *is_answered };
            let stored = attendee::store(&mut delivery, invitation, before, after)
                .map_err(|error| not_attendee(error.to_string()))?;
            plan.message = describe(after, &stored.answers);
            stored.octets
        }
        (Role::Organizer, _) => organizer::store(&mut delivery, &owner, before, after)?,
        (_, Role::Organizer) => organizer::store(&mut delivery, &owner, None, after)?,
        (_, Role::None) => return Ok(plan),
    };
    let stored = context.parser.parse_new(gitstore::blob_id(&octets), &octets).map_err(refusal)?;
    plan.schedule_tag = tag::of(context, &target.collection, &stored);
    plan.stored = Some(stored);
    (plan.writes, plan.told) = delivery.finish();
    Ok(plan)
}

/// Nobody takes over the event of somebody else (RFC 6638 section 3.2.4).
fn check_roles(was: &Role, is: &Role, after: &CalendarObject, owner: &str, addresses: &Addresses) -> Result<(), Error> {
    let organizer = || itip::organizer(after, &|address| addresses.identity(address)).ok().flatten();
    match (was, is) {
        (Role::Organizer, Role::Attendee { .. }) => Err(not_organizer()),
        (Role::Organizer, Role::None) if organizer().is_some_and(|now| now != owner) => Err(not_organizer()),
        (Role::Attendee { organizer, is_answered: true }, _)
            if addresses.user(organizer).is_some() && !is_of(is, organizer) =>
        {
            Err(not_attendee("the organizer is who has invited".to_owned()))
        }
        _ => Ok(()),
    }
}

/// What removing objects does: an organizer calls them off, an attendee declines.
pub fn delete<'m>(context: &Context<'_>, members: impl IntoIterator<Item = (&'m Collection, &'m Member)>) -> Plan {
    let objects = members.into_iter().filter_map(|(collection, member)| Some((collection, member.object.as_deref()?)));
    let mut objects = objects.filter(|(collection, object)| collection.is_calendar() && has_people(object)).peekable();
    let mut plan = Plan::default();
    if objects.peek().is_none() {
        return plan;
    }
    let mut delivery = Delivery::new(context);
    let addresses = delivery.addresses.clone();
    let identify = |address: &str| addresses.identity(address);
    // RFC 6638 section 8.1.
    let is_silent =
        context.request.header("schedule-reply").is_some_and(|reply| reply.trim().eq_ignore_ascii_case("F"));
    for (collection, object) in objects {
        let owner = principal_href(collection.owner());
        match role(object, &owner, &identify) {
            Ok(Role::Organizer) => organizer::remove(&mut delivery, &owner, object),
            Ok(Role::Attendee { organizer, is_answered }) if !is_silent => {
                let invitation = Invitation { who: &owner, organizer: &organizer, is_answered };
                let answers = attendee::remove(&mut delivery, invitation, object);
                plan.message = describe(object, &answers);
            }
            Ok(Role::Attendee { .. } | Role::None) | Err(_) => {}
        }
    }
    (plan.writes, plan.told) = delivery.finish();
    plan
}

fn is_of(role: &Role, whom: &str) -> bool {
    matches!(role, Role::Attendee { organizer, .. } if organizer == whom)
}

fn not_organizer() -> Error {
    Error::caldav("allowed-organizer-scheduling-object-change", "somebody else cannot become the organizer")
}

fn not_attendee(reason: String) -> Error {
    Error::caldav("allowed-attendee-scheduling-object-change", reason)
}

fn describe(object: &CalendarObject, answers: &[Answer]) -> Option<String> {
    let first = answers.first()?;
    let date = match (first.instance, answers.len()) {
        (Instance::One(key), 1) => Some(itip::date(object, key)),
        _ => None,
    };
    Some(ical::describe::answer(object, &first.partstat, date.as_deref()))
}

/// Bounds whom one event can reach, over all its instances.
fn check_people(object: &CalendarObject, identify: itip::Identify<'_>) -> Result<(), Error> {
    match itip::invited(object, identify).len() {
        count if count > MAX_ATTENDEES => {
            Err(Error::caldav("max-attendees-per-instance", format!("more than {MAX_ATTENDEES} are invited")))
        }
        _ => Ok(()),
    }
}

/// A scheduling object is in one calendar of its owner only (RFC 6638 section 3.2.4.1).
pub fn check_unique(
    context: &Context<'_>,
    target: &Target,
    object: &CalendarObject,
    owner: &str,
    identify: itip::Identify<'_>,
) -> Result<(), Error> {
    let others = calendars::with_uid(context.world, target.collection.owner(), &object.uid()).into_iter();
    let mut others = others.filter(|copy| copy.collection.path != target.collection.path);
    let twin = others.find(|copy| role(&copy.object, owner, identify).is_ok_and(|role| role != Role::None));
    let Some(twin) = twin else { return Ok(()) };
    // Where somebody else writes, nothing is said of calendars that they may not see.
    let is_own = target.collection.owner() == context.login().user;
    Err(Error::Condition {
        status: StatusCode::FORBIDDEN,
        name: (CALDAV, "unique-scheduling-object-resource"),
        href: is_own.then(|| own_href(&twin.collection, &twin.name)),
        reason: "this event is in another calendar already".to_owned(),
    })
}

/// Whether an object may be copied to a calendar; moves within a home change nothing for anybody.
pub fn check_copy(context: &Context<'_>, target: &Target, object: &CalendarObject) -> Result<(), Error> {
    let addresses = Addresses::of(context);
    let identify = |address: &str| addresses.identity(address);
    let owner = principal_href(target.collection.owner());
    match has_people(object) && role(object, &owner, &identify).is_ok_and(|role| role != Role::None) {
        true => check_unique(context, target, object, &owner, &identify),
        false => Ok(()),
    }
}
