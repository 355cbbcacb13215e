//! REPORT: one file a report (RFC 3253 section 3.6).

mod acl_principals;
mod calendar_data;
mod calendar_query;
mod expand_property;
pub mod filter;
mod free_busy_query;
mod multiget;
mod principals;
pub mod sync;

use ical::Zone;

pub use calendar_data::CalendarData;

use crate::context::Context;
use crate::error::Error;
use crate::history::Question;
use crate::method::{Outcome, resource};
use crate::repository::collection::CollectionFile;
use crate::webdav::names::{CALDAV, DAV};
use crate::webdav::xml::Element;

/// The reply to a report.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let body = context.request.xml()?.ok_or_else(|| Error::BadRequest("a report needs a body".to_owned()))?;
    let resource = resource(context)?;
    match body.name() {
        (CALDAV, "calendar-query") => calendar_query::handle(context, &resource, &body),
        (CALDAV, "calendar-multiget") => multiget::handle(context, &resource, &body),
        (CALDAV, "free-busy-query") => free_busy_query::handle(context, &resource, &body),
        (DAV, "sync-collection") => sync::handle(context, &resource, &body),
        (DAV, "expand-property") => expand_property::handle(context, &resource, &body),
        (DAV, "principal-match") => principals::matching(context, &resource, &body),
        (DAV, "principal-property-search") => principals::search(context, &resource, &body),
        (DAV, "principal-search-property-set") => Ok(principals::searchable()),
        (DAV, "acl-principal-prop-set") => acl_principals::handle(context, &resource, &body),
        (DAV, "version-tree") => Ok(Outcome::History(Question::versions(context, &resource, &body)?)),
        (_, other) => {
            let reason = format!("the report {other} is not known here");
            Err(Error::forbidden((DAV, "supported-report"), reason))
        }
    }
}

/// The time zone of times that have none: the request's, the calendar's, or UTC (RFC 4791 section 7.3).
pub fn floating_zone(body: Option<&Element>, file: Option<&CollectionFile>) -> Result<Zone, Error> {
    let said = |name| body.and_then(|body| body.child(CALDAV, name)).map(|element| element.text().trim().to_owned());
    if let Some(id) = said("timezone-id") {
        return named(&id);
    }
    if let Some(text) = said("timezone") {
        return of_calendar(&text)
            .ok_or_else(|| Error::caldav("valid-calendar-data", "timezone has no VTIMEZONE that can be read"));
    }
    let file = file.filter(|file| file.time_zone.is_some() || file.time_zone_id.is_some());
    let known = file.and_then(|file| {
        let own = file.time_zone.as_deref().and_then(of_calendar);
        own.or_else(|| file.time_zone_id.as_deref().and_then(Zone::named))
    });
    Ok(known.unwrap_or_else(utc))
}

fn named(id: &str) -> Result<Zone, Error> {
    Zone::named(id).ok_or_else(|| Error::caldav("valid-timezone", format!("the time zone {id} is not known here")))
}

fn of_calendar(text: &str) -> Option<Zone> {
    let document = ical::Document::parse(bytes::Bytes::from(text.to_owned())).ok()?;
    let zone = document.root().components().find(|component| component.is("VTIMEZONE"))?;
    Zone::of_vtimezone(std::str::from_utf8(zone.octets()).ok()?).ok()
}

fn utc() -> Zone {
    Zone::utc()
}
