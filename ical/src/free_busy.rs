//! When somebody is busy (RFC 4791 section 7.10, RFC 5545 section 3.6.4), with published availability (RFC 7953).
//!
//! Events count unless they are transparent or cancelled, published free-busy times as what they say. Outside the hours of a
//! VAVAILABILITY nobody is available; one with a higher priority says it better.

mod availability;
mod spans;
#[cfg(test)]
mod tests;

use std::ops::{ControlFlow, Range};

use bytes::Bytes;

use crate::document::{Component, Property};
use crate::object::{self, CalendarObject, Kind, TooMany};
use crate::patch::{NewComponent, NewProperty};
use crate::value::print_date_time;
use crate::zone::Zone;
use spans::Spans;

/// A time in which somebody is busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// In UTC seconds.
    pub range: Range<i64>,
    /// In which way.
    pub kind: Busy,
}

/// In which way somebody is busy, from the one that counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Busy {
    /// BUSY.
    Busy,
    /// BUSY-UNAVAILABLE: nothing can be planned then.
    Unavailable,
    /// BUSY-TENTATIVE.
    Tentative,
}

/// Periods at most; more are nobody's calendar.
const MAX_PERIODS: usize = 100_000;

/// When objects make somebody busy in a range: in order, without overlaps. Times without a zone are those of `floating`.
pub fn busy<'a>(
    objects: impl IntoIterator<Item = &'a CalendarObject>,
    range: &Range<i64>,
    floating: &Zone,
) -> Result<Vec<Period>, TooMany> {
    busy_for(objects, range, floating, &|_| false)
}

/// The same for somebody who has certain addresses: an event that they have declined does not make them busy, and one that they have not
/// accepted only perhaps (RFC 6638 section 5).
pub fn busy_for<'a>(
    objects: impl IntoIterator<Item = &'a CalendarObject>,
    range: &Range<i64>,
    floating: &Zone,
    own: &dyn Fn(&str) -> bool,
) -> Result<Vec<Period>, TooMany> {
    let mut collected = Collected { range: range.clone(), floating, own, busy: Default::default(), periods: 0 };
    let mut availabilities = Vec::new();
    for object in objects {
        match object.kind() {
            Kind::Event => collected.events(object)?,
            Kind::FreeBusy => collected.published(object)?,
            Kind::Availability => availabilities.push(object),
            Kind::Todo | Kind::Journal => {}
        }
    }
    for (kind, spans) in availability::unavailable(&availabilities, range, floating)? {
        collected.busy[kind as usize].add_all(spans);
    }
    Ok(collected.finish())
}

struct Collected<'a> {
    range: Range<i64>,
    floating: &'a Zone,
    /// Whether an address is of whose time it is.
    own: &'a dyn Fn(&str) -> bool,
    /// By [`Busy`].
    busy: [Spans; 3],
    periods: usize,
}

impl Collected<'_> {
    fn events(&mut self, object: &CalendarObject) -> Result<(), TooMany> {
        let kinds: Vec<Option<Busy>> =
            (0..object.component_count()).map(|part| of_event(object.component(part), self.own)).collect();
        if kinds.iter().all(Option::is_none) {
            return Ok(());
        }
        let (range, floating) = (self.range.clone(), self.floating);
        let mut is_full = false;
        object.visit(&range, floating, &mut |occurrence| {
            if let Some(kind) = kinds[occurrence.component] {
                is_full |= self.add(kind, occurrence.start..occurrence.end).is_err();
            }
            if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if is_full { Err(TooMany) } else { Ok(()) }
    }

    fn published(&mut self, object: &CalendarObject) -> Result<(), TooMany> {
        for part in 0..object.component_count() {
            for property in object.component(part).properties_named("FREEBUSY") {
                let Some(kind) = of_period(property) else { continue };
                for (start, end) in property.value().split(',').filter_map(object::parse_period) {
                    self.add(kind, start..end)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, kind: Busy, range: Range<i64>) -> Result<(), TooMany> {
        let within = range.start.max(self.range.start)..range.end.min(self.range.end);
        if !within.is_empty() {
            self.periods += 1;
            self.busy[kind as usize].add(within);
        }
        if self.periods > MAX_PERIODS { Err(TooMany) } else { Ok(()) }
    }

    /// Where kinds overlap, the one that counts most stays.
    fn finish(self) -> Vec<Period> {
        let mut taken = Spans::default();
        let mut periods = Vec::new();
        for (kind, spans) in Busy::ALL.into_iter().zip(self.busy) {
            let spans = spans.merged();
            periods.extend(spans.without(&taken).into_iter().map(|range| Period { range, kind }));
            taken.add_all(spans);
            taken = taken.merged();
        }
        periods.sort_by_key(|period| period.range.start);
        periods
    }
}

/// How an event makes busy, if it does.
fn of_event(event: Component<'_>, own: &dyn Fn(&str) -> bool) -> Option<Busy> {
    if object::is_transparent(event) || object::has_value(event, "STATUS", "CANCELLED") {
        return None;
    }
    let attendee = event.properties_named("ATTENDEE").find(|attendee| own(&attendee.value()));
    let answer = attendee.map(|attendee| attendee.parameter("PARTSTAT").map(|said| said.to_ascii_uppercase()));
    let is_open = match answer.as_ref().map(|said| said.as_deref().unwrap_or("NEEDS-ACTION")) {
        Some("DECLINED" | "DELEGATED") => return None,
        Some("NEEDS-ACTION" | "TENTATIVE") => true,
        _ => false,
    };
    let is_tentative = is_open || object::has_value(event, "STATUS", "TENTATIVE");
    Some(if is_tentative { Busy::Tentative } else { Busy::Busy })
}

/// How a FREEBUSY makes busy, if it does.
fn of_period(property: Property<'_>) -> Option<Busy> {
    let kind = property.parameter("FBTYPE");
    Busy::of(kind.as_deref().unwrap_or("BUSY"))
}

impl Busy {
    const ALL: [Busy; 3] = [Busy::Busy, Busy::Unavailable, Busy::Tentative];

    /// By its name; what is not known counts as BUSY (RFC 5545 section 3.2.9).
    fn of(name: &str) -> Option<Busy> {
        match name.to_ascii_uppercase().as_str() {
            "FREE" => None,
            "BUSY-UNAVAILABLE" => Some(Busy::Unavailable),
            "BUSY-TENTATIVE" => Some(Busy::Tentative),
            _ => Some(Busy::Busy),
        }
    }

    /// Its name in FBTYPE and BUSYTYPE.
    pub fn name(self) -> &'static str {
        match self {
            Busy::Busy => "BUSY",
            Busy::Unavailable => "BUSY-UNAVAILABLE",
            Busy::Tentative => "BUSY-TENTATIVE",
        }
    }
}

/// A VCALENDAR with one VFREEBUSY that says `periods` of `range`. `stamp` is the time now; `about` are properties such as UID,
/// ORGANIZER and ATTENDEE.
pub fn print(product: &str, stamp: i64, range: &Range<i64>, about: &[NewProperty], periods: &[Period]) -> Bytes {
    let utc = |instant: i64| format!("{}Z", print_date_time(instant));
    let mut component = NewComponent::new("VFREEBUSY");
    for (name, instant) in [("DTSTAMP", stamp), ("DTSTART", range.start), ("DTEND", range.end)] {
        component = component.with(NewProperty::new(name, &utc(instant)));
    }
    component = about.iter().cloned().fold(component, NewComponent::with);
    for Period { range, kind } in periods {
        let property = NewProperty::new("FREEBUSY", &format!("{}/{}", utc(range.start), utc(range.end)));
        component = component.with(property.with_parameter("FBTYPE", kind.name()));
    }
    NewComponent::calendar(product).with_component(component).to_octets()
}
