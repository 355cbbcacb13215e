//! When somebody is busy, out of calendars.

use std::ops::Range;

use bytes::Bytes;
use ical::free_busy::{Period, busy, print};
use ical::patch::NewProperty;

use crate::PRODUCT;
use crate::context::Context;
use crate::error::Error;
use crate::report::floating_zone;
use crate::world::Collection;

/// Busy periods of calendars in a range, in order and without overlaps; an object with one UID may be left out.
pub fn periods<'a>(
    collections: impl IntoIterator<Item = &'a Collection>,
    range: &Range<i64>,
    except: Option<&str>,
) -> Result<Vec<Period>, Error> {
    let mut all = Vec::new();
    for collection in collections {
        let zone = floating_zone(None, Some(&collection.file))?;
        let objects = collection.overlapping(range.clone()).filter_map(|member| member.object.as_deref());
        let objects = objects.filter(|object| except.is_none_or(|uid| object.uid() != uid));
        let periods = busy(objects, range, &zone);
        all.extend(periods.map_err(|_| Error::caldav("max-instances", "there are too many instances in this time"))?);
    }
    Ok(merged(all))
}

/// Those of several calendars, joined.
fn merged(mut all: Vec<Period>) -> Vec<Period> {
    all.sort_by_key(|period| (period.kind, period.range.start, period.range.end));
    let mut merged: Vec<Period> = Vec::with_capacity(all.len());
    for period in all {
        match merged.last_mut() {
            Some(last) if last.kind == period.kind && period.range.start <= last.range.end => {
                last.range.end = last.range.end.max(period.range.end);
            }
            _ => merged.push(period),
        }
    }
    merged.sort_by_key(|period| (period.range.start, period.range.end));
    merged
}

/// A calendar with one VFREEBUSY.
pub fn calendar(context: &Context<'_>, range: &Range<i64>, periods: &[Period]) -> Bytes {
    let random: String = context.request.random.iter().map(|octet| format!("{octet:02x}")).collect();
    let about = [NewProperty::text("UID", &random)];
    print(PRODUCT, i64::try_from(context.request.now).unwrap_or(0), range, &about, periods)
}
