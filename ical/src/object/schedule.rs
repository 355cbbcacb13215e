//! When a component takes place: its start, its length, its recurrence (RFC 5545 section 3.6, 3.8.2, 3.8.5).
//!
//! A length that DTEND gives is exact for every instance, one that DURATION gives is nominal: its days move on the calendar
//! (RFC 5545 section 3.8.5.3). Times without a zone end when a clock shows so, wherever that clock is.

use std::sync::Arc;

use super::recurrence::Recurrence;
use super::{Fault, Kind};
use crate::civil::DAY;
use crate::document::{Component, Property};
use crate::value::{self, Duration, Written};
use crate::zone::{Form, Moment, Zone};

/// When a component takes place.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// DTSTART; DUE of a to-do that has only that.
    pub start: Option<Moment>,
    pub length: Duration,
    pub basis: Basis,
    pub recurrence: Option<Box<Recurrence>>,
    pub recurrence_id: Option<Box<InstanceId>>,
}

/// What says how long a component lasts: the rows of the tables in RFC 4791 section 9.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// It has a start, and lasts as long as it does.
    Span,
    /// A to-do with DTSTART and DURATION.
    TodoDuration,
    /// A to-do with DTSTART and DUE.
    TodoDue,
    /// A to-do with DUE alone.
    Due,
}

/// The instance that a component is about.
#[derive(Clone, Debug)]
pub(crate) struct InstanceId {
    pub moment: Moment,
    /// RANGE=THISANDFUTURE.
    pub and_future: bool,
}

impl Schedule {
    pub fn read(component: Component<'_>, kind: Kind, zones: &[Arc<Zone>]) -> Result<Schedule, Fault> {
        let found = Found::of(component)?;
        let one = |property: Option<Property<'_>>| property.map(|property| read_moment(property, zones)).transpose();
        let (start, due) = (one(found.start)?, one(found.due)?);
        if start.is_none() && kind == Kind::Event {
            return Err(Fault::data(component.line(), "the VEVENT has no DTSTART"));
        }
        let end = one(found.end)?.filter(|_| kind != Kind::Todo);
        let recurrence_id = found.recurrence_id.map(|property| read_instance_id(property, zones)).transpose()?;
        let mut schedule =
            Schedule { start, length: Duration::default(), basis: Basis::Span, recurrence: None, recurrence_id };
        match (&schedule.start, kind, due) {
            (Some(start), Kind::Todo, Some(due)) => {
                let length = length(start, &due);
                // Many set a time that is due before it starts; it is due at its start then.
                let length = if length.nominal() < 0 { Duration::default() } else { length };
                (schedule.length, schedule.basis) = (length, Basis::TodoDue);
            }
            (None, Kind::Todo, Some(due)) => (schedule.start, schedule.basis) = (Some(due), Basis::Due),
            _ => schedule.set_length(&found, end, kind)?,
        }
        // An override is one instance, whatever else it says; the overrides of later instances follow the master's rule.
        if let (Some(start), None) = (&schedule.start, &schedule.recurrence_id) {
            schedule.recurrence = Recurrence::read(component, start, zones)?.map(Box::new);
        }
        Ok(schedule)
    }

    fn set_length(&mut self, found: &Found<'_>, end: Option<Moment>, kind: Kind) -> Result<(), Fault> {
        let Some(start) = &self.start else { return Ok(()) };
        if let (Some(property), Some(end)) = (found.end, end) {
            if start.is_date() != end.is_date() {
                return Err(Fault::at(property, "is a date where DTSTART has a time, or the other way round"));
            }
            self.length = length(start, &end);
            if self.length.nominal() < 0 {
                return Err(Fault::at(property, "is before DTSTART"));
            }
        } else if let Some(property) = found.duration {
            let value = property.value();
            let duration =
                value::parse_duration(&value).ok_or_else(|| Fault::at(property, bad(&value, "a duration")))?;
            if duration.nominal() < 0 {
                return Err(Fault::at(property, "is negative"));
            }
            self.length = duration;
            self.basis = if kind == Kind::Todo { Basis::TodoDuration } else { Basis::Span };
            return Ok(());
        }
        let is_whole_day = start.is_date() && matches!(kind, Kind::Event | Kind::Journal);
        if is_whole_day && self.length == Duration::default() {
            self.length.wall = DAY;
        }
        Ok(())
    }

    /// When an instance ends that starts at `local` in `form`, which is `start` in UTC.
    pub fn end(length: Duration, form: &Form, local: i64, start: i64, floating: &Zone) -> i64 {
        let moved = if length.wall == 0 { start } else { form.instant(local + length.wall, floating) };
        moved + length.seconds
    }
}

/// The properties that say when, each of which may be there once.
#[derive(Default)]
struct Found<'a> {
    start: Option<Property<'a>>,
    end: Option<Property<'a>>,
    due: Option<Property<'a>>,
    duration: Option<Property<'a>>,
    recurrence_id: Option<Property<'a>>,
}

impl<'a> Found<'a> {
    fn of(component: Component<'a>) -> Result<Found<'a>, Fault> {
        let mut found = Found::default();
        for property in component.properties() {
            // By first letter, since this looks at every property of every object.
            let slot = match property.name().as_bytes()[0].to_ascii_uppercase() {
                b'D' if property.is("DTSTART") => &mut found.start,
                b'D' if property.is("DTEND") => &mut found.end,
                b'D' if property.is("DUE") => &mut found.due,
                b'D' if property.is("DURATION") => &mut found.duration,
                b'R' if property.is("RECURRENCE-ID") => &mut found.recurrence_id,
                _ => continue,
            };
            if slot.replace(property).is_some() {
                let within = component.name().to_ascii_uppercase();
                return Err(Fault::at(property, format!("stands twice in the {within}")));
            }
        }
        if let (Some(duration), true) = (found.duration, found.end.or(found.due).is_some()) {
            let other = if found.end.is_some() { "DTEND" } else { "DUE" };
            return Err(Fault::at(duration, format!("and {other} are both there; only one of them may be")));
        }
        Ok(found)
    }
}

/// From a start to an end: what clocks show between dates and between times without a zone, exact seconds between others.
pub(super) fn length(start: &Moment, end: &Moment) -> Duration {
    let utc = Zone::utc();
    match (&start.form, &end.form) {
        (Form::Date, Form::Date) => Duration { wall: (end.local - start.local) / DAY * DAY, seconds: 0 },
        (Form::Floating | Form::Date, _) => Duration { wall: end.local - start.local, seconds: 0 },
        (form, Form::Floating | Form::Date) => {
            Duration { wall: 0, seconds: form.instant(end.local, &utc) - start.instant(&utc) }
        }
        _ => Duration { wall: 0, seconds: end.instant(&utc) - start.instant(&utc) },
    }
}

fn read_instance_id(property: Property<'_>, zones: &[Arc<Zone>]) -> Result<Box<InstanceId>, Fault> {
    let range = property.parameter("RANGE");
    let and_future = range.as_ref().is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
    Ok(Box::new(InstanceId { moment: read_moment(property, zones)?, and_future }))
}

/// The one DATE or DATE-TIME of a property.
fn read_moment(property: Property<'_>, zones: &[Arc<Zone>]) -> Result<Moment, Fault> {
    let value = property.value();
    let written = value::parse_date_time(&value).ok_or_else(|| Fault::at(property, bad(&value, "a date or a time")))?;
    let says_date = property.parameter("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"));
    if says_date && !matches!(written, Written::Date(_)) {
        return Err(Fault::at(property, format!("says VALUE=DATE, but `{value}` has a time")));
    }
    Ok(moment(written, property, zones))
}

pub(super) fn bad(value: &str, what: &str) -> String {
    let start: String = value.chars().take(40).collect();
    format!("has the value `{start}`, which is not {what}")
}

/// What is written, in the zone that the property names.
pub(crate) fn moment(written: Written, property: Property<'_>, zones: &[Arc<Zone>]) -> Moment {
    let form = match written {
        Written::Date(_) => Form::Date,
        Written::Utc(_) => Form::Utc,
        Written::Local(_) => {
            let named = |tzid: &str| zones.iter().find(|zone| zone.id() == tzid);
            let zone = property.parameter("TZID").and_then(|tzid| named(&tzid).cloned());
            zone.map_or(Form::Floating, Form::Zoned)
        }
    };
    Moment { local: written.digits(), form }
}

/// What identifies an instance of a component that starts at `anchor`: UTC where that has a zone, else its digits.
pub(crate) fn key(moment: &Moment, anchor: Option<&Moment>) -> i64 {
    let form = anchor.map_or(&moment.form, |anchor| &anchor.form);
    match (form, &moment.form) {
        (Form::Date | Form::Floating, _) => moment.local,
        (form, Form::Floating | Form::Date) => form.instant(moment.local, &Zone::utc()),
        (_, own) => own.instant(moment.local, &Zone::utc()),
    }
}
