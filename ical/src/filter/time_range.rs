//! Whether a component takes place in a range: the tables of RFC 4791 section 9.9.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::TimeRange;
use crate::civil::DAY;
use crate::document::{Component, Property};
use crate::object::{self, CalendarObject, Kind, Occurrence, Schedule, TooMany, moment};
use crate::recurrence::Steps;
use crate::value;
use crate::zone::Zone;

/// Which components of an object have an occurrence in a range. One whose rule takes too long to follow counts as if it had.
pub(super) fn parts(object: &CalendarObject, range: &TimeRange, floating: &Zone, steps: &mut Steps) -> Vec<bool> {
    let takes_place = |part: usize| {
        let (component, schedule) = (object.component(part), &object.parts()[part].schedule);
        match object.kind() {
            Kind::Todo if schedule.start.is_none() => dateless_todo(component, range),
            // For itself: an endless series is not followed for what an override does.
            Kind::Event | Kind::Journal | Kind::Todo => {
                is_any(|found| object.visit_part(part, range, floating, steps, found))
            }
            Kind::FreeBusy => free_busy(component, schedule, range),
            Kind::Availability => availability(component, schedule, range, floating),
        }
    };
    (0..object.component_count()).map(takes_place).collect()
}

/// Whether a search finds anything, or takes too long.
fn is_any(search: impl FnOnce(&mut dyn FnMut(Occurrence) -> ControlFlow<()>) -> Result<(), TooMany>) -> bool {
    let mut is_found = false;
    let searched = search(&mut |_| {
        is_found = true;
        ControlFlow::Break(())
    });
    is_found || searched.is_err()
}

/// The last rows of the table of VTODO.
fn dateless_todo(component: Component<'_>, range: &TimeRange) -> bool {
    let stamp = |name: &str| object::stamp(component, name);
    match (stamp("COMPLETED"), stamp("CREATED")) {
        (Some(completed), Some(created)) => {
            range.start <= created.max(completed) && range.end >= created.min(completed)
        }
        (Some(completed), None) => range.start <= completed && range.end >= completed,
        (None, Some(created)) => range.end > created,
        (None, None) => true,
    }
}

fn free_busy(component: Component<'_>, schedule: &Schedule, range: &TimeRange) -> bool {
    if let (Some(start), true) = (&schedule.start, component.property("DTEND").is_some()) {
        let start = start.instant(&Zone::utc());
        return range.start <= start + schedule.length.nominal() && range.end > start;
    }
    object::free_busy_periods(component).any(|(start, end)| range.start < end && range.end > start)
}

/// RFC 7953 section 3.1: without DTSTART or an end there is no bound.
fn availability(component: Component<'_>, schedule: &Schedule, range: &TimeRange, floating: &Zone) -> bool {
    let span = object::availability_span(component, schedule, floating);
    range.start < span.end && range.end > span.start
}

/// The same for an AVAILABLE; any other component in one of the object's takes place at no time.
pub(super) fn contains_nested(
    object: &CalendarObject,
    component: Component<'_>,
    range: &TimeRange,
    floating: &Zone,
    steps: &mut Steps,
) -> bool {
    let Some(hours) = object.hours_of(component) else { return false };
    is_any(|found| object::visit_schedule(&hours.schedule, range, floating, steps, found))
}

/// Whether a value of a property lies in a range: a time in it, a day or period that overlaps it.
pub(super) fn contains(property: Property<'_>, range: &TimeRange, zones: &[Arc<Zone>], floating: &Zone) -> bool {
    property.value().split(',').any(|item| {
        if let Some((start, end)) = object::parse_period(item) {
            return range.start < end && range.end > start;
        }
        let Some(written) = value::parse_date_time(item) else { return false };
        let moment = moment(written, property, zones);
        let start = moment.instant(floating);
        if moment.is_date() {
            let end = moment.form.instant(moment.local + DAY, floating);
            return range.start < end && range.end > start;
        }
        range.contains(&start)
    })
}
