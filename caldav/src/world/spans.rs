//! The interval index of a calendar: whose occurrences may overlap a range of time, without looking at the others.
//!
//! Intervals are sorted into bins (as genome browsers do): levels of bins, each eight times as long as the one below,
//! and an interval lies in the smallest bin that holds the whole of it. A range of time then meets a few bins of each
//! level, which stand beside each other in one ordered map. The map is persistent: a changed copy shares what did not
//! change.

use std::ops::Range;
use std::sync::Arc;

use ical::Hull;
use rpds::RedBlackTreeMapSync;

use super::Member;

/// Seconds of the smallest bins, as a power of two: 18 hours.
const SMALLEST: u32 = 16;
/// How much longer the bins of the next level are, as a power of two.
const STEP: u32 = 3;
/// The level whose only bin has no ends; below it are bins of 18 hours, 6 days, 7 weeks, a year, 9 years and 68 years.
const ENDLESS: u32 = 6;

/// Level, bin, name.
type Key = (u32, i64, Arc<str>);

/// The index.
#[derive(Clone, Debug, Default)]
pub struct Spans(RedBlackTreeMapSync<Key, Arc<Member>>);

impl Spans {
    /// With a member.
    pub fn insert(&mut self, member: &Arc<Member>) {
        if let Some(key) = key_of(member) {
            self.0.insert_mut(key, Arc::clone(member));
        }
    }

    /// Without it.
    pub fn remove(&mut self, member: &Member) {
        if let Some(key) = key_of(member) {
            self.0.remove_mut(&key);
        }
    }

    /// Members whose hull overlaps the range.
    pub fn overlapping(&self, range: Range<i64>) -> impl Iterator<Item = &Arc<Member>> {
        let levels = (0..=ENDLESS).flat_map({
            let range = range.clone();
            move |level| {
                let (first, last) = bins(level, &range);
                let nothing: Arc<str> = "".into();
                self.0.range((level, first, Arc::clone(&nothing))..(level, last.saturating_add(1), nothing))
            }
        });
        let overlaps = move |hull: Hull| hull.start < range.end && hull.end > range.start || hull.start == range.start;
        levels.map(|(_, member)| member).filter(move |member| hull(member).is_some_and(overlaps))
    }
}

fn hull(member: &Member) -> Option<Hull> {
    member.object.as_ref().map(|object| object.hull())
}

fn key_of(member: &Member) -> Option<Key> {
    let hull = hull(member)?;
    let range = hull.start..hull.end.max(hull.start);
    let level = (0..ENDLESS).find(|level| {
        let (first, last) = bins(*level, &range);
        first == last
    });
    let level = level.unwrap_or(ENDLESS);
    Some((level, bins(level, &range).0, Arc::clone(&member.name)))
}

/// The first and the last bin of a level that a range meets.
fn bins(level: u32, range: &Range<i64>) -> (i64, i64) {
    if level == ENDLESS {
        return (0, 0);
    }
    let shift = SMALLEST + STEP * level;
    (range.start >> shift, range.end >> shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_whole_intervals() {
        assert_eq!(bins(0, &(0..65_535)), (0, 0));
        assert_eq!(bins(0, &(-1..65_536)), (-1, 1));
        assert_eq!(bins(ENDLESS, &(i64::MIN..i64::MAX)), (0, 0));
        assert_ne!(bins(5, &(i64::MIN..i64::MAX)).0, bins(5, &(i64::MIN..i64::MAX)).1);
    }
}
