//! Properties of scheduling (RFC 6638 section 9) and availability (RFC 7953 section 7.2.4).

use ical::Kind;

use super::super::names::{CALDAV, CALENDAR_SERVER, DAV};
use super::super::xml::Writer;
use super::{Live, View};
use crate::resource::{What, home_href, push_segment};
use crate::scheduling::{self, calendars};
use crate::world::World;

pub(super) static LIVE: &[Live] = &[
    Live { name: (CALDAV, "schedule-calendar-transp"), is_common: false, write: transparency },
    Live { name: (CALDAV, "schedule-default-calendar-URL"), is_common: false, write: default_calendar },
    Live { name: (CALDAV, "calendar-availability"), is_common: false, write: availability },
    Live { name: (CALENDAR_SERVER, "calendar-availability"), is_common: false, write: availability },
    Live { name: (CALDAV, "schedule-tag"), is_common: false, write: schedule_tag },
    Live { name: (CALDAV, "calendar-free-busy-set"), is_common: false, write: free_busy_set },
    Live { name: (DAV, "supported-method-set"), is_common: false, write: |_, _| false },
];

fn transparency(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Collection(collection) = &view.resource.what else { return false };
    if !collection.is_calendar() {
        return false;
    }
    xml.empty((CALDAV, if collection.file.transparent { "transparent" } else { "opaque" }));
    true
}

fn default_calendar(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Inbox(owner, _) = &view.resource.what else { return false };
    if let Some(calendar) = calendars::default_calendar(view.context.world, owner, Kind::Event) {
        let mut href = home_href(owner);
        push_segment(&mut href, calendar.name());
        href.push('/');
        xml.href(&href);
    }
    true
}

fn availability(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Inbox(_, Some(inbox)) = &view.resource.what else { return false };
    let Some(text) = &inbox.file.availability else { return false };
    xml.text(text);
    true
}

fn schedule_tag(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Member(collection, member) = &view.resource.what else { return false };
    let Some(tag) = scheduling::schedule_tag(view.context, collection, member) else { return false };
    xml.text(&tag);
    true
}

/// What old clients ask for instead of each calendar's transparency.
fn free_busy_set(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Inbox(owner, _) = &view.resource.what else { return false };
    let home = World::home_path(owner);
    for calendar in view.context.world.children(&home).filter(|child| child.is_calendar() && !child.file.transparent) {
        let mut href = home_href(owner);
        push_segment(&mut href, calendar.name());
        href.push('/');
        xml.href(&href);
    }
    true
}
