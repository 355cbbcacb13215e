//! Invitations between users of the server (RFC 6638): a stored event with an organizer and attendees sends messages, and each
//! message changes the calendars of those it is for, in the same commit.

pub mod free_busy;

use std::sync::Arc;

use bytes::Bytes;
use ical::CalendarObject;

use crate::context::Context;
use crate::error::Error;
use crate::method::Write;
use crate::method::put::Target;
use crate::request::Response;
use crate::resource::INBOX;
use crate::world::{Collection, Member, World};

/// What a PUT does beside what it says.
#[derive(Debug, Default)]
pub struct Plan {
    /// The octets to be written in place of those that were sent.
    pub octets: Option<Bytes>,
    /// What else is written.
    pub writes: Vec<Write>,
    /// The schedule tag of what is written.
    pub schedule_tag: Option<String>,
}

/// The calendar that invitations go to: the one that takes events and comes first.
pub fn default_calendar<'a>(world: &'a World, owner: &str) -> Option<&'a Arc<Collection>> {
    let takes_events = |calendar: &&Arc<Collection>| {
        let file = &calendar.file;
        let events = file.components.is_empty() || file.components.iter().any(|name| name == "VEVENT");
        calendar.is_calendar() && calendar.name() != INBOX && events && file.source.is_none()
    };
    let home = World::home_path(owner);
    world.children(&home).filter(takes_events).min_by_key(|calendar| (calendar.file.order.unwrap_or(i64::MAX), calendar.path.clone()))
}

/// The schedule tag of a scheduling object.
pub fn schedule_tag(_member: &Member) -> Option<String> {
    None
}

/// What storing an object does.
pub fn put(_: &Context<'_>, _: &Target, _: Option<&CalendarObject>, _: &CalendarObject) -> Result<Plan, Error> {
    Ok(Plan::default())
}

/// What removing an object does.
pub fn delete(_: &Context<'_>, _: &Collection, _: &Member) -> Result<Vec<Write>, Error> {
    Ok(Vec::new())
}

/// A POST to the outbox.
pub fn outbox(_: &Context<'_>, _: &str) -> Result<Response, Error> {
    Err(Error::NotAllowed { method: "POST".to_owned(), what: "an outbox" })
}
