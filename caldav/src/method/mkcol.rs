//! MKCALENDAR (RFC 4791 section 5.3.1) and MKCOL, plain or extended (RFC 5689).

use http::StatusCode;

use super::{Change, Outcome, Write, missing, permit, plain, room};
use crate::context::Context;
use crate::error::Error;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE, CollectionFile};
use crate::resource::{Found, INBOX, OUTBOX, Path, is_kept_for_shares};
use crate::webdav::access::Rights;
use crate::webdav::lock::Touch;
use crate::webdav::multistatus::response;
use crate::webdav::names::{CALDAV, CALENDAR_SERVER, DAV, Name};
use crate::webdav::properties::{self, Instruction, Of};
use crate::webdav::xml::{Element, Writer};

/// The change.
pub fn handle(context: &Context<'_>) -> Result<Outcome, Error> {
    let by_name = context.request.method.as_str() == "MKCALENDAR";
    let path = Path::parse(&context.request.path)?;
    let place = match context.find(&path) {
        Found::Free(place) => place,
        Found::Resource(_) if by_name => {
            return Err(Error::forbidden((DAV, "resource-must-be-null"), "something is there already"));
        }
        Found::Resource(_) => {
            return Err(Error::NotAllowed {
                method: context.request.method.to_string(),
                what: "what is there already",
            });
        }
        Found::Nowhere if is_kept_for_shares(&path) => {
            let reason = "names with a ~ are kept for what others share";
            return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason));
        }
        Found::Nowhere => return Err(Error::NoParent),
    };
    if place.rights != Rights::Owner {
        return Err(missing(&place.href, "bind"));
    }
    permit(context, &place.path(), Touch::Existence)?;
    let body = body(context)?;
    let changes = body.as_ref().map_or(Vec::new(), properties::instructions);
    let is_calendar = by_name || is_calendar(&changes)?;
    if is_calendar && place.parent.is_some() {
        let reason = "a calendar is made in a home, and not in another collection";
        return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason));
    }
    if let (None, INBOX | OUTBOX) = (&place.parent, place.name.as_str()) {
        return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), "this name is taken"));
    }
    if place.parent.as_ref().is_some_and(|parent| parent.is_calendar()) {
        let reason = "there are no collections in a calendar";
        return Err(Error::forbidden((CALDAV, "calendar-collection-location-ok"), reason));
    }
    room::check_collections(context, 1, &place.path())?;
    let mut file = CollectionFile::default();
    let of = if is_calendar { Of::Calendar { is_new: true } } else { Of::Collection };
    if let Err(refused) = properties::make(&mut file, &changes, of) {
        return Ok(Outcome::Reply(refusal(by_name, &refused)));
    }
    if let Some(source) = &file.source {
        crate::subscription::check(source)?;
    }
    let (name, word) = if is_calendar { (CALENDAR_FILE, "calendar") } else { (COLLECTION_FILE, "folder") };
    let title = file.display_name.as_deref().unwrap_or(&place.name);
    let message = format!("create the {word} {title:?}");
    let write = Write::File(format!("{}/{name}", place.path()), file.write_into("").into());
    let mut reply = plain(StatusCode::CREATED);
    reply.headers_mut().insert("cache-control", http::HeaderValue::from_static("no-cache"));
    Ok(Outcome::Change(Change::new(vec![write], message, reply)))
}

/// The body, which may be missing but not be something else.
fn body(context: &Context<'_>) -> Result<Option<Element>, Error> {
    if context.request.body.is_empty() {
        return Ok(None);
    }
    let said = context.request.header("content-type").unwrap_or("application/xml");
    let media_type = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !media_type.ends_with("/xml") && !media_type.ends_with("+xml") {
        return Err(Error::MediaType(media_type));
    }
    let element = context.request.xml()?;
    let known: [Name<'_>; 2] = [(CALDAV, "mkcalendar"), (DAV, "mkcol")];
    match element {
        Some(element) if !known.contains(&element.name()) => {
            Err(Error::MediaType(format!("a {} element", element.local)))
        }
        other => Ok(other),
    }
}

/// What `DAV:resourcetype` asks for.
fn is_calendar(changes: &[Instruction]) -> Result<bool, Error> {
    let types = changes.iter().find_map(|change| match change {
        Instruction::Set(element) if element.is(DAV, "resourcetype") => Some(element),
        _ => None,
    });
    let Some(types) = types else { return Ok(false) };
    let known: [Name<'_>; 3] = [(DAV, "collection"), (CALDAV, "calendar"), (CALENDAR_SERVER, "subscribed")];
    match types.elements().find(|element| !known.contains(&element.name())) {
        Some(other) => {
            let reason = format!("a collection of the type {} cannot be made", other.local);
            Err(Error::forbidden((DAV, "valid-resourcetype"), reason))
        }
        None => Ok(types.child(CALDAV, "calendar").is_some() || types.child(CALENDAR_SERVER, "subscribed").is_some()),
    }
}

/// Which properties it was that nothing could be made with (RFC 5689 section 3).
fn refusal(by_name: bool, refused: &[(StatusCode, Vec<Name<'_>>, Option<Error>)]) -> crate::request::Response {
    let root = if by_name { (CALDAV, "mkcalendar-response") } else { (DAV, "mkcol-response") };
    let mut xml = Writer::document(root);
    let (propstat, prop) = ((DAV, "propstat"), (DAV, "prop"));
    for (status, names, error) in refused {
        xml.start(propstat);
        xml.start(prop);
        names.iter().for_each(|name| xml.empty(*name));
        xml.end(prop);
        xml.leaf((DAV, "status"), &format!("HTTP/1.1 {status}"));
        if let Some(error) = error {
            xml.leaf((DAV, "responsedescription"), &error.to_string());
        }
        xml.end(propstat);
    }
    xml.end(root);
    response(StatusCode::FORBIDDEN, xml.finish())
}
