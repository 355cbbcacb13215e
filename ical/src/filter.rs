//! The filter of a calendar-query as values, and which objects match it (RFC 4791 section 9.7 to 9.9).
//!
//! Each component of an object is tested for itself, with the occurrences that are its own: a master does not match by the time of an
//! instance that is overridden.

mod alarms;
mod collation;
mod matching;
#[cfg(test)]
mod tests;
mod time_range;

use std::ops::Range;

pub use collation::Collation;
use collation::Needle;
pub use matching::{Budget, matches, matches_within};

/// A time-range, in UTC seconds; `i64::MIN` and `i64::MAX` where it is open.
pub type TimeRange = Range<i64>;

/// The filter of a calendar-query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The test of the VCALENDAR.
    pub calendar: CompFilter,
}

/// A test of the components of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompFilter {
    /// `VEVENT`.
    pub name: String,
    /// What is tested.
    pub test: CompTest,
}

/// What is tested of components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompTest {
    /// That there is none.
    IsNotDefined,
    /// That one of them meets all of this.
    Defined {
        /// It takes place then.
        time_range: Option<TimeRange>,
        /// Its properties match.
        properties: Vec<PropFilter>,
        /// Components in it match.
        components: Vec<CompFilter>,
    },
}

/// A test of the properties of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropFilter {
    /// `SUMMARY`.
    pub name: String,
    /// What is tested.
    pub test: PropTest,
}

/// What is tested of properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropTest {
    /// That there is none.
    IsNotDefined,
    /// That one of them meets all of this.
    Defined {
        /// Its value matches.
        value: Option<ValueTest>,
        /// Its parameters match.
        parameters: Vec<ParamFilter>,
    },
}

/// What is tested of a property's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueTest {
    /// It is a time in the range.
    Time(TimeRange),
    /// It contains a text.
    Text(TextMatch),
}

/// A test of the parameters of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamFilter {
    /// `PARTSTAT`.
    pub name: String,
    /// What is tested.
    pub test: ParamTest,
}

/// What is tested of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamTest {
    /// That it is not there.
    IsNotDefined,
    /// That it is there.
    IsDefined,
    /// That it contains a text.
    Text(TextMatch),
}

/// A text that is looked for in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextMatch {
    needle: Needle,
    negate: bool,
}

impl Filter {
    /// Everything of a calendar that has a component of a name, as most clients begin.
    pub fn of_component(component: CompFilter) -> Filter {
        let components = vec![component];
        let test = CompTest::Defined { time_range: None, properties: Vec::new(), components };
        Filter { calendar: CompFilter { name: "VCALENDAR".to_owned(), test } }
    }
}

impl CompFilter {
    /// A component is there.
    pub fn is_defined(name: &str) -> CompFilter {
        let test = CompTest::Defined { time_range: None, properties: Vec::new(), components: Vec::new() };
        CompFilter { name: name.to_owned(), test }
    }

    /// A component takes place in a range.
    pub fn in_range(name: &str, range: TimeRange) -> CompFilter {
        let test = CompTest::Defined { time_range: Some(range), properties: Vec::new(), components: Vec::new() };
        CompFilter { name: name.to_owned(), test }
    }
}

impl TextMatch {
    /// Looks for `text` in the way of `collation`; with `negate` it must not be there.
    pub fn new(text: &str, collation: Collation, negate: bool) -> TextMatch {
        TextMatch { needle: Needle::new(text, collation), negate }
    }

    fn matches(&self, text: &str) -> bool {
        self.needle.is_in(text) != self.negate
    }
}
