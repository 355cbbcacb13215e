//! Time zones: UTC, a fixed offset, one of the IANA database that is compiled in, or a file's own VTIMEZONE (RFC 5545 section 3.6.5).
//!
//! A local time that a change of clocks skips is read with the offset before it, one that comes twice is the first of the two
//! (RFC 5545 section 3.3.5).

mod interner;
mod names;
mod observances;
mod table;
mod windows;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

pub use interner::Zones;
use observances::Observances;
use table::{Change, TABLE_END, Table};

use crate::civil::{self, Date};
use crate::document::Component;

/// A time zone under the name that a calendar calls it.
#[derive(Debug)]
pub struct Zone {
    id: Cow<'static, str>,
    rules: Rules,
}

#[derive(Debug)]
enum Rules {
    Fixed(i32),
    Iana(Table, TimeZone),
    Own(Observances),
}

impl Zone {
    /// Coordinated universal time.
    pub const fn utc() -> Zone {
        Zone { id: Cow::Borrowed("UTC"), rules: Rules::Fixed(0) }
    }

    /// A zone by its name: one of the IANA database (also behind a prefix, as some write it), of Windows, or an offset.
    pub fn named(name: &str) -> Option<Zone> {
        Some(Zone { id: Cow::Owned(name.to_owned()), rules: names::find(name)? })
    }

    /// The zone that a VTIMEZONE describes, alone or in a VCALENDAR; the error is a reason in words.
    pub fn of_vtimezone(text: &str) -> Result<Zone, String> {
        let text = text.trim();
        let is_calendar = text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCALENDAR"));
        let alone = || format!("BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n");
        let calendar = if is_calendar { text.to_owned() } else { alone() };
        let document = crate::Document::parse(calendar.into()).map_err(|error| error.reason)?;
        let component = document.root().components().find(|component| component.is("VTIMEZONE"));
        Zone::of_component(component.ok_or("there is no VTIMEZONE in the text")?)
    }

    /// The zone of a calendar's VTIMEZONE. One that says nothing, or what cannot be read, is taken by its name where that is known.
    pub(crate) fn of_component(component: Component<'_>) -> Result<Zone, String> {
        let id = component.property("TZID").ok_or("a VTIMEZONE has no TZID")?.text();
        let rules = match Observances::read(component) {
            Ok(Some(observances)) => Rules::Own(observances),
            Ok(None) => names::find(&id).unwrap_or(Rules::Fixed(0)),
            Err(reason) => names::find(&id).ok_or(reason)?,
        };
        Ok(Zone { id: Cow::Owned(id), rules })
    }

    /// What a TZID says for it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// UTC of a local time, both in seconds since 1970-01-01T00:00:00.
    pub fn instant(&self, local: i64) -> i64 {
        match &self.rules {
            Rules::Fixed(offset) => local - i64::from(*offset),
            Rules::Iana(table, _) if local < TABLE_END => local - i64::from(table.offset(local, Change::local)),
            Rules::Iana(_, zone) => {
                let offset = match zone.to_ambiguous_timestamp(to_jiff(local)).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offset,
                    AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
                };
                local - i64::from(offset.seconds())
            }
            Rules::Own(observances) => observances.instant(local),
        }
    }

    /// The local time of UTC.
    pub fn local(&self, instant: i64) -> i64 {
        match &self.rules {
            Rules::Fixed(offset) => instant + i64::from(*offset),
            Rules::Iana(table, _) if instant < TABLE_END => instant + i64::from(table.offset(instant, Change::instant)),
            Rules::Iana(_, zone) => {
                let within = instant.clamp(civil::FIRST, Timestamp::MAX.as_second());
                let timestamp = Timestamp::from_second(within).unwrap_or(Timestamp::MAX);
                instant + i64::from(zone.to_offset(timestamp).seconds())
            }
            Rules::Own(observances) => observances.local(instant),
        }
    }
}

/// A local time for jiff, kept within the years that can be written.
fn to_jiff(local: i64) -> jiff::civil::DateTime {
    let local = local.clamp(civil::FIRST, civil::LAST);
    let Date { year, month, day } = civil::date(civil::day_of(local));
    let of_day = local.rem_euclid(civil::DAY);
    jiff::civil::DateTime::constant(
        year as i16,
        month as i8,
        day as i8,
        (of_day / 3600) as i8,
        (of_day / 60 % 60) as i8,
        (of_day % 60) as i8,
        0,
    )
}

/// A DATE or DATE-TIME with what its clock is.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// Its digits as seconds; for a date, its midnight.
    pub local: i64,
    pub form: Form,
}

/// What the digits of a moment mean.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Date,
    Floating,
    Utc,
    Zoned(Arc<Zone>),
}

impl Moment {
    /// In UTC; `floating` is the zone of dates and of times without one.
    pub fn instant(&self, floating: &Zone) -> i64 {
        self.form.instant(self.local, floating)
    }

    pub fn is_date(&self) -> bool {
        matches!(self.form, Form::Date)
    }
}

impl Form {
    /// UTC of local digits of this form.
    pub fn instant(&self, local: i64, floating: &Zone) -> i64 {
        match self {
            Form::Date | Form::Floating => floating.instant(local),
            Form::Utc => local,
            Form::Zoned(zone) => zone.instant(local),
        }
    }

    /// Local digits of this form from UTC.
    pub fn local(&self, instant: i64, floating: &Zone) -> i64 {
        match self {
            Form::Date | Form::Floating => floating.local(instant),
            Form::Utc => instant,
            Form::Zoned(zone) => zone.local(instant),
        }
    }

    /// Whether its instants depend on where it is read.
    pub fn floats(&self) -> bool {
        matches!(self, Form::Date | Form::Floating)
    }
}

#[cfg(test)]
mod tests;
