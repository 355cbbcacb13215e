//! The time from the first occurrence of an object to the last, for an index of intervals.

use std::ops::Range;

use super::{Basis, CalendarObject, Kind, Schedule, stamp};
use crate::civil::DAY;
use crate::document::Component;
use crate::value::{self, Written};
use crate::zone::{Moment, Zone};

/// A span that covers every occurrence, in UTC seconds. What overlaps a range by RFC 4791 section 9.9 has a hull with
/// `start < range.end` and `end > range.start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hull {
    /// `i64::MIN` where there is no bound.
    pub start: i64,
    /// `i64::MAX` where there is no bound.
    pub end: i64,
}

/// How far a time without a zone may lie from UTC.
const FLOATING: i64 = 14 * 3600;

impl Hull {
    /// Of what takes place at no time.
    pub const NEVER: Hull = Hull { start: i64::MAX, end: i64::MAX };
    /// Of what may take place at any time.
    pub const ALWAYS: Hull = Hull { start: i64::MIN, end: i64::MAX };

    pub(super) fn of(object: &CalendarObject) -> Hull {
        let hulls = (0..object.parts.len()).map(|index| Hull::of_part(object, index));
        let hull = hulls.reduce(Hull::and).unwrap_or(Hull::NEVER);
        object.overrides.iter().filter(|one| one.and_future).fold(hull, |hull, one| hull.and(future(object, one.part)))
    }

    fn of_part(object: &CalendarObject, index: usize) -> Hull {
        let (part, component) = (&object.parts[index], object.component(index));
        match (object.kind, &part.schedule.start) {
            (Kind::FreeBusy, _) => of_free_busy(component, &part.schedule),
            (Kind::Availability, _) => of_availability(component, &part.schedule),
            (_, Some(start)) => of_schedule(&part.schedule, start),
            (Kind::Todo, None) => of_dateless_todo(component),
            (_, None) => Hull::NEVER,
        }
    }

    /// The span that covers both.
    fn and(self, other: Hull) -> Hull {
        match (self == Hull::NEVER, other == Hull::NEVER) {
            (true, _) => other,
            (_, true) => self,
            _ => Hull { start: self.start.min(other.start), end: self.end.max(other.end) },
        }
    }
}

fn of_schedule(schedule: &Schedule, start: &Moment) -> Hull {
    let utc = Zone::utc();
    let at = |local: i64| start.form.instant(local, &utc);
    let (begin, mut end) = match &schedule.recurrence {
        None => {
            let begin = at(start.local);
            (begin, Schedule::end(schedule.length, &start.form, start.local, begin, &utc))
        }
        Some(recurrence) => {
            let first = recurrence.dates.first().map_or(start.local, |added| added.local.min(start.local));
            let last = recurrence.last(start.local);
            // Days are not of one length, so nominal lengths get some room.
            let end =
                last.map_or(i64::MAX, |last| at(last).saturating_add(recurrence.longest(schedule.length) + DAY / 8));
            // A time that a change of clocks skips is later in UTC than those right behind the change.
            let skipped = start.form.local(at(first), &utc) - first;
            (at(first) - skipped, end)
        }
    };
    end = end.max(begin.saturating_add(1));
    let mut hull = Hull { start: begin, end };
    if start.form.floats() {
        hull = widened(hull, FLOATING);
    }
    if schedule.basis == Basis::Span { hull } else { widened(hull, 1) }
}

fn widened(hull: Hull, by: i64) -> Hull {
    Hull { start: hull.start.saturating_sub(by), end: hull.end.saturating_add(by) }
}

/// Where an override of all later instances moves them.
fn future(object: &CalendarObject, part: u32) -> Hull {
    let schedule = &object.parts[part as usize].schedule;
    let master = object.master.map(|master| &object.parts[master as usize].schedule);
    let (Some(moved), Some(id), Some(master)) = (&schedule.start, &schedule.recurrence_id, master) else {
        return Hull::NEVER;
    };
    let Some(start) = &master.start else { return Hull::NEVER };
    let last = master.recurrence.as_ref().map_or(Some(start.local), |recurrence| recurrence.last(start.local));
    let shift = moved.local - id.moment.local;
    let longest = master.recurrence.as_ref().map_or(0, |recurrence| recurrence.longest(schedule.length));
    let end = last.map_or(i64::MAX, |last| (last + shift).saturating_add(longest.max(schedule.length.nominal())));
    widened(Hull { start: moved.local, end: end.max(moved.local) }, 2 * DAY)
}

/// RFC 4791 section 9.9, the rows of a VTODO without DTSTART and DUE.
fn of_dateless_todo(component: Component<'_>) -> Hull {
    match (stamp(component, "COMPLETED"), stamp(component, "CREATED")) {
        (Some(completed), Some(created)) => Hull { start: completed.min(created) - 1, end: completed.max(created) + 1 },
        (Some(completed), None) => Hull { start: completed - 1, end: completed + 1 },
        (None, Some(created)) => Hull { start: created, end: i64::MAX },
        (None, None) => Hull::ALWAYS,
    }
}

fn of_free_busy(component: Component<'_>, schedule: &Schedule) -> Hull {
    let whole = schedule.start.as_ref().map(|start| widened(of_schedule(schedule, start), 1));
    let periods = free_busy_periods(component).map(|(start, end)| Hull { start, end });
    whole.into_iter().chain(periods).reduce(Hull::and).unwrap_or(Hull::NEVER)
}

/// The periods of every FREEBUSY of a component, in UTC.
pub(crate) fn free_busy_periods<'a>(component: Component<'a>) -> impl Iterator<Item = (i64, i64)> + use<'a> {
    component.properties_named("FREEBUSY").flat_map(|property| {
        let value = property.value().into_owned();
        value.split(',').filter_map(parse_period).collect::<Vec<_>>()
    })
}

/// `START/END` or `START/DURATION`, in UTC.
pub(crate) fn parse_period(text: &str) -> Option<(i64, i64)> {
    let (start, end) = text.split_once('/')?;
    let start = value::parse_date_time(start).map(Written::digits)?;
    let by_length = || value::parse_duration(end).map(|length| start.saturating_add(length.nominal()));
    let end = by_length().or_else(|| value::parse_date_time(end).map(Written::digits))?;
    (end >= start).then_some((start, end))
}

/// RFC 7953 section 3.1: without DTSTART or DTEND there is no bound.
fn of_availability(component: Component<'_>, schedule: &Schedule) -> Hull {
    let span = availability_span(component, schedule, &Zone::utc());
    let floats = schedule.start.as_ref().is_some_and(|start| start.form.floats());
    widened(Hull { start: span.start, end: span.end }, if floats { FLOATING } else { 0 })
}

/// The time that a VAVAILABILITY is about.
pub(crate) fn availability_span(component: Component<'_>, schedule: &Schedule, floating: &Zone) -> Range<i64> {
    let end_alone = || stamp(component, "DTEND").unwrap_or(i64::MAX);
    let Some(start) = &schedule.start else { return i64::MIN..end_alone() };
    let is_bounded = component.property("DTEND").or_else(|| component.property("DURATION")).is_some();
    let begin = start.instant(floating);
    let end = Schedule::end(schedule.length, &start.form, start.local, begin, floating);
    begin..if is_bounded { end } else { i64::MAX }
}
