//! Which properties of robur's server have a place of their own here, and which are kept as dead ones.

use super::{Properties, ROBUR};
use crate::repository::collection::{CollectionFile, DeadProperty};
use crate::webdav::names::{APPLE, CALDAV, CALENDAR_SERVER, DAV};
use crate::webdav::xml::Element;

/// Properties that a server computes; robur's stores some of them.
const COMPUTED: [(&str, &str); 19] = [
    (DAV, "acl"),
    (DAV, "creationdate"),
    (DAV, "current-user-principal"),
    (DAV, "current-user-privilege-set"),
    (DAV, "getcontentlanguage"),
    (DAV, "getcontentlength"),
    (DAV, "getcontenttype"),
    (DAV, "getetag"),
    (DAV, "getlastmodified"),
    (DAV, "group-member-set"),
    (DAV, "group-membership"),
    (DAV, "owner"),
    (DAV, "principal-URL"),
    (DAV, "resourcetype"),
    (DAV, "supported-report-set"),
    (DAV, "sync-token"),
    (CALDAV, "calendar-home-set"),
    (CALENDAR_SERVER, "getctag"),
    (CALDAV, "supported-calendar-data"),
];

/// Components of a calendar; robur's server also names what cannot stand alone.
const COMPONENTS: [&str; 3] = ["VEVENT", "VTODO", "VJOURNAL"];

/// What is said of a calendar, without its shares.
pub(super) fn of_calendar(properties: &Properties) -> CollectionFile {
    let mut rest = properties.clone();
    let mut text = |namespace: &str, local: &str| {
        rest.take(namespace, local, |element| {
            let is_text = element.elements().next().is_none();
            is_text.then(|| element.text())
        })
    };
    let mut file = CollectionFile {
        display_name: text(DAV, "displayname"),
        description: text(CALDAV, "calendar-description"),
        color: text(APPLE, "calendar-color"),
        time_zone: text(CALDAV, "calendar-timezone"),
        time_zone_id: text(CALDAV, "calendar-timezone-id"),
        ..CollectionFile::default()
    };
    file.order = rest.take(APPLE, "calendar-order", |element| element.text().trim().parse().ok());
    file.components = rest.take(CALDAV, "supported-calendar-component-set", components).unwrap_or_default();
    file.transparent = rest.take(CALDAV, "schedule-calendar-transp", transparent).unwrap_or(false);
    file.source = rest.take(CALENDAR_SERVER, "source", |element| Some(element.child(DAV, "href")?.text()));
    file.properties = dead(&rest);
    file
}

/// What nobody computes and no file has a place for.
pub(super) fn dead(properties: &Properties) -> Vec<DeadProperty> {
    let is_dead = |namespace: &str, local: &str| namespace != ROBUR && !COMPUTED.contains(&(namespace, local));
    let dead = properties.0.iter().filter(|((namespace, local), _)| is_dead(namespace, local));
    dead.map(|((namespace, local), element)| DeadProperty {
        namespace: namespace.clone(),
        name: local.clone(),
        language: element.language().map(str::to_owned),
        value: element.inner_xml(),
    })
    .collect()
}

fn components(set: &Element) -> Option<Vec<String>> {
    let names = set.children_named(CALDAV, "comp").filter_map(|component| component.attribute("name"));
    Some(names.filter(|name| COMPONENTS.contains(name)).map(str::to_owned).collect())
}

fn transparent(element: &Element) -> Option<bool> {
    match (element.child(CALDAV, "transparent"), element.child(CALDAV, "opaque")) {
        (Some(_), None) => Some(true),
        (None, Some(_)) => Some(false),
        _ => None,
    }
}

impl Properties {
    /// Removes a property that can be read so; others stay.
    pub(super) fn take<T>(
        &mut self,
        namespace: &str,
        local: &str,
        read: impl FnOnce(&Element) -> Option<T>,
    ) -> Option<T> {
        let key = (namespace.to_owned(), local.to_owned());
        let value = read(self.0.get(&key)?)?;
        self.0.remove(&key);
        Some(value)
    }
}
