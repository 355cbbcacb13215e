//! Whether a component takes place in a range: the tables of RFC 4791 section 9.9.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::TimeRange;
use crate::civil::DAY;
use crate::document::{Component, Property};
use crate::object::{self, CalendarObject, Kind, Schedule, moment};
use crate::value;
use crate::zone::Zone;

/// Which components of an object have an occurrence in a range. One whose rule takes too long to follow counts as if it had.
pub(super) fn parts(object: &CalendarObject, range: &TimeRange, floating: &Zone) -> Vec<bool> {
    let mut found = vec![false; object.component_count()];
    match object.kind() {
        Kind::Event | Kind::Journal | Kind::Todo => {
            let mut left = found.len();
            let visited = object.visit(range, floating, &mut |occurrence| {
                let is_new = !std::mem::replace(&mut found[occurrence.component], true);
                left -= usize::from(is_new);
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if visited.is_err() {
                found.fill(true);
            }
            if object.kind() == Kind::Todo {
                add_dateless_todos(object, range, &mut found);
            }
        }
        kind => {
            for (index, part) in object.parts().iter().enumerate() {
                let component = object.component(index);
                found[index] = match kind {
                    Kind::FreeBusy => free_busy(component, &part.schedule, range),
                    _ => availability(component, &part.schedule, range, floating),
                };
            }
        }
    }
    found
}

/// The last rows of the table of VTODO.
fn add_dateless_todos(object: &CalendarObject, range: &TimeRange, found: &mut [bool]) {
    let is_dateless = |index: &usize| object.parts()[*index].schedule.start.is_none();
    for index in (0..found.len()).filter(is_dateless) {
        let component = object.component(index);
        let stamp = |name: &str| object::stamp(component, name);
        found[index] = match (stamp("COMPLETED"), stamp("CREATED")) {
            (Some(completed), Some(created)) => {
                range.start <= created.max(completed) && range.end >= created.min(completed)
            }
            (Some(completed), None) => range.start <= completed && range.end >= completed,
            (None, Some(created)) => range.end > created,
            (None, None) => true,
        };
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

/// The same for a component in one of the object's, such as AVAILABLE.
pub(super) fn contains_nested(
    object: &CalendarObject,
    component: Component<'_>,
    range: &TimeRange,
    floating: &Zone,
) -> bool {
    let Ok(schedule) = Schedule::read(component, Kind::Availability, object.zones()) else { return false };
    let mut found = false;
    let visited = object::visit_schedule(&schedule, range, floating, &mut |_| {
        found = true;
        ControlFlow::Break(())
    });
    found || visited.is_err()
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
