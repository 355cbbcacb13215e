//! Properties of users and groups (RFC 3744 section 4, RFC 4791 section 6.2, RFC 6638 section 2.4).

use super::super::names::{CALDAV, CALENDAR_SERVER, DAV};
use super::super::xml::Writer;
use super::{Live, View};
use crate::resource::{INBOX, OUTBOX, What, home_href, principal_href};

pub(super) static LIVE: &[Live] = &[
    Live { name: (DAV, "principal-URL"), is_common: false, write: principal_url },
    Live { name: (DAV, "alternate-URI-set"), is_common: false, write: alternate_uris },
    Live { name: (DAV, "group-member-set"), is_common: false, write: group_members },
    Live { name: (DAV, "group-membership"), is_common: false, write: group_membership },
    Live { name: (CALDAV, "calendar-home-set"), is_common: false, write: calendar_home },
    Live { name: (CALDAV, "calendar-user-address-set"), is_common: false, write: addresses },
    Live { name: (CALDAV, "calendar-user-type"), is_common: false, write: user_type },
    Live { name: (CALDAV, "schedule-inbox-URL"), is_common: false, write: inbox },
    Live { name: (CALDAV, "schedule-outbox-URL"), is_common: false, write: outbox },
    Live { name: (CALENDAR_SERVER, "email-address-set"), is_common: false, write: emails },
];

fn principal<'a>(view: &'a View<'_>) -> Option<&'a str> {
    match &view.resource.what {
        What::User(name) | What::Group(name) => Some(name),
        _ => None,
    }
}

/// The user; homes and calendars have some of these as well, since clients ask them there.
fn user<'a>(view: &'a View<'_>) -> Option<&'a str> {
    match &view.resource.what {
        What::User(name) => Some(name),
        _ => None,
    }
}

fn principal_url(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = principal(view) else { return false };
    xml.href(&principal_href(name));
    true
}

fn alternate_uris(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = principal(view) else { return false };
    if let What::User(_) = view.resource.what {
        view.context.addresses(name).iter().for_each(|address| xml.href(address));
    }
    true
}

fn group_members(view: &View<'_>, xml: &mut Writer) -> bool {
    match &view.resource.what {
        What::Group(name) => view.context.world.members_of(name).for_each(|member| xml.href(&principal_href(member))),
        What::User(_) => {}
        _ => return false,
    }
    true
}

fn group_membership(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = principal(view) else { return false };
    if let Some(user) = view.context.world.user(name).filter(|_| user(view).is_some()) {
        user.groups.iter().for_each(|group| xml.href(&principal_href(group)));
    }
    true
}

fn calendar_home(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = user(view) else { return false };
    xml.href(&home_href(name));
    true
}

fn addresses(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = user(view) else { return false };
    view.context.addresses(name).iter().for_each(|address| xml.href(address));
    xml.href(&principal_href(name));
    true
}

fn user_type(view: &View<'_>, xml: &mut Writer) -> bool {
    match &view.resource.what {
        What::User(_) => xml.text("INDIVIDUAL"),
        What::Group(_) => xml.text("GROUP"),
        _ => return false,
    }
    true
}

fn inbox(view: &View<'_>, xml: &mut Writer) -> bool {
    box_of(view, INBOX, xml)
}

fn outbox(view: &View<'_>, xml: &mut Writer) -> bool {
    box_of(view, OUTBOX, xml)
}

fn box_of(view: &View<'_>, name: &str, xml: &mut Writer) -> bool {
    let Some(user) = user(view) else { return false };
    xml.href(&format!("{}{name}/", home_href(user)));
    true
}

fn emails(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(name) = user(view) else { return false };
    for address in view.context.addresses(name) {
        xml.leaf((CALENDAR_SERVER, "email-address"), address.trim_start_matches("mailto:"));
    }
    true
}
