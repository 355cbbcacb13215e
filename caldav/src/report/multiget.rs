//! calendar-multiget (RFC 4791 section 7.9).

use std::collections::HashSet;

use http::StatusCode;

use super::{CalendarData, floating_zone};
use crate::context::Context;
use crate::error::Error;
use crate::method::Outcome;
use crate::resource::{Found, Path, Resource, What};
use crate::webdav::multistatus::Multistatus;
use crate::webdav::names::DAV;
use crate::webdav::properties::{Question, View};
use crate::webdav::xml::Element;

/// The reply: each of the paths, whether something is there or not.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let data = CalendarData::read(body, floating_zone(None, resource.collection().map(|found| &*found.file))?)?;
    let question = Question::read(Some(body), Some(&data)).or_else(|_| Question::read(None, Some(&data)))?;
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    let asked: Vec<_> = body.children_named(DAV, "href").map(Element::text).collect();
    let mut seen = HashSet::new();
    // What is asked for twice is told once.
    for href in asked.iter().map(|href| href.trim()).filter(|href| seen.insert(*href)) {
        let found = Path::parse(href).map(|path| context.find(&path));
        let Ok(Found::Resource(found)) = found else {
            multistatus.status(href, StatusCode::NOT_FOUND);
            continue;
        };
        let What::Member(collection, member) = &found.what else {
            multistatus.status(href, StatusCode::NOT_FOUND);
            continue;
        };
        // RFC 4791 section 7.9: only what is in the collection of the request.
        let within = resource.collection().is_none_or(|within| within.path == collection.path);
        if !within {
            multistatus.status(href, StatusCode::NOT_FOUND);
        } else if let Some(error) = data.complaint(member) {
            multistatus.error(href, &error);
        } else {
            let view = View { context, resource: &found };
            let wanted = question.wanted(&view, &mut buffer);
            multistatus.properties(&view, wanted);
        }
    }
    Ok(Outcome::Reply(multistatus.finish()))
}
