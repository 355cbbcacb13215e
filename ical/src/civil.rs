//! The proleptic Gregorian calendar as arithmetic: days and seconds since 1970-01-01, without a time zone.
//!
//! After Howard Hinnant's `chrono`-compatible low-level date algorithms.

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// A date by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub year: i32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
}

/// The last second that can be written: 9999-12-31T23:59:59.
pub(crate) const LAST: i64 = 253_402_300_799;
/// The first second that can be written: 0000-01-01T00:00:00.
pub(crate) const FIRST: i64 = -62_167_219_200;

/// Days since 1970-01-01.
pub(crate) fn days(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month as i32 + 9) % 12) + 2) / 5 + day as i32 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day since 1970-01-01.
pub(crate) fn date(days: i32) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    Date { year: year_of_era + era * 400 + i32::from(month <= 2), month, day }
}

/// The day that a second falls on.
pub(crate) fn day_of(seconds: i64) -> i32 {
    seconds.div_euclid(DAY) as i32
}

/// 0 for Monday, 6 for Sunday.
pub(crate) fn weekday(days: i32) -> u32 {
    (days + 3).rem_euclid(7) as u32
}

pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for day in (days(0, 1, 1)..=days(9999, 12, 31)).step_by(17) {
            let Date { year, month, day: of_month } = date(day);
            assert_eq!(days(year, month, of_month), day);
        }
        assert_eq!((days(1970, 1, 1), days(2026, 3, 1), weekday(days(2026, 3, 1))), (0, 20_513, 6));
        assert_eq!(i64::from(days(0, 1, 1)) * DAY, FIRST);
        assert_eq!(i64::from(days(10_000, 1, 1)) * DAY - 1, LAST);
    }
}
