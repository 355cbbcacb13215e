//! When the clocks of a zone change: a table up to the year 2100, so that most times cost a search in it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Changes in order, and what the clocks show before the first.
#[derive(Debug)]
pub(super) struct Table {
    /// Ascending by instant.
    changes: Box<[Change]>,
    before: i32,
}

/// A change of offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// In UTC.
    at: i64,
    from: i32,
    to: i32,
}

/// 2100-01-01T00:00:00, where tables end.
pub(super) const TABLE_END: i64 = 4_102_444_800;

impl Change {
    /// The change at an onset, which is a local time of the offset before it.
    pub fn new(onset: i64, from: i32, to: i32) -> Change {
        Change { at: onset - i64::from(from), from, to }
    }

    /// Local times from here on have the new offset: those that are skipped, and the first of those that come twice, do not.
    pub fn local(self) -> i64 {
        self.at + i64::from(self.from.max(self.to))
    }

    /// UTC from which on the new offset holds.
    pub fn instant(self) -> i64 {
        self.at
    }

    pub fn to(self) -> i32 {
        self.to
    }
}

impl Table {
    /// Of changes in any order; none without one.
    pub fn new(mut changes: Vec<Change>) -> Option<Table> {
        changes.sort_unstable();
        changes.dedup_by_key(|change| change.at);
        let before = changes.first()?.from;
        Some(Table { changes: changes.into(), before })
    }

    /// Of a zone of the database.
    pub fn of_iana(zone: &TimeZone) -> Table {
        let before = zone.to_offset(Timestamp::MIN).seconds();
        let mut from = before;
        let within =
            zone.following(Timestamp::MIN).take_while(|change| change.timestamp().as_second() < TABLE_END + YEAR);
        let changes = within.map(|change| {
            let (at, to) = (change.timestamp().as_second(), change.offset().seconds());
            Change { at, from: std::mem::replace(&mut from, to), to }
        });
        Table { changes: changes.collect(), before }
    }

    /// The offset at a time, where `of` says when a change takes place in the terms of that time.
    pub fn offset(&self, time: i64, of: impl Fn(Change) -> i64) -> i32 {
        let after = self.changes.partition_point(|change| of(*change) <= time);
        after.checked_sub(1).map_or(self.before, |at| self.changes[at].to)
    }
}

const YEAR: i64 = 366 * 86_400;
