//! Which reports and methods a resource has (RFC 3253 section 3.1).

use super::super::names::{CALDAV, DAV, Name};
use super::super::xml::Writer;
use super::{Live, View};
use crate::resource::What;

pub(super) static LIVE: &[Live] =
    &[Live { name: (DAV, "supported-report-set"), is_common: false, write: supported_reports }];

const EVERYWHERE: &[Name<'static>] =
    &[(DAV, "expand-property"), (DAV, "principal-match"), (DAV, "acl-principal-prop-set")];
const CALENDAR: &[Name<'static>] = &[
    (CALDAV, "calendar-query"),
    (CALDAV, "calendar-multiget"),
    (CALDAV, "free-busy-query"),
    (DAV, "sync-collection"),
    (DAV, "version-tree"),
];
const PRINCIPALS: &[Name<'static>] = &[(DAV, "principal-property-search"), (DAV, "principal-search-property-set")];

fn supported_reports(view: &View<'_>, xml: &mut Writer) -> bool {
    let more: &[Name<'static>] = match &view.resource.what {
        What::Collection(collection) if collection.is_calendar() => CALENDAR,
        What::Inbox(..) => &CALENDAR[..2],
        What::Collection(_) => &[(DAV, "sync-collection")],
        What::Member(..) => &[(DAV, "version-tree")],
        What::Principals | What::User(_) | What::Group(_) => PRINCIPALS,
        _ => &[],
    };
    let (outer, inner) = ((DAV, "supported-report"), (DAV, "report"));
    for name in EVERYWHERE.iter().chain(more) {
        xml.start(outer);
        xml.start(inner);
        xml.empty(*name);
        xml.end(inner);
        xml.end(outer);
    }
    true
}
