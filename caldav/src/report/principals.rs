//! Reports about principals (RFC 3744 sections 9.3 to 9.5).

use http::StatusCode;

use crate::context::Context;
use crate::error::Error;
use crate::method::Outcome;
use crate::resource::{Resource, What, children, principal_href};
use crate::webdav::multistatus::{Multistatus, response};
use crate::webdav::names::{CALDAV, CALENDAR_SERVER, DAV, Name};
use crate::webdav::properties::{Question, View, Wanted};
use crate::webdav::xml::{self, Element, Writer};

/// What can be searched, in words.
const SEARCHABLE: [(Name<'static>, &str); 4] = [
    ((DAV, "displayname"), "name"),
    ((CALDAV, "calendar-user-address-set"), "address"),
    ((CALENDAR_SERVER, "email-address-set"), "e-mail address"),
    ((CALDAV, "calendar-user-type"), "kind"),
];

/// principal-search-property-set.
pub fn searchable() -> Outcome {
    let (root, outer, prop, words) = (
        (DAV, "principal-search-property-set"),
        (DAV, "principal-search-property"),
        (DAV, "prop"),
        (DAV, "description"),
    );
    let mut xml = Writer::document(root);
    for (name, description) in SEARCHABLE {
        xml.start(outer);
        xml.start(prop);
        xml.empty(name);
        xml.end(prop);
        xml.start_with(words, &[("xml:lang", "en")]);
        xml.text(description);
        xml.end(words);
        xml.end(outer);
    }
    xml.end(root);
    Outcome::Reply(response(StatusCode::OK, xml.finish()))
}

/// principal-property-search: principals whose properties contain the texts, any or all of them.
pub fn search(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let principals = match resource.what {
        What::Principals => resource.clone(),
        // `DAV:apply-to-principal-collection-set` means the only one there is.
        _ => context.resource("/principals/").ok_or(Error::NotFound)?,
    };
    // RFC 3744 section 9.4 wants at least one; clients that list all principals send none, which all of them satisfy.
    let searches: Vec<&Element> = body.children_named(DAV, "property-search").collect();
    let is_any = body.attribute("test") == Some("anyof") && !searches.is_empty();
    let question = question(body)?;
    let limit = super::sync::limit(body)?.unwrap_or(usize::MAX);
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    let all = children(context.world, context.login(), &principals);
    let found = all.iter().filter(|principal| {
        let view = View { context, resource: principal };
        let mut tests = searches.iter().map(|search| contains(&view, search));
        if is_any { tests.any(|found| found) } else { tests.all(|found| found) }
    });
    for principal in found.take(limit) {
        let view = View { context, resource: principal };
        multistatus.properties(&view, question.wanted(&view, &mut buffer));
    }
    Ok(Outcome::Reply(multistatus.finish()))
}

/// What is asked of the principals that are found. python-caldav writes an empty `DAV:prop`, and the properties beside
/// it.
fn question(body: &Element) -> Result<Question<'static>, Error> {
    const OWN: [Name<'static>; 4] =
        [(DAV, "property-search"), (DAV, "prop"), (DAV, "apply-to-principal-collection-set"), (DAV, "limit")];
    let beside: Vec<&Element> = body.elements().filter(|element| !OWN.contains(&element.name())).collect();
    match body.child(DAV, "prop") {
        Some(prop) if prop.elements().next().is_none() => {
            Ok(Question::Named(beside.into_iter().map(Wanted::of).collect()))
        }
        Some(_) => Question::read(Some(body), None),
        None => Question::read(None, None),
    }
}

fn contains(view: &View<'_>, search: &Element) -> bool {
    let text = search.child(DAV, "match").or_else(|| search.child(CALDAV, "match"));
    let (text, kind) =
        (text.map(Element::text).unwrap_or_default(), text.and_then(|text| text.attribute("match-type")));
    let needle = text.trim().to_lowercase();
    let properties = search.children_named(DAV, "prop").flat_map(Element::elements);
    let has = |property: &Element| {
        values(view, property).iter().any(|value| {
            let value = value.to_lowercase();
            match kind {
                Some("equals") => value == needle || value == format!("mailto:{needle}"),
                Some("starts-with") => {
                    value.starts_with(&needle) || value.trim_start_matches("mailto:").starts_with(&needle)
                }
                Some("ends-with") => value.ends_with(&needle),
                _ => value.contains(&needle),
            }
        })
    };
    properties.into_iter().all(has)
}

/// The texts in a property.
fn values(view: &View<'_>, property: &Element) -> Vec<String> {
    let mut alone = Writer::document((DAV, "prop"));
    if !view.write(&Wanted::of(property), &mut alone) {
        return Vec::new();
    }
    alone.end((DAV, "prop"));
    let Ok(value) = xml::parse(alone.finish().as_bytes()) else { return Vec::new() };
    let Some(property) = value.elements().next() else { return Vec::new() };
    let inner: Vec<String> = property.elements().map(Element::text).collect();
    if inner.is_empty() { vec![property.text()] } else { inner }
}

/// principal-match: what in a collection is the user who asks, or the user's.
pub fn matching(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let user = principal_href(&context.login().user);
    let property = body.child(DAV, "principal-property").and_then(|property| property.elements().next());
    let question = Question::read(Some(body), None).unwrap_or(Question::Named(Vec::new()));
    let mut multistatus = Multistatus::new(context.request.wants_minimal());
    let mut buffer = Vec::new();
    let groups = context.world.user(&context.login().user).map_or(&[][..], |user| &user.groups);
    for child in children(context.world, context.login(), resource).iter().chain([resource]) {
        let view = View { context, resource: child };
        let is_match = match property {
            Some(property) => values(&view, property).contains(&user),
            None => match &child.what {
                What::User(_) => child.href == user,
                What::Group(name) => groups.contains(name),
                _ => false,
            },
        };
        if is_match {
            multistatus.properties(&view, question.wanted(&view, &mut buffer));
        }
    }
    Ok(Outcome::Reply(multistatus.finish()))
}
