//! The recurrence set of a component: DTSTART, its rules, RDATE, and what EXDATE takes away (RFC 5545 section 3.8.5).

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::schedule::{bad, key, length, moment};
use super::{Fault, Precondition};
use crate::civil::{self, DAY};
use crate::document::{Component, Property};
use crate::recurrence::{Clock, OutOfSteps, Rule, Series, Steps, Walk};
use crate::text;
use crate::value::{self, Duration, Written};
use crate::zone::{Form, Moment, Zone};

/// What makes a component recur.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recurrence {
    pub series: Box<[Series]>,
    /// RDATE, ascending.
    pub dates: Box<[Added]>,
    /// The nominal length of the longest PERIOD.
    longest_period: i64,
    /// EXDATE as keys of instances, ascending.
    exceptions: Box<[i64]>,
    /// Days of EXDATEs that are dates where DTSTART has a time, as some send them: all that starts on them is gone.
    excepted_days: Box<[i32]>,
}

/// An instance that RDATE adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added {
    /// In the terms of DTSTART.
    pub local: i64,
    /// How much later it is in UTC than its local time says: nothing but in the second of two hours that a clock shows as the same.
    pub late: i64,
    /// Of a PERIOD.
    pub length: Option<Duration>,
}

impl Recurrence {
    /// What a component that starts at `start` says; none if it does not recur.
    pub fn read(component: Component<'_>, start: &Moment, zones: &[Arc<Zone>]) -> Result<Option<Recurrence>, Fault> {
        let mut reading = Reading::new(start, zones);
        for property in component.properties() {
            match property.name().as_bytes()[0] {
                b'R' | b'r' if property.is("RRULE") => reading.rule(property)?,
                b'R' | b'r' if property.is("RDATE") => reading.dates(property)?,
                b'E' | b'e' if property.is("EXDATE") => reading.exceptions(property)?,
                _ => {}
            }
        }
        Ok(reading.finish())
    }

    pub fn overhead(&self) -> usize {
        size_of::<Recurrence>()
            + size_of_val(&*self.series)
            + size_of_val(&*self.dates)
            + size_of_val(&*self.exceptions)
            + size_of_val(&*self.excepted_days)
    }

    /// Whether EXDATE takes away the instance at `local`, which has `key`.
    pub fn excepts(&self, local: i64, key: i64) -> bool {
        let is_excepted = self.exceptions.binary_search(&key).is_ok();
        is_excepted || self.excepted_days.binary_search(&civil::day_of(local)).is_ok()
    }

    /// The last local time at which an instance may start; none if there is no end.
    pub fn last(&self, start: i64) -> Option<i64> {
        let rules = self.series.iter().map(|series| (!series.is_endless()).then_some(series.last));
        let dates = self.dates.iter().map(|added| Some(added.local));
        rules.chain(dates).try_fold(start, |last, one| Some(last.max(one?)))
    }

    /// The length of the longest instance, where others last `length`.
    pub fn longest(&self, length: Duration) -> i64 {
        length.nominal().max(self.longest_period)
    }
}

/// Rules of a component at most; one is usual (RFC 5545 section 3.8.5.3).
const MAX_RULES: usize = 10;

/// A recurrence while it is read.
struct Reading<'a> {
    start: &'a Moment,
    zones: &'a [Arc<Zone>],
    series: Vec<Series>,
    dates: Vec<Added>,
    exceptions: Vec<i64>,
    excepted_days: Vec<i32>,
}

impl<'a> Reading<'a> {
    fn new(start: &'a Moment, zones: &'a [Arc<Zone>]) -> Reading<'a> {
        let (series, dates, exceptions, excepted_days) = Default::default();
        Reading { start, zones, series, dates, exceptions, excepted_days }
    }

    fn rule(&mut self, property: Property<'_>) -> Result<(), Fault> {
        let wrong = |reason: String| Fault::at(property, format!("is wrong: {reason}"));
        let too_many = |reason: &str| Fault { precondition: Precondition::MaxInstances, ..Fault::at(property, reason) };
        if self.series.len() == MAX_RULES {
            return Err(too_many("is one rule too many"));
        }
        let rule = Rule::parse(&property.value()).map_err(wrong)?;
        let local = |instant| self.start.form.local(instant, &Zone::utc());
        let clock = match self.start.form {
            Form::Date => Clock::Dates,
            Form::Floating => Clock::Floating,
            Form::Utc | Form::Zoned(_) => Clock::Zone(&local),
        };
        let series = Series::new(rule, self.start.local, clock);
        let series = series.map_err(|_| too_many("has more instances than can be counted here"))?;
        if self.start.is_date() && series.is_within_days() {
            return Err(wrong("DTSTART is a date, so it cannot recur within a day".to_owned()));
        }
        if series.is_dense() {
            return Err(too_many("has more than 1440 instances a day"));
        }
        if series.is_barren() {
            return Err(too_many("has next to no instance in all the times at which it looks for one"));
        }
        self.series.push(series);
        Ok(())
    }

    fn dates(&mut self, property: Property<'_>) -> Result<(), Fault> {
        for item in text::split_list(&property.value()).filter(|item| !item.trim_ascii().is_empty()) {
            let not = || Fault::at(property, bad(item, "a date, a time or a period"));
            let (first, period) = item.split_once('/').map_or((item, None), |(first, rest)| (first, Some(rest)));
            let written = value::parse_date_time(first).ok_or_else(not)?;
            let begin = moment(written, property, self.zones);
            let (local, late) = self.in_terms_of_start(&begin);
            let length = match period {
                None => None,
                Some(text) => Some(self.period_length(&begin, text, property).ok_or_else(not)?),
            };
            self.dates.push(Added { local, late, length });
        }
        Ok(())
    }

    fn period_length(&self, begin: &Moment, end: &str, property: Property<'_>) -> Option<Duration> {
        let length = match value::parse_duration(end) {
            Some(duration) => duration,
            None => length(begin, &moment(value::parse_date_time(end)?, property, self.zones)),
        };
        (length.nominal() >= 0).then_some(length)
    }

    fn exceptions(&mut self, property: Property<'_>) -> Result<(), Fault> {
        for item in text::split_list(&property.value()).filter(|item| !item.trim_ascii().is_empty()) {
            let written =
                value::parse_date_time(item).ok_or_else(|| Fault::at(property, bad(item, "a date or a time")))?;
            match (written, &self.start.form) {
                (written, Form::Date) => self.exceptions.push(midnight(written.digits())),
                (Written::Date(midnight), _) => self.excepted_days.push(civil::day_of(midnight)),
                (written, _) => self.exceptions.push(key(&moment(written, property, self.zones), Some(self.start))),
            }
        }
        Ok(())
    }

    /// A moment in local time of DTSTART, and how much later it is than that says.
    fn in_terms_of_start(&self, moment: &Moment) -> (i64, i64) {
        match (&self.start.form, &moment.form) {
            (Form::Date, _) => (midnight(moment.local), 0),
            // A date where DTSTART has a time: that time on that date.
            (_, Form::Date) => (moment.local + self.start.local.rem_euclid(DAY), 0),
            (Form::Floating, _) | (_, Form::Floating) => (moment.local, 0),
            (form, _) => {
                let utc = Zone::utc();
                let instant = moment.instant(&utc);
                let local = form.local(instant, &utc);
                (local, instant - form.instant(local, &utc))
            }
        }
    }

    fn finish(mut self) -> Option<Recurrence> {
        if self.series.is_empty()
            && self.dates.is_empty()
            && self.exceptions.is_empty()
            && self.excepted_days.is_empty()
        {
            return None;
        }
        self.dates.sort_by_key(|added| (added.local, added.late, added.length.is_none()));
        self.dates.dedup_by_key(|added| (added.local, added.late));
        self.exceptions.sort_unstable();
        self.excepted_days.sort_unstable();
        let periods = self.dates.iter().filter_map(|added| added.length).map(Duration::nominal);
        Some(Recurrence {
            longest_period: periods.max().unwrap_or(0),
            series: self.series.into(),
            dates: self.dates.into(),
            exceptions: self.exceptions.into(),
            excepted_days: self.excepted_days.into(),
        })
    }
}

fn midnight(seconds: i64) -> i64 {
    i64::from(civil::day_of(seconds)) * DAY
}

/// The local starts of a component's instances in order, before anything is taken away: DTSTART, rules and RDATE merged.
pub(super) struct Starts<'a> {
    /// DTSTART, until it was given.
    first: Option<i64>,
    walks: Vec<Ahead<'a>>,
    dates: std::iter::Peekable<std::slice::Iter<'a, Added>>,
    form: &'a Form,
}

/// A rule with the instance it gives next.
struct Ahead<'a> {
    series: &'a Series,
    walk: Walk<'a>,
    next: Option<i64>,
}

impl<'a> Starts<'a> {
    /// Those from one local time to another, of a component that starts at `start`.
    pub fn new(
        start: &'a Moment,
        recurrence: Option<&'a Recurrence>,
        within: RangeInclusive<i64>,
        steps: &mut Steps,
    ) -> Result<Starts<'a>, OutOfSteps> {
        let first = within.contains(&start.local).then_some(start.local);
        let (from, to) = within.into_inner();
        let (mut walks, mut dates): (Vec<Ahead<'_>>, &[Added]) = Default::default();
        if let Some(recurrence) = recurrence {
            let before = |time: i64| recurrence.dates.partition_point(|added| added.local < time);
            dates = &recurrence.dates[before(from)..before(to.saturating_add(1)).max(before(from))];
            walks.reserve_exact(recurrence.series.len());
            for series in recurrence.series.iter().filter(|series| series.last >= from) {
                steps.take()?;
                let mut ahead = Ahead { series, walk: series.walk(from, to), next: None };
                ahead.advance(&start.form, steps)?;
                walks.push(ahead);
            }
        }
        Ok(Starts { first, walks, dates: dates.iter().peekable(), form: &start.form })
    }

    /// The next start, each once.
    pub fn next(&mut self, steps: &mut Steps) -> Result<Option<Added>, OutOfSteps> {
        let ruled = self.walks.iter().filter_map(|ahead| ahead.next).chain(self.first).min();
        let dated = self.dates.peek().map(|added| (added.local, added.late));
        let Some((local, late)) = ruled.map(|local| (local, 0)).into_iter().chain(dated).min() else {
            return Ok(None);
        };
        steps.take()?;
        if late == 0 {
            self.first = self.first.filter(|first| *first != local);
            for ahead in self.walks.iter_mut().filter(|ahead| ahead.next == Some(local)) {
                ahead.advance(self.form, steps)?;
            }
        }
        let date = self.dates.next_if(|added| (added.local, added.late) == (local, late));
        Ok(Some(Added { local, late, length: date.and_then(|added| added.length) }))
    }
}

impl Ahead<'_> {
    fn advance(&mut self, form: &Form, steps: &mut Steps) -> Result<(), OutOfSteps> {
        self.next = loop {
            let Some(local) = self.walk.next_within(steps).transpose()? else { break None };
            let ends = self.series.last_instant;
            if ends == i64::MAX || form.instant(local, &Zone::utc()) <= ends {
                break Some(local);
            }
            steps.take()?;
        };
        Ok(())
    }
}
