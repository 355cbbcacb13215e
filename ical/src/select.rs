//! What a client asks of calendar-data, as values, and the octets that answer it (RFC 4791 section 9.6).
//!
//! Without a selection they are the octets as they were stored. What is left out is cut from them; only an expansion is written anew,
//! and also then every property that has nothing to do with time is copied.

mod expand;
#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::Bytes;

use crate::document::{Component, Document};
use crate::object::{self, CalendarObject, TooMany};
use crate::splice::Splices;
use crate::zone::Zone;

/// What is wanted of an object; the default is all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Which components and properties, from the VCALENDAR down; all without it.
    pub calendar: Option<CompSelection>,
    /// What becomes of its recurrence set.
    pub recurrences: Option<RecurrenceSelection>,
    /// Only FREEBUSY periods that overlap this.
    pub limit_free_busy_set: Option<Range<i64>>,
}

/// What is wanted of a recurrence set, for a range in UTC seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecurrenceSelection {
    /// Each instance that overlaps it as a component of its own, in UTC.
    Expand(Range<i64>),
    /// The master, and the overrides that have to do with it.
    Limit(Range<i64>),
}

/// What is wanted of the components of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompSelection {
    /// `VEVENT`.
    pub name: String,
    /// Its properties; none means all.
    pub properties: Option<Vec<PropSelection>>,
    /// The components in it; none means all.
    pub components: Option<Vec<CompSelection>>,
}

/// A property that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropSelection {
    /// `SUMMARY`.
    pub name: String,
    /// Whether its value is left out.
    pub novalue: bool,
}

/// The octets that answer a selection. Times without a zone are those of `floating`.
pub fn render(object: &CalendarObject, selection: &Selection, floating: &Zone) -> Result<Bytes, TooMany> {
    let mut octets = match &selection.recurrences {
        None => object.document().octets().clone(),
        Some(RecurrenceSelection::Expand(range)) => expand::expand(object, range, floating)?,
        Some(RecurrenceSelection::Limit(range)) => limit(object, range, floating),
    };
    if let Some(range) = &selection.limit_free_busy_set {
        octets = edited(octets, |document, splices| limit_free_busy(document.root(), range, splices))?;
    }
    if let Some(calendar) = &selection.calendar {
        octets = edited(octets, |document, splices| choose(document.root(), calendar, splices))?;
    }
    Ok(octets)
}

/// The octets after changes to what they say. Of an expansion that is too large to be read again, nothing can be chosen.
fn edited(octets: Bytes, edit: impl FnOnce(&Document, &mut Splices)) -> Result<Bytes, TooMany> {
    let document = Document::parse(octets.clone()).map_err(|_| TooMany)?;
    let mut splices = Splices::default();
    edit(&document, &mut splices);
    Ok(splices.apply(&octets))
}

/// RFC 4791 section 9.6.6: an override stays if it, or the instance that it replaces, overlaps the range.
fn limit(object: &CalendarObject, range: &Range<i64>, floating: &Zone) -> Bytes {
    let mut splices = Splices::default();
    for part in object.overrides_outside(range, floating) {
        splices.remove(object.component(part).span());
    }
    splices.apply(object.document().octets())
}

fn limit_free_busy(parent: Component<'_>, range: &Range<i64>, splices: &mut Splices) {
    for component in parent.components() {
        limit_free_busy(component, range, splices);
        for property in component.properties_named("FREEBUSY") {
            let value = property.value();
            let overlaps = |period: &&str| {
                object::parse_period(period).is_some_and(|(start, end)| range.start < end && range.end > start)
            };
            let kept: Vec<&str> = value.split(',').filter(overlaps).collect();
            if kept.is_empty() {
                splices.remove(property.span());
            } else if kept.len() < value.split(',').count() {
                let value = property.span().start + property.value_start();
                let end = property.span().start + property.raw().len();
                splices.replace(value..end, kept.join(",").into());
            }
        }
    }
}

fn choose(component: Component<'_>, selection: &CompSelection, splices: &mut Splices) {
    if let Some(wanted) = &selection.properties {
        for property in component.properties() {
            match wanted.iter().find(|wanted| property.is(&wanted.name)) {
                None => splices.remove(property.span()),
                Some(wanted) if wanted.novalue => {
                    let start = property.span().start;
                    splices.remove(start + property.value_start()..start + property.raw().len());
                }
                Some(_) => {}
            }
        }
    }
    if let Some(wanted) = &selection.components {
        for child in component.components() {
            match wanted.iter().find(|wanted| child.is(&wanted.name)) {
                None => splices.remove(child.span()),
                Some(wanted) => choose(child, wanted, splices),
            }
        }
    }
}
