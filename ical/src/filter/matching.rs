//! Whether an object matches a filter (RFC 4791 section 9.7).

use std::cell::Cell;

use super::{
    CompFilter, CompTest, Filter, ParamFilter, ParamTest, PropFilter, PropTest, TimeRange, ValueTest, alarms,
    time_range,
};
use crate::document::{Component, Property};
use crate::object::{CalendarObject, TooMany};
use crate::recurrence::Steps;
use crate::zone::Zone;

/// What may be looked at for one question, by the searches in all objects together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(u32);

/// Periods and instances for a whole question: a fraction of a second, and far more than calendars of people take.
const STEPS_OF_A_QUESTION: u32 = 4_000_000;

impl Default for Budget {
    fn default() -> Budget {
        Budget(STEPS_OF_A_QUESTION)
    }
}

/// Whether an object matches. Times without a zone are those of `floating`. An object whose rules take too long to follow
/// counts as if it did.
pub fn matches(object: &CalendarObject, filter: &Filter, floating: &Zone) -> bool {
    matches_within(object, filter, floating, &mut Budget::default()).unwrap_or(true)
}

/// The same for one of many objects. When the budget is used up, there is no answer.
pub fn matches_within(
    object: &CalendarObject,
    filter: &Filter,
    floating: &Zone,
    budget: &mut Budget,
) -> Result<bool, TooMany> {
    let given = Steps(Steps::of_a_search().0.min(budget.0));
    let matching = Matching { object, floating, steps: Cell::new(given) };
    let is_match = matching.object(filter);
    budget.0 -= given.0 - matching.steps.get().0;
    if budget.0 == 0 { Err(TooMany) } else { Ok(is_match) }
}

struct Matching<'a> {
    object: &'a CalendarObject,
    floating: &'a Zone,
    /// What is left for all the rules that are followed.
    steps: Cell<Steps>,
}

impl Matching<'_> {
    fn object(&self, filter: &Filter) -> bool {
        let root = self.object.document().root();
        let CompFilter { name, test } = &filter.calendar;
        match test {
            CompTest::IsNotDefined => !root.is(name),
            CompTest::Defined { time_range, properties, components } => {
                let takes_place = |range: &TimeRange| self.parts(range).contains(&true);
                root.is(name)
                    && time_range.as_ref().is_none_or(takes_place)
                    && properties.iter().all(|filter| self.properties(root, filter))
                    && components.iter().all(|filter| self.of_calendar(filter))
            }
        }
    }

    /// Which components take place in a range.
    fn parts(&self, range: &TimeRange) -> Vec<bool> {
        self.search(|steps| time_range::parts(self.object, range, self.floating, steps))
    }

    /// A search with the steps that are left.
    fn search<T>(&self, search: impl FnOnce(&mut Steps) -> T) -> T {
        let mut steps = self.steps.get();
        let found = search(&mut steps);
        self.steps.set(steps);
        found
    }

    /// A filter of components in the VCALENDAR.
    fn of_calendar(&self, CompFilter { name, test }: &CompFilter) -> bool {
        let object = self.object;
        let is_there = || object.document().root().components().any(|component| component.is(name));
        let CompTest::Defined { time_range, properties, components } = test else { return !is_there() };
        if !object.kind().name().eq_ignore_ascii_case(name) {
            // A VTIMEZONE or something unknown: it takes place at no time.
            let matches = |component| self.inside(component, properties, components, None);
            let mut all = object.document().root().components().filter(|component| component.is(name));
            return time_range.is_none() && all.any(matches);
        }
        let takes_place = time_range.as_ref().map(|range| self.parts(range));
        let parts = 0..object.component_count();
        parts
            .filter(|part| takes_place.as_ref().is_none_or(|takes_place| takes_place[*part]))
            .any(|part| self.inside(object.component(part), properties, components, Some(part)))
    }

    /// The properties of a component and the components in it. `part` is which of the object's components it is.
    fn inside(
        &self,
        component: Component<'_>,
        properties: &[PropFilter],
        components: &[CompFilter],
        part: Option<usize>,
    ) -> bool {
        properties.iter().all(|filter| self.properties(component, filter))
            && components.iter().all(|filter| self.nested(component, filter, part))
    }

    /// A filter of components in a component, such as alarms.
    fn nested(&self, parent: Component<'_>, CompFilter { name, test }: &CompFilter, part: Option<usize>) -> bool {
        let mut named = parent.components().filter(|component| component.is(name));
        let CompTest::Defined { time_range, properties, components } = test else { return named.next().is_none() };
        let takes_place = |component: Component<'_>, range: &TimeRange| match part {
            Some(part) if component.is("VALARM") => {
                self.search(|steps| alarms::rings(self.object, part, component, range, self.floating, steps))
            }
            _ => self.search(|steps| time_range::contains_nested(self.object, component, range, self.floating, steps)),
        };
        named.any(|component| {
            time_range.as_ref().is_none_or(|range| takes_place(component, range))
                && self.inside(component, properties, components, None)
        })
    }

    fn properties(&self, component: Component<'_>, PropFilter { name, test }: &PropFilter) -> bool {
        let mut named = component.properties_named(name);
        let PropTest::Defined { value, parameters } = test else { return named.next().is_none() };
        named.any(|property| {
            value.as_ref().is_none_or(|test| self.value(property, test))
                && parameters.iter().all(|filter| parameter(property, filter))
        })
    }

    fn value(&self, property: Property<'_>, test: &ValueTest) -> bool {
        match test {
            ValueTest::Text(text) => text.matches(&property.text()),
            ValueTest::Time(range) => time_range::contains(property, range, self.object.zones(), self.floating),
        }
    }
}

fn parameter(property: Property<'_>, ParamFilter { name, test }: &ParamFilter) -> bool {
    let value = property.parameter(name);
    match (test, value) {
        (ParamTest::IsNotDefined, value) => value.is_none(),
        (ParamTest::IsDefined, value) => value.is_some(),
        (ParamTest::Text(text), value) => value.is_some_and(|value| text.matches(&value)),
    }
}
