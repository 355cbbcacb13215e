//! POST: a new member (RFC 5995), a message to the outbox (RFC 6638 section 5), and what CalendarServer does with a
//! calendar: share it, make a link to it.

use http::{HeaderValue, StatusCode};

use super::{Outcome, missing, resource};
use crate::context::Context;
use crate::error::Error;
use crate::resource::{Found, Path, Resource, What};
use crate::scheduling;
use crate::sharing;
use crate::webdav::names::CALENDAR_SERVER;
use crate::webdav::xml;

/// What comes of it.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let resource = resource(context)?;
    match &resource.what {
        What::Outbox(owner) => scheduling::outbox(context, owner).map(Outcome::Reply),
        What::Collection(collection) => {
            let body = xml::parse(&context.request.body).ok().filter(|_| !is_calendar(context));
            match body.as_ref().map(|body| body.name()) {
                Some((CALENDAR_SERVER, "share")) if collection.is_calendar() => {
                    sharing::share(context, &resource, collection, body.as_ref())
                }
                Some((CALENDAR_SERVER, "publish-calendar")) if collection.is_calendar() => {
                    sharing::publish(context, &resource, collection, true)
                }
                Some((CALENDAR_SERVER, "unpublish-calendar")) if collection.is_calendar() => {
                    sharing::publish(context, &resource, collection, false)
                }
                Some((_, other)) => Err(Error::BadRequest(format!("nothing is known here of {other}"))),
                None => add_member(context, &resource),
            }
        }
        _ => Err(Error::NotAllowed { method: "POST".to_owned(), what: "this resource" }),
    }
}

fn is_calendar(context: &Context<'_>) -> bool {
    context.request.header("content-type").is_some_and(|said| said.trim_start().starts_with("text/calendar"))
}

/// Writes the body under a name that we choose: that of its UID if it can be a name, else a random one.
fn add_member(context: &Context<'_>, resource: &Resource) -> Result<Outcome, Error> {
    if !resource.rights.can_write() {
        return Err(missing(&resource.href, "bind"));
    }
    let ending = if is_calendar(context) { ".ics" } else { "" };
    let random: String = context.request.random.iter().map(|octet| format!("{octet:02x}")).collect();
    let uid = context.parser.parse(gitstore::blob_id(&context.request.body), &context.request.body).ok();
    let is_name = |uid: &String| {
        !uid.is_empty() && uid.len() <= 100 && uid.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_@.".contains(&c))
    };
    let uid = uid.map(|object| object.uid()).filter(is_name).filter(|uid| !uid.starts_with('.'));
    let names = [uid, Some(random)].into_iter().flatten().map(|name| format!("{name}{ending}"));
    let free = names.map(|name| format!("{}{name}", resource.href)).find_map(|path| {
        let path = Path::parse(&path).ok()?;
        matches!(context.find(&path), Found::Free(_)).then_some(path)
    });
    let path = free.ok_or_else(|| Error::Internal("no name is free".to_owned()))?;
    let target = super::put::target(context, &path)?;
    super::permit(context, &target.path(), crate::webdav::lock::Touch::Existence)?;
    let mut change = super::put::put(context, &target)?;
    let location = HeaderValue::from_str(&target.href).map_err(|error| Error::Internal(error.to_string()))?;
    change.response.headers_mut().insert("location", location.clone());
    change.response.headers_mut().insert("content-location", location);
    *change.response.status_mut() = StatusCode::CREATED;
    Ok(Outcome::Change(change))
}
