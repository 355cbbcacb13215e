//! free-busy-query (RFC 4791 section 7.10).

use http::{HeaderValue, StatusCode};

use super::filter::range;
use crate::context::Context;
use crate::error::Error;
use crate::method::{Outcome, missing, plain};
use crate::resource::{Resource, What, children};
use crate::scheduling::free_busy;
use crate::webdav::access::Rights;
use crate::webdav::names::CALDAV;
use crate::webdav::xml::Element;
use crate::world::Collection;

/// The reply: one VFREEBUSY.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let element = body.child(CALDAV, "time-range");
    let element = element.ok_or_else(|| Error::BadRequest("a free-busy-query has a time-range".to_owned()))?;
    let range = range(element)?;
    if range.start == i64::MIN || range.end == i64::MAX {
        return Err(Error::BadRequest("a free-busy-query needs start and end".to_owned()));
    }
    let below;
    let collections: Vec<&Collection> = match &resource.what {
        What::Collection(collection) if resource.rights >= Rights::FreeBusy => vec![collection],
        What::Home(_) => {
            below = children(context.world, context.login(), resource);
            let own = below.iter().filter_map(|child| match &child.what {
                What::Collection(collection) if collection.is_calendar() && child.rights >= Rights::FreeBusy => {
                    Some(&**collection)
                }
                _ => None,
            });
            own.collect()
        }
        _ => return Err(missing(&resource.href, "read-free-busy")),
    };
    let periods = free_busy::periods(collections, &range, &|_| false, &|_| false)?;
    let text = free_busy::calendar(context, &range, &periods);
    let mut response = plain(StatusCode::OK);
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/calendar; charset=utf-8"));
    *response.body_mut() = text;
    Ok(Outcome::Reply(response))
}
