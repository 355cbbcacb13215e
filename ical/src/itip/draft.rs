//! An object taken apart, so that parts of it can be put together for somebody else.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Instance, instances};
use crate::document::{Component, Property};
use crate::object::{CalendarObject, key, local_of_key, moment};
use crate::patch::{NewComponent, NewProperty};
use crate::text;
use crate::value;
use crate::zone::{Form, Moment, Zone};

/// An object taken apart. Its EXDATEs are instances, not text.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Time zones.
    zones: Vec<NewComponent>,
    pub(super) components: BTreeMap<Instance, NewComponent>,
    /// What EXDATE takes away.
    pub(super) exceptions: BTreeSet<i64>,
    form: Form,
    /// From the start of the master to its DTEND or DUE, in the terms of its clock and in seconds.
    length: Option<i64>,
}

/// What makes up the recurrence of a master.
pub(super) const RECURRENCE: [&str; 4] = ["RRULE", "EXRULE", "RDATE", "EXDATE"];
/// What only its owner is to see, beside X- properties.
const PRIVATE: [&str; 2] = ["COMMENT", "REQUEST-STATUS"];
/// What everybody has their own of, beside what is private.
pub(super) const OWN: [&str; 5] = ["TRANSP", "CATEGORIES", "COLOR", "COMPLETED", "PERCENT-COMPLETE"];
/// When something was written down.
const STAMPS: [&str; 3] = ["DTSTAMP", "LAST-MODIFIED", "CREATED"];
/// X- properties that are a part of what people are invited to.
const SHOWN: [&str; 4] =
    ["X-ALT-DESC", "X-APPLE-STRUCTURED-LOCATION", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL"];

impl Draft {
    /// Takes an object apart.
    pub fn of(object: &CalendarObject) -> Draft {
        let root = object.document().root();
        let zones = root.components().filter(|component| component.is("VTIMEZONE")).map(NewComponent::of).collect();
        let mut components: BTreeMap<Instance, NewComponent> =
            instances(object).map(|(instance, component)| (instance, NewComponent::of(component))).collect();
        let exceptions = exceptions(object);
        if let Some(master) = components.get_mut(&Instance::All).filter(|_| !exceptions.is_empty()) {
            master.properties.retain(|property| !property.is("EXDATE"));
        }
        let length = object.master().and_then(|part| length(object, object.component(part)));
        Draft { zones, components, exceptions, form: object.form(), length }
    }

    /// The text, as a message if there is a method.
    pub fn print(&self, product: &str, method: Option<&str>) -> Bytes {
        let mut calendar = NewComponent::calendar(product);
        if let Some(method) = method {
            calendar = calendar.with(NewProperty::new("METHOD", method));
        }
        calendar.components.clone_from(&self.zones);
        for (instance, component) in &self.components {
            let mut component = component.clone();
            if *instance == Instance::All {
                component.properties.extend(self.exceptions.iter().map(|key| self.moment("EXDATE", *key)));
            }
            calendar.components.push(component);
        }
        calendar.to_octets()
    }

    /// What others may see of it: no alarms, nothing that programs of its owner note for themselves, nothing of how messages went.
    /// Whoever has not answered is asked to.
    pub fn public(mut self) -> Draft {
        for component in self.components.values_mut() {
            component.components.clear();
            component.properties.retain(|property| !is_private(property.name()));
            for property in &mut component.properties {
                if property.is("ATTENDEE") || property.is("ORGANIZER") {
                    *property = asked(without_scheduling(property.clone()));
                }
            }
        }
        self
    }

    /// What somebody gets to see who is invited to some of the instances: the others are taken away.
    pub fn only(&self, invited: &BTreeSet<Instance>) -> Draft {
        let mut draft = self.clone();
        draft.components.retain(|instance, _| invited.contains(instance));
        let hidden = self.components.keys().filter_map(|instance| match instance {
            Instance::One(key) if !invited.contains(instance) => Some(*key),
            _ => None,
        });
        draft.exceptions.extend(hidden);
        draft
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Whether it says something else than another one, beside when it was written down and who takes part.
    pub fn differs(&self, other: &Draft) -> bool {
        let lines = |draft: &Draft| -> BTreeMap<Instance, BTreeSet<String>> {
            draft.components.iter().map(|(instance, component)| (*instance, essence(component))).collect()
        };
        self.exceptions != other.exceptions || lines(self) != lines(other)
    }

    /// Instances that another one had and this has no longer, by EXDATE.
    pub fn taken_away_since(&self, before: &Draft) -> BTreeSet<Instance> {
        self.exceptions.difference(&before.exceptions).map(|key| Instance::One(*key)).collect()
    }

    /// The highest SEQUENCE.
    pub fn sequence(&self) -> u32 {
        let all = self.components.values().flat_map(|component| &component.properties);
        let numbers =
            all.filter(|property| property.is("SEQUENCE")).filter_map(|one| value::digits(one.value.trim().as_bytes()));
        numbers.max().unwrap_or(0)
    }

    /// The UID.
    pub fn uid(&self) -> Option<String> {
        let component = self.components.values().next()?;
        component.properties.iter().find(|property| property.is("UID")).map(|uid| text::unescape(&uid.value))
    }

    /// Whether all of it is called off.
    pub fn is_cancelled(&self) -> bool {
        let says_so =
            |property: &NewProperty| property.is("STATUS") && property.value.trim().eq_ignore_ascii_case("CANCELLED");
        self.components.values().all(|component| component.properties.iter().any(says_so))
    }

    /// The same without single instances.
    pub fn without(&self, instances: &[Instance]) -> Draft {
        let mut draft = self.clone();
        for instance in instances {
            draft.components.remove(instance);
            if let Instance::One(key) = instance {
                draft.exceptions.insert(*key);
            }
        }
        draft
    }

    /// What it has components for.
    pub fn instances(&self) -> BTreeSet<Instance> {
        self.components.keys().copied().collect()
    }

    /// A component of its own for an instance, that says what the master says of it.
    pub(super) fn instance(&self, key: i64) -> Option<NewComponent> {
        let mut component = self.components.get(&Instance::All)?.clone();
        let has = |name: &str| component.properties.iter().any(|property| property.is(name));
        if !has("DTSTART") {
            return None;
        }
        component.properties.retain(|property| !RECURRENCE.iter().any(|name| property.is(name)));
        for property in &mut component.properties {
            if property.is("DTSTART") {
                *property = self.moment("DTSTART", key);
            } else if property.is("DTEND") || property.is("DUE") {
                let name = property.name().to_owned();
                *property = self.moment(&name, key.saturating_add(self.length.unwrap_or(0)));
            }
        }
        component.properties.push(self.moment("RECURRENCE-ID", key));
        Some(component)
    }

    /// A time as the master's clock shows it.
    fn moment(&self, name: &str, key: i64) -> NewProperty {
        let local = local_of_key(&self.form, key);
        match &self.form {
            Form::Date => NewProperty::new(name, &value::print_date(local)).with_parameter("VALUE", "DATE"),
            Form::Utc => NewProperty::new(name, &format!("{}Z", value::print_date_time(local))),
            Form::Floating => NewProperty::new(name, &value::print_date_time(local)),
            Form::Zoned(zone) => {
                NewProperty::new(name, &value::print_date_time(local)).with_parameter("TZID", zone.id())
            }
        }
    }
}

/// What EXDATE takes away, where it is of the same kind as DTSTART.
pub(super) fn exceptions(object: &CalendarObject) -> BTreeSet<i64> {
    let Some(master) = object.master() else { return BTreeSet::new() };
    let Some(start) = &object.parts()[master].schedule.start else { return BTreeSet::new() };
    let mut keys = BTreeSet::new();
    for property in object.component(master).properties_named("EXDATE") {
        for item in text::split_list(&property.value()) {
            let Some(date) = read(object, property, item) else { continue };
            if date.is_date() != start.is_date() {
                return BTreeSet::new();
            }
            keys.insert(key(&date, Some(start)));
        }
    }
    keys
}

fn read(object: &CalendarObject, property: Property<'_>, text: &str) -> Option<Moment> {
    Some(moment(value::parse_date_time(text)?, property, object.zones()))
}

/// From the start of a component to its end or due time, as keys are counted.
fn length(object: &CalendarObject, component: Component<'_>) -> Option<i64> {
    let moment = |name: &str| component.property(name).and_then(|property| read(object, property, &property.value()));
    let start = moment("DTSTART")?;
    let end = moment("DTEND").or_else(|| moment("DUE"))?;
    let utc = Zone::utc();
    Some(match start.form.floats() {
        true => end.local - start.local,
        false => end.instant(&utc) - start.instant(&utc),
    })
}

/// Whether a property is only for whose copy it is in.
pub(super) fn is_private(name: &str) -> bool {
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    let is_extension = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
    PRIVATE.iter().any(is) || is_extension && !SHOWN.iter().any(is)
}

/// Without what is between a client and its server (RFC 6638 section 7).
pub(super) fn without_scheduling(property: NewProperty) -> NewProperty {
    let names = ["SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND"];
    names.into_iter().fold(property, NewProperty::without_parameter)
}

fn asked(attendee: NewProperty) -> NewProperty {
    let said = attendee.parameter("PARTSTAT");
    match attendee.is("ATTENDEE") && said.is_none_or(|said| said.eq_ignore_ascii_case("NEEDS-ACTION")) {
        true => attendee.with_parameter("PARTSTAT", "NEEDS-ACTION").with_parameter("RSVP", "TRUE"),
        false => attendee,
    }
}

/// What a component says, line by line, beside when it was written down, who takes part, and what each has their own of.
fn essence(component: &NewComponent) -> BTreeSet<String> {
    let is_said = |property: &&NewProperty| !STAMPS.iter().chain(&OWN).any(|name| property.is(name));
    let said = component.properties.iter().filter(is_said);
    said.map(|property| {
        let plain = property.clone().without_parameter("PARTSTAT").without_parameter("RSVP");
        format!("{}:{}", plain.head, plain.value)
    })
    .collect()
}
