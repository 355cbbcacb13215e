//! Every instance as a component of its own, in UTC (RFC 4791 section 9.6.5). Dates and floating times stay what they are.

use std::ops::Range;

use bytes::Bytes;

use crate::document::{Component, Property};
use crate::object::{CalendarObject, Kind, Occurrence, RecurrenceId, Schedule, TooMany, moment};
use crate::patch::NewProperty;
use crate::splice;
use crate::text;
use crate::value::{self, print_date, print_date_time};
use crate::zone::{Form, Zone};

/// Instances of an expansion at most.
const MAX_INSTANCES: usize = 10_000;

pub(super) fn expand(object: &CalendarObject, range: &Range<i64>, floating: &Zone) -> Result<Bytes, TooMany> {
    let root = object.document().root();
    let octets = object.document().octets();
    let mut out = Vec::with_capacity(octets.len());
    let writer = Writer { object, floating, newline: splice::newline(octets) };
    out.extend_from_slice(&octets[root.span().start..root.inside()]);
    for property in root.properties() {
        out.extend_from_slice(&octets[property.span()]);
    }
    let occurrences = match object.kind() {
        Kind::Event | Kind::Todo | Kind::Journal => object.occurrences(range, floating, MAX_INSTANCES)?,
        Kind::FreeBusy | Kind::Availability => Vec::new(),
    };
    let is_timeless = |part: &usize| !recurs(object) || object.parts()[*part].schedule.start.is_none();
    for part in (0..object.component_count()).filter(is_timeless) {
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
                    self.time(property, occurrence, occurrence.start, out);
                    self.recurrence_id(occurrence, out);
                }
                ("DTEND", Some(occurrence)) => self.time(property, occurrence, occurrence.end, out),
                ("DUE", Some(occurrence)) => {
                    self.time(property, occurrence, occurrence.end, out);
                    if component.property("DTSTART").is_none() {
                        self.recurrence_id(occurrence, out);
                    }
                }
                ("DURATION", Some(occurrence)) if !self.is_exact(occurrence) => {
                    self.line(&format!("DURATION:PT{}S", occurrence.end - occurrence.start), out);
                }
                _ if property.parameter("TZID").is_some() => self.in_utc(property, out),
                _ => out.extend_from_slice(&octets[property.span()]),
            }
        }
        for child in component.components() {
            out.extend_from_slice(&octets[child.span()]);
        }
        out.extend_from_slice(&octets[component.end_line()..component.span().end]);
    }

    /// Whether the component's own DURATION is right for an occurrence in UTC.
    fn is_exact(&self, occurrence: &Occurrence) -> bool {
        let Schedule { length, start, .. } = &self.object.parts()[occurrence.component].schedule;
        let moves_by_days = length.days != 0 && start.as_ref().is_some_and(|start| !start.is_date());
        occurrence.is_date || (!moves_by_days && occurrence.end - occurrence.start == length.seconds)
    }

    fn recurrence_id(&self, occurrence: &Occurrence, out: &mut Vec<u8>) {
        let Some(id) = occurrence.recurrence_id else { return };
        let parameter = if matches!(id, RecurrenceId::Date(_)) { ";VALUE=DATE" } else { "" };
        self.line(&format!("RECURRENCE-ID{parameter}:{id}"), out);
    }

    /// A property with a start or an end of an occurrence for its value.
    fn time(&self, property: Property<'_>, occurrence: &Occurrence, instant: i64, out: &mut Vec<u8>) {
        let name = property.name();
        let start = self.object.parts()[occurrence.component].schedule.start.as_ref();
        let local = || start.map_or(instant, |start| start.form.local(instant, self.floating));
        match start.map(|start| &start.form) {
            Some(Form::Date) => self.line(&format!("{name};VALUE=DATE:{}", print_date(local())), out),
            Some(Form::Floating) => self.line(&format!("{name}:{}", print_date_time(local())), out),
            _ => self.line(&format!("{name}:{}Z", print_date_time(instant)), out),
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
