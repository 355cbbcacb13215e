//! Finds the change between two versions that people would name.

use std::collections::{BTreeMap, HashSet};

use crate::civil::{self, DAY, Date};
use crate::document::Component;
use crate::object::{CalendarObject, Kind, has_value};
use crate::zone::Moment;

/// A change, from the one that is named first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is done, reopened, cancelled.
    Done { verb: &'static str },
    /// It has another title.
    Renamed,
    /// It takes place at another time.
    Moved { to: String },
    /// One instance does.
    InstanceMoved { instance: String, to: String },
    /// One instance has something else of its own.
    InstanceChanged { instance: String },
    /// One instance is no more.
    InstanceRemoved { instance: String },
    /// One instance is again what the others are.
    InstanceRestored { instance: String },
    /// Something about it.
    Detail { what: &'static str },
    /// Something that has no name here.
    Other,
}

/// Properties and what people call them, from the one that is named first.
const DETAILS: [(&str, &[&str]); 12] = [
    ("length", &["DTEND", "DURATION"]),
    ("recurrence", &["RRULE", "RDATE", "EXDATE"]),
    ("place", &["LOCATION", "GEO", "CONFERENCE"]),
    ("notes", &["DESCRIPTION", "STYLED-DESCRIPTION"]),
    ("guests", &["ATTENDEE", "ORGANIZER"]),
    ("status", &["STATUS", "TRANSP"]),
    ("progress", &["PERCENT-COMPLETE"]),
    ("priority", &["PRIORITY"]),
    ("categories", &["CATEGORIES", "COLOR"]),
    ("visibility", &["CLASS"]),
    ("attachments", &["ATTACH", "URL", "IMAGE"]),
    ("relations", &["RELATED-TO"]),
];

pub(super) fn foremost(before: &CalendarObject, after: &CalendarObject) -> Change {
    let pair = (before.first(), after.first());
    done(pair, after.kind())
        .or_else(|| (before.summary() != after.summary()).then_some(Change::Renamed))
        .or_else(|| moved(before, after))
        .or_else(|| instances(before, after))
        .or_else(|| detail(pair))
        .unwrap_or(Change::Other)
}

fn done((before, after): (Component<'_>, Component<'_>), kind: Kind) -> Option<Change> {
    let came = |status: &str| !has_value(before, "STATUS", status) && has_value(after, "STATUS", status);
    let is_done = |one: Component<'_>| has_value(one, "STATUS", "COMPLETED") || one.property("COMPLETED").is_some();
    let verb = match kind {
        Kind::Todo if is_done(after) && !is_done(before) => "complete",
        Kind::Todo if is_done(before) && !is_done(after) => "reopen",
        _ if came("CANCELLED") => "cancel",
        Kind::Event if came("CONFIRMED") && has_value(before, "STATUS", "TENTATIVE") => "confirm",
        _ => return None,
    };
    Some(Change::Done { verb })
}

fn moved(before: &CalendarObject, after: &CalendarObject) -> Option<Change> {
    let start = |object: &CalendarObject| object.parts()[object.first_part()].schedule.start.as_ref().map(print);
    let due = |object: &CalendarObject| object.first().property("DUE").map(|due| due.value().into_owned());
    let to = start(after)?;
    if after.kind() == Kind::Todo && due(before) != due(after) {
        let schedule = &after.parts()[after.first_part()].schedule;
        let due = schedule
            .start
            .as_ref()
            .map(|start| print(&Moment { local: start.local + schedule.length.nominal(), form: start.form.clone() }));
        return due.map(|to| Change::Moved { to });
    }
    (start(before)? != to).then_some(Change::Moved { to })
}

/// What is different about single instances.
fn instances(before: &CalendarObject, after: &CalendarObject) -> Option<Change> {
    let (old, new) = (overrides(before), overrides(after));
    let changed = new.iter().find_map(|(id, part)| instance(before, old.get(id).copied(), after, *part));
    let excepted = || {
        let old: HashSet<String> = values(before.first(), "EXDATE").into_iter().collect();
        let date = values(after.first(), "EXDATE").into_iter().find(|date| !old.contains(date))?;
        Some(Change::InstanceRemoved { instance: readable(&date) })
    };
    let restored = || {
        let id = old.keys().find(|id| !new.contains_key(id))?;
        Some(Change::InstanceRestored { instance: print_date(*id) })
    };
    changed.or_else(excepted).or_else(restored)
}

/// What is different about one instance, which `part` overrides now, and `old` did before.
fn instance(before: &CalendarObject, old: Option<usize>, after: &CalendarObject, part: usize) -> Option<Change> {
    let schedule = &after.parts()[part].schedule;
    let id = &schedule.recurrence_id.as_ref()?.moment;
    let (octets, start) = match old {
        Some(old) => (before.component(old).octets(), before.parts()[old].schedule.start.as_ref()),
        None => (&b""[..], Some(id)),
    };
    if octets == after.component(part).octets() {
        return None;
    }
    let instance = print_date(id.local);
    let moved = schedule.start.as_ref().filter(|moved| start.is_some_and(|start| start.local != moved.local));
    Some(match moved {
        Some(moved) => Change::InstanceMoved { instance, to: print(moved) },
        None => Change::InstanceChanged { instance },
    })
}

/// The instances that an object overrides, by their local time, and which part does.
fn overrides(object: &CalendarObject) -> BTreeMap<i64, usize> {
    let parts = object.parts().iter().enumerate();
    parts.filter_map(|(part, one)| Some((one.schedule.recurrence_id.as_ref()?.moment.local, part))).collect()
}

fn values(component: Component<'_>, name: &str) -> Vec<String> {
    let lists = component.properties_named(name).map(|property| property.value().into_owned());
    lists.flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn detail((before, after): (Component<'_>, Component<'_>)) -> Option<Change> {
    let lines = |component: Component<'_>, name: &str| -> Vec<Vec<u8>> {
        component.properties_named(name).map(|property| property.raw().to_vec()).collect()
    };
    let differs = |name: &&str| lines(before, name) != lines(after, name);
    let what = DETAILS.iter().find(|(_, names)| names.iter().any(differs)).map(|(what, _)| *what);
    let alarms = |component: Component<'_>| -> Vec<Vec<u8>> {
        let alarms = component.components().filter(|child| child.is("VALARM"));
        alarms.map(|alarm| alarm.octets().to_vec()).collect()
    };
    let reminders = || (alarms(before) != alarms(after)).then_some("reminders");
    what.or_else(reminders).map(|what| Change::Detail { what })
}

/// `2026-03-04 12:30`, as the calendar's own clock shows it; without a time for a date.
fn print(moment: &Moment) -> String {
    let of_day = moment.local.rem_euclid(DAY);
    let date = print_date(moment.local);
    if moment.is_date() { date } else { format!("{date} {:02}:{:02}", of_day / 3600, of_day / 60 % 60) }
}

fn print_date(local: i64) -> String {
    let Date { year, month, day } = civil::date(civil::day_of(local));
    format!("{year:04}-{month:02}-{day:02}")
}

/// A value as the date it begins with.
fn readable(value: &str) -> String {
    crate::value::parse_date_time(value).map_or_else(|| "a day".to_owned(), |written| print_date(written.digits()))
}
