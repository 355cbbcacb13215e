//! GET and HEAD: a member as it was written, or a calendar as one file.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use ical::patch::{NewComponent, NewProperty};

use super::{Outcome, plain, resource};
use crate::PRODUCT;
use crate::context::Context;
use crate::error::Error;
use crate::history::Question;
use crate::resource::{What, etag, is_hidden, may_see};
use crate::webdav::access::Rights;
use crate::webdav::conditional::is_not_modified;
use crate::webdav::http_date;
use crate::world::{Collection, Member};

/// The parameter that asks for an older version.
pub const VERSION: &str = "version";

/// The reply.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    if let Some(version) = context.request.parameter(VERSION) {
        return Ok(Outcome::History(Question::version(context, &version)?));
    }
    let resource = resource(context)?;
    match &resource.what {
        What::Member(collection, member) => Ok(Outcome::Reply(answer(context, collection, member, resource.rights))),
        What::Collection(collection) if collection.is_calendar() => match resource.rights.can_read() {
            true => Ok(Outcome::Reply(export(context, collection, resource.rights))),
            false => Err(super::missing(&resource.href, "read")),
        },
        What::Collection(_) | What::Home(_) | What::Homes | What::Principals | What::Root => {
            Ok(Outcome::Reply(listing(context, &resource)))
        }
        _ => Err(not_allowed(context)),
    }
}

fn not_allowed(context: &Context<'_>) -> Error {
    Error::NotAllowed { method: context.request.method.to_string(), what: "this resource" }
}

fn answer(context: &Context<'_>, collection: &Collection, member: &Member, rights: Rights) -> http::Response<Bytes> {
    let tag = etag(&member.id);
    let mut response = match is_not_modified(context.request, &tag) {
        true => plain(StatusCode::NOT_MODIFIED),
        false => http::Response::new(visible(member, rights)),
    };
    let headers = response.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    let modified = member.object.as_ref().and_then(|object| object.last_modified());
    let modified = modified.and_then(|seconds| u64::try_from(seconds).ok()).map(http_date::print);
    let schedule_tag = crate::scheduling::schedule_tag(context, collection, member);
    let fields = [
        ("etag", Some(tag)),
        ("content-type", Some(content_type(member))),
        ("last-modified", modified),
        ("schedule-tag", schedule_tag),
    ];
    for (name, value) in fields {
        if let Some(value) = value.as_deref().and_then(text) {
            headers.insert(name, value);
        }
    }
    response
}

/// What a reader may see of a member: of what is confidential only when it is.
pub fn visible(member: &Member, rights: Rights) -> Bytes {
    match &member.object {
        Some(object) if is_hidden(member, rights) => ical::redact::times_only(object),
        _ => member.octets.clone(),
    }
}

/// The media type of a member.
pub fn content_type(member: &Member) -> String {
    if let Some(object) = &member.object {
        let method = object.method().map(|method| format!("; method={method}")).unwrap_or_default();
        return format!("text/calendar; charset=utf-8; component={}{method}", object.kind().name());
    }
    let guessed = match member.name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("ics") => "text/calendar; charset=utf-8",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("xml") => "application/xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    };
    guessed.to_owned()
}

/// All objects in one calendar, for a download or a subscription by whoever has no CalDAV.
pub fn export(context: &Context<'_>, collection: &Collection, rights: Rights) -> http::Response<Bytes> {
    let tag = collection.tree.map(|tree| etag(&tree));
    if let Some(tag) = tag.as_deref().filter(|tag| is_not_modified(context.request, tag)) {
        let mut response = plain(StatusCode::NOT_MODIFIED);
        response.headers_mut().extend(HeaderValue::from_str(tag).ok().map(|tag| (http::header::ETAG, tag)));
        return response;
    }
    let mut response = http::Response::new(merged(collection, rights).into());
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/calendar; charset=utf-8"));
    let file_name: String =
        collection.name().chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file_name}.ics\""));
    headers.extend(disposition.ok().map(|value| (http::header::CONTENT_DISPOSITION, value)));
    headers.extend(tag.and_then(|tag| HeaderValue::from_str(&tag).ok()).map(|tag| (http::header::ETAG, tag)));
    response
}

/// The components of all objects, each time zone once.
fn merged(collection: &Collection, rights: Rights) -> Vec<u8> {
    let name = collection.file.display_name.as_deref().unwrap_or(collection.name());
    let head = NewComponent::calendar(PRODUCT).with(NewProperty::text("X-WR-CALNAME", name));
    let head = match &collection.file.color {
        Some(color) => head.with(NewProperty::text("X-APPLE-CALENDAR-COLOR", color)),
        None => head,
    };
    const END: &[u8] = b"END:VCALENDAR\r\n";
    let head = head.to_octets();
    let mut text = Vec::with_capacity(usize::try_from(collection.octets).unwrap_or(0) + head.len());
    text.extend_from_slice(head.strip_suffix(END).unwrap_or(&head));
    let mut zones = BTreeSet::new();
    for member in collection.members().filter(|member| may_see(rights, member)) {
        let octets = visible(member, rights);
        let Ok(document) = ical::Document::parse(octets) else { continue };
        for component in document.root().components() {
            if component.is("VTIMEZONE") {
                let id = component.property("TZID").map(|id| id.text()).unwrap_or_default();
                if !zones.insert(id) {
                    continue;
                }
            }
            text.extend_from_slice(component.octets());
        }
    }
    text.extend_from_slice(END);
    text
}

/// A page for whoever looks with a browser or a file manager.
fn listing(context: &Context<'_>, resource: &crate::resource::Resource) -> http::Response<Bytes> {
    use crate::webdav::xml::escape;
    let title = escape(&resource.href);
    let rows: String = crate::resource::children(context.world, context.login(), resource)
        .iter()
        .map(|child| format!("<li><a href=\"{0}\">{0}</a></li>\n", escape(&child.href)))
        .collect();
    let page = format!("<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n<ul>\n{rows}</ul>\n");
    let mut response = http::Response::new(page.into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
