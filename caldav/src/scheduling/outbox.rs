//! The outbox: when others are busy (RFC 6638 section 5).
//!
//! Everybody who has an account may ask, and learns nothing but when somebody is busy.

use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use http::StatusCode;
use ical::free_busy::print;
use ical::patch::NewProperty;
use ical::{Component, Document};

use super::delivery::Status;
use super::free_busy;
use crate::PRODUCT;
use crate::addresses::Addresses;
use crate::context::Context;
use crate::error::Error;
use crate::limits::MAX_ATTENDEES;
use crate::request::Response;
use crate::webdav::multistatus::response;
use crate::webdav::names::{CALDAV, DAV};
use crate::webdav::xml::Writer;

/// The longest time that can be asked about, in seconds: three years.
const LONGEST: i64 = 3 * 366 * 86_400;

/// A question to the outbox.
struct Question<'a> {
    component: Component<'a>,
    range: Range<i64>,
    attendees: Vec<String>,
    /// An event that is being planned, and so does not count.
    except: Option<String>,
}

/// A POST to the outbox of somebody.
pub fn outbox(context: &Context<'_>, owner: &str) -> Result<Response, Error> {
    let document = Document::parse(context.request.body.clone())
        .map_err(|error| Error::caldav("valid-calendar-data", error.to_string()))?;
    let addresses = Addresses::of(context);
    let question = read(&document, owner, &addresses)?;
    let root = (CALDAV, "schedule-response");
    let mut xml = Writer::document(root);
    for address in &question.attendees {
        let answer = answer(context, &addresses, owner, &question, address);
        write(&mut xml, address, answer);
    }
    xml.end(root);
    Ok(response(StatusCode::OK, xml.finish()))
}

fn invalid(reason: &str) -> Error {
    Error::caldav("valid-scheduling-message", reason)
}

fn read<'a>(document: &'a Document, owner: &str, addresses: &Addresses) -> Result<Question<'a>, Error> {
    let root = document.root();
    let method = root.property("METHOD").map(|method| method.value().trim().to_ascii_uppercase());
    let mut components = root.components().filter(|component| !component.is("VTIMEZONE"));
    let (Some(component), None) = (components.next(), components.next()) else {
        return Err(invalid("a message to the outbox has one component"));
    };
    if method.as_deref() != Some("REQUEST") || !component.is("VFREEBUSY") {
        return Err(invalid(
            "the outbox takes the REQUEST of a VFREEBUSY only; invitations are sent by storing an event",
        ));
    }
    let organizer = component.property("ORGANIZER").map(|organizer| organizer.value().into_owned()).unwrap_or_default();
    if addresses.user(&organizer) != Some(owner) {
        return Err(Error::caldav("organizer-allowed", "the ORGANIZER is not whose outbox this is"));
    }
    let moment = |name: &str| component.property(name).and_then(|property| ical::parse_utc(&property.value()));
    let (Some(start), Some(end)) = (moment("DTSTART"), moment("DTEND")) else {
        return Err(invalid("DTSTART and DTEND are needed, in UTC"));
    };
    if start >= end || end - start > LONGEST {
        return Err(invalid("DTEND is not after DTSTART, or more than three years after it"));
    }
    let mut seen = BTreeSet::new();
    let attendees = component.properties_named("ATTENDEE").map(|one| one.value().trim().to_owned());
    let attendees: Vec<String> = attendees.filter(|one| seen.insert(one.clone())).collect();
    if attendees.is_empty() || attendees.len() > MAX_ATTENDEES {
        return Err(invalid("there is no ATTENDEE, or more than 500"));
    }
    let except = component.property("X-CALENDARSERVER-MASK-UID").map(|uid| uid.text());
    Ok(Question { component, range: start..end, attendees, except })
}

fn answer(
    context: &Context<'_>,
    addresses: &Addresses,
    owner: &str,
    question: &Question<'_>,
    address: &str,
) -> Result<Bytes, Status> {
    let user = match addresses.user(address) {
        Some(user) => user,
        None => return Err(Status::Unknown),
    };
    // Whoever asks may leave out an event of the own only, or could find out about those of others.
    let except = question.except.as_deref().filter(|_| user == owner || has_both(context, owner, user, question));
    let periods = free_busy::of_user(context, addresses, user, &question.range, except).map_err(|_| Status::NotNow)?;
    let mut about: Vec<NewProperty> = ["UID", "ORGANIZER"]
        .into_iter()
        .filter_map(|name| question.component.property(name).map(NewProperty::of))
        .collect();
    about.push(NewProperty::new("ATTENDEE", address));
    let now = i64::try_from(context.request.now).unwrap_or(0);
    Ok(with_method(&print(PRODUCT, now, &question.range, &about, &periods)))
}

/// Whether the event that is left out is one that the asker has too.
fn has_both(context: &Context<'_>, owner: &str, user: &str, question: &Question<'_>) -> bool {
    let has = |user: &str, uid: &str| !super::calendars::with_uid(context.world, user, uid).is_empty();
    question.except.as_deref().is_some_and(|uid| has(owner, uid) && has(user, uid))
}

fn with_method(calendar: &Bytes) -> Bytes {
    let Ok(document) = Document::parse(calendar.clone()) else { return calendar.clone() };
    let mut patch = ical::patch::Patch::new(&document);
    patch.add(document.root(), &NewProperty::new("METHOD", "REPLY"));
    patch.finish()
}

fn write(xml: &mut Writer, address: &str, answer: Result<Bytes, Status>) {
    let (outer, recipient) = ((CALDAV, "response"), (CALDAV, "recipient"));
    xml.start(outer);
    xml.start(recipient);
    xml.leaf((DAV, "href"), address);
    xml.end(recipient);
    let status = match &answer {
        Ok(_) => "2.0;Success",
        Err(Status::NotNow) => "5.1;Service unavailable",
        Err(_) => "3.7;Invalid calendar user",
    };
    xml.leaf((CALDAV, "request-status"), status);
    if let Ok(octets) = answer {
        xml.leaf((CALDAV, "calendar-data"), &String::from_utf8_lossy(&octets));
    }
    xml.end(outer);
}
