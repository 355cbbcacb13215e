//! Calendars for others: shares with users and groups, and secret links for whoever has no account.
//!
//! The standard's way is the ACL method; CalendarServer's is a POST, which macOS sends. Both write the same shares,
//! which take effect at once: an invitation to a calendar needs no answer here.

use std::fmt::Write as _;

use http::{HeaderValue, StatusCode};

use crate::addresses::Addresses;
use crate::context::Context;
use crate::error::Error;
use crate::method::acl::principal_name;
use crate::method::{Change, Outcome, missing, plain, write_file};
use crate::repository::collection::{Access, Grantee, Share};
use crate::resource::{Resource, href, principal_href};
use crate::webdav::access::Rights;
use crate::webdav::names::{CALENDAR_SERVER, DAV};
use crate::webdav::properties::View;
use crate::webdav::xml::{Element, Writer};
use crate::world::{Collection, World};

/// Where secret links lead.
pub const LINKS: &str = "links";

/// The path of a secret link.
pub fn link_href(link: &str) -> String {
    href(&[LINKS, &format!("{link}.ics")], false)
}

/// The calendar that a link leads to, as long as its owner is there; compared in constant time, as a password would be.
pub fn linked<'a>(world: &'a World, link: &str) -> Option<&'a Collection> {
    use subtle::ConstantTimeEq;
    let is_meant = |secret: &String| bool::from(secret.as_bytes().ct_eq(link.as_bytes()));
    let found = world.collections().find(|collection| collection.file.link.as_ref().is_some_and(is_meant));
    found.map(|collection| &**collection).filter(|collection| world.user(collection.owner()).is_some())
}

/// Who is meant by a path of a principal or by an address.
pub fn grantee(context: &Context<'_>, text: &str) -> Option<Grantee> {
    let text = text.trim();
    if let Some(name) = principal_name(text) {
        return match context.world.user(&name) {
            Some(_) => Some(Grantee::User(name)),
            None => context.world.is_group(&name).then_some(Grantee::Group(name)),
        };
    }
    Addresses::of(context).user(text).map(|name| Grantee::User(name.to_owned()))
}

/// What a change of shares is called in a commit.
pub fn describe(collection: &Collection, before: &[Share], after: &[Share]) -> String {
    let whom = |grantee: &Grantee| match grantee {
        Grantee::User(name) => name.clone(),
        Grantee::Group(name) => format!("the group {name}"),
        Grantee::Everyone => "everyone".to_owned(),
    };
    let name = collection.file.display_name.as_deref().unwrap_or(collection.name());
    let mut text = String::new();
    for share in after.iter().filter(|share| !before.contains(share)) {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}share {name:?} with {} ({})", whom(&share.grantee), share.access.word());
    }
    for share in before.iter().filter(|share| after.iter().all(|other| other.grantee != share.grantee)) {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}share {name:?} with {} no longer", whom(&share.grantee));
    }
    text
}

/// `CS:share`: sets and removes.
pub fn share(
    context: &Context<'_>,
    resource: &Resource,
    collection: &Collection,
    body: Option<&Element>,
) -> Result<Outcome, Error> {
    if resource.rights != Rights::Owner {
        return Err(missing(&resource.href, "write-acl"));
    }
    let mut file = (*collection.file).clone();
    for part in body.into_iter().flat_map(Element::elements) {
        let address = part.child(DAV, "href").map(Element::text).unwrap_or_default();
        let whom = grantee(context, &address);
        let whom =
            whom.ok_or_else(|| Error::forbidden((DAV, "recognized-principal"), format!("nobody is at {address}")))?;
        if whom == Grantee::User(collection.owner().to_owned()) {
            continue;
        }
        file.shares.retain(|share| share.grantee != whom);
        if part.is(CALENDAR_SERVER, "set") {
            let writes = part.child(CALENDAR_SERVER, "read-write").is_some();
            let access = if writes { Access::ReadWrite } else { Access::Read };
            file.shares.push(Share { grantee: whom, access });
        }
    }
    let message = describe(collection, &collection.file.shares, &file.shares);
    match write_file(context.world, collection, &file)? {
        Some(write) => Ok(Outcome::Change(Change::new(vec![write], message, plain(StatusCode::OK)))),
        None => Ok(Outcome::Reply(plain(StatusCode::OK))),
    }
}

/// Makes a secret link to a calendar, or makes an end of it.
pub fn publish(
    context: &Context<'_>,
    resource: &Resource,
    collection: &Collection,
    is_wanted: bool,
) -> Result<Outcome, Error> {
    if resource.rights != Rights::Owner {
        return Err(missing(&resource.href, "write-acl"));
    }
    let mut file = (*collection.file).clone();
    let new = || context.request.random.iter().map(|octet| format!("{octet:02x}")).collect();
    file.link = is_wanted.then(|| file.link.unwrap_or_else(new));
    let mut response = plain(if is_wanted { StatusCode::ACCEPTED } else { StatusCode::OK });
    let location = file.link.as_deref().and_then(|link| HeaderValue::from_str(&link_href(link)).ok());
    response.headers_mut().extend(location.map(|location| (http::header::LOCATION, location)));
    let name = file.display_name.as_deref().unwrap_or(collection.name());
    let message = if is_wanted { format!("make a link to {name:?}") } else { format!("remove the link to {name:?}") };
    match write_file(context.world, collection, &file)? {
        Some(write) => Ok(Outcome::Change(Change::new(vec![write], message, response))),
        None => Ok(Outcome::Reply(response)),
    }
}

/// `CS:invite`: the owner sees all, the others the owner and themselves.
pub fn write_invite(view: &View<'_>, collection: &Collection, xml: &mut Writer) {
    let is_owner = view.resource.rights == Rights::Owner;
    let organizer = (CALENDAR_SERVER, "organizer");
    xml.start(organizer);
    xml.href(&principal_href(collection.owner()));
    xml.end(organizer);
    let login = view.context.login();
    for share in &collection.file.shares {
        let name = match &share.grantee {
            Grantee::User(name) if is_owner || *name == login.user => name,
            Grantee::Group(name) if is_owner => name,
            _ => continue,
        };
        let (user, access) = ((CALENDAR_SERVER, "user"), (CALENDAR_SERVER, "access"));
        xml.start(user);
        xml.href(&principal_href(name));
        xml.empty((CALENDAR_SERVER, "invite-accepted"));
        xml.start(access);
        xml.empty((CALENDAR_SERVER, if share.access == Access::ReadWrite { "read-write" } else { "read" }));
        xml.end(access);
        xml.end(user);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gitstore::Snapshot;

    use super::*;
    use crate::resource::{Found, Path, find};
    use crate::webdav::access::Login;
    use crate::world::Parser;

    fn world(users: &[&str]) -> World {
        let file = "link = 'secret'\n[[share]]\neveryone = true\naccess = 'read'\n";
        let users = users.iter().map(|user| (format!("users/{user}.toml"), Bytes::new()));
        let files = users.chain([("calendars/bob/work/.calendar.toml".to_owned(), Bytes::from(file))]);
        World::empty().advance(&Snapshot::of_files(files).unwrap(), &Parser::default()).world
    }

    #[test]
    fn the_calendars_of_a_removed_user_are_out_of_reach() {
        let alice = Login { user: "alice".to_owned(), ..Login::default() };
        let is_shared = |world: &World| {
            let path = Path::parse("/calendars/alice/bob~work/").unwrap();
            matches!(find(world, &alice, &path), Found::Resource(_))
        };
        let (with, without) = (world(&["alice", "bob"]), world(&["alice"]));
        assert!(is_shared(&with) && linked(&with, "secret").is_some());
        assert!(!is_shared(&without) && linked(&without, "secret").is_none());
    }
}
