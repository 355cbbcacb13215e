//! Hours of work as VAVAILABILITY says them (RFC 7953 section 3.1 and 4).

use std::ops::{ControlFlow, Range};

use super::Busy;
use super::spans::Spans;
use crate::document::Component;
use crate::object::{self, CalendarObject, Hours, Schedule, TooMany};
use crate::recurrence::Steps;
use crate::value;
use crate::zone::Zone;

/// Hours of work in a range at most.
const MAX_HOURS: usize = 20_000;

/// When nobody is available, by what BUSYTYPE calls it.
pub(super) fn unavailable(
    objects: &[&CalendarObject],
    range: &Range<i64>,
    floating: &Zone,
) -> Result<Vec<(Busy, Spans)>, TooMany> {
    let mut components: Vec<(&CalendarObject, usize)> = Vec::new();
    for object in objects {
        components.extend((0..object.component_count()).map(|part| (*object, part)));
    }
    // From the lowest priority to the highest, which says last what counts.
    components.sort_by_key(|(object, part)| std::cmp::Reverse(priority(object.component(*part))));
    let mut kinds: Vec<(Busy, Spans)> = Vec::new();
    let mut steps = Steps::of_a_search();
    for (object, part) in components {
        let component = object.component(part);
        let span = object::availability_span(component, &object.parts()[part].schedule, floating);
        let span: Spans = std::iter::once(span.start.max(range.start)..span.end.min(range.end)).collect();
        let kind = component.property("BUSYTYPE").map(|kind| Busy::of(kind.value().trim_ascii()));
        let available = available(object, part, range, floating, &mut steps)?;
        for (_, spans) in &mut kinds {
            *spans = spans.without(&span);
        }
        if let Some(kind) = kind.unwrap_or(Some(Busy::Unavailable)) {
            kinds.push((kind, span.without(&available)));
        }
    }
    Ok(kinds)
}

/// 1 is the highest, 9 the lowest, and 0 below it (RFC 7953 section 3.1).
fn priority(component: Component<'_>) -> u32 {
    let priority = component.property("PRIORITY").map(|priority| priority.value().trim_ascii().to_owned());
    let priority = priority.and_then(|priority| value::digits(priority.as_bytes()));
    priority.filter(|priority| (1..=9).contains(priority)).unwrap_or(10)
}

/// When the AVAILABLE components of one say so.
fn available(
    object: &CalendarObject,
    part: usize,
    range: &Range<i64>,
    floating: &Zone,
    steps: &mut Steps,
) -> Result<Spans, TooMany> {
    let uid = |hours: &Hours| hours.component(object).property("UID").map_or_else(String::new, |uid| uid.text());
    let all: Vec<(String, &Schedule)> =
        object.hours_in(part).iter().map(|hours| (uid(hours), &hours.schedule)).collect();
    let mut spans = Vec::new();
    for (uid, schedule) in &all {
        let start = schedule.start.as_ref().filter(|_| schedule.recurrence_id.is_none());
        let same = all.iter().filter(|(other, _)| other == uid).filter_map(|(_, other)| other.recurrence_id.as_ref());
        let overridden: Vec<i64> = same.map(|id| object::key(&id.moment, start)).collect();
        object::visit_schedule(schedule, range, floating, steps, &mut |occurrence| {
            if start.is_none() || !occurrence.recurrence_id.is_some_and(|id| overridden.contains(&id.seconds())) {
                spans.push(occurrence.start..occurrence.end);
            }
            if spans.len() > MAX_HOURS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if spans.len() > MAX_HOURS {
            return Err(TooMany);
        }
    }
    Ok(spans.into_iter().collect::<Spans>().merged())
}
