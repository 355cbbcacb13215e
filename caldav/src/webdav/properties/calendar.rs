//! Properties of calendars (RFC 4791 section 5.2, RFC 7809, Apple's).

use super::super::names::{APPLE, CALDAV, CALENDAR_SERVER};
use super::super::xml::Writer;
use super::{Live, View};
use crate::limits::{EARLIEST, LATEST, MAX_ATTENDEES, MAX_INSTANCES};
use crate::resource::What;
use crate::world::Collection;

pub(super) static LIVE: &[Live] = &[
    Live { name: (CALDAV, "calendar-description"), is_common: false, write: description },
    Live { name: (CALDAV, "calendar-timezone"), is_common: false, write: time_zone },
    Live { name: (CALDAV, "calendar-timezone-id"), is_common: false, write: time_zone_id },
    Live { name: (CALDAV, "supported-calendar-component-set"), is_common: false, write: components },
    Live { name: (CALDAV, "supported-calendar-component-sets"), is_common: false, write: component_sets },
    Live { name: (CALDAV, "supported-calendar-data"), is_common: false, write: calendar_data },
    Live { name: (CALDAV, "supported-collation-set"), is_common: false, write: collations },
    Live { name: (CALDAV, "max-resource-size"), is_common: false, write: max_resource_size },
    Live { name: (CALDAV, "min-date-time"), is_common: false, write: |view, xml| constant(view, EARLIEST, xml) },
    Live { name: (CALDAV, "max-date-time"), is_common: false, write: |view, xml| constant(view, LATEST, xml) },
    Live {
        name: (CALDAV, "max-instances"),
        is_common: false,
        write: |view, xml| constant(view, &MAX_INSTANCES.to_string(), xml),
    },
    Live {
        name: (CALDAV, "max-attendees-per-instance"),
        is_common: false,
        write: |view, xml| constant(view, &MAX_ATTENDEES.to_string(), xml),
    },
    Live { name: (APPLE, "calendar-color"), is_common: false, write: color },
    Live { name: (APPLE, "calendar-order"), is_common: false, write: order },
    Live { name: (CALENDAR_SERVER, "source"), is_common: false, write: source },
];

/// What an object can be.
pub const COMPONENTS: [&str; 5] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"];
/// How texts can be compared (RFC 4791 section 7.5.1).
const COLLATIONS: [&str; 3] = ["i;ascii-casemap", "i;octet", "i;unicode-casemap"];

fn calendar<'a>(view: &'a View<'_>) -> Option<&'a Collection> {
    match &view.resource.what {
        What::Collection(collection) if collection.is_calendar() => Some(collection),
        _ => None,
    }
}

fn text(value: Option<&str>, xml: &mut Writer) -> bool {
    value.inspect(|value| xml.text(value)).is_some()
}

fn description(view: &View<'_>, xml: &mut Writer) -> bool {
    text(calendar(view).and_then(|calendar| calendar.file.description.as_deref()), xml)
}

fn time_zone(view: &View<'_>, xml: &mut Writer) -> bool {
    text(calendar(view).and_then(|calendar| calendar.file.time_zone.as_deref()), xml)
}

fn time_zone_id(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(calendar) = calendar(view) else { return false };
    if calendar.file.time_zone_id.is_some() {
        return text(calendar.file.time_zone_id.as_deref(), xml);
    }
    let said = calendar.file.time_zone.as_deref().and_then(|text| {
        let document = ical::Document::parse(bytes::Bytes::from(text.to_owned())).ok()?;
        let zone = document.root().components().find(|component| component.is("VTIMEZONE"))?;
        Some(zone.property("TZID")?.text())
    });
    text(said.as_deref(), xml)
}

fn components(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(calendar) = calendar(view) else { return false };
    let name = (CALDAV, "comp");
    let said: Vec<&str> = calendar.file.components.iter().map(String::as_str).collect();
    let all = if said.is_empty() { &COMPONENTS[..] } else { &said };
    all.iter().for_each(|component| xml.empty_with(name, &[("name", component)]));
    true
}

/// Which calendars a home can have: of each component alone, or any mixture.
fn component_sets(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Home(_) = view.resource.what else { return false };
    let (set, name) = ((CALDAV, "supported-calendar-component-set"), (CALDAV, "comp"));
    for component in COMPONENTS {
        xml.start(set);
        xml.empty_with(name, &[("name", component)]);
        xml.end(set);
    }
    true
}

fn calendar_data(view: &View<'_>, xml: &mut Writer) -> bool {
    if calendar(view).is_none() {
        return false;
    }
    xml.empty_with((CALDAV, "calendar-data"), &[("content-type", "text/calendar"), ("version", "2.0")]);
    true
}

fn collations(view: &View<'_>, xml: &mut Writer) -> bool {
    if calendar(view).is_none() {
        return false;
    }
    COLLATIONS.iter().for_each(|name| xml.leaf((CALDAV, "supported-collation"), name));
    true
}

fn max_resource_size(view: &View<'_>, xml: &mut Writer) -> bool {
    constant(view, &view.context.settings.max_resource_size.to_string(), xml)
}

fn constant(view: &View<'_>, value: &str, xml: &mut Writer) -> bool {
    if calendar(view).is_none() {
        return false;
    }
    xml.text(value);
    true
}

fn color(view: &View<'_>, xml: &mut Writer) -> bool {
    text(calendar(view).and_then(|calendar| calendar.file.color.as_deref()), xml)
}

fn order(view: &View<'_>, xml: &mut Writer) -> bool {
    let order = calendar(view).and_then(|calendar| calendar.file.order).map(|order| order.to_string());
    text(order.as_deref(), xml)
}

fn source(view: &View<'_>, xml: &mut Writer) -> bool {
    match calendar(view).and_then(|calendar| calendar.file.source.as_deref()) {
        // Who may only read must not learn a secret in the address.
        Some(source) if view.resource.rights == super::super::access::Rights::Owner => xml.href(source),
        _ => return false,
    }
    true
}
