//! Names of time zones that calendars use without describing them, or in spite of it.
//!
//! IANA's, also behind a path as libical and Mozilla wrote them (`/freeassociation.sourceforge.net/Europe/Berlin`), those of Windows
//! (CLDR's windowsZones), and offsets (`UTC+01:00`, `(GMT+01.00) Amsterdam / Berlin`).

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::table::Table;
use super::{Rules, windows};

/// Octets of a name at most: the names that are known have 40, and each slash in one is another name to be looked for.
const MAX_NAME: usize = 255;

/// The zone of a name, if it can be known.
pub(super) fn find(name: &str) -> Option<Rules> {
    let name = name.trim_ascii().trim_matches('"');
    if name.len() > MAX_NAME {
        return None;
    }
    if matches!(name.to_ascii_uppercase().as_str(), "UTC" | "GMT" | "Z" | "ETC/UTC" | "ETC/GMT" | "UTC/GMT") {
        return Some(Rules::Fixed(0));
    }
    let iana = suffixes(name).find_map(iana).or_else(|| windows::iana_name(name).and_then(iana));
    let known = iana.map(|zone| Rules::Iana(Table::of_iana(&zone), zone));
    known.or_else(|| offset(name).map(Rules::Fixed))
}

fn iana(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown())
}

/// The whole name, then what follows each slash.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| rest.split_once('/').map(|(_, after)| after))
        .filter(|rest| !rest.is_empty())
}

/// `UTC+01:00`, `GMT-5`, `+0130`, `(UTC+01:00) Amsterdam, Berlin`, in seconds.
fn offset(name: &str) -> Option<i32> {
    let inner = name.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(name, |(inner, _)| inner);
    let digits = inner.strip_prefix("UTC").or_else(|| inner.strip_prefix("GMT")).unwrap_or(inner);
    let (sign, digits) = match digits.as_bytes().first()? {
        b'+' => (1, &digits[1..]),
        b'-' => (-1, &digits[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once([':', '.']) {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, most: u32| crate::value::digits(text.as_bytes()).filter(|number| *number <= most);
    Some(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60) as i32)
}
