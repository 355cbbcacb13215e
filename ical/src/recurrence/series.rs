//! A rule with its first instance and its end.
//!
//! COUNT is turned into the last instance once, when the rule is read, so that later no window has to count from the start.

use super::rule::{Frequency, Rule, RuleEnd};
use super::walk::{OutOfSteps, Walk};
use crate::civil::{self, DAY};
use crate::value::Written;

/// What the local times of a series are.
#[derive(Clone, Copy)]
pub(crate) enum Clock<'a> {
    /// Days.
    Dates,
    /// Times without a zone.
    Floating,
    /// Times of a zone, which makes local times of those in UTC.
    Zone(&'a dyn Fn(i64) -> i64),
}

/// A rule as part of a component.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    rule: Rule,
    start: i64,
    /// The last instance is not behind it, in local time.
    pub last: i64,
    /// The last instance is not behind it, in UTC; meaningful where the first instance has a zone.
    pub last_instant: i64,
}

impl Series {
    /// A rule from a first instance on, in local time.
    pub fn new(mut rule: Rule, start: i64, clock: Clock<'_>) -> Result<Series, OutOfSteps> {
        if matches!(clock, Clock::Dates) {
            // RFC 5545 section 3.3.10: they are ignored where DTSTART is a date.
            (rule.hours, rule.minutes, rule.seconds) = (0, 0, 0);
        }
        let (mut last, mut last_instant) = (civil::LAST, i64::MAX);
        match rule.end {
            RuleEnd::Never => {}
            RuleEnd::Count(count) => last = nth(&rule, start, count)?,
            // A date ends with its day, also where the first instance has a time, as some send it.
            RuleEnd::Until(Written::Date(midnight)) => last = midnight + DAY - 1,
            RuleEnd::Until(written) => match (written, clock) {
                (Written::Utc(seconds), Clock::Zone(local)) => {
                    // Local times may run backwards, so the local bound has a day's room, and the instant counts.
                    (last, last_instant) = (local(seconds) + DAY, seconds);
                }
                (written, _) => last = written.digits(),
            },
        }
        Ok(Series { rule, start, last: last.min(civil::LAST), last_instant })
    }

    /// Whether it goes on for ever.
    pub fn is_endless(&self) -> bool {
        self.rule.end == RuleEnd::Never && self.last == civil::LAST
    }

    /// Whether its periods are shorter than a day.
    pub fn is_within_days(&self) -> bool {
        self.rule.frequency < Frequency::Daily
    }

    /// Whether it has more than 1440 instances in the day after the first: too many for anybody.
    pub fn is_dense(&self) -> bool {
        if !self.is_within_days() {
            return false;
        }
        let mut walk = self.walk(self.start, self.start + DAY);
        (0..=1440).all(|_| matches!(walk.next(), Some(Ok(time)) if time < self.start + DAY))
    }

    /// Whether it has next to no instances for the periods that are looked at, such as the second of the instances of a second.
    pub fn is_barren(&self) -> bool {
        if !self.is_within_days() {
            return false;
        }
        let mut walk = self.walk(self.start, self.start + 7 * DAY).patient(MAX_TRIAL_STEPS);
        let found = std::iter::from_fn(|| walk.next().and_then(Result::ok)).count() as u32;
        (MAX_TRIAL_STEPS - walk.steps().0) / (found + 1) > MAX_BARREN_STEPS
    }

    /// Its instances from one local time to another; [`Series::last_instant`] is for the caller to see.
    pub fn walk(&self, from: i64, to: i64) -> Walk<'_> {
        Walk::new(&self.rule, self.start, from..=to.min(self.last))
    }
}

/// Periods of the first week that are looked at to see whether anything comes of them, and how many may go by for each instance.
const MAX_TRIAL_STEPS: u32 = 20_000;
const MAX_BARREN_STEPS: u32 = 1000;

/// Periods and instances that are looked at to find the last of a COUNT.
const MAX_COUNT_STEPS: u32 = 20_000;

/// The local time of the last of `count` instances; the first counts even where the rule does not give it.
fn nth(rule: &Rule, start: i64, count: u32) -> Result<i64, OutOfSteps> {
    let mut walk = Walk::new(rule, start, start..=civil::LAST).patient(MAX_COUNT_STEPS);
    let (mut left, mut last, mut jumped) = (count - 1, start, false);
    if let Some(each) = walk.constant().filter(|each| *each > 0 && left > *each * 2) {
        // What the first period has is counted; then whole periods are jumped over.
        let second = walk.period_start(1);
        let mut in_first = 0;
        while let Some(time) = walk.next().transpose()?.filter(|time| *time < second) {
            in_first += u32::from(time != start);
        }
        let whole = (left - in_first) / each;
        left -= in_first + whole * each;
        walk = Walk::new(rule, start, walk.period_start(i64::from(whole))..=civil::LAST).patient(MAX_COUNT_STEPS);
        // The last whole period is gone through again, for where it ends.
        left += each;
        jumped = true;
    }
    let mut steps = MAX_COUNT_STEPS;
    while left > 0 {
        let Some(time) = walk.next().transpose()? else { return Ok(if jumped { civil::LAST } else { last }) };
        if time != start {
            (left, last) = (left - 1, time);
        }
        steps = steps.checked_sub(1).ok_or(OutOfSteps)?;
    }
    Ok(last)
}
