//! Which days of a period a rule names: the table of BYxxx parts in RFC 5545 section 3.3.10.
//!
//! A month is a set of bits, so that most parts cost an `and`.

use super::rule::{Frequency, NthWeekday, Rule};
use crate::civil::{self, Date};

/// What a rule leaves to DTSTART, filled in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defaults {
    /// Bit 1 is January.
    months: u16,
    /// Bit 1 is the first.
    month_days: u32,
    /// Bit 0 is Monday.
    weekdays: u8,
}

impl Defaults {
    pub fn weekdays(&self) -> u8 {
        self.weekdays
    }

    /// The day of the month, the month and the weekday of the first instance, where the rule names none.
    pub fn new(rule: &Rule, first: i32) -> Defaults {
        let Date { month, day, .. } = civil::date(first);
        let (mut months, mut month_days, mut weekdays) = (rule.months, rule.month_days, rule.weekdays);
        match rule.frequency {
            Frequency::Yearly if rule.names_weeks() && !rule.names_days() => weekdays = 1 << civil::weekday(first),
            Frequency::Yearly if !rule.names_days() && !rule.names_weeks() => {
                month_days = 1 << day;
                months = if months == 0 { 1 << month } else { months };
            }
            Frequency::Monthly if !rule.names_days() && !rule.names_weeks() => month_days = 1 << day,
            Frequency::Weekly if rule.weekdays == 0 => weekdays = 1 << civil::weekday(first),
            _ => {}
        }
        Defaults { months, month_days, weekdays }
    }
}

/// Calls `found` with the days of a year, in order.
pub(crate) fn of_year(rule: &Rule, defaults: &Defaults, year: i32, found: &mut Vec<i32>) {
    let by_month = defaults.months != 0;
    let nth = if by_month { None } else { Some(nth_weekdays_of_year(rule, year)) };
    for month in 1..=12 {
        if by_month && defaults.months & 1 << month == 0 {
            continue;
        }
        let in_year = nth.as_ref().map(|nth| nth[month as usize]);
        push(rule, year, month, month_set(rule, defaults, year, month, in_year), found);
    }
}

/// Calls `found` with the days of a month, in order.
pub(crate) fn of_month(rule: &Rule, defaults: &Defaults, year: i32, month: u32, found: &mut Vec<i32>) {
    if rule.months == 0 || rule.months & 1 << month != 0 {
        push(rule, year, month, month_set(rule, defaults, year, month, None), found);
    }
}

/// Calls `found` with the days of the week that starts at `first`, in order.
pub(crate) fn of_week(rule: &Rule, defaults: &Defaults, first: i32, found: &mut Vec<i32>) {
    let named = |day: &i32| defaults.weekdays & 1 << civil::weekday(*day) != 0;
    found.extend((first..first + 7).filter(named).filter(|day| allows_beside_weekday(rule, *day)));
}

/// Whether a rule with days or less for periods allows a day.
pub(crate) fn allows(rule: &Rule, day: i32) -> bool {
    (rule.weekdays == 0 || rule.weekdays & 1 << civil::weekday(day) != 0) && allows_beside_weekday(rule, day)
}

fn allows_beside_weekday(rule: &Rule, day: i32) -> bool {
    if rule.months == 0 && !rule.names_month_days() && rule.year_days.is_empty() && !rule.names_weeks() {
        return true;
    }
    let Date { year, month, day: of_month } = civil::date(day);
    let length = civil::days_in_month(year, month);
    let in_month = |set: u32, last: u32| set & 1 << of_month != 0 || last & 1 << (length + 1 - of_month) != 0;
    (rule.months == 0 || rule.months & 1 << month != 0)
        && (!rule.names_month_days() || in_month(rule.month_days, rule.last_month_days))
        && allows_in_year(rule, year, day)
}

/// The days of a month as bits, what counts from the year left out. `in_year` are weekdays that were counted in the year.
fn month_set(rule: &Rule, defaults: &Defaults, year: i32, month: u32, in_year: Option<u32>) -> u32 {
    let length = civil::days_in_month(year, month);
    let mut set = u32::MAX >> (31 - length) & !1;
    if defaults.month_days | rule.last_month_days != 0 {
        let from_end = (1..=length).filter(|nth| rule.last_month_days & 1 << nth != 0);
        set &= defaults.month_days | from_end.fold(0, |set, nth| set | 1 << (length + 1 - nth));
    }
    if defaults.weekdays != 0 || !rule.nth_weekdays.is_empty() {
        let first = civil::weekday(civil::days(year, month, 1));
        let mut named = in_year.unwrap_or_else(|| nth_weekdays_of_month(rule, first, length));
        for weekday in (0..7).filter(|weekday| defaults.weekdays & 1 << weekday != 0) {
            named |= EVERY_WEEK << (1 + (weekday + 7 - first) % 7);
        }
        set &= named;
    }
    set
}

/// Bits 0, 7, 14, 21 and 28.
const EVERY_WEEK: u32 = 0x1020_4081;

fn nth_weekdays_of_month(rule: &Rule, first: u32, length: u32) -> u32 {
    rule.nth_weekdays.iter().fold(0, |set, nth| {
        let day = nth_day(*nth, first, length);
        if (1..=length as i32).contains(&day) { set | 1 << day } else { set }
    })
}

/// Weekdays that are counted in the year, as bits of each month; months count from 1.
fn nth_weekdays_of_year(rule: &Rule, year: i32) -> [u32; 13] {
    let mut months = [0; 13];
    if rule.nth_weekdays.is_empty() {
        return months;
    }
    let start = civil::days(year, 1, 1);
    let length = 365 + u32::from(civil::is_leap(year));
    for nth in &rule.nth_weekdays {
        let day = nth_day(*nth, civil::weekday(start), length);
        if (1..=length as i32).contains(&day) {
            let Date { month, day, .. } = civil::date(start + day - 1);
            months[month as usize] |= 1 << day;
        }
    }
    months
}

/// The day, from 1, of an nth weekday in a span of `length` days whose first is the weekday `first`; outside it if there is none.
fn nth_day(nth: NthWeekday, first: u32, length: u32) -> i32 {
    let (count, weekday) = (i32::from(nth.nth), u32::from(nth.weekday));
    if count > 0 {
        return 1 + ((weekday + 7 - first) % 7) as i32 + (count - 1) * 7;
    }
    let last = (first + length - 1) % 7;
    length as i32 - ((last + 7 - weekday) % 7) as i32 + (count + 1) * 7
}

fn push(rule: &Rule, year: i32, month: u32, mut set: u32, found: &mut Vec<i32>) {
    let before_first = civil::days(year, month, 1) - 1;
    while set != 0 {
        let day = before_first + set.trailing_zeros() as i32;
        set &= set - 1;
        if allows_in_year(rule, year, day) {
            found.push(day);
        }
    }
}

/// BYYEARDAY and BYWEEKNO.
fn allows_in_year(rule: &Rule, year: i32, day: i32) -> bool {
    let by_day = || {
        let nth = (day - civil::days(year, 1, 1) + 1) as i16;
        let length = 365 + i16::from(civil::is_leap(year));
        rule.year_days.contains(&nth) || rule.year_days.contains(&(nth - length - 1))
    };
    (rule.year_days.is_empty() || by_day()) && (!rule.names_weeks() || allows_week(rule, year, day))
}

/// Whether the week that a day lies in is named; it may belong to the year before or after.
fn allows_week(rule: &Rule, year: i32, day: i32) -> bool {
    let first = |year: i32| first_week(year, rule.week_start);
    let of = if day < first(year) {
        year - 1
    } else if day >= first(year + 1) {
        year + 1
    } else {
        year
    };
    let week = (day - first(of)) / 7 + 1;
    let total = (first(of + 1) - first(of)) / 7;
    rule.weeks & 1 << week != 0 || rule.last_weeks & 1 << (total + 1 - week) != 0
}

/// The first day of the first week of a year: the first that has four days in it.
fn first_week(year: i32, week_start: u32) -> i32 {
    let new_year = civil::days(year, 1, 1);
    let into_week = (civil::weekday(new_year) + 7 - week_start) % 7;
    let start = new_year - into_week as i32;
    if into_week <= 3 { start } else { start + 7 }
}
