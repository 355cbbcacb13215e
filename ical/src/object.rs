//! A calendar object resource: the components of one UID, as a CalDAV server stores them (RFC 4791 section 4.1).
//!
//! What its times mean is worked out once, when it is parsed: start, length, rules, exceptions. Everything else is read from the
//! octets when it is asked for.

mod fault;
mod hull;
mod occurrences;
mod read;
mod recurrence;
mod schedule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

pub use fault::{Fault, Precondition};
pub use hull::Hull;
pub(crate) use hull::{availability_span, free_busy_periods, parse_period};
pub use occurrences::{Occurrence, RecurrenceId, TooMany};
pub(crate) use occurrences::{local_of_key, visit_schedule};
pub(crate) use read::MAX_PARTS;
pub(crate) use schedule::{Basis, Schedule, key, moment};

use crate::document::{Component, Document, Property};
use crate::value::Duration;
use crate::zone::{Form, Zone, Zones};

/// The components of one UID.
#[derive(Clone, Debug)]
pub struct CalendarObject {
    document: Document,
    kind: Kind,
    hull: Hull,
    /// The zones that its times name.
    zones: Box<[Arc<Zone>]>,
    parts: Box<[Part]>,
    /// Which part is the master, and which parts override which instances.
    master: Option<u32>,
    overrides: Box<[Override]>,
    /// Those of them that are about all later instances too.
    futures: Box<[Override]>,
    /// When the components of an availability say that somebody is available, in the order of the text.
    hours: Box<[Hours]>,
}

/// One of the components.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its BEGIN, for [`Document::component`].
    begin: u32,
    pub schedule: Schedule,
}

/// An AVAILABLE in a component (RFC 7953 section 3.1).
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    /// The number of the component that it is in.
    part: u32,
    /// Its BEGIN.
    begin: u32,
    pub schedule: Schedule,
}

/// A component with a RECURRENCE-ID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Override {
    /// The instance it is about: its local time, or UTC where the master has a zone.
    pub key: i64,
    pub part: u32,
    /// RANGE=THISANDFUTURE: it is about all later ones too.
    pub and_future: bool,
}

/// What kind of component an object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// VEVENT.
    Event,
    /// VTODO.
    Todo,
    /// VJOURNAL.
    Journal,
    /// VFREEBUSY.
    FreeBusy,
    /// VAVAILABILITY (RFC 7953).
    Availability,
}

/// Who may see a component (RFC 5545 section 3.8.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Everybody who may see the calendar.
    Public,
    /// Of others, only when it is.
    Confidential,
    /// The owner.
    Private,
}

/// The master and the components that override its instances.
#[derive(Clone, Debug)]
pub struct Components<'a> {
    /// The component without RECURRENCE-ID, if there is one.
    pub master: Option<Component<'a>>,
    /// Those with one, in order of the instances.
    pub overrides: Vec<Component<'a>>,
}

impl CalendarObject {
    /// Parses and checks what a client wants to store.
    pub fn parse(octets: Bytes, zones: &Zones) -> Result<CalendarObject, Fault> {
        read::read(Document::parse(octets)?, zones, read::Door::Stored)
    }

    /// Parses a scheduling message, which says by METHOD what it is for (RFC 5546) and is never stored in a calendar.
    pub fn parse_message(octets: Bytes, zones: &Zones) -> Result<CalendarObject, Fault> {
        read::read(Document::parse(octets)?, zones, read::Door::Message)
    }

    /// METHOD of a scheduling message, in capitals.
    pub fn method(&self) -> Option<String> {
        self.document.root().property("METHOD").map(|method| method.value().trim_ascii().to_ascii_uppercase())
    }

    /// The text and its structure.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The UID that all its components have.
    pub fn uid(&self) -> String {
        self.first().property("UID").map_or_else(String::new, |uid| uid.text())
    }

    /// What its components are.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its components, sorted by what they are to each other.
    pub fn components(&self) -> Components<'_> {
        let component = |part: u32| self.component(part as usize);
        let overrides = self.overrides.iter().map(|one| component(one.part)).collect();
        Components { master: self.master.map(component), overrides }
    }

    /// A component by its number in [`Occurrence::component`]: in the order of the text.
    pub fn component(&self, index: usize) -> Component<'_> {
        self.document.component(self.parts[index].begin)
    }

    /// How many components it has.
    pub fn component_count(&self) -> usize {
        self.parts.len()
    }

    /// The master's SUMMARY, without a master that of the first override.
    pub fn summary(&self) -> Option<String> {
        self.first().property("SUMMARY").map(|summary| summary.text())
    }

    /// Whether it has, or may have, more than one occurrence.
    pub fn is_recurring(&self) -> bool {
        !self.overrides.is_empty() || self.parts.iter().any(|part| part.schedule.recurrence.is_some())
    }

    /// The time from the first occurrence to the last.
    pub fn hull(&self) -> Hull {
        self.hull
    }

    /// The strictest CLASS of its components; what is not known counts as private (RFC 5545 section 3.8.1.3).
    pub fn class(&self) -> Class {
        let class = |component: Component<'_>| component.property("CLASS").map_or(Class::Public, Class::of);
        (0..self.parts.len()).map(|index| class(self.component(index))).max().unwrap_or(Class::Public)
    }

    /// Whether the first component says TRANSP:TRANSPARENT: it takes up no time.
    pub fn is_transparent(&self) -> bool {
        is_transparent(self.first())
    }

    /// When it was created, in UTC.
    pub fn created(&self) -> Option<i64> {
        self.stamp("CREATED")
    }

    /// When it was changed last, in UTC: the latest of its components.
    pub fn last_modified(&self) -> Option<i64> {
        (0..self.parts.len()).filter_map(|index| stamp(self.component(index), "LAST-MODIFIED")).max()
    }

    /// Octets that it takes beside the text and the zones that it shares with others.
    pub fn overhead(&self) -> usize {
        let schedules = self.parts.iter().map(|part| &part.schedule);
        let schedules = schedules.chain(self.hours.iter().map(|hours| &hours.schedule));
        let recurrences = schedules.filter_map(|schedule| schedule.recurrence.as_ref());
        size_of::<CalendarObject>() - size_of::<Document>()
            + self.document.overhead()
            + size_of_val(&*self.zones)
            + size_of_val(&*self.parts)
            + size_of_val(&*self.overrides)
            + size_of_val(&*self.futures)
            + size_of_val(&*self.hours)
            + recurrences.map(|recurrence| recurrence.overhead()).sum::<usize>()
    }

    fn stamp(&self, name: &str) -> Option<i64> {
        stamp(self.first(), name)
    }

    /// The master, without one the first override.
    pub(crate) fn first(&self) -> Component<'_> {
        self.component(self.first_part())
    }

    pub(crate) fn first_part(&self) -> usize {
        let first = self.master.or_else(|| self.overrides.first().map(|one| one.part));
        first.unwrap_or_default() as usize
    }

    pub(crate) fn master(&self) -> Option<usize> {
        self.master.map(|master| master as usize)
    }

    pub(crate) fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// The override that is the `part`th component; none for the master.
    pub(crate) fn override_of(&self, part: usize) -> Option<&Override> {
        let id = self.parts[part].schedule.recurrence_id.as_ref()?;
        let anchor = self.master().and_then(|master| self.parts[master].schedule.start.as_ref());
        let key = key(&id.moment, anchor);
        let at = self.overrides.binary_search_by_key(&key, |one| one.key).ok()?;
        Some(&self.overrides[at])
    }

    /// The overrides of all later instances, in order.
    pub(crate) fn futures(&self) -> &[Override] {
        &self.futures
    }

    /// The override of all later instances that says what the instance with `key` is, if it has no component of its own.
    pub(crate) fn future_of(&self, key: i64) -> Option<&Override> {
        let after = self.futures.partition_point(|one| one.key <= key);
        after.checked_sub(1).map(|at| &self.futures[at])
    }

    /// The instances that RDATE adds, with the length that a PERIOD gives them.
    pub(crate) fn dates(&self) -> BTreeMap<i64, Option<Duration>> {
        let (form, utc) = (self.form(), Zone::utc());
        let schedule = self.master().map(|master| &self.parts[master].schedule);
        let recurrence = schedule.and_then(|schedule| schedule.recurrence.as_deref());
        let dates = recurrence.map_or(&[][..], |recurrence| &recurrence.dates);
        dates.iter().map(|added| (form.instant(added.local, &utc) + added.late, added.length)).collect()
    }

    /// The hours in a component.
    pub(crate) fn hours_in(&self, part: usize) -> &[Hours] {
        let before = |part: usize| self.hours.partition_point(|hours| (hours.part as usize) < part);
        &self.hours[before(part)..before(part + 1)]
    }

    /// The hours that a component is, if it is an AVAILABLE that can be read.
    pub(crate) fn hours_of(&self, component: Component<'_>) -> Option<&Hours> {
        let at = self.hours.binary_search_by_key(&component.begin(), |hours| hours.begin).ok()?;
        Some(&self.hours[at])
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn zones(&self) -> &[Arc<Zone>] {
        &self.zones
    }

    /// What the times of its instances are: the form of the master, without one that of the first override.
    pub(crate) fn form(&self) -> Form {
        let schedule = &self.parts[self.first_part()].schedule;
        let moment = schedule.start.as_ref().filter(|_| self.master.is_some());
        let of_override = || schedule.recurrence_id.as_ref().map(|id| id.moment.form.clone());
        moment.map(|moment| moment.form.clone()).or_else(of_override).unwrap_or(Form::Floating)
    }
}

/// A UTC time of a component.
pub(crate) fn stamp(component: Component<'_>, name: &str) -> Option<i64> {
    let value = component.property(name)?;
    crate::value::parse_date_time(&value.value()).map(|written| written.digits())
}

pub(crate) fn is_transparent(component: Component<'_>) -> bool {
    has_value(component, "TRANSP", "TRANSPARENT")
}

/// Whether a property has a value, in any case.
pub(crate) fn has_value(component: Component<'_>, name: &str, value: &str) -> bool {
    component.property(name).is_some_and(|property| property.value().trim_ascii().eq_ignore_ascii_case(value))
}

impl Hours {
    pub fn component<'a>(&self, object: &'a CalendarObject) -> Component<'a> {
        object.document.component(self.begin)
    }
}

impl Class {
    fn of(property: Property<'_>) -> Class {
        match property.value().trim_ascii().to_ascii_uppercase().as_str() {
            "PUBLIC" | "" => Class::Public,
            "CONFIDENTIAL" => Class::Confidential,
            _ => Class::Private,
        }
    }
}

impl Kind {
    /// The kind of a component's name, in any case.
    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Every kind.
    pub const ALL: [Kind; 5] = [Kind::Event, Kind::Todo, Kind::Journal, Kind::FreeBusy, Kind::Availability];

    /// The component's name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Event => "VEVENT",
            Kind::Todo => "VTODO",
            Kind::Journal => "VJOURNAL",
            Kind::FreeBusy => "VFREEBUSY",
            Kind::Availability => "VAVAILABILITY",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
