//! Times of signatures: `YYYYMMDDHHmmSS` in UTC, or seconds since 1970 (RFC 4034 section 3.2).

use crate::zonefile::diagnostic::Problem;
use crate::zonefile::source::{Source, decimal};

const DAY: u64 = 86_400;

pub fn parse(source: &mut Source<'_>) -> Result<u32, Problem> {
    const EXPECTED: &str = "YYYYMMDDHHmmSS, or seconds since 1970";
    let token = source.take(EXPECTED)?;
    let raw = source.raw(token);
    let seconds = match raw.len() {
        14 => decimal(raw).and_then(seconds),
        _ => decimal(raw).and_then(|number| u32::try_from(number).ok()),
    };
    seconds.ok_or_else(|| source.problem(token, "a time", EXPECTED))
}

pub fn print(seconds: u32) -> String {
    let (days, rest) = (u64::from(seconds) / DAY, u64::from(seconds) % DAY);
    let mut year = 1970;
    let mut day = days;
    while day >= days_of_year(year) {
        day -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while day >= days_of_month(year, month) {
        day -= days_of_month(year, month);
        month += 1;
    }
    format!("{year:04}{month:02}{:02}{:02}{:02}{:02}", day + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

/// A date as fourteen digits; later than 2106 it wraps around, as the serial arithmetic of signatures does.
fn seconds(digits: u64) -> Option<u32> {
    let two = |shift: u64| digits / shift % 100;
    let (year, month, day) = (digits / 10_000_000_000, two(100_000_000), two(1_000_000));
    let (hour, minute, second) = (two(10_000), two(100), two(1));
    let valid = (1970..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
    if !valid || day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let years: u64 = (1970..year).map(days_of_year).sum();
    let months: u64 = (1..month).map(|month| days_of_month(year, month)).sum();
    Some(((years + months + day - 1) * DAY + hour * 3600 + minute * 60 + second) as u32)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
