//! DATE, DATE-TIME and DURATION as text (RFC 5545 section 3.3.4, 3.3.5, 3.3.6).

use std::fmt::Write;

use crate::civil::{self, DAY};

/// A DATE or DATE-TIME without the zone that a TZID may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Midnight of a date, in seconds.
    Date(i64),
    /// A local time: of the TZID, or floating.
    Local(i64),
    /// A time in UTC.
    Utc(i64),
}

impl Written {
    /// Its digits as seconds, whatever they mean.
    pub fn digits(self) -> i64 {
        match self {
            Written::Date(seconds) | Written::Local(seconds) | Written::Utc(seconds) => seconds,
        }
    }
}

/// A DURATION: its days move what a clock shows, its seconds are as long everywhere (RFC 5545 section 3.3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Duration {
    /// In seconds that a clock shows: days, and what lies between two times without a zone.
    pub wall: i64,
    pub seconds: i64,
}

impl Duration {
    /// Its length where no clock is ever changed.
    pub fn nominal(self) -> i64 {
        self.wall + self.seconds
    }
}

/// UTC seconds of a time in UTC such as `20260304T123000Z`.
pub fn parse_utc(text: &str) -> Option<i64> {
    match parse_date_time(text) {
        Some(Written::Utc(seconds)) => Some(seconds),
        _ => None,
    }
}

/// Reads `20260304`, `20260304T123000` or `20260304T123000Z`.
pub(crate) fn parse_date_time(text: &str) -> Option<Written> {
    let octets = text.trim_ascii().as_bytes();
    let (date, time) = octets.split_at_checked(8)?;
    let (year, month, day) = (digits(&date[..4])?, digits(&date[4..6])?, digits(&date[6..])?);
    if !(1..=12).contains(&month) || day == 0 || day > civil::days_in_month(year as i32, month) {
        return None;
    }
    let midnight = i64::from(civil::days(year as i32, month, day)) * DAY;
    let seconds = |time: &[u8]| {
        let (hour, minute, second) = (digits(&time[..2])?, digits(&time[2..4])?, digits(&time[4..6])?);
        // A leap second counts as the one before it (RFC 5545 section 3.3.12).
        (hour < 24 && minute < 60 && second <= 60)
            .then(|| midnight + i64::from(hour * 3600 + minute * 60 + second.min(59)))
    };
    match time {
        [] => Some(Written::Date(midnight)),
        [b'T' | b't', time @ ..] if time.len() == 6 => Some(Written::Local(seconds(time)?)),
        [b'T' | b't', time @ .., b'Z' | b'z'] if time.len() == 6 => Some(Written::Utc(seconds(time)?)),
        _ => None,
    }
}

/// Reads `P1W`, `-PT15M`, `P1DT2H`; also with units in any order, as some write them.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim_ascii();
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let mut rest = text.strip_prefix(['P', 'p'])?;
    let (mut days, mut seconds, mut in_time) = (0i64, 0i64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            (in_time, rest) = (true, after);
            continue;
        }
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = i64::from(digits(&rest.as_bytes()[..length])?);
        match (rest.as_bytes().get(length)?.to_ascii_uppercase(), in_time) {
            (b'W', false) => days += number * 7,
            (b'D', false) => days += number,
            (b'H', true) => seconds += number * 3600,
            (b'M', true) => seconds += number * 60,
            (b'S', true) => seconds += number,
            _ => return None,
        }
        rest = &rest[length + 1..];
    }
    let bounded = days <= MAX_DAYS && seconds <= MAX_DAYS * DAY && text.len() > 1;
    bounded.then_some(Duration { wall: sign * days * DAY, seconds: sign * seconds })
}

/// Ten thousand years: longer durations are nonsense, and would overflow.
const MAX_DAYS: i64 = 3_652_500;

/// Up to nine digits as a number.
pub(crate) fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    text.iter().try_fold(0, |number, octet| octet.is_ascii_digit().then(|| number * 10 + u32::from(octet - b'0')))
}

/// `P1D`, `PT3600S`; with both where a duration has both.
pub(crate) fn print_duration(duration: Duration) -> String {
    let (days, seconds) = (duration.wall / DAY, duration.wall % DAY + duration.seconds);
    match (days, seconds) {
        (0, seconds) => format!("PT{seconds}S"),
        (days, 0) => format!("P{days}D"),
        (days, seconds) => format!("P{days}DT{seconds}S"),
    }
}

/// `20260304`.
pub(crate) fn print_date(seconds: i64) -> String {
    let date = civil::date(civil::day_of(seconds.clamp(civil::FIRST, civil::LAST)));
    format!("{:04}{:02}{:02}", date.year, date.month, date.day)
}

/// `20260304T123000`; a `Z` is the caller's.
pub(crate) fn print_date_time(seconds: i64) -> String {
    let seconds = seconds.clamp(civil::FIRST, civil::LAST);
    let mut text = print_date(seconds);
    let of_day = seconds.rem_euclid(DAY);
    let written = write!(text, "T{:02}{:02}{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
    debug_assert!(written.is_ok(), "a String takes everything");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_read_and_printed() {
        assert_eq!(parse_date_time("19700102"), Some(Written::Date(DAY)));
        assert_eq!(parse_date_time("20260304T123001"), Some(Written::Local(1_772_627_401)));
        assert_eq!(parse_date_time("20260304T123060Z"), Some(Written::Utc(1_772_627_459)));
        for bad in
            ["", "2026030", "20260230", "20261301", "20260304T", "20260304T250000", "20260304T1230", "２０２６0304"]
        {
            assert_eq!(parse_date_time(bad), None, "{bad}");
        }
        assert_eq!(print_date_time(1_772_627_401), "20260304T123001");
        assert_eq!((print_date_time(i64::MIN), print_date(i64::MAX)), ("00000101T000000".into(), "99991231".into()));
    }

    #[test]
    fn durations_are_read() {
        let is = |text, days, seconds| {
            assert_eq!(parse_duration(text), Some(Duration { wall: days * DAY, seconds }), "{text}");
        };
        is("P1W", 7, 0);
        is("P15DT5H0M20S", 15, 18_020);
        is("-PT15M", 0, -900);
        is("+P1D", 1, 0);
        is("PT0S", 0, 0);
        for bad in ["", "P", "1D", "P1H", "PT1D", "P1", "PT5", "P99999999D", "PT1234567890S"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_printed() {
        for text in ["P7D", "PT3600S", "P1DT90S", "PT0S"] {
            assert_eq!(parse_duration(text).map(print_duration).as_deref(), Some(text));
        }
    }
}
