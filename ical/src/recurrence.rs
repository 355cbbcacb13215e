//! Recurrence rules as arithmetic on local time (RFC 5545 section 3.3.10), without zones: those come in where a rule is used.

pub(crate) mod days;
pub(crate) mod rule;
pub(crate) mod series;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

pub(crate) use rule::Rule;
pub(crate) use series::{Clock, Series};
pub(crate) use walk::{OutOfSteps, Steps, Walk};
