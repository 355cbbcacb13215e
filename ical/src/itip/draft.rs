//! An object taken apart, so that parts of it can be put together for somebody else.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{Instance, instances};
use crate::civil::DAY;
use crate::object::{CalendarObject, Schedule, key, local_of_key, moment};
use crate::patch::{NewComponent, NewProperty};
use crate::recurrence::Series;
use crate::text;
use crate::value::{self, Duration};
use crate::zone::{Form, Moment, Zone};

/// An object taken apart. Its EXDATEs are instances, not text.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Time zones.
    zones: Vec<NewComponent>,
    pub(super) components: BTreeMap<Instance, NewComponent>,
    /// What EXDATE takes away.
    pub(super) exceptions: BTreeSet<i64>,
    /// What RDATE adds, with the length of a PERIOD.
    dates: BTreeMap<i64, Option<Duration>>,
    /// The last instance of each RRULE of the master, in their order.
    lasts: Vec<i64>,
    form: Form,
    /// What instances without a component of their own follow: the master, and from their own instances on the overrides of all later
    /// ones.
    bases: BTreeMap<Instance, Base>,
}

/// When the instances take place that follow a component.
#[derive(Clone, Debug)]
pub(super) struct Base {
    form: Form,
    /// How much later than the rule says, as clocks show it.
    shift: i64,
    length: Duration,
}

/// When an instance takes place: in UTC, or the digits of a time without a zone.
pub(super) struct Times {
    pub start: i64,
    pub end: i64,
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
        let (dates, lasts, bases) = (object.dates(), lasts(object), bases(object));
        Draft { zones, components, exceptions, dates, lasts, form: object.form(), bases }
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
                component.properties.extend(self.exceptions.iter().map(|key| written("EXDATE", &self.form, *key)));
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

    /// What somebody gets to see who is invited to some of the instances: the others are taken away. From the first override of all later
    /// ones on to which they are not invited, nothing recurs: what they are invited to behind it, they get as single instances.
    pub fn only(&self, invited: &BTreeSet<Instance>) -> Draft {
        let mut draft = self.clone();
        draft.components.retain(|instance, _| invited.contains(instance));
        let hidden = |instance: &Instance| match instance {
            Instance::One(key) if !invited.contains(instance) => Some(*key),
            _ => None,
        };
        draft.exceptions.extend(self.components.keys().filter_map(hidden));
        if let Some(key) = self.bases.keys().find_map(hidden) {
            draft.end_before(key);
        }
        draft
    }

    /// Lets nothing recur from an instance on.
    fn end_before(&mut self, key: i64) {
        let alone = |key: &i64| self.components.contains_key(&Instance::One(*key));
        self.exceptions.extend(self.dates.range(key..).map(|(key, _)| *key).filter(|key| !alone(key)));
        let until = until(&self.form, key);
        let Some(master) = self.components.get_mut(&Instance::All) else { return };
        let rules = master.properties.iter_mut().filter(|property| property.is("RRULE"));
        for (rule, _) in rules.zip(&self.lasts).filter(|(_, last)| **last >= key) {
            rule.value = ended(&rule.value, &until);
        }
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

    /// The same with other components, and nothing taken away.
    pub(super) fn with_components(self, components: BTreeMap<Instance, NewComponent>) -> Draft {
        Draft { components, exceptions: BTreeSet::new(), ..self }
    }

    /// What it has components for.
    pub fn instances(&self) -> BTreeSet<Instance> {
        self.components.keys().copied().collect()
    }

    /// What it says of an instance: the component of its own, else the one that it follows.
    pub(super) fn component_for(&self, instance: Instance) -> Option<&NewComponent> {
        let followed = || self.bases.range(..=instance).next_back().map_or(Instance::All, |(base, _)| *base);
        self.components.get(&instance).or_else(|| self.components.get(&followed()))
    }

    /// A component of its own for an instance, that says what the component says that it follows.
    pub(super) fn instance(&self, key: i64) -> Option<NewComponent> {
        let (instance, base) = self.bases.range(..=Instance::One(key)).next_back()?;
        let mut component = self.components.get(instance)?.clone();
        let period = self.dates.get(&key).copied().flatten();
        let Times { start, end } = base.times(&self.form, key, period);
        component.properties.retain(|property| !is_of_series(property));
        for property in &mut component.properties {
            let name = property.name().to_owned();
            match name.to_ascii_uppercase().as_str() {
                "DTSTART" => *property = written(&name, &base.form, start),
                "DTEND" | "DUE" => *property = written(&name, &base.form, end),
                _ => {}
            }
        }
        if let Some(length) =
            period.filter(|_| !component.properties.iter().any(|one| one.is("DTEND") || one.is("DUE")))
        {
            component.properties.retain(|property| !property.is("DURATION"));
            component.properties.push(NewProperty::new("DURATION", &value::print_duration(length)));
        }
        component.properties.push(written("RECURRENCE-ID", &self.form, key));
        Some(component)
    }
}

impl Times {
    pub fn length(&self) -> i64 {
        self.end - self.start
    }
}

impl Base {
    pub fn of(schedule: &Schedule, shift: i64) -> Option<Base> {
        Some(Base { form: schedule.start.as_ref()?.form.clone(), shift, length: schedule.length })
    }

    /// When the instance with `key` takes place, in the form of this; `anchor` is the form of the master.
    pub fn times(&self, anchor: &Form, key: i64, period: Option<Duration>) -> Times {
        let (utc, plain) = (Zone::utc(), local_of_key(anchor, key));
        let local = plain + self.shift;
        // The second of two hours that a clock shows as the same.
        let late = if self.shift == 0 { key - anchor.instant(plain, &utc) } else { 0 };
        let start = self.form.instant(local, &utc) + late;
        Times { start, end: Schedule::end(period.unwrap_or(self.length), &self.form, local, start, &utc) }
    }
}

/// Whether a property says which instances there are, or which one something is.
fn is_of_series(property: &NewProperty) -> bool {
    RECURRENCE.iter().any(|name| property.is(name)) || property.is("RECURRENCE-ID")
}

fn bases(object: &CalendarObject) -> BTreeMap<Instance, Base> {
    let base = |part: u32, shift: i64| Base::of(&object.parts()[part as usize].schedule, shift);
    let Some(master) = object.master().and_then(|master| base(master as u32, 0)) else { return BTreeMap::new() };
    let futures = object.futures().iter();
    let futures = futures.filter_map(|one| Some((Instance::One(one.key), base(one.part, object.shift(one))?)));
    futures.chain([(Instance::All, master)]).collect()
}

fn lasts(object: &CalendarObject) -> Vec<i64> {
    let schedule = object.master().map(|master| &object.parts()[master].schedule);
    let recurrence = schedule.and_then(|schedule| schedule.recurrence.as_ref());
    let (form, utc) = (object.form(), Zone::utc());
    let last = |series: &Series| form.instant(series.last, &utc).min(series.last_instant);
    recurrence.map_or_else(Vec::new, |recurrence| recurrence.series.iter().map(last).collect())
}

/// The last time before an instance, as UNTIL says it: UTC where DTSTART has a zone (RFC 5545 section 3.3.10).
fn until(form: &Form, key: i64) -> String {
    match form {
        Form::Date => value::print_date(key - DAY),
        Form::Floating => value::print_date_time(key - 1),
        Form::Utc | Form::Zoned(_) => format!("{}Z", value::print_date_time(key - 1)),
    }
}

/// A rule that ends by UNTIL.
fn ended(rule: &str, until: &str) -> String {
    let ends = |part: &str| {
        ["COUNT", "UNTIL"]
            .iter()
            .any(|name| part.split('=').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(name)))
    };
    let kept = rule.split(';').filter(|part| !part.trim().is_empty() && !ends(part));
    kept.map(|part| format!("{part};")).collect::<String>() + &format!("UNTIL={until}")
}

/// A time as a clock shows it: UTC, or the digits of a time without a zone, in a form.
fn written(name: &str, form: &Form, time: i64) -> NewProperty {
    let local = local_of_key(form, time);
    match form {
        Form::Date => NewProperty::new(name, &value::print_date(local)).with_parameter("VALUE", "DATE"),
        Form::Floating => NewProperty::new(name, &value::print_date_time(local)),
        // What a zone's clock shows twice is the first of the two; only UTC can say the second.
        Form::Zoned(zone) if zone.instant(local) == time => {
            NewProperty::new(name, &value::print_date_time(local)).with_parameter("TZID", zone.id())
        }
        Form::Zoned(_) | Form::Utc => NewProperty::new(name, &format!("{}Z", value::print_date_time(time))),
    }
}

/// What EXDATE takes away. A date where DTSTART has a time is that time on that date.
pub(super) fn exceptions(object: &CalendarObject) -> BTreeSet<i64> {
    let Some(master) = object.master() else { return BTreeSet::new() };
    let Some(start) = &object.parts()[master].schedule.start else { return BTreeSet::new() };
    let mut keys = BTreeSet::new();
    for property in object.component(master).properties_named("EXDATE") {
        for item in text::split_list(&property.value()) {
            let Some(written) = value::parse_date_time(item) else { continue };
            keys.insert(exception(&moment(written, property, object.zones()), start));
        }
    }
    keys
}

fn exception(date: &Moment, start: &Moment) -> i64 {
    match (start.is_date(), date.is_date()) {
        (true, false) => date.local - date.local.rem_euclid(DAY),
        (false, true) => {
            let local = date.local + start.local.rem_euclid(DAY);
            key(&Moment { local, form: Form::Floating }, Some(start))
        }
        _ => key(date, Some(start)),
    }
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
