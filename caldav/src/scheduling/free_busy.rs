//! When somebody is busy, out of calendars.

use std::ops::Range;

use bytes::Bytes;
use ical::free_busy::{Period, busy_for, print};
use ical::patch::NewProperty;
use ical::{CalendarObject, TooMany, Zone};

use crate::PRODUCT;
use crate::addresses::Addresses;
use crate::context::Context;
use crate::error::Error;
use crate::report::floating_zone;
use crate::world::{Collection, World};

/// Busy periods of calendars in a range, in order and without overlaps.
pub fn periods<'a>(
    collections: impl IntoIterator<Item = &'a Collection>,
    range: &Range<i64>,
    leave_out: &dyn Fn(&CalendarObject) -> bool,
    own: &dyn Fn(&str) -> bool,
) -> Result<Vec<Period>, Error> {
    let mut all = Vec::new();
    for collection in collections {
        let zone = floating_zone(None, Some(&collection.file))?;
        let objects = collection.overlapping(range.clone()).filter_map(|member| member.object.as_deref());
        let periods = busy_for(objects.filter(|object| !leave_out(object)), range, &zone, own);
        all.extend(periods.map_err(too_many)?);
    }
    Ok(merged(all))
}

/// When somebody is busy, as everybody may know: by all calendars that are not transparent, and by the hours of work.
/// An event with one UID may be left out.
pub fn of_user(
    context: &Context<'_>,
    addresses: &Addresses,
    user: &str,
    range: &Range<i64>,
    except: Option<&str>,
) -> Result<Vec<Period>, Error> {
    let home = World::home_path(user);
    let calendars =
        context.world.children(&home).filter(|calendar| calendar.is_calendar() && !calendar.file.transparent);
    let leave_out = |object: &CalendarObject| except.is_some_and(|uid| object.uid() == uid);
    let own = |address: &str| addresses.user(address) == Some(user);
    let mut all = periods(calendars.map(|calendar| &**calendar), range, &leave_out, &own)?;
    if let Some(hours) = hours(context, user) {
        all.extend(busy_for([&hours], range, &Zone::utc(), &own).map_err(too_many)?);
    }
    Ok(merged(all))
}

/// Hours of work that somebody has published on the inbox (RFC 7953 section 7.2.4).
fn hours(context: &Context<'_>, user: &str) -> Option<CalendarObject> {
    let inbox = context.world.collection(&World::inbox_path(user))?;
    let text = inbox.file.availability.clone()?;
    CalendarObject::parse(text.into(), context.parser.zones()).ok()
}

fn too_many(_: TooMany) -> Error {
    Error::caldav("max-instances", "there are too many instances in this time")
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
