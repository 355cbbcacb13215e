//! Properties of any resource (RFC 4918 section 15, RFC 4331, RFC 5397, RFC 6578).

use super::super::access::Login;
use super::super::names::{CALDAV, CALENDAR_SERVER, DAV};
use super::super::xml::Writer;
use super::{Live, View};
use crate::resource::{What, principal_href};
use crate::webdav::http_date;
use crate::world::World;

pub(super) static LIVE: &[Live] = &[
    Live { name: (DAV, "resourcetype"), is_common: true, write: resource_type },
    Live { name: (DAV, "getetag"), is_common: true, write: entity_tag },
    Live { name: (DAV, "getcontenttype"), is_common: true, write: content_type },
    Live { name: (DAV, "getcontentlength"), is_common: true, write: content_length },
    Live { name: (DAV, "getlastmodified"), is_common: true, write: last_modified },
    Live { name: (DAV, "creationdate"), is_common: true, write: creation_date },
    Live { name: (DAV, "displayname"), is_common: true, write: display_name },
    Live { name: (DAV, "supportedlock"), is_common: true, write: supported_lock },
    Live { name: (DAV, "lockdiscovery"), is_common: true, write: lock_discovery },
    Live { name: (DAV, "current-user-principal"), is_common: false, write: current_user_principal },
    Live { name: (DAV, "quota-used-bytes"), is_common: false, write: quota_used },
    Live { name: (DAV, "quota-available-bytes"), is_common: false, write: quota_available },
    Live { name: (DAV, "sync-token"), is_common: false, write: sync_token },
    Live { name: (CALENDAR_SERVER, "getctag"), is_common: false, write: ctag },
    Live { name: (DAV, "add-member"), is_common: false, write: add_member },
];

fn resource_type(view: &View<'_>, xml: &mut Writer) -> bool {
    let collection = (DAV, "collection");
    match &view.resource.what {
        What::Member(..) => {}
        What::User(_) | What::Group(_) => {
            xml.empty(collection);
            xml.empty((DAV, "principal"));
        }
        What::Inbox(..) => {
            xml.empty(collection);
            xml.empty((CALDAV, "schedule-inbox"));
        }
        What::Outbox(_) => {
            xml.empty(collection);
            xml.empty((CALDAV, "schedule-outbox"));
        }
        What::Collection(found) if found.is_calendar() => {
            xml.empty(collection);
            xml.empty((CALDAV, "calendar"));
            if found.file.source.is_some() {
                xml.empty((CALENDAR_SERVER, "subscribed"));
            }
            // CalendarServer's sharing: how the owner and the others tell theirs apart.
            match found.owner() == view.context.login().user {
                true if !found.file.shares.is_empty() => xml.empty((CALENDAR_SERVER, "shared-owner")),
                false => xml.empty((CALENDAR_SERVER, "shared")),
                true => {}
            }
        }
        _ => xml.empty(collection),
    }
    true
}

fn entity_tag(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(etag) = view.resource.etag() else { return false };
    xml.text(&etag);
    true
}

fn content_type(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Member(_, member) = &view.resource.what else { return false };
    xml.text(&crate::method::get::content_type(member));
    true
}

fn content_length(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Member(_, member) = &view.resource.what else { return false };
    xml.text(&member.octets.len().to_string());
    true
}

/// What the object says of itself, or the time of the commit: git keeps no time for each file.
fn last_modified(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(seconds) = modified(view) else { return false };
    xml.text(&http_date::print(seconds));
    true
}

fn modified(view: &View<'_>) -> Option<u64> {
    let of_commit = || Some(u64::try_from(view.context.world.snapshot().commit_info()?.time).unwrap_or(0));
    match &view.resource.what {
        What::Member(_, member) => {
            let said = member.object.as_ref().and_then(|object| object.last_modified());
            said.and_then(|seconds| u64::try_from(seconds).ok()).or_else(of_commit)
        }
        What::Collection(_) => of_commit(),
        _ => None,
    }
}

fn creation_date(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Member(_, member) = &view.resource.what else { return false };
    let said = member.object.as_ref().and_then(|object| object.created());
    let Some(seconds) = said.and_then(|seconds| u64::try_from(seconds).ok()).or_else(|| modified(view)) else {
        return false;
    };
    xml.text(&platform::clock::rfc3339(seconds));
    true
}

fn display_name(view: &View<'_>, xml: &mut Writer) -> bool {
    let world = view.context.world;
    match &view.resource.what {
        What::User(name) => {
            let known = world.user(name).and_then(|user| user.display_name.clone());
            xml.text(&known.unwrap_or_else(|| name.clone()));
        }
        What::Group(name) => {
            let groups = world.groups();
            let known = groups.get(name.as_str()).copied().flatten().and_then(|group| group.display_name.clone());
            xml.text(&known.unwrap_or_else(|| name.clone()));
        }
        What::Collection(collection) => match &collection.file.display_name {
            Some(name) => xml.text(name),
            None if collection.is_calendar() => xml.text(collection.name()),
            None => return false,
        },
        What::Home(owner) => {
            let home = world.collection(&World::home_path(owner));
            match home.and_then(|home| home.file.display_name.as_deref()) {
                Some(name) => xml.text(name),
                None => xml.text(owner),
            }
        }
        What::Inbox(_, inbox) => {
            let said = inbox.as_ref().and_then(|inbox| inbox.file.display_name.as_deref());
            xml.text(said.unwrap_or("Inbox"));
        }
        // Nobody makes one for a member: it is what a client has set.
        What::Member(collection, member) => {
            let name = (DAV, "displayname");
            let mut kept = collection.file.properties_of(&member.name);
            let Some(dead) = kept.find(|dead| (dead.namespace.as_str(), dead.name.as_str()) == name) else {
                return false;
            };
            xml.raw(&dead.value);
        }
        What::Outbox(_) => xml.text("Outbox"),
        _ => return false,
    }
    true
}

fn supported_lock(view: &View<'_>, xml: &mut Writer) -> bool {
    if view.resource.collection().is_none() {
        return false;
    }
    for scope in ["exclusive", "shared"] {
        let (entry, lockscope, locktype) = ((DAV, "lockentry"), (DAV, "lockscope"), (DAV, "locktype"));
        xml.start(entry);
        xml.start(lockscope);
        xml.empty((DAV, scope));
        xml.end(lockscope);
        xml.start(locktype);
        xml.empty((DAV, "write"));
        xml.end(locktype);
        xml.end(entry);
    }
    true
}

fn lock_discovery(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(path) = crate::method::git_path(view.resource) else { return false };
    let now = view.context.request.now;
    for (token, lock) in view.context.locks.on(&path, now) {
        lock.write(token, now, xml);
    }
    true
}

fn current_user_principal(view: &View<'_>, xml: &mut Writer) -> bool {
    let Login { user, .. } = view.context.login();
    xml.href(&principal_href(user));
    true
}

fn quota_used(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(owner) = quota_owner(view) else { return false };
    xml.text(&used(view.context.world, owner).to_string());
    true
}

fn quota_available(view: &View<'_>, xml: &mut Writer) -> bool {
    let Some(owner) = quota_owner(view) else { return false };
    let available = view.context.settings.quota.saturating_sub(used(view.context.world, owner));
    xml.text(&available.to_string());
    true
}

/// Whose quota it is; others need not know.
fn quota_owner<'a>(view: &'a View<'_>) -> Option<&'a str> {
    let owner = match &view.resource.what {
        What::Home(owner) => owner,
        What::Collection(collection) => collection.owner(),
        _ => return None,
    };
    (owner == view.context.login().user).then_some(owner)
}

/// Octets in the calendars of a user.
pub fn used(world: &World, owner: &str) -> u64 {
    let path = World::home_path(owner);
    let own = world.collection(&path).map_or(0, |home| home.octets);
    own + world.below(&path).map(|collection| collection.octets).sum::<u64>()
}

fn sync_token(view: &View<'_>, xml: &mut Writer) -> bool {
    let token = match &view.resource.what {
        What::Collection(collection) if view.resource.rights.can_read() => crate::report::sync::token(collection),
        What::Inbox(_, Some(collection)) => crate::report::sync::token(collection),
        _ => return false,
    };
    let Some(token) = token else { return false };
    xml.text(&token);
    true
}

fn ctag(view: &View<'_>, xml: &mut Writer) -> bool {
    match &view.resource.what {
        What::Collection(collection) | What::Inbox(_, Some(collection)) => match collection.tree {
            Some(tree) => xml.text(&tree.to_string()),
            None => return false,
        },
        // Some clients ask the home whether anything below it is new.
        What::Home(owner) => match view.context.world.snapshot().entry(&World::home_path(owner)) {
            Some((_, tree)) => xml.text(&tree.to_string()),
            None => xml.text("empty"),
        },
        _ => return false,
    }
    true
}

/// Where to POST a new member (RFC 5995).
fn add_member(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::Collection(_) = &view.resource.what else { return false };
    xml.href(&view.resource.href);
    true
}
