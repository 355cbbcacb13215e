//! Checks that a calendar is one calendar object resource (RFC 4791 section 4.1) and works out what its times mean.
//!
//! As lenient as the peers where nothing is lost by it: PRODID, VERSION and DTSTAMP may be missing, components of unknown kinds are kept,
//! a TZID without VTIMEZONE is taken by its name, and as floating if nobody knows it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::schedule::{self, Schedule};
use super::{CalendarObject, Fault, Hours, Hull, Kind, Override, Part};
use crate::document::{Component, Document};
use crate::zone::{Zone, Zones};

/// Time zones of a calendar at most.
const MAX_ZONES: usize = 100;
/// STANDARD and DAYLIGHT of all its time zones at most.
const MAX_OBSERVANCES: usize = 1000;
/// Alarms of an event, hours of an availability, at most.
const MAX_NESTED: usize = 100;
/// Rules of all hours of an availability at most.
const MAX_HOURS_RULES: usize = 100;
/// Components of one UID at most.
pub(crate) const MAX_PARTS: usize = 10_000;

/// By which way a calendar comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// To be stored: METHOD is refused.
    Stored,
    /// A message: METHOD is needed.
    Message,
}

pub(super) fn read(document: Document, zones: &Zones, door: Door) -> Result<CalendarObject, Fault> {
    let root = document.root();
    check_calendar(root, door)?;
    let components: Vec<(Kind, Component<'_>)> =
        root.components().filter_map(|component| Some((Kind::of(component.name())?, component))).collect();
    let kind = check_resource(root, &components)?;
    if let Some(component) = components.iter().find(|(_, one)| one.components().count() > MAX_NESTED) {
        let reason = format!("there are more than {MAX_NESTED} components in the {kind}");
        return Err(Fault::resource(Some(component.1.line()), reason));
    }
    let zones = read_zones(root, &components, zones)?;
    let mut parts = Vec::with_capacity(components.len());
    for (_, component) in &components {
        let mut schedule = Schedule::read(*component, kind, &zones)?;
        if matches!(kind, Kind::FreeBusy | Kind::Availability) {
            // These do not recur (RFC 5545 section 3.6.4, RFC 7953 section 3.1); the hours in them do.
            schedule.recurrence = None;
        }
        parts.push(Part { begin: component.begin(), schedule });
    }
    let (master, overrides) = relate(&components, &parts)?;
    let futures = overrides.iter().copied().filter(|one| one.and_future).collect();
    let hours = if kind == Kind::Availability { read_hours(&components, &zones)? } else { Box::default() };
    let parts = parts.into_boxed_slice();
    let hull = Hull::NEVER;
    let mut object = CalendarObject { document, kind, hull, zones, parts, master, overrides, futures, hours };
    object.hull = Hull::of(&object);
    Ok(object)
}

/// The properties of the calendar itself.
fn check_calendar(root: Component<'_>, door: Door) -> Result<(), Fault> {
    if door == Door::Message && root.property("METHOD").is_none() {
        return Err(Fault::resource(None, "a message must have a METHOD"));
    }
    for property in root.properties() {
        let is = |wanted: &str| property.value().trim_ascii().eq_ignore_ascii_case(wanted);
        if property.is("METHOD") && door == Door::Stored {
            let reason = "METHOD is for messages; a stored calendar object must not have it";
            return Err(Fault::resource(Some(property.line()), reason));
        }
        if property.is("VERSION") && !is("2.0") {
            return Err(Fault::at(property, format!("is {}, only 2.0 can be stored", property.value())));
        }
        if property.is("CALSCALE") && !is("GREGORIAN") {
            return Err(Fault::at(property, format!("is {}, only GREGORIAN is known", property.value())));
        }
    }
    Ok(())
}

/// One kind, one UID.
fn check_resource(root: Component<'_>, components: &[(Kind, Component<'_>)]) -> Result<Kind, Fault> {
    let Some((kind, first)) = components.first() else {
        let found = root.components().next().map_or("nothing", |component| component.name());
        let reason = format!("there is no event, to-do, journal entry or free-busy time in the calendar, only {found}");
        return Err(Fault::resource(None, reason));
    };
    if components.len() > MAX_PARTS {
        return Err(Fault::resource(None, format!("the calendar has more than {MAX_PARTS} components")));
    }
    let uid = uid(*first)?;
    for (other, component) in &components[1..] {
        // To count lines takes as long as the text does, so only a fault does it.
        let fault = |reason: String| Fault::resource(Some(component.line()), reason);
        if other != kind {
            return Err(fault(format!("a {other} stands beside a {kind}; all components must be of one kind")));
        }
        let another = self::uid(*component)?;
        if another != uid {
            let reason = format!("the {other} has the UID {another} and another one {uid}; all must have the same");
            return Err(fault(reason));
        }
    }
    Ok(*kind)
}

fn uid(component: Component<'_>) -> Result<String, Fault> {
    let fault = |what: &str| {
        Fault::resource(Some(component.line()), format!("the {} has {what} UID", component.name().to_ascii_uppercase()))
    };
    // RFC 5545 section 3.6.1: it is there, and once.
    if component.properties_named("UID").nth(1).is_some() {
        return Err(fault("more than one"));
    }
    let uid = component.property("UID").map(|uid| uid.text()).filter(|uid| !uid.trim_ascii().is_empty());
    uid.ok_or_else(|| fault("no"))
}

/// The zones that times of the components name: those that the calendar describes, else by name.
fn read_zones(
    root: Component<'_>,
    components: &[(Kind, Component<'_>)],
    zones: &Zones,
) -> Result<Box<[Arc<Zone>]>, Fault> {
    let described = || root.components().filter(|component| component.is("VTIMEZONE"));
    if described().flat_map(|component| component.components()).count() > MAX_OBSERVANCES {
        let reason = format!("the time zones of the calendar have more than {MAX_OBSERVANCES} observances");
        return Err(Fault::resource(None, reason));
    }
    let mut read: Vec<Arc<Zone>> = Vec::new();
    for component in described() {
        read.push(zones.of_component(component).map_err(|reason| Fault::data(component.line(), reason))?);
        check_zones(read.len())?;
    }
    // A name that nobody knows counts too, and is looked for once.
    let mut names: HashSet<Cow<'_, str>> = read.iter().map(|zone| Cow::Owned(zone.id().to_owned())).collect();
    let nested = components.iter().flat_map(|(_, component)| component.components());
    for component in components.iter().map(|(_, component)| *component).chain(nested) {
        for tzid in component.properties().filter_map(|property| property.parameter("TZID")) {
            if !names.contains(&tzid) {
                read.extend(zones.named(&tzid));
                names.insert(tzid);
                check_zones(names.len())?;
            }
        }
    }
    Ok(read.into())
}

fn check_zones(count: usize) -> Result<(), Fault> {
    match count > MAX_ZONES {
        true => Err(Fault::resource(None, format!("the calendar names more than {MAX_ZONES} time zones"))),
        false => Ok(()),
    }
}

/// When somebody is available. What cannot be read says nothing.
fn read_hours(components: &[(Kind, Component<'_>)], zones: &[Arc<Zone>]) -> Result<Box<[Hours]>, Fault> {
    let mut rules = 0;
    let mut all = Vec::new();
    for (part, (_, parent)) in components.iter().enumerate() {
        for component in parent.components().filter(|inner| inner.is("AVAILABLE")) {
            rules += component.properties_named("RRULE").count();
            if rules > MAX_HOURS_RULES {
                let reason = format!("the hours of the availability have more than {MAX_HOURS_RULES} rules");
                return Err(Fault::resource(Some(component.line()), reason));
            }
            let schedule = Schedule::read(component, Kind::Availability, zones).ok();
            all.extend(schedule.map(|schedule| Hours { part: part as u32, begin: component.begin(), schedule }));
        }
    }
    Ok(all.into())
}

/// Which component is the master, and which instances the others override.
fn relate(components: &[(Kind, Component<'_>)], parts: &[Part]) -> Result<(Option<u32>, Box<[Override]>), Fault> {
    let mut masters = (0..parts.len()).filter(|index| parts[*index].schedule.recurrence_id.is_none());
    let (master, second) = (masters.next(), masters.next());
    let line = |index: usize| Some(components[index].1.line());
    if let Some(second) = second {
        let reason = "two components without RECURRENCE-ID have the same UID; only one can be the master";
        return Err(Fault::resource(line(second), reason));
    }
    let anchor = master.and_then(|master| parts[master].schedule.start.as_ref());
    let mut overrides = Vec::with_capacity(parts.len() - usize::from(master.is_some()));
    for (index, part) in parts.iter().enumerate() {
        let Some(id) = &part.schedule.recurrence_id else { continue };
        if anchor.is_some_and(|anchor| anchor.is_date() != id.moment.is_date()) {
            let reason = "RECURRENCE-ID is a date where DTSTART of the master has a time, or the other way round";
            return Err(Fault { line: line(index), ..Fault::data(0, reason) });
        }
        let key = schedule::key(&id.moment, anchor);
        overrides.push(Override { key, part: index as u32, and_future: id.and_future });
    }
    overrides.sort_by_key(|one| one.key);
    if let Some(pair) = overrides.windows(2).find(|pair| pair[0].key == pair[1].key) {
        let reason = "two components have the same RECURRENCE-ID";
        return Err(Fault::resource(line(pair[1].part as usize), reason));
    }
    Ok((master.map(|master| master as u32), overrides.into()))
}
