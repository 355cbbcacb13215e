//! What one commit says, parsed and indexed: users, groups, collections and their members.
//!
//! A world is a value. The next one is made from it and the paths that a commit changed ([`World::advance`]), shares
//! with it whatever did not change, and costs what the change costs. Readers use the published one; a write is decided
//! on the world of the very tree that its commit will stand on.

mod advance;
mod collection;
mod journal;
mod published;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use gitstore::{ObjectId, Snapshot};
use rpds::RedBlackTreeMapSync;

pub use advance::{Advance, Parser};
pub use collection::{Collection, Kind, Member};
pub use journal::{Change, Changed, Journal, Since};
pub use published::{Published, Step};

use crate::repository::FileError;
use crate::repository::group::Group;
use crate::repository::user::User;

/// The folder of all calendars.
pub const CALENDARS: &str = "calendars";
/// The name of each inbox.
pub const INBOX: &str = "inbox";

/// A file that cannot be read, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The blob.
    pub id: ObjectId,
    /// What is wrong.
    pub error: FileError,
}

/// What one commit says.
#[derive(Clone, Debug)]
pub struct World {
    snapshot: Snapshot,
    users: Arc<BTreeMap<String, Arc<User>>>,
    groups: Arc<BTreeMap<String, Group>>,
    collections: RedBlackTreeMapSync<Arc<str>, Arc<Collection>>,
    broken: Arc<BTreeMap<String, Broken>>,
}

impl World {
    /// Of a repository without files.
    pub fn empty() -> World {
        World {
            snapshot: Snapshot::of_files::<&str>([]).expect("no file has a bad path"),
            users: Arc::default(),
            groups: Arc::default(),
            collections: RedBlackTreeMapSync::default(),
            broken: Arc::default(),
        }
    }

    /// The files.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The commit; none while there is none.
    pub fn commit(&self) -> Option<ObjectId> {
        self.snapshot.commit()
    }

    /// A user.
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// All users.
    pub fn users(&self) -> impl Iterator<Item = (&str, &Arc<User>)> {
        self.users.iter().map(|(name, user)| (name.as_str(), user))
    }

    /// All groups, those included that only users name.
    pub fn groups(&self) -> BTreeMap<&str, Option<&Group>> {
        let mut groups: BTreeMap<&str, Option<&Group>> =
            self.groups.iter().map(|(name, group)| (name.as_str(), Some(group))).collect();
        for name in self.users.values().flat_map(|user| &user.groups) {
            groups.entry(name).or_insert(None);
        }
        groups
    }

    /// Whether there is such a group.
    pub fn is_group(&self, name: &str) -> bool {
        self.groups.contains_key(name) || self.users.values().any(|user| user.groups.iter().any(|group| group == name))
    }

    /// The users in a group.
    pub fn members_of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a str> {
        self.users().filter(move |(_, user)| user.groups.iter().any(|name| name == group)).map(|(name, _)| name)
    }

    /// The collection in a directory.
    pub fn collection(&self, path: &str) -> Option<&Arc<Collection>> {
        self.collections.get(path)
    }

    /// All collections.
    pub fn collections(&self) -> impl Iterator<Item = &Arc<Collection>> {
        self.collections.values()
    }

    /// The collections directly below a directory.
    pub fn children<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Arc<Collection>> {
        let prefix = format!("{path}/");
        self.below(path).filter(move |child| !child.path[prefix.len()..].contains('/'))
    }

    /// The collections below a directory, parents first.
    pub fn below<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a Arc<Collection>> {
        // The octet after the slash.
        let (first, last): (Arc<str>, Arc<str>) = (format!("{path}/").into(), format!("{path}0").into());
        self.collections.range(first..last).map(|(_, collection)| collection)
    }

    /// Files that cannot be read, by path.
    pub fn broken(&self) -> &BTreeMap<String, Broken> {
        &self.broken
    }

    /// The directory of a user's calendars.
    pub fn home_path(owner: &str) -> String {
        format!("{CALENDARS}/{owner}")
    }

    /// The directory of a user's scheduling messages.
    pub fn inbox_path(owner: &str) -> String {
        format!("{CALENDARS}/{owner}/{INBOX}")
    }
}
