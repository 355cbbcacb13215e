//! When an alarm rings (RFC 5545 section 3.6.6, 3.8.6; RFC 4791 section 9.9).

use std::ops::ControlFlow;

use super::TimeRange;
use crate::document::Component;
use crate::object::{CalendarObject, Occurrence, Schedule, has_value, stamp};
use crate::recurrence::Steps;
use crate::value::{self, Duration};
use crate::zone::Zone;

/// An alarm, relative to an occurrence.
struct Alarm {
    offset: Duration,
    /// From the end of the occurrence instead of its start.
    from_end: bool,
}

/// How often an alarm rings again, and after how long each time.
#[derive(Clone, Copy)]
struct Repeat {
    times: i64,
    pause: i64,
}

/// Whether an alarm of a component rings in a range, for any of that component's occurrences.
pub(super) fn rings(
    object: &CalendarObject,
    part: usize,
    alarm: Component<'_>,
    range: &TimeRange,
    floating: &Zone,
    steps: &mut Steps,
) -> bool {
    let Some(trigger) = alarm.property("TRIGGER") else { return false };
    let repeat = Repeat::of(alarm);
    let value = trigger.value();
    let Some(offset) = value::parse_duration(&value) else {
        return stamp(alarm, "TRIGGER").is_some_and(|first| repeat.meets(first, range));
    };
    let from_end = trigger.parameter("RELATED").is_some_and(|related| related.eq_ignore_ascii_case("END"));
    let alarm = Alarm { offset, from_end };
    // An hour of room: days that are counted on the calendar may have 23 or 25 of them.
    let reach = offset.nominal() - 3601..offset.nominal() + repeat.length() + 3601;
    let around = range.start.saturating_sub(reach.end)..range.end.saturating_sub(reach.start);
    let mut found = false;
    let visited = object.visit_part(part, &around, floating, steps, &mut |occurrence| {
        found = repeat.meets(alarm.first(object, &occurrence, floating), range);
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found || visited.is_err()
}

impl Alarm {
    /// When it rings first for an occurrence.
    fn first(&self, object: &CalendarObject, occurrence: &Occurrence, floating: &Zone) -> i64 {
        let schedule = &object.parts()[occurrence.component].schedule;
        let Some(start) = &schedule.start else { return occurrence.start };
        let (local, instant) = match self.from_end {
            true => (start.form.local(occurrence.end, floating), occurrence.end),
            false => (occurrence.local, occurrence.start),
        };
        Schedule::end(self.offset, &start.form, local, instant, floating)
    }
}

impl Repeat {
    fn of(alarm: Component<'_>) -> Repeat {
        let times = alarm.property("REPEAT").and_then(|repeat| value::digits(repeat.value().trim_ascii().as_bytes()));
        let pause = alarm.property("DURATION").and_then(|pause| value::parse_duration(&pause.value()));
        match (times, pause.map(Duration::nominal)) {
            (Some(times), Some(pause)) if pause > 0 && !has_value(alarm, "ACTION", "NONE") => {
                Repeat { times: times.min(MAX_REPEATS).into(), pause }
            }
            _ => Repeat { times: 0, pause: 1 },
        }
    }

    fn length(self) -> i64 {
        self.times.saturating_mul(self.pause)
    }

    /// Whether the first time or one of the repetitions lies in a range.
    fn meets(self, first: i64, range: &TimeRange) -> bool {
        let missed = range.start.saturating_sub(first).saturating_add(self.pause - 1).div_euclid(self.pause).max(0);
        missed <= self.times && range.contains(&(first + missed * self.pause))
    }
}

/// An alarm that rings more often is not one.
const MAX_REPEATS: u32 = 100_000;
