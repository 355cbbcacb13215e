//! Walks along a rule from any point on: the period that holds a time is found by division, not by stepping.

use std::ops::RangeInclusive;

use super::days::{self, Defaults};
use super::rule::{Frequency, Rule};
use crate::civil::{self, DAY, Date};

/// Periods that a walk looks at before it gives up.
const MAX_STEPS: u32 = 100_000;

/// A rule was followed for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfSteps;

/// What may still be looked at, by all the walks of a search together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps(pub u32);

impl Steps {
    /// One step.
    pub fn take(&mut self) -> Result<(), OutOfSteps> {
        self.0 = self.0.checked_sub(1).ok_or(OutOfSteps)?;
        Ok(())
    }
}

/// The local times that a rule gives, in order. It knows neither COUNT nor UNTIL.
pub(crate) struct Walk<'a> {
    rule: &'a Rule,
    defaults: Defaults,
    /// The first instance: none is given that is before it.
    start: i64,
    /// None is given that is before it.
    from: i64,
    /// None is given that is behind it.
    to: i64,
    /// The period that is looked at next, in units of the frequency since 1970.
    period: i64,
    steps: Steps,
    /// Days, or starts of shorter periods, of the period at hand.
    bases: Vec<i64>,
    scratch: Vec<i32>,
    /// Seconds behind each base.
    offsets: Vec<i64>,
    /// With BYSETPOS: which pairs of a base and an offset.
    picks: Vec<usize>,
    next: usize,
}

impl<'a> Walk<'a> {
    /// The instances from one local time to another, none after the year 9999.
    pub fn new(rule: &'a Rule, start: i64, within: RangeInclusive<i64>) -> Walk<'a> {
        let from = *within.start().clamp(&start, &(civil::LAST + 1));
        let mut walk = Walk {
            rule,
            defaults: Defaults::new(rule, civil::day_of(start)),
            start,
            from,
            to: (*within.end()).min(civil::LAST),
            period: 0,
            steps: Steps(MAX_STEPS),
            bases: Vec::new(),
            scratch: Vec::new(),
            offsets: offsets(rule, start),
            picks: Vec::new(),
            next: 0,
        };
        walk.period = walk.aligned(period_of(rule, from));
        walk
    }

    /// The same, giving up after fewer steps.
    pub fn patient(self, steps: u32) -> Walk<'a> {
        Walk { steps: Steps(steps), ..self }
    }

    /// Steps that it has left of its own.
    pub fn steps(&self) -> Steps {
        self.steps
    }

    /// The next instance.
    pub fn next(&mut self) -> Option<Result<i64, OutOfSteps>> {
        let mut steps = self.steps;
        let next = self.next_within(&mut steps);
        self.steps = steps;
        next
    }

    /// The next instance, with the steps of a search instead of its own: one for each period.
    pub fn next_within(&mut self, steps: &mut Steps) -> Option<Result<i64, OutOfSteps>> {
        loop {
            while let Some(time) = self.at_hand() {
                if time >= self.from {
                    return (time <= self.to).then_some(Ok(time));
                }
            }
            if self.start_of(self.period) > self.to {
                return None;
            }
            if let Err(out) = steps.take() {
                return Some(Err(out));
            }
            self.fill();
        }
    }

    /// Every how many periods instances are, and how many, if that is the same in each.
    pub fn constant(&self) -> Option<u32> {
        let rule = self.rule;
        let limited = rule.months != 0 || rule.names_month_days() || !rule.year_days.is_empty() || rule.names_weeks();
        let by_time = match rule.frequency {
            Frequency::Secondly => rule.hours != 0 || rule.minutes != 0 || rule.seconds != 0,
            Frequency::Minutely => rule.hours != 0 || rule.minutes != 0,
            Frequency::Hourly => rule.hours != 0,
            _ => false,
        };
        let days = match rule.frequency {
            Frequency::Yearly | Frequency::Monthly => return None,
            Frequency::Weekly => self.defaults.weekdays().count_ones(),
            _ if rule.weekdays != 0 => return None,
            _ => 1,
        };
        (!limited && !by_time && rule.positions.is_empty()).then_some(days * self.offsets.len() as u32)
    }

    /// The start of the `nth` period after that of the first instance; far away, a time that is far away.
    pub fn period_start(&self, nth: i64) -> i64 {
        let first = period_of(self.rule, self.start);
        self.start_of(first.saturating_add(nth.saturating_mul(i64::from(self.rule.interval))))
    }

    /// The next time of the period at hand.
    fn at_hand(&mut self) -> Option<i64> {
        let count = self.offsets.len();
        let index = if self.rule.positions.is_empty() { self.next } else { *self.picks.get(self.next)? };
        let base = self.bases.get(index / count)?;
        self.next += 1;
        Some(base + self.offsets[index % count])
    }

    /// Finds what the next period has, and moves on.
    fn fill(&mut self) {
        self.bases.clear();
        self.scratch.clear();
        self.next = 0;
        let (rule, period) = (self.rule, self.period);
        match rule.frequency {
            Frequency::Yearly => days::of_year(rule, &self.defaults, period as i32, &mut self.scratch),
            Frequency::Monthly => {
                let (year, month) = (period.div_euclid(12) as i32, period.rem_euclid(12) as u32 + 1);
                days::of_month(rule, &self.defaults, year, month, &mut self.scratch);
            }
            Frequency::Weekly => {
                days::of_week(rule, &self.defaults, day_of_week(rule, period), &mut self.scratch);
            }
            _ => return self.fill_short(),
        }
        self.bases.extend(self.scratch.iter().map(|day| i64::from(*day) * DAY));
        self.period += i64::from(rule.interval);
        self.pick();
    }

    /// The same for periods of a day and less: what is not allowed is skipped as a whole.
    fn fill_short(&mut self) {
        let start = self.start_of(self.period);
        match self.skip(start) {
            Some(time) => self.period = self.aligned(period_of(self.rule, time)),
            None => {
                self.bases.push(start);
                self.period += i64::from(self.rule.interval);
                self.pick();
            }
        }
    }

    /// If the rule does not allow the period that starts at `start`: when it is worth looking again.
    fn skip(&self, start: i64) -> Option<i64> {
        let rule = self.rule;
        let day = civil::day_of(start);
        if rule.months != 0 {
            let Date { year, month, .. } = civil::date(day);
            if rule.months & 1 << month == 0 {
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                return Some(i64::from(civil::days(year, month, 1)) * DAY);
            }
        }
        if !days::allows(rule, day) {
            let next = (day + 1..day + 31).find(|day| days::allows(rule, *day)).unwrap_or(day + 31);
            return Some(i64::from(next) * DAY);
        }
        let of_day = start.rem_euclid(DAY);
        let not_in = |set: u64, value: i64| set != 0 && set & 1 << value == 0;
        if rule.frequency <= Frequency::Hourly && not_in(u64::from(rule.hours), of_day / 3600) {
            return Some(start - of_day % 3600 + 3600);
        }
        if rule.frequency <= Frequency::Minutely && not_in(rule.minutes, of_day / 60 % 60) {
            return Some(start - of_day % 60 + 60);
        }
        (rule.frequency == Frequency::Secondly && not_in(rule.seconds, of_day % 60)).then_some(start + 1)
    }

    /// BYSETPOS: positions in all that the period has. Without it, days that end before anything is wanted are passed over at once.
    fn pick(&mut self) {
        if self.rule.positions.is_empty() {
            let early = self.bases.partition_point(|base| base + DAY <= self.from);
            self.next = early * self.offsets.len();
            return;
        }
        let total = self.bases.len() * self.offsets.len();
        let at = |position: &i16| match position {
            1.. => Some(*position as usize - 1),
            _ => total.checked_sub(position.unsigned_abs().into()),
        };
        self.picks.clear();
        self.picks.extend(self.rule.positions.iter().filter_map(at).filter(|index| *index < total));
        self.picks.sort_unstable();
        self.picks.dedup();
    }

    /// The first period of the rule that is not before `period`.
    fn aligned(&self, period: i64) -> i64 {
        let (first, interval) = (period_of(self.rule, self.start), i64::from(self.rule.interval));
        let behind = (period - first).rem_euclid(interval);
        if behind == 0 { period } else { period + interval - behind }
    }

    fn start_of(&self, period: i64) -> i64 {
        match self.rule.frequency {
            Frequency::Yearly => year_start(period),
            Frequency::Monthly if period >= FAR * 12 => i64::MAX,
            Frequency::Monthly => {
                i64::from(civil::days(period.div_euclid(12) as i32, period.rem_euclid(12) as u32 + 1, 1)) * DAY
            }
            Frequency::Weekly if period >= FAR * 53 => i64::MAX,
            Frequency::Weekly => i64::from(day_of_week(self.rule, period)) * DAY,
            Frequency::Daily => period.saturating_mul(DAY),
            Frequency::Hourly => period.saturating_mul(3600),
            Frequency::Minutely => period.saturating_mul(60),
            Frequency::Secondly => period,
        }
    }
}

/// A year that no rule reaches.
const FAR: i64 = 20_000;

fn year_start(year: i64) -> i64 {
    if year >= FAR { i64::MAX } else { i64::from(civil::days(year as i32, 1, 1)) * DAY }
}

/// The period that holds a time, in units of the frequency since 1970.
fn period_of(rule: &Rule, time: i64) -> i64 {
    let day = civil::day_of(time);
    match rule.frequency {
        Frequency::Yearly => i64::from(civil::date(day).year),
        Frequency::Monthly => {
            let Date { year, month, .. } = civil::date(day);
            i64::from(year) * 12 + i64::from(month) - 1
        }
        // 1970-01-01 was a Thursday.
        Frequency::Weekly => i64::from(day + 3 - rule.week_start as i32).div_euclid(7),
        Frequency::Daily => i64::from(day),
        Frequency::Hourly => time.div_euclid(3600),
        Frequency::Minutely => time.div_euclid(60),
        Frequency::Secondly => time,
    }
}

/// The first day of a week.
fn day_of_week(rule: &Rule, week: i64) -> i32 {
    week as i32 * 7 - 3 + rule.week_start as i32
}

/// Seconds behind the start of a base, in order: BYHOUR, BYMINUTE and BYSECOND where they expand.
fn offsets(rule: &Rule, start: i64) -> Vec<i64> {
    let of_day = start.rem_euclid(DAY);
    let set = |bits: u64, value: i64| if bits == 0 { 1 << value } else { bits };
    let hours = if rule.frequency >= Frequency::Daily { set(rule.hours.into(), of_day / 3600) } else { 1 };
    let minutes = if rule.frequency >= Frequency::Hourly { set(rule.minutes, of_day / 60 % 60) } else { 1 };
    let seconds = if rule.frequency >= Frequency::Minutely { set(rule.seconds, of_day % 60) } else { 1 };
    let mut offsets = Vec::with_capacity(1);
    for hour in bits(hours) {
        for minute in bits(minutes) {
            offsets.extend(bits(seconds).map(|second| hour * 3600 + minute * 60 + second));
        }
    }
    offsets
}

fn bits(mut set: u64) -> impl Iterator<Item = i64> {
    std::iter::from_fn(move || {
        let bit = (set != 0).then(|| i64::from(set.trailing_zeros()))?;
        set &= set - 1;
        Some(bit)
    })
}
