//! What differs between two versions of an object, as far as it matters to the people in it (RFC 6638 sections 3.2 and 3.2.10).
//!
//! An override that says what the master says of its instance is as good as none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use super::draft::{Base, RECURRENCE, exceptions};
use super::people::said;
use super::{Identify, Instance, followed, part_of, parts};
use crate::document::{Component, Property};
use crate::object::{self, CalendarObject, Kind, Override, Schedule, local_of_key};
use crate::text;
use crate::value::Duration;
use crate::zone::{Moment, Zone};

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
    lines: Rc<BTreeSet<String>>,
}

/// A property as a comparison sees it; nothing if it does not look at it.
type Line<'a> = &'a dyn Fn(Property<'_>) -> Option<String>;

/// Instances that the second version moves, makes longer or shorter, or makes recur in another way: whoever has answered is asked again.
pub fn rescheduled(before: &CalendarObject, after: &CalendarObject) -> BTreeSet<Instance> {
    let (mut old, mut new) = (Album::new(before, &|_| None), Album::new(after, &|_| None));
    let is_moved = |instance: &Instance| {
        let old = old.picture(*instance);
        old.is_some() && old != new.picture(*instance)
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
    let (mut then, mut now) = (Album::new(before, &line), Album::new(after, &line));
    for instance in all {
        if matches!(instance, Instance::One(key) if taken_away.contains(&key)) {
            continue;
        }
        let (old, new) = (then.picture(instance), now.picture(instance));
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
    let mut album = Album::new(object, &line);
    let mut text = String::new();
    let mut add = |instance: Instance, picture: &Picture| {
        let range = if is_of_all_later(object, instance) { "RANGE=THISANDFUTURE" } else { "" };
        let written = write!(text, "{instance:?}{picture:?}{range}");
        debug_assert!(written.is_ok(), "a String takes everything");
    };
    for (instance, _) in parts(object) {
        let own = album.picture(instance);
        let is_as_followed = matches!(instance, Instance::One(key) if own == album.derived(key));
        if let Some(own) = own.filter(|_| !is_as_followed) {
            add(instance, &own);
        }
    }
    let _ = write!(text, "{:?}", exceptions(object));
    text
}

/// Whether the component of an instance is about all later ones too.
fn is_of_all_later(object: &CalendarObject, instance: Instance) -> bool {
    instance != Instance::All && followed(object, instance) == instance
}

/// The pictures of the instances of an object. A component that many instances follow is looked at once.
struct Album<'a> {
    object: &'a CalendarObject,
    line: Line<'a>,
    parts: BTreeMap<usize, Picture>,
    /// How long instances last that RDATE adds with a PERIOD.
    dates: BTreeMap<i64, Option<Duration>>,
}

impl<'a> Album<'a> {
    fn new(object: &'a CalendarObject, line: Line<'a>) -> Album<'a> {
        Album { object, line, parts: BTreeMap::new(), dates: object.dates() }
    }

    /// The picture of an instance; of one without a component of its own, as the one has it that it follows.
    fn picture(&mut self, instance: Instance) -> Option<Picture> {
        match (part_of(self.object, instance), instance) {
            (Some(part), _) => Some(self.of_part(part)),
            (None, Instance::One(key)) => self.derived(key),
            (None, Instance::All) => None,
        }
    }

    fn of_part(&mut self, part: usize) -> Picture {
        let (object, line) = (self.object, self.line);
        let of_part = || Picture { timing: timing(object, part), lines: Rc::new(lines(object.component(part), line)) };
        self.parts.entry(part).or_insert_with(of_part).clone()
    }

    /// What an instance is as long as it has no component of its own.
    fn derived(&mut self, key: i64) -> Option<Picture> {
        let object = self.object;
        // What a component that is about all later instances says of its own, the one before it does not.
        let before = key.saturating_sub(1);
        let future = object.future_of(before);
        let part = future.map(|one| one.part as usize).or(object.master())?;
        let followed = self.of_part(part);
        let start = future.map_or(key, |one| shifted(object, one, key));
        let base = Base::of(&object.parts()[part].schedule, future.map_or(0, |one| object.shift(one)));
        let period = self.dates.get(&key).copied().flatten();
        let length = base.map_or(0, |base| base.times(&object.form(), key, period).length());
        let timing = Timing { start: Some(start), length, rules: BTreeSet::new(), ..followed.timing };
        Some(Picture { timing, lines: followed.lines })
    }
}

/// When an instance starts that follows an override of all later ones.
fn shifted(object: &CalendarObject, one: &Override, key: i64) -> i64 {
    let (form, part) = (object.form(), &object.parts()[one.part as usize]);
    let local = local_of_key(&form, key) + object.shift(one);
    let own = part.schedule.start.as_ref().map_or(form, |start| start.form.clone());
    object::key(&Moment { local, form: own }, anchor(object))
}

fn anchor(object: &CalendarObject) -> Option<&Moment> {
    object.master().and_then(|master| object.parts()[master].schedule.start.as_ref())
}

fn timing(object: &CalendarObject, part: usize) -> Timing {
    let (schedule, component) = (&object.parts()[part].schedule, object.component(part));
    let rules = component.properties().filter(|one| RECURRENCE[..3].iter().any(|name| one.is(name)));
    let rules = rules.map(|rule| format!("{}:{}", rule.name(), sorted(&rule.value())).to_ascii_uppercase());
    Timing {
        start: schedule.start.as_ref().map(|start| object::key(start, anchor(object))),
        length: length(schedule),
        is_date: schedule.start.as_ref().is_some_and(|start| start.is_date()),
        rules: rules.collect(),
    }
}

/// How long a component itself lasts: a day is an hour longer or shorter when clocks change.
fn length(schedule: &Schedule) -> i64 {
    let Some(start) = &schedule.start else { return 0 };
    let (utc, form) = (Zone::utc(), &start.form);
    let instant = start.instant(&utc);
    Schedule::end(schedule.length, form, start.local, instant, &utc) - instant
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
