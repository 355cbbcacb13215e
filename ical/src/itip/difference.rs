//! What differs between two versions of an object, as far as it matters to the people in it (RFC 6638 sections 3.2 and 3.2.10).
//!
//! An override that says what the master says of its instance is as good as none.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::draft::{RECURRENCE, exceptions};
use super::people::said;
use super::{Identify, Instance, part_of, parts};
use crate::document::{Component, Property};
use crate::object::{CalendarObject, Kind, key};
use crate::text;

/// When a component takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Timing {
    start: Option<i64>,
    length: i64,
    is_date: bool,
    rules: BTreeSet<String>,
}

/// What a component says, as far as somebody looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Picture {
    timing: Timing,
    lines: BTreeSet<String>,
}

/// A property as a comparison sees it; nothing if it does not look at it.
type Line<'a> = &'a dyn Fn(Property<'_>) -> Option<String>;

/// Instances that the second version moves, makes longer or shorter, or makes recur in another way: whoever has answered is asked again.
pub fn rescheduled(before: &CalendarObject, after: &CalendarObject) -> BTreeSet<Instance> {
    let is_moved = |instance: &Instance| {
        let old = timing_of(before, *instance);
        old.is_some() && old != timing_of(after, *instance)
    };
    parts(after).map(|(instance, _)| instance).filter(is_moved).collect()
}

/// Whether an attendee may make of the first version the second (RFC 6638 section 3.2.2.1); why not, in words.
pub fn attendee_may(before: &CalendarObject, after: &CalendarObject, identify: Identify<'_>) -> Result<(), String> {
    let line = |property: Property<'_>| organizers_line(property, before.kind(), identify);
    if before.kind() != after.kind() || before.master().is_some() != after.master().is_some() {
        return Err("the organizer decides which instances there are".to_owned());
    }
    let taken_away = exceptions(after);
    let all: BTreeSet<Instance> = parts(before).chain(parts(after)).map(|(instance, _)| instance).collect();
    for instance in all {
        if matches!(instance, Instance::One(key) if taken_away.contains(&key)) {
            continue;
        }
        let (old, new) = (picture(before, instance, &line), picture(after, instance, &line));
        let (Some(old), Some(new)) = (old, new) else {
            return Err("the organizer decides which instances there are".to_owned());
        };
        if old.timing != new.timing {
            return Err("the organizer decides when it takes place".to_owned());
        }
        if let Some(line) = old.lines.symmetric_difference(&new.lines).next() {
            let name = line.split(':').next().unwrap_or_default();
            return Err(format!("the organizer decides about {name}"));
        }
    }
    Ok(())
}

/// A text that is another one when an object was changed otherwise than by answers of people other than `who`.
pub fn fingerprint(object: &CalendarObject, who: &str, identify: Identify<'_>) -> String {
    let line = |property: Property<'_>| owners_line(property, who, identify);
    let mut text = String::new();
    let mut add = |instance: Instance, picture: &Picture| {
        let written = write!(text, "{instance:?}{:?}", picture);
        debug_assert!(written.is_ok(), "a String takes everything");
    };
    for (instance, _) in parts(object) {
        let own = picture(object, instance, &line);
        let is_as_the_master = matches!(instance, Instance::One(key) if own == derived(object, key, &line));
        if let Some(own) = own.filter(|_| !is_as_the_master) {
            add(instance, &own);
        }
    }
    let _ = write!(text, "{:?}", exceptions(object));
    text
}

fn timing_of(object: &CalendarObject, instance: Instance) -> Option<Timing> {
    picture(object, instance, &|_| None).map(|picture| picture.timing)
}

/// The picture of an instance; of one without a component of its own, as the master has it.
fn picture(object: &CalendarObject, instance: Instance, line: Line<'_>) -> Option<Picture> {
    match (part_of(object, instance), instance) {
        (Some(part), _) => {
            let component = object.component(part);
            Some(Picture { timing: timing(object, part), lines: lines(component, line) })
        }
        (None, Instance::One(key)) => derived(object, key, line),
        (None, Instance::All) => None,
    }
}

fn derived(object: &CalendarObject, key: i64, line: Line<'_>) -> Option<Picture> {
    let master = object.master()?;
    let timing = Timing { start: Some(key), rules: BTreeSet::new(), ..timing(object, master) };
    Some(Picture { timing, lines: lines(object.component(master), line) })
}

fn timing(object: &CalendarObject, part: usize) -> Timing {
    let (schedule, component) = (&object.parts()[part].schedule, object.component(part));
    let anchor = object.master().and_then(|master| object.parts()[master].schedule.start.as_ref());
    let rules = component.properties().filter(|one| RECURRENCE[..3].iter().any(|name| one.is(name)));
    Timing {
        start: schedule.start.as_ref().map(|start| key(start, anchor)),
        length: schedule.length.nominal(),
        is_date: schedule.start.as_ref().is_some_and(|start| start.is_date()),
        rules: rules.map(|rule| format!("{}:{}", rule.name(), sorted(&rule.value())).to_ascii_uppercase()).collect(),
    }
}

/// The parts of a rule, which have no order.
fn sorted(rule: &str) -> String {
    let parts: BTreeSet<&str> = rule.trim_ascii().split(';').filter(|part| !part.is_empty()).collect();
    parts.into_iter().collect::<Vec<_>>().join(";")
}

fn lines(component: Component<'_>, line: Line<'_>) -> BTreeSet<String> {
    component
        .properties()
        .filter_map(line)
        .chain(component.components().filter_map(|inner| of_inner(inner, line)))
        .collect()
}

/// An alarm, for a comparison that looks at alarms.
fn of_inner(inner: Component<'_>, line: Line<'_>) -> Option<String> {
    let is_looked_at = inner.property("TRIGGER").is_some_and(|trigger| line(trigger).is_some());
    is_looked_at.then(|| String::from_utf8_lossy(inner.octets()).replace("\r\n", "\n"))
}

/// What only the organizer may change.
const ORGANIZERS: [&str; 7] = ["SUMMARY", "DESCRIPTION", "LOCATION", "GEO", "URL", "RESOURCES", "CONTACT"];

fn organizers_line(property: Property<'_>, kind: Kind, identify: Identify<'_>) -> Option<String> {
    let name = property.name().to_ascii_uppercase();
    match name.as_str() {
        "ATTENDEE" | "ORGANIZER" => Some(format!("{name}:{}", identify(&property.value()))),
        // The status of a task is what who does it says.
        "STATUS" if kind != Kind::Todo => {
            let status = property.value().trim_ascii().to_ascii_uppercase();
            (status != "CONFIRMED").then(|| format!("{name}:{status}"))
        }
        name if ORGANIZERS.contains(&name) => {
            let text = text::unescape(&property.value()).replace('\r', "");
            let text = text.trim();
            (!text.is_empty()).then(|| format!("{name}:{text}"))
        }
        _ => None,
    }
}

/// What says when, which is looked at otherwise, and what changes without a change.
const NOT_SAID: [&str; 11] = [
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "RECURRENCE-ID",
    "RRULE",
    "EXRULE",
    "RDATE",
    "EXDATE",
    "DTSTAMP",
    "LAST-MODIFIED",
];

fn owners_line(property: Property<'_>, who: &str, identify: Identify<'_>) -> Option<String> {
    let name = property.name().to_ascii_uppercase();
    match name.as_str() {
        "ATTENDEE" | "ORGANIZER" => {
            let whose = identify(&property.value());
            let kept = |name: &str| !name.starts_with("SCHEDULE-") && !matches!(name, "PARTSTAT" | "RSVP");
            let parameters = property.parameters().map(|(name, value)| (name.to_ascii_uppercase(), value.into_owned()));
            let parameters: BTreeSet<(String, String)> = parameters.filter(|(name, _)| kept(name)).collect();
            let own = if whose == who { said(property) } else { String::new() };
            Some(format!("{name}:{whose}:{parameters:?}:{own}"))
        }
        name if NOT_SAID.contains(&name) => None,
        _ => Some(format!("{name}:{}", String::from_utf8_lossy(property.raw()))),
    }
}
