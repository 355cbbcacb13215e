//! Every instance as a component of its own, in UTC (RFC 4791 section 9.6.5). Dates and floating times stay what they are.

use std::ops::Range;

use bytes::Bytes;

use crate::document::{Component, Property};
use crate::object::{CalendarObject, Kind, Occurrence, RecurrenceId, TooMany, moment};
use crate::patch::NewProperty;
use crate::splice;
use crate::text;
use crate::value::{self, Duration, print_date, print_date_time};
use crate::zone::Zone;

/// Instances of an expansion at most.
const MAX_INSTANCES: usize = 10_000;
/// Octets of its components at most.
const MAX_OCTETS: usize = 16 << 20;

pub(super) fn expand(object: &CalendarObject, range: &Range<i64>, floating: &Zone) -> Result<Bytes, TooMany> {
    let root = object.document().root();
    let octets = object.document().octets();
    let occurrences = match recurs(object) {
        true => object.occurrences(range, floating, MAX_INSTANCES)?,
        false => Vec::new(),
    };
    let is_timeless = |part: &usize| !recurs(object) || object.parts()[*part].schedule.start.is_none();
    let timeless: Vec<usize> = (0..object.component_count()).filter(is_timeless).collect();
    let written = timeless.iter().copied().chain(occurrences.iter().map(|occurrence| occurrence.component));
    let size = size_of_all(object, written)?;
    let mut out = Vec::with_capacity(root.inside() + size);
    let writer = Writer { object, floating, newline: splice::newline(octets) };
    out.extend_from_slice(&octets[root.span().start..root.inside()]);
    for property in root.properties() {
        out.extend_from_slice(&octets[property.span()]);
    }
    for part in timeless {
        writer.component(object.component(part), None, &mut out);
    }
    for occurrence in &occurrences {
        writer.component(object.component(occurrence.component), Some(occurrence), &mut out);
    }
    out.extend_from_slice(&octets[root.end_line()..root.span().end]);
    Ok(out.into())
}

/// Whether its components are instances, and not only what they say themselves.
fn recurs(object: &CalendarObject) -> bool {
    matches!(object.kind(), Kind::Event | Kind::Todo | Kind::Journal)
}

/// Octets of components, before any is written: a component of a megabyte has as many instances as a small one.
fn size_of_all(object: &CalendarObject, parts: impl Iterator<Item = usize>) -> Result<usize, TooMany> {
    let lengths: Vec<usize> = (0..object.component_count()).map(|part| object.component(part).span().len()).collect();
    let size = parts.fold(0, |size: usize, part| size.saturating_add(lengths[part]));
    if size > MAX_OCTETS { Err(TooMany) } else { Ok(size) }
}

/// Whether a component says when it ends, or how long it lasts.
fn has_end(component: Component<'_>) -> bool {
    component.properties().any(|property| ["DTEND", "DUE", "DURATION"].iter().any(|name| property.is(name)))
}

struct Writer<'a> {
    object: &'a CalendarObject,
    floating: &'a Zone,
    newline: &'static str,
}

impl Writer<'_> {
    /// A component with its times in UTC, as one of its occurrences where there is one.
    fn component(&self, component: Component<'_>, occurrence: Option<&Occurrence>, out: &mut Vec<u8>) {
        let octets = self.object.document().octets();
        out.extend_from_slice(&octets[component.span().start..component.inside()]);
        for property in component.properties() {
            let name = property.name().to_ascii_uppercase();
            match (name.as_str(), occurrence) {
                ("RRULE" | "RDATE" | "EXDATE" | "EXRULE" | "RECURRENCE-ID", Some(_)) => {}
                ("DTSTART", Some(occurrence)) => {
                    self.start(property, occurrence, out);
                    self.recurrence_id(occurrence, out);
                    if !self.has_own_length(occurrence) && !has_end(component) {
                        self.duration(occurrence, out);
                    }
                }
                ("DTEND", Some(occurrence)) => self.end(property, occurrence, out),
                ("DUE", Some(occurrence)) => {
                    self.end(property, occurrence, out);
                    if component.property("DTSTART").is_none() {
                        self.recurrence_id(occurrence, out);
                    }
                }
                ("DURATION", Some(occurrence)) if !self.is_exact(occurrence) => self.duration(occurrence, out),
                _ if property.parameter("TZID").is_some() => self.in_utc(property, out),
                _ => out.extend_from_slice(&octets[property.span()]),
            }
        }
        for child in component.components() {
            out.extend_from_slice(&octets[child.span()]);
        }
        out.extend_from_slice(&octets[component.end_line()..component.span().end]);
    }

    /// Whether an occurrence lasts as long as its component says: not where RDATE gives it a PERIOD.
    fn has_own_length(&self, occurrence: &Occurrence) -> bool {
        occurrence.length == self.object.parts()[occurrence.component].schedule.length
    }

    /// Whether the component's own DURATION is right for an occurrence as it is written: in UTC its days have 24 hours.
    fn is_exact(&self, occurrence: &Occurrence) -> bool {
        self.has_own_length(occurrence) && (self.floats(occurrence) || occurrence.length.wall == 0)
    }

    /// Whether the times of an occurrence stay without a zone.
    fn floats(&self, occurrence: &Occurrence) -> bool {
        self.object.parts()[occurrence.component].schedule.start.as_ref().is_some_and(|start| start.form.floats())
    }

    fn duration(&self, occurrence: &Occurrence, out: &mut Vec<u8>) {
        let in_utc = Duration { wall: 0, seconds: occurrence.end - occurrence.start };
        let length = if self.floats(occurrence) { occurrence.length } else { in_utc };
        self.line(&format!("DURATION:{}", value::print_duration(length)), out);
    }

    fn recurrence_id(&self, occurrence: &Occurrence, out: &mut Vec<u8>) {
        let Some(id) = occurrence.recurrence_id else { return };
        let parameter = if matches!(id, RecurrenceId::Date(_)) { ";VALUE=DATE" } else { "" };
        self.line(&format!("RECURRENCE-ID{parameter}:{id}"), out);
    }

    fn start(&self, property: Property<'_>, occurrence: &Occurrence, out: &mut Vec<u8>) {
        self.time(property, occurrence, occurrence.local, occurrence.start, out);
    }

    fn end(&self, property: Property<'_>, occurrence: &Occurrence, out: &mut Vec<u8>) {
        let local = occurrence.local + occurrence.length.nominal();
        self.time(property, occurrence, local, occurrence.end, out);
    }

    /// A property with a time of an occurrence for its value: UTC, or what a clock shows where that has no zone.
    fn time(&self, property: Property<'_>, occurrence: &Occurrence, local: i64, instant: i64, out: &mut Vec<u8>) {
        let name = property.name();
        match (occurrence.is_date, self.floats(occurrence)) {
            (true, _) => self.line(&format!("{name};VALUE=DATE:{}", print_date(local)), out),
            (_, true) => self.line(&format!("{name}:{}", print_date_time(local)), out),
            (_, false) => self.line(&format!("{name}:{}Z", print_date_time(instant)), out),
        }
    }

    /// A property with a TZID, in UTC instead. One whose zone nobody knows stays as it is.
    fn in_utc(&self, property: Property<'_>, out: &mut Vec<u8>) {
        let value = property.value();
        let in_utc = |item: &str| {
            let moment = moment(value::parse_date_time(item)?, property, self.object.zones());
            (!moment.form.floats()).then(|| format!("{}Z", print_date_time(moment.instant(self.floating))))
        };
        let Some(values) = value.split(',').map(in_utc).collect::<Option<Vec<_>>>() else {
            return out.extend_from_slice(&self.object.document().octets()[property.span()]);
        };
        NewProperty::of(property).without_parameter("TZID").with_value(&values.join(",")).print(self.newline, out);
    }

    fn line(&self, line: &str, out: &mut Vec<u8>) {
        text::fold(line, self.newline, out);
    }
}
