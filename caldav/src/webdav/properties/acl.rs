//! Properties of access control (RFC 3744 section 5) and of sharing (CalendarServer's).

use super::super::access::{ALL, Privilege, Rights, SCHEDULING, privileges_on};
use super::super::names::{CALDAV, CALENDAR_SERVER, DAV};
use super::super::xml::Writer;
use super::{Live, View};
use crate::repository::collection::{Access, Grantee, Share};
use crate::resource::{What, principal_href};
use crate::sharing;

pub(super) static LIVE: &[Live] = &[
    Live { name: (DAV, "owner"), is_common: false, write: owner },
    Live { name: (DAV, "group"), is_common: false, write: |_, _| false },
    Live { name: (DAV, "supported-privilege-set"), is_common: false, write: supported_privileges },
    Live { name: (DAV, "current-user-privilege-set"), is_common: false, write: current_privileges },
    Live { name: (DAV, "acl"), is_common: false, write: acl },
    Live { name: (DAV, "acl-restrictions"), is_common: false, write: restrictions },
    Live { name: (DAV, "inherited-acl-set"), is_common: false, write: |_, _| true },
    Live { name: (DAV, "principal-collection-set"), is_common: false, write: principal_collections },
    Live { name: (CALENDAR_SERVER, "invite"), is_common: false, write: invite },
    Live { name: (CALENDAR_SERVER, "allowed-sharing-modes"), is_common: false, write: sharing_modes },
    Live { name: (CALENDAR_SERVER, "publish-url"), is_common: false, write: publish_url },
];

fn owner(view: &View<'_>, xml: &mut Writer) -> bool {
    let owner = match &view.resource.what {
        What::User(name) | What::Home(name) | What::Inbox(name, _) | What::Outbox(name) => name,
        What::Collection(collection) | What::Member(collection, _) => collection.owner(),
        _ => return false,
    };
    xml.href(&principal_href(owner));
    true
}

fn supported_privileges(_: &View<'_>, xml: &mut Writer) -> bool {
    write_supported(&ALL, xml);
    true
}

fn write_supported(privilege: &Privilege, xml: &mut Writer) {
    let (outer, inner) = ((DAV, "supported-privilege"), (DAV, "privilege"));
    xml.start(outer);
    xml.start(inner);
    xml.empty(privilege.name);
    xml.end(inner);
    if privilege.is_abstract {
        xml.empty((DAV, "abstract"));
    }
    let name = (DAV, "description");
    xml.start_with(name, &[("xml:lang", "en")]);
    xml.text(privilege.description);
    xml.end(name);
    privilege.contains.iter().for_each(|inner| write_supported(inner, xml));
    xml.end(outer);
}

fn current_privileges(view: &View<'_>, xml: &mut Writer) -> bool {
    let name = (DAV, "privilege");
    let rights = view.resource.rights;
    let mut privileges = match &view.resource.what {
        What::Collection(collection) | What::Member(collection, _) => privileges_on(collection, rights),
        _ => rights.privileges(),
    };
    if let What::Inbox(..) | What::Outbox(_) = view.resource.what {
        privileges.extend(SCHEDULING);
    }
    for privilege in privileges {
        xml.start(name);
        xml.empty(privilege);
        xml.end(name);
    }
    true
}

/// The owner's right, which cannot be taken away, and the shares.
fn acl(view: &View<'_>, xml: &mut Writer) -> bool {
    let (owner, shares) = match &view.resource.what {
        What::Collection(collection) | What::Member(collection, _) => (collection.owner(), &collection.file.shares[..]),
        What::Home(owner) | What::Inbox(owner, _) | What::Outbox(owner) | What::User(owner) => {
            (owner.as_str(), &[][..])
        }
        _ => return false,
    };
    if view.resource.rights != Rights::Owner {
        return false;
    }
    entry(xml, |xml| xml.href(&principal_href(owner)), &["all"], true);
    shares.iter().for_each(|share| write_share(share, xml));
    true
}

fn write_share(share: &Share, xml: &mut Writer) {
    let privileges: &[&str] = match share.access {
        Access::FreeBusy => &["read-free-busy"],
        Access::Read => &["read"],
        Access::ReadWrite => &["read", "write"],
    };
    let whom = |xml: &mut Writer| match &share.grantee {
        Grantee::User(name) | Grantee::Group(name) => xml.href(&principal_href(name)),
        Grantee::Everyone => xml.empty((DAV, "authenticated")),
    };
    entry(xml, whom, privileges, false);
}

fn entry(xml: &mut Writer, whom: impl FnOnce(&mut Writer), privileges: &[&str], is_protected: bool) {
    let (ace, principal, grant, privilege) = ((DAV, "ace"), (DAV, "principal"), (DAV, "grant"), (DAV, "privilege"));
    xml.start(ace);
    xml.start(principal);
    whom(xml);
    xml.end(principal);
    xml.start(grant);
    for name in privileges {
        xml.start(privilege);
        xml.empty((if *name == "read-free-busy" { CALDAV } else { DAV }, name));
        xml.end(privilege);
    }
    xml.end(grant);
    if is_protected {
        xml.empty((DAV, "protected"));
    }
    xml.end(ace);
}

fn restrictions(_: &View<'_>, xml: &mut Writer) -> bool {
    xml.empty((DAV, "grant-only"));
    xml.empty((DAV, "no-invert"));
    true
}

fn principal_collections(_: &View<'_>, xml: &mut Writer) -> bool {
    xml.href("/principals/");
    true
}

/// With whom a calendar is shared, as macOS shows it.
fn invite(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Collection(collection) = &view.resource.what else { return false };
    if !collection.is_calendar() {
        return false;
    }
    sharing::write_invite(view, collection, xml);
    true
}

fn sharing_modes(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Collection(collection) = &view.resource.what else { return false };
    if !collection.is_calendar() || view.resource.rights != Rights::Owner {
        return false;
    }
    xml.empty((CALENDAR_SERVER, "can-be-shared"));
    xml.empty((CALENDAR_SERVER, "can-be-published"));
    true
}

fn publish_url(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Collection(collection) = &view.resource.what else { return false };
    match &collection.file.link {
        Some(link) if view.resource.rights == Rights::Owner => xml.href(&sharing::link_href(link)),
        _ => return false,
    }
    true
}
