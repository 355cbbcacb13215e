//! What a path of a URL names: principals, homes, collections and their members.
//!
//! ```text
//! /principals/alice/                  a user or a group
//! /calendars/alice/                   a home
//! /calendars/alice/work/lunch.ics     a member of a calendar
//! /calendars/alice/bob~work/          a calendar that bob shares with alice, as it appears in her home
//! ```

use std::sync::Arc;

use gitstore::ObjectId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::Error;
use crate::repository::names;
use crate::webdav::access::{Login, Rights};
use crate::webdav::names::DAV;
use crate::world::{CALENDARS, Collection, Member, World};

/// The inbox of a home (RFC 6638).
pub use crate::world::INBOX;

/// The outbox of a home.
pub const OUTBOX: &str = "outbox";
/// What stands between owner and calendar in the name of a calendar that was shared.
const SHARED: char = '~';

/// What may stand in a segment as it is (RFC 3986 section 3.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// A path of a URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its segments as names of files.
    pub segments: Vec<String>,
    /// Whether it ends in a slash.
    pub slash: bool,
}

impl Path {
    /// Takes a path apart; `http://host` in front of it is dropped.
    pub fn parse(text: &str) -> Result<Path, Error> {
        let text = match text.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => text,
        };
        let text = text.split(['?', '#']).next().unwrap_or(text);
        let slash = text.ends_with('/');
        let parts = text.split('/').filter(|part| !part.is_empty());
        let segments = parts.map(segment).collect::<Result<Vec<String>, Error>>()?;
        Ok(Path { segments, slash })
    }
}

fn segment(text: &str) -> Result<String, Error> {
    let octets: Vec<u8> = percent_decode_str(text).collect();
    names::file_name(&octets).map_err(|error| Error::forbidden((DAV, "valid-resource-name"), error.to_string()))
}

/// A path for a URL from names of files; collections end in a slash.
pub fn href(segments: &[&str], is_collection: bool) -> String {
    let mut path = String::new();
    for name in segments {
        path.push('/');
        push_segment(&mut path, name);
    }
    if is_collection {
        path.push('/');
    }
    path
}

/// Adds a name of a file to a path.
pub fn push_segment(path: &mut String, name: &str) {
    match names::segment(name) {
        Ok(octets) => path.extend(percent_encoding::percent_encode(&octets, SEGMENT)),
        Err(_) => path.extend(utf8_percent_encode(name, SEGMENT)),
    }
}

/// The path of a principal.
pub fn principal_href(name: &str) -> String {
    href(&["principals", name], true)
}

/// The path of a home.
pub fn home_href(user: &str) -> String {
    href(&["calendars", user], true)
}

/// A resource: what a path names for somebody.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its path.
    pub href: String,
    /// What it is.
    pub what: What,
    /// What whoever asks may do with it.
    pub rights: Rights,
}

/// What can be at a path.
#[derive(Clone, Debug)]
pub enum What {
    /// `/`
    Root,
    /// `/principals/`
    Principals,
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// `/calendars/`
    Homes,
    /// The home of a user.
    Home(String),
    /// Where scheduling messages arrive, once some have.
    Inbox(String, Option<Arc<Collection>>),
    /// Where scheduling messages are sent from.
    Outbox(String),
    /// A calendar or another collection.
    Collection(Arc<Collection>),
    /// A member of one.
    Member(Arc<Collection>, Arc<Member>),
}

impl Resource {
    /// Whether it has members.
    pub fn is_collection(&self) -> bool {
        !matches!(self.what, What::Member(..))
    }

    /// The entity tag, with its quotes.
    pub fn etag(&self) -> Option<String> {
        match &self.what {
            What::Member(_, member) => Some(etag(&member.id)),
            What::Collection(collection) => collection.tree.map(|tree| etag(&tree)),
            _ => None,
        }
    }

    /// The collection that it is or is in.
    pub fn collection(&self) -> Option<&Arc<Collection>> {
        match &self.what {
            What::Collection(collection) | What::Member(collection, _) | What::Inbox(_, Some(collection)) => {
                Some(collection)
            }
            _ => None,
        }
    }
}

/// An entity tag.
pub fn etag(id: &ObjectId) -> String {
    format!("\"{id}\"")
}

/// What is at a path, or the place where something could be.
#[derive(Clone, Debug)]
pub enum Found {
    /// Something that may be seen.
    Resource(Resource),
    /// Nothing, in a collection that is there.
    Free(Place),
    /// Nothing, and nothing above it either.
    Nowhere,
}

/// A free name in a home or a collection.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path, without a slash at its end.
    pub href: String,
    /// The directory of the collection above.
    pub directory: String,
    /// The collection above; none in a home.
    pub parent: Option<Arc<Collection>>,
    /// The name of the file.
    pub name: String,
    /// What may be done in the collection above.
    pub rights: Rights,
}

impl Place {
    /// The path in the repository.
    pub fn path(&self) -> String {
        format!("{}/{}", self.directory, self.name)
    }
}

/// Looks up a path for somebody.
pub fn find(world: &World, login: &Login, path: &Path) -> Found {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let resource = |what, rights| {
        let href = href(&segments, true);
        Found::Resource(Resource { href, what, rights })
    };
    match segments.as_slice() {
        [] => resource(What::Root, Rights::Read),
        ["principals"] => resource(What::Principals, Rights::Read),
        ["principals", name] if world.user(name).is_some() => {
            let rights = if **name == *login.user { Rights::Owner } else { Rights::Read };
            resource(What::User((*name).to_owned()), rights)
        }
        ["principals", name] if world.is_group(name) => resource(What::Group((*name).to_owned()), Rights::Read),
        ["calendars"] => resource(What::Homes, Rights::Read),
        ["calendars", owner, rest @ ..] if world.user(owner).is_some() => below(world, login, owner, rest, &segments),
        _ => Found::Nowhere,
    }
}

fn below(world: &World, login: &Login, owner: &str, rest: &[&str], segments: &[&str]) -> Found {
    let is_owner = owner == login.user;
    let resource = |what, rights| Found::Resource(Resource { href: href(segments, true), what, rights });
    match rest {
        [] if is_owner => return resource(What::Home(owner.to_owned()), Rights::Owner),
        // A home with nothing in it for this user is as if it were not there.
        [] if world.children(&World::home_path(owner)).any(|child| Rights::of(world, login, child) > Rights::None) => {
            return resource(What::Home(owner.to_owned()), Rights::Read);
        }
        [OUTBOX] if is_owner => return resource(What::Outbox(owner.to_owned()), Rights::Owner),
        [INBOX] if is_owner => {
            let collection = world.collection(&World::inbox_path(owner)).cloned();
            return resource(What::Inbox(owner.to_owned(), collection), Rights::Owner);
        }
        _ => {}
    }
    let Some((first, inner)) = rest.split_first() else { return Found::Nowhere };
    let home = World::home_path(owner);
    let own = format!("{home}/{first}");
    let directory = match world.collection(&own) {
        // Whether there is what is not shared makes no difference.
        None if is_owner => shared_with(world, login, first).unwrap_or(own),
        _ => own,
    };
    inside(world, login, &home, directory, inner, segments)
}

/// The directory of what appears under this name in a home, since somebody shares it.
fn shared_with(world: &World, login: &Login, name: &str) -> Option<String> {
    let path = shared_path(name)?;
    let collection = world.collection(&path)?;
    (Rights::of(world, login, collection) > Rights::None).then_some(path)
}

/// Whether a name directly in a home is kept for what others share, so that nothing can stand in its place.
pub fn is_kept_for_shares(path: &Path) -> bool {
    matches!(path.segments.as_slice(), [first, _, name] if first == CALENDARS && name.contains(SHARED))
}

/// `bob~work` → `calendars/bob/work`.
fn shared_path(name: &str) -> Option<String> {
    let (owner, calendar) = name.split_once(SHARED)?;
    Some(format!("{}/{calendar}", World::home_path(owner)))
}

/// The name under which a collection appears in the home of somebody else.
pub fn shared_name(collection: &Collection) -> String {
    format!("{}{SHARED}{}", collection.owner(), collection.name())
}

fn inside(world: &World, login: &Login, home: &str, mut directory: String, inner: &[&str], segments: &[&str]) -> Found {
    let free = |directory: &str, parent: Option<&Arc<Collection>>, name: &str, rights: Rights| {
        if rights == Rights::None {
            return Found::Nowhere;
        }
        let (directory, name) = (directory.to_owned(), name.to_owned());
        Found::Free(Place { href: href(segments, false), directory, parent: parent.cloned(), name, rights })
    };
    let Some(mut collection) = world.collection(&directory) else {
        let is_owner = home == World::home_path(&login.user);
        let name = directory.rsplit('/').next().unwrap_or_default();
        return match inner {
            [] if name.contains(SHARED) => Found::Nowhere,
            [] => free(home, None, name, if is_owner { Rights::Owner } else { Rights::None }),
            _ => Found::Nowhere,
        };
    };
    for (at, name) in inner.iter().enumerate() {
        directory = format!("{directory}/{name}");
        if let Some(next) = world.collection(&directory) {
            collection = next;
            continue;
        }
        let rights = Rights::of(world, login, collection);
        if at + 1 < inner.len() {
            return Found::Nowhere;
        }
        return match collection.member(name) {
            Some(member) if may_see(rights, member) => {
                let what = What::Member(Arc::clone(collection), Arc::clone(member));
                Found::Resource(Resource { href: href(segments, false), what, rights })
            }
            // Somebody else's private event is there, and yet not to be seen or overwritten.
            Some(_) => Found::Nowhere,
            None => free(&collection.path, Some(collection), name, rights),
        };
    }
    match Rights::of(world, login, collection) {
        Rights::None => Found::Nowhere,
        rights => {
            let what = What::Collection(Arc::clone(collection));
            Found::Resource(Resource { href: href(segments, true), what, rights })
        }
    }
}

/// Whether a member is to be shown: what is private is its owner's only (RFC 5545 section 3.8.1.3).
pub fn may_see(rights: Rights, member: &Member) -> bool {
    match rights {
        Rights::Owner => true,
        Rights::Read | Rights::ReadWrite => !member.is_private(),
        Rights::FreeBusy | Rights::None => false,
    }
}

/// Whether of a member that is shown only the times are: what is confidential is its owner's.
pub fn is_hidden(member: &Member, rights: Rights) -> bool {
    let is_confidential = |object: &ical::CalendarObject| object.class() == ical::Class::Confidential;
    rights < Rights::Owner && member.object.as_deref().is_some_and(is_confidential)
}

/// What is directly inside a resource, for whoever may see it.
pub fn children(world: &World, login: &Login, resource: &Resource) -> Vec<Resource> {
    let inside = |name: &str, is_collection: bool| {
        let mut href = resource.href.clone();
        push_segment(&mut href, name);
        if is_collection {
            href.push('/');
        }
        href
    };
    match &resource.what {
        What::Root => ["principals", "calendars"]
            .into_iter()
            .zip([What::Principals, What::Homes])
            .map(|(name, what)| Resource { href: inside(name, true), what, rights: Rights::Read })
            .collect(),
        What::Principals => {
            let users = world.users().map(|(name, _)| What::User(name.to_owned()));
            let groups = world.groups().into_keys().filter(|name| world.user(name).is_none()).map(str::to_owned);
            let rights = |what: &What| match what {
                What::User(name) if *name == login.user => Rights::Owner,
                _ => Rights::Read,
            };
            let all = users.chain(groups.map(What::Group));
            all.map(|what| {
                let (What::User(name) | What::Group(name)) = &what else { unreachable!("principals are these two") };
                Resource { href: inside(name, true), rights: rights(&what), what }
            })
            .collect()
        }
        What::Homes => {
            let own = What::Home(login.user.clone());
            vec![Resource { href: inside(&login.user, true), what: own, rights: Rights::Owner }]
        }
        What::Home(owner) => home_children(world, login, resource, owner),
        What::Collection(collection) | What::Inbox(_, Some(collection)) => {
            let collections = world.children(&collection.path).filter_map(|child| {
                let rights = Rights::of(world, login, child);
                let what = What::Collection(Arc::clone(child));
                (rights > Rights::None).then(|| Resource { href: inside(child.name(), true), what, rights })
            });
            collections.chain(members(resource, collection)).collect()
        }
        What::User(_) | What::Group(_) | What::Outbox(_) | What::Inbox(_, None) | What::Member(..) => Vec::new(),
    }
}

/// The members of a collection that may be seen.
pub fn members<'a>(resource: &'a Resource, collection: &'a Arc<Collection>) -> impl Iterator<Item = Resource> + 'a {
    let visible = collection.members().filter(|member| may_see(resource.rights, member));
    visible.map(|member| member_resource(resource, collection, member))
}

/// A member as a resource.
pub fn member_resource(parent: &Resource, collection: &Arc<Collection>, member: &Arc<Member>) -> Resource {
    let mut href = String::with_capacity(parent.href.len() + member.name.len() + 8);
    href.push_str(&parent.href);
    push_segment(&mut href, &member.name);
    Resource { href, what: What::Member(Arc::clone(collection), Arc::clone(member)), rights: parent.rights }
}

fn home_children(world: &World, login: &Login, home: &Resource, owner: &str) -> Vec<Resource> {
    let is_owner = owner == login.user;
    let at = |name: &str, what: What, rights: Rights| {
        let mut href = home.href.clone();
        push_segment(&mut href, name);
        href.push('/');
        Resource { href, what, rights }
    };
    let mut children = Vec::new();
    for child in world.children(&World::home_path(owner)).filter(|child| child.name() != INBOX) {
        let rights = Rights::of(world, login, child);
        if rights > Rights::None {
            children.push(at(child.name(), What::Collection(Arc::clone(child)), rights));
        }
    }
    if is_owner {
        let others = world.collections().filter(|other| other.is_calendar() && other.owner() != owner);
        for other in others {
            let rights = Rights::of(world, login, other);
            if rights.can_read() {
                children.push(at(&shared_name(other), What::Collection(Arc::clone(other)), rights));
            }
        }
        let inbox = world.collection(&World::inbox_path(owner)).cloned();
        children.push(at(INBOX, What::Inbox(owner.to_owned(), inbox), Rights::Owner));
        children.push(at(OUTBOX, What::Outbox(owner.to_owned()), Rights::Owner));
    }
    children
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Server;

    #[test]
    fn what_is_not_shared_is_as_if_it_were_not_there() {
        let mut server = Server::of(&["alice", "bob"]);
        for request in ["PUT", "MKCALENDAR", "MKCOL", "GET", "PROPFIND", "DELETE", "LOCK"] {
            let mut answer = |name: &str| server.ask("alice", &format!("{request} /calendars/alice/{name}\n\n"));
            let (there, nowhere) = (answer("bob~work"), answer("bob~play"));
            assert_eq!((there.status, there.body), (nowhere.status, nowhere.body.replace("play", "work")), "{request}");
        }
        assert_eq!(server.ask("alice", "MKCALENDAR /calendars/alice/bob~play/\n\n").status, 403);
        assert_eq!(server.names("calendars/alice"), ["work"]);
    }

    #[test]
    fn paths() {
        let path = |text| Path::parse(text).unwrap();
        assert_eq!(path("/calendars/alice/").segments, ["calendars", "alice"]);
        assert_eq!(path("http://host:80/a%20b?x#y"), Path { segments: vec!["a b".to_owned()], slash: false });
        assert_eq!(path("//").segments.len(), 0);
        assert!(Path::parse("/a/%2e%2e/b").is_err());
        assert!(Path::parse("/a%00").is_err());
        assert_eq!(href(&["a b", "ü"], true), "/a%20b/%C3%BC/");
    }
}
