//! Changes of properties (RFC 4918 section 9.2): all of a request, or none.

use std::collections::BTreeSet;

use http::StatusCode;

use super::super::names::{APPLE, CALDAV, CALENDAR_SERVER, DAV, Name};
use super::super::xml::Element;
use super::calendar::COMPONENTS;
use super::is_live;
use crate::error::Error;
use crate::repository::collection::{CollectionFile, DeadProperty};
use crate::resource::Path;

/// Octets of one property that we keep, with its name.
const LONGEST: usize = 64 << 10;
/// Octets of all texts in the file of one collection.
const MOST: usize = 1 << 20;

/// A change of one property.
#[derive(Clone, Debug)]
pub enum Instruction {
    /// Give it a value.
    Set(Element),
    /// Have it no longer.
    Remove(Element),
}

impl Instruction {
    /// The property.
    pub fn name(&self) -> Name<'_> {
        match self {
            Instruction::Set(element) | Instruction::Remove(element) => element.name(),
        }
    }
}

/// The changes in a `DAV:propertyupdate`, `CALDAV:mkcalendar` or `DAV:mkcol`, in their order.
pub fn instructions(body: &Element) -> Vec<Instruction> {
    let mut all = Vec::new();
    for part in body.elements() {
        let make: fn(Element) -> Instruction = match part.name() {
            (DAV, "set") => Instruction::Set,
            (DAV, "remove") => Instruction::Remove,
            _ => continue,
        };
        let properties = part.children_named(DAV, "prop").flat_map(Element::elements);
        all.extend(properties.cloned().map(make));
    }
    all
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of<'a> {
    /// A calendar; a new one may be given what cannot be changed later.
    Calendar {
        /// It is being made.
        is_new: bool,
    },
    /// The inbox of a home.
    Inbox,
    /// Another collection.
    Collection,
    /// A member of one.
    Member(&'a str),
}

/// What became of each property: the changed file, or who is to blame for it.
pub type Outcome<'a> = Vec<(StatusCode, Vec<Name<'a>>, Option<Error>)>;

/// Applies all changes, or says which of them cannot be.
pub fn apply<'a>(file: &mut CollectionFile, changes: &'a [Instruction], of: Of<'_>) -> Result<(), Outcome<'a>> {
    let mut refused: Outcome<'a> = Vec::new();
    let mut others = Vec::new();
    for change in changes {
        match one(file, change, of) {
            Ok(()) => others.push(change.name()),
            Err(error) => refused.push((error.status(), vec![change.name()], Some(error))),
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    refused.push((StatusCode::FAILED_DEPENDENCY, others, None));
    Err(refused)
}

/// As [`apply`], for a collection that is made: no name stands twice, and the kind is no property.
pub fn make<'a>(file: &mut CollectionFile, changes: &'a [Instruction], of: Of<'_>) -> Result<(), Outcome<'a>> {
    let mut seen = BTreeSet::new();
    let once: Vec<&Instruction> =
        changes.iter().filter(|change| seen.insert(change.name()) && change.name() != (DAV, "resourcetype")).collect();
    let mut refused: Outcome<'a> = Vec::new();
    for change in once {
        if let Err(error) = one(file, change, of) {
            refused.push((error.status(), vec![change.name()], Some(error)));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

fn one(file: &mut CollectionFile, change: &Instruction, of: Of<'_>) -> Result<(), Error> {
    if let Of::Member(member) = of {
        return dead_of_member(file, member, change);
    }
    let value = match change {
        Instruction::Set(element) => Some(element),
        Instruction::Remove(_) => None,
    };
    let text = value.map(Element::text);
    check_length(change.name(), text.as_deref().map_or(0, str::len))?;
    let is_calendar = matches!(of, Of::Calendar { .. });
    match change.name() {
        (DAV, "displayname") => file.display_name = text.filter(|text| !text.is_empty()),
        (CALDAV, "calendar-description") if is_calendar => file.description = text,
        (APPLE, "calendar-color") if is_calendar => {
            file.color = text.map(|text| text.trim().to_owned()).map(color).transpose()?
        }
        (APPLE, "calendar-order") if is_calendar => {
            let number = text.map(|text| text.trim().parse::<i64>()).transpose();
            file.order = number.map_err(|_| conflict("calendar-order is no whole number"))?;
        }
        (CALDAV, "calendar-timezone") if is_calendar => set_time_zone(file, text)?,
        (CALDAV, "calendar-timezone-id") if is_calendar => set_time_zone_id(file, text)?,
        (CALDAV, "schedule-calendar-transp") if is_calendar => {
            file.transparent = value.is_some_and(|value| value.child(CALDAV, "transparent").is_some());
        }
        (CALDAV, "supported-calendar-component-set") if of == (Of::Calendar { is_new: true }) => {
            file.components = components(value)?;
        }
        (CALDAV, "schedule-default-calendar-URL") if of == Of::Inbox => {
            file.default_calendar = value.map(calendar_name).transpose()?;
        }
        (CALDAV | CALENDAR_SERVER, "calendar-availability") if of == Of::Inbox => {
            file.availability = text.map(availability).transpose()?;
        }
        (CALENDAR_SERVER, "source") if is_calendar => {
            let href = value.and_then(|value| value.child(DAV, "href")).map(|href| href.text().trim().to_owned());
            file.source = href.or(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()));
        }
        name if is_live(name) => return Err(protected(name)),
        name => set_dead(&mut file.properties, name, value)?,
    }
    limit(file, change)
}

fn protected((_, local): Name<'_>) -> Error {
    Error::forbidden((DAV, "cannot-modify-protected-property"), format!("{local} cannot be changed"))
}

fn conflict(reason: impl Into<String>) -> Error {
    Error::conflict((DAV, "valid-property-value"), reason)
}

fn dead_of_member(file: &mut CollectionFile, member: &str, change: &Instruction) -> Result<(), Error> {
    // A display name is a property like any other where nobody makes one.
    if is_live(change.name()) && change.name() != (DAV, "displayname") {
        return Err(protected(change.name()));
    }
    let value = match change {
        Instruction::Set(element) => Some(element),
        Instruction::Remove(_) => None,
    };
    let (mine, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut file.member_properties).into_iter().partition(|(name, _)| name == member);
    let mut mine: Vec<DeadProperty> = mine.into_iter().map(|(_, property)| property).collect();
    let result = set_dead(&mut mine, change.name(), value);
    file.member_properties = others;
    file.member_properties.extend(mine.into_iter().map(|property| (member.to_owned(), property)));
    result?;
    limit(file, change)
}

fn set_dead(properties: &mut Vec<DeadProperty>, name: Name<'_>, value: Option<&Element>) -> Result<(), Error> {
    let at = properties.iter().position(|property| (property.namespace.as_str(), property.name.as_str()) == name);
    let new = value.map(|element| DeadProperty {
        namespace: name.0.to_owned(),
        name: name.1.to_owned(),
        language: element.language().map(str::to_owned),
        value: element.inner_xml(),
    });
    check_length(name, new.as_ref().map_or(0, octets_of))?;
    match (at, new) {
        (Some(at), Some(new)) => properties[at] = new,
        (Some(at), None) => drop(properties.remove(at)),
        (None, Some(new)) => properties.push(new),
        (None, None) => {}
    }
    Ok(())
}

/// RFC 4918 section 9.2.1: 507 where there is no room for a property.
fn no_room(reason: String) -> Error {
    let (status, name) = (StatusCode::INSUFFICIENT_STORAGE, (DAV, "quota-not-exceeded"));
    Error::Condition { status, name, href: None, reason }
}

fn check_length((_, local): Name<'_>, octets: usize) -> Result<(), Error> {
    match octets <= LONGEST {
        true => Ok(()),
        false => Err(no_room(format!("a property with {octets} octets is longer than {LONGEST}: {local:.40}"))),
    }
}

fn octets_of(dead: &DeadProperty) -> usize {
    let language = dead.language.as_ref().map_or(0, String::len);
    dead.namespace.len() + dead.name.len() + language + dead.value.len()
}

/// All that clients can make longer counts, so that the file stays one that is quickly read.
fn limit(file: &CollectionFile, change: &Instruction) -> Result<(), Error> {
    // What is too long already can become shorter.
    if let Instruction::Remove(_) = change {
        return Ok(());
    }
    let texts = [&file.display_name, &file.description, &file.time_zone, &file.availability, &file.source];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let dead: usize = file.properties.iter().map(octets_of).sum();
    let of_members: usize = file.member_properties.iter().map(|(name, dead)| name.len() + octets_of(dead)).sum();
    match texts + dead + of_members <= MOST {
        true => Ok(()),
        false => Err(no_room(format!("the properties of the collection would be longer than {MOST} octets"))),
    }
}

/// Each of the two says the same in another way, so that what the other said holds no more (RFC 7809 section 5.2).
fn set_time_zone(file: &mut CollectionFile, text: Option<String>) -> Result<(), Error> {
    file.time_zone = text.map(time_zone).transpose()?;
    file.time_zone_id = file.time_zone_id.take().filter(|_| file.time_zone.is_none());
    Ok(())
}

fn set_time_zone_id(file: &mut CollectionFile, text: Option<String>) -> Result<(), Error> {
    file.time_zone_id = text.map(|text| time_zone_id(text.trim())).transpose()?;
    file.time_zone = file.time_zone.take().filter(|_| file.time_zone_id.is_none());
    Ok(())
}

fn color(text: String) -> Result<String, Error> {
    let digits = text.strip_prefix('#').filter(|digits| matches!(digits.len(), 3 | 6 | 8));
    match digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())) {
        true => Ok(text),
        // Names of colours are not what Apple's property has, and yet some clients send them.
        false if text.bytes().all(|letter| letter.is_ascii_alphanumeric()) && text.len() <= 32 => Ok(text),
        false => Err(conflict("calendar-color is not #RRGGBB")),
    }
}

/// One VTIMEZONE in a calendar (RFC 4791 section 5.2.2).
fn time_zone(text: String) -> Result<String, Error> {
    let invalid = |reason: String| Error::caldav("valid-calendar-data", reason);
    let document =
        ical::Document::parse(bytes::Bytes::from(text.clone())).map_err(|error| invalid(error.to_string()))?;
    let zones: Vec<_> = document.root().components().collect();
    match zones.as_slice() {
        [zone] if zone.is("VTIMEZONE") => {
            let octets = String::from_utf8_lossy(zone.octets()).into_owned();
            ical::Zone::of_vtimezone(&octets).map_err(invalid)?;
            Ok(text)
        }
        _ => Err(invalid("calendar-timezone has not exactly one VTIMEZONE".to_owned())),
    }
}

/// The calendar of a `CALDAV:schedule-default-calendar-URL`; whether it is there is for the caller to say.
fn calendar_name(value: &Element) -> Result<String, Error> {
    let href = value.child(DAV, "href").map(Element::text).unwrap_or_default();
    let name = Path::parse(href.trim()).ok().and_then(|mut path| path.segments.pop());
    name.ok_or_else(|| Error::caldav("valid-schedule-default-calendar-URL", "this is no path of a calendar"))
}

/// VAVAILABILITY components in a calendar (RFC 7953 section 7.2.4).
fn availability(text: String) -> Result<String, Error> {
    let invalid = |reason: String| Error::caldav("valid-calendar-data", reason);
    let octets = bytes::Bytes::from(text.clone());
    let object =
        ical::CalendarObject::parse(octets, &ical::Zones::new()).map_err(|fault| invalid(fault.to_string()))?;
    match object.kind() {
        ical::Kind::Availability => Ok(text),
        other => Err(invalid(format!("calendar-availability has a {other}, and no VAVAILABILITY"))),
    }
}

fn time_zone_id(name: &str) -> Result<String, Error> {
    match ical::Zone::named(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(Error::caldav("valid-timezone", format!("{name} is no time zone that is known here"))),
    }
}

fn components(value: Option<&Element>) -> Result<Vec<String>, Error> {
    let names = value.into_iter().flat_map(|value| value.children_named(CALDAV, "comp"));
    let names: Vec<String> = names.filter_map(|comp| Some(comp.attribute("name")?.to_ascii_uppercase())).collect();
    // Time zones come with whatever needs them.
    let names: Vec<String> = names.into_iter().filter(|name| name != "VTIMEZONE").collect();
    match names.iter().find(|name| !COMPONENTS.contains(&name.as_str())) {
        Some(other) => Err(Error::caldav("supported-calendar-component", format!("{other} is not kept here"))),
        None => Ok(names),
    }
}
