//! The observances of a VTIMEZONE: STANDARD and DAYLIGHT with their onsets (RFC 5545 section 3.6.5).
//!
//! Onsets up to 2100 are found once and kept in a table; later ones are worked out when they are asked for.

use super::table::{Change, TABLE_END, Table};
use crate::civil::DAY;
use crate::document::{Component, Property};
use crate::recurrence::{Clock, Rule, Series};
use crate::value::{self, Written};

/// What clocks show in a zone, and when that changes.
#[derive(Debug)]
pub(super) struct Observances {
    table: Table,
    /// Observances that go on after the table ends.
    endless: Box<[Observance]>,
}

#[derive(Debug)]
struct Observance {
    from: i32,
    to: i32,
    series: Series,
}

/// 1900-01-01T00:00:00: rules begin there, however long before they say, as those of Outlook do in 1601.
const TABLE_START: i64 = -2_208_988_800;
/// Changes in a table at most: eight a year for two hundred years.
const MAX_CHANGES: usize = 1600;
/// Rules of an observance at most; one is usual.
const MAX_RULES: usize = 2;
/// Observances that go on for ever at most; two are usual.
const MAX_ENDLESS: usize = 16;
/// Steps along a rule to fill the table at most, and to find one onset behind it.
const MAX_STEPS: u32 = 5000;
const MAX_LATER_STEPS: u32 = 200;
/// How far back an onset is looked for behind the table.
const LOOK_BACK: i64 = 2 * 366 * DAY;

impl Observances {
    /// Reads those of a VTIMEZONE; none if it has none.
    pub fn read(component: Component<'_>) -> Result<Option<Observances>, String> {
        let (mut changes, mut endless) = (Vec::new(), Vec::new());
        for part in component.components().filter(|part| part.is("STANDARD") || part.is("DAYLIGHT")) {
            let bad = |reason: String| format!("{reason} ({} of a VTIMEZONE, line {})", part.name(), part.line());
            read_observance(part, &mut changes, &mut endless).map_err(bad)?;
            if changes.len() > MAX_CHANGES {
                return Err(format!("a VTIMEZONE has more than {MAX_CHANGES} changes"));
            }
            if endless.len() > MAX_ENDLESS {
                return Err(format!("a VTIMEZONE has more than {MAX_ENDLESS} rules without end"));
            }
        }
        Ok(Table::new(changes).map(|table| Observances { table, endless: endless.into() }))
    }

    pub fn instant(&self, local: i64) -> i64 {
        local - i64::from(self.offset(local, Change::local))
    }

    pub fn local(&self, instant: i64) -> i64 {
        instant + i64::from(self.offset(instant, Change::instant))
    }

    /// The offset at a time, where `of` says when a change takes place in the terms of that time.
    fn offset(&self, time: i64, of: impl Fn(Change) -> i64) -> i32 {
        if time >= TABLE_END && !self.endless.is_empty() {
            return self.offset_later(time, of);
        }
        self.table.offset(time, of)
    }

    fn offset_later(&self, time: i64, of: impl Fn(Change) -> i64) -> i32 {
        let latest = |observance: &Observance| {
            let mut walk = observance.series.walk(time - LOOK_BACK, time + LOOK_BACK).patient(MAX_LATER_STEPS);
            let changes = std::iter::from_fn(|| walk.next().and_then(Result::ok)).map(|onset| observance.change(onset));
            changes.take_while(|change| of(*change) <= time).last()
        };
        let last = self.endless.iter().filter_map(latest).max();
        last.map_or_else(|| self.table.offset(time, of), Change::to)
    }
}

impl Observance {
    fn change(&self, onset: i64) -> Change {
        Change::new(onset, self.from, self.to)
    }
}

fn read_observance(
    part: Component<'_>,
    changes: &mut Vec<Change>,
    endless: &mut Vec<Observance>,
) -> Result<(), String> {
    let onset = |property: Property<'_>| -> Result<Vec<Written>, String> {
        let value = property.value();
        // Of a period only the start counts.
        let starts = value.split(',').map(|item| item.split('/').next().unwrap_or_default());
        let read =
            |item: &str| value::parse_date_time(item).ok_or_else(|| format!("`{item}` is not a date with a time"));
        starts.map(read).collect()
    };
    let offset = |name: &str| {
        let property = part.property(name).ok_or_else(|| format!("{name} is missing"))?;
        let value = property.value();
        parse_offset(&value).ok_or_else(|| format!("{name} `{value}` is not an offset from UTC"))
    };
    let (from, to) = (offset("TZOFFSETFROM")?, offset("TZOFFSETTO")?);
    let start = onset(part.property("DTSTART").ok_or("DTSTART is missing")?)?[0].digits();
    let mut onsets = vec![start];
    for property in part.properties_named("RDATE") {
        let local = |written| match written {
            Written::Utc(seconds) => seconds + i64::from(from),
            other => other.digits(),
        };
        onsets.extend(onset(property)?.into_iter().map(local));
    }
    changes.extend(onsets.into_iter().map(|onset| Change::new(onset, from, to)));
    for property in part.properties_named("RRULE").take(MAX_RULES) {
        let rule = Rule::parse(&property.value()).map_err(|reason| format!("its RRULE is wrong: {reason}"))?;
        let local = |instant: i64| instant + i64::from(from);
        let series = Series::new(rule, start, Clock::Zone(&local)).map_err(|_| "its RRULE is too laborious")?;
        let observance = Observance { from, to, series };
        read_series(&observance, changes)?;
        if observance.series.is_endless() {
            endless.push(observance);
        }
    }
    Ok(())
}

/// Adds the changes of a rule up to where the table ends.
fn read_series(observance: &Observance, changes: &mut Vec<Change>) -> Result<(), String> {
    let series = &observance.series;
    let mut walk = series.walk(TABLE_START, TABLE_END + LOOK_BACK).patient(MAX_STEPS);
    while let Some(onset) = walk.next() {
        let onset = onset.map_err(|_| "its RRULE is too laborious")?;
        let change = observance.change(onset);
        if change.instant() > series.last_instant {
            break;
        }
        if changes.len() > MAX_CHANGES {
            return Err(format!("it has more than {MAX_CHANGES} changes"));
        }
        changes.push(change);
    }
    Ok(())
}

/// Reads `+0100`, `-053000`; also `+1` and `+01:00`, as some write them.
fn parse_offset(text: &str) -> Option<i32> {
    let text = text.trim_ascii();
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let digits: Vec<u8> = digits.bytes().filter(|octet| *octet != b':').collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), value::digits);
    let (hours, rest) = if digits.len() < 3 { (value::digits(&digits)?, 2) } else { (number(0..2)?, 2) };
    let (minutes, seconds) = if digits.len() > rest { (number(2..4)?, number(4..6)?) } else { (0, 0) };
    (hours < 24 && minutes < 60 && seconds < 60 && digits.len() <= 6)
        .then(|| sign * (hours * 3600 + minutes * 60 + seconds) as i32)
}
