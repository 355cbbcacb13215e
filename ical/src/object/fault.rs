//! What is wrong with a calendar object, for the person who made it and for the client (RFC 4791 section 5.3.2.1).

use std::fmt;

use crate::document::{Property, SyntaxError};

/// Why an object is refused. At fault: who sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, from 1.
    pub line: Option<u32>,
    /// Which precondition of a PUT it breaks.
    pub precondition: Precondition,
    /// A sentence for the person.
    pub reason: String,
}

/// A precondition of storing an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// It is iCalendar.
    ValidCalendarData,
    /// It has the components of one UID, and all of one kind.
    ValidCalendarObjectResource,
    /// It does not recur too often.
    MaxInstances,
    /// No time is too early.
    MinDateTime,
    /// No time is too late.
    MaxDateTime,
}

impl Precondition {
    /// The XML element of RFC 4791 that names it.
    pub fn name(self) -> &'static str {
        match self {
            Precondition::ValidCalendarData => "valid-calendar-data",
            Precondition::ValidCalendarObjectResource => "valid-calendar-object-resource",
            Precondition::MaxInstances => "max-instances",
            Precondition::MinDateTime => "min-date-time",
            Precondition::MaxDateTime => "max-date-time",
        }
    }
}

impl Fault {
    /// Not iCalendar, at a line.
    pub(crate) fn data(line: u32, reason: impl Into<String>) -> Fault {
        Fault { line: Some(line), precondition: Precondition::ValidCalendarData, reason: reason.into() }
    }

    /// Not iCalendar, at a property.
    pub(crate) fn at(property: Property<'_>, reason: impl fmt::Display) -> Fault {
        Fault::data(property.line(), format!("{} {reason}", property.name().to_ascii_uppercase()))
    }

    /// Not one calendar object.
    pub(crate) fn resource(line: Option<u32>, reason: impl Into<String>) -> Fault {
        Fault { line, precondition: Precondition::ValidCalendarObjectResource, reason: reason.into() }
    }
}

impl From<SyntaxError> for Fault {
    fn from(SyntaxError { line, reason }: SyntaxError) -> Fault {
        Fault::data(line, reason)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Fault {}
