//! PUT: an object is checked and becomes a file with the very octets that were sent (RFC 4791 section 5.3.2).

use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use ical::{CalendarObject, Fault};

use super::{Change, Outcome, Write, missing, permit, room, with_etag};
use crate::context::Context;
use crate::error::Error;
use crate::limits::MAX_ATTENDEES;
use crate::repository::collection::CollectionFile;
use crate::resource::{Found, Path, Place, What, etag, href, is_hidden, may_see};
use crate::scheduling;
use crate::webdav::conditional::{self, State};
use crate::webdav::lock::Touch;
use crate::webdav::names::{CALDAV, DAV};
use crate::world::{Collection, Kind, Member};

/// Where an object is to be written.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its path in URLs.
    pub href: String,
    /// Its collection.
    pub collection: Arc<Collection>,
    /// The name of its file.
    pub name: String,
    /// What is there now.
    pub present: Option<Arc<Member>>,
}

impl Target {
    /// The path in the repository.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection.path, self.name)
    }
}

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let target = target(context, &Path::parse(&context.request.path)?)?;
    let state = State {
        etag: target.present.as_ref().map(|member| etag(&member.id)),
        schedule_tag: target
            .present
            .as_ref()
            .and_then(|member| scheduling::schedule_tag(context, &target.collection, member)),
    };
    conditional::check(context.request, &state)?;
    let touch = if target.present.is_some() { Touch::Itself } else { Touch::Existence };
    permit(context, &target.path(), touch)?;
    put(context, &target).map(Outcome::Change)
}

/// Finds out where a path would be written to, and whether that is allowed.
pub fn target(context: &Context<'_>, path: &Path) -> Result<Target, Error> {
    match context.find(path) {
        // Messages come by being sent (RFC 6638 section 2.2).
        Found::Free(Place { parent: Some(parent), href, .. }) if parent.kind == Kind::Inbox => {
            Err(missing(&href, "bind"))
        }
        Found::Resource(resource) => match resource.what {
            What::Member(collection, _) if collection.kind == Kind::Inbox => {
                Err(missing(&resource.href, "write-content"))
            }
            What::Member(..) if !resource.rights.can_write() => Err(missing(&resource.href, "write-content")),
            // Who sees only when it is would lose what it is.
            What::Member(_, member) if is_hidden(&member, resource.rights) => {
                Err(missing(&resource.href, "write-content"))
            }
            What::Member(collection, member) => {
                let name = member.name.to_string();
                Ok(Target { href: resource.href, collection, name, present: Some(member) })
            }
            _ => Err(Error::NotAllowed { method: context.request.method.to_string(), what: "a collection" }),
        },
        Found::Free(place) => match place.parent {
            _ if !place.rights.can_write() => Err(missing(&place.href, "bind")),
            Some(collection) => Ok(Target { href: place.href, collection, name: place.name, present: None }),
            None => {
                let reason = "in a home there are calendars and folders, and files only in these";
                Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason))
            }
        },
        Found::Nowhere => Err(Error::NoParent),
    }
}

/// The change that writes the request's body.
pub fn put(context: &Context<'_>, target: &Target) -> Result<Change, Error> {
    let (settings, body) = (context.settings, &context.request.body);
    if body.len() > settings.max_resource_size {
        let reason = format!("it has {} octets, and at most {} are taken", body.len(), settings.max_resource_size);
        return Err(Error::caldav("max-resource-size", reason));
    }
    let before = target.present.as_ref().map_or(0, |member| member.octets.len() as u64);
    room::check_octets(context, target.collection.owner(), body.len() as u64, before)?;
    if let Some(twin) = target.collection.twin(&target.name) {
        let reason = format!("there is {}, and not every computer could tell the two names apart", twin.name);
        return Err(Error::conflict((DAV, "valid-resource-name"), reason));
    }
    match target.collection.is_calendar() {
        true => put_object(context, target),
        false => {
            let id = gitstore::blob_id(body);
            let writes = vec![Write::File(target.path(), body.clone())];
            let message = format!("write {}", target.name);
            Ok(Change::new(writes, message, with_etag(status(target), &id)))
        }
    }
}

fn status(target: &Target) -> StatusCode {
    if target.present.is_some() { StatusCode::NO_CONTENT } else { StatusCode::CREATED }
}

fn put_object(context: &Context<'_>, target: &Target) -> Result<Change, Error> {
    let (collection, body) = (&target.collection, &context.request.body);
    if collection.file.source.is_some() {
        return Err(missing(&target.href, "write-content"));
    }
    check_type(context)?;
    let id = gitstore::blob_id(body);
    let object = context.parser.parse_new(id, body).map_err(refusal)?;
    check_object(&collection.file, &object)?;
    check_uid(target, &object)?;
    let before = target.present.as_ref().and_then(|member| member.object.as_deref());
    let plan = scheduling::put(context, target, before, &object)?;
    let stored = plan.stored.as_deref().unwrap_or(&object);
    let message = plan.describe(ical::describe::change(before, Some(stored)));
    let octets = stored.document().octets().clone();
    let is_as_sent = octets == *body;
    let written = if is_as_sent { id } else { gitstore::blob_id(&octets) };
    let mut writes = vec![Write::File(target.path(), octets.clone())];
    writes.extend(plan.writes);
    let mut response = match is_as_sent {
        true => with_etag(status(target), &written),
        // RFC 4791 section 5.3.4: no entity tag, since the client has not what is here.
        false => super::plain(status(target)),
    };
    let headers = response.headers_mut();
    if let Some(tag) = plan.schedule_tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        headers.insert("schedule-tag", tag);
    }
    if context.request.wants_representation() {
        headers.insert("content-type", HeaderValue::from_static("text/calendar; charset=utf-8"));
        headers.insert("preference-applied", HeaderValue::from_static("return=representation"));
        let tag = HeaderValue::from_str(&etag(&written)).expect("an ID is hexadecimal");
        headers.insert("etag", tag);
        *response.body_mut() = octets;
        *response.status_mut() = if target.present.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    }
    Ok(Change::new(writes, message, response))
}

/// What is no calendar need not be read to be refused; what does not say what it is, is.
fn check_type(context: &Context<'_>) -> Result<(), Error> {
    let Some(said) = context.request.header("content-type") else { return Ok(()) };
    let media_type = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "" | "text/calendar" | "text/plain" | "application/octet-stream" | "application/ics" => Ok(()),
        other => Err(Error::caldav("supported-calendar-data", format!("the body is {other}, and not text/calendar"))),
    }
}

/// Why an object cannot be kept, in the words of the precondition (RFC 4791 section 5.3.2.1).
pub fn refusal(fault: Fault) -> Error {
    let reason = match fault.line {
        Some(line) => format!("line {line}: {}", fault.reason),
        None => fault.reason,
    };
    Error::forbidden((CALDAV, fault.precondition.name()), reason)
}

/// Whether a calendar takes such an object.
pub fn check_object(file: &CollectionFile, object: &CalendarObject) -> Result<(), Error> {
    let kind = object.kind().name();
    if !file.components.is_empty() && !file.components.iter().any(|component| component == kind) {
        return Err(Error::caldav("supported-calendar-component", format!("this calendar takes no {kind}")));
    }
    let attendees =
        (0..object.component_count()).map(|part| object.component(part).properties_named("ATTENDEE").count());
    if attendees.max().unwrap_or(0) > MAX_ATTENDEES {
        let reason = format!("more than {MAX_ATTENDEES} are invited");
        return Err(Error::caldav("max-attendees-per-instance", reason));
    }
    Ok(())
}

/// A UID is in a calendar once (RFC 4791 section 4.1), and a resource keeps its UID.
fn check_uid(target: &Target, object: &CalendarObject) -> Result<(), Error> {
    let uid = object.uid();
    let conflict = |name: &str, reason: String| {
        let owner_path: Vec<&str> = target.href.trim_matches('/').split('/').collect();
        let (_, above) = owner_path.split_last().unwrap_or((&"", &[]));
        let mut path = format!("/{}/", above.join("/"));
        crate::resource::push_segment(&mut path, name);
        Error::Condition { status: StatusCode::FORBIDDEN, name: (CALDAV, "no-uid-conflict"), href: Some(path), reason }
    };
    if let Some(other) = target.collection.by_uid(&uid).filter(|other| *other.name != *target.name) {
        // Of what is private nothing is said, not even its name.
        let hidden = !may_see(crate::webdav::access::Rights::Read, other);
        let name = if hidden { &target.name } else { &*other.name };
        return Err(conflict(name, format!("the UID {uid} is in this calendar already")));
    }
    let old = target.present.as_ref().and_then(|member| member.object.as_ref());
    match old.filter(|old| old.uid() != uid) {
        Some(old) => Err(conflict(&target.name, format!("its UID was {} and cannot become {uid}", old.uid()))),
        None => Ok(()),
    }
}

/// The path of a member in the home of its owner.
pub fn own_href(collection: &Collection, name: &str) -> String {
    let mut segments: Vec<&str> = collection.path.split('/').collect();
    segments.push(name);
    href(&segments, false)
}
