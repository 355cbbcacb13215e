//! Who may do what (RFC 3744): shares as privileges, and privileges as XML.
//!
//! An owner may do everything in the own home; everybody else what the calendar's shares grant. An administrator
//! manages accounts and has no look into calendars.

use super::names::{CALDAV, DAV, Name};
use crate::repository::collection::{Access, Grantee, Share};
use crate::world::{Collection, World};

/// Somebody who has logged in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// May manage users and groups.
    pub administrator: bool,
    /// Has shown the password of one device: good for calendars, not for accounts.
    pub with_app_password: bool,
}

/// What somebody may do with a resource; each includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Nothing, not even know that it is there.
    None,
    /// Ask when its owner is busy.
    FreeBusy,
    /// Read what is not private.
    Read,
    /// Change members and properties.
    ReadWrite,
    /// Everything: rename, share, remove.
    Owner,
}

impl Rights {
    /// What a user may do with a collection and its members.
    pub fn of(world: &World, login: &Login, collection: &Collection) -> Rights {
        if collection.owner() == login.user {
            return Rights::Owner;
        }
        // What a removed user shared is out of reach, as the rest of the home is.
        if world.user(collection.owner()).is_none() {
            return Rights::None;
        }
        let granted = collection.file.shares.iter().filter(|share| includes(world, share, &login.user));
        match granted.map(|share| share.access).max() {
            None => Rights::None,
            Some(Access::FreeBusy) => Rights::FreeBusy,
            Some(Access::Read) => Rights::Read,
            Some(Access::ReadWrite) => Rights::ReadWrite,
        }
    }

    /// Whether contents may be seen.
    pub fn can_read(self) -> bool {
        self >= Rights::Read
    }

    /// Whether members may come, go and change.
    pub fn can_write(self) -> bool {
        self >= Rights::ReadWrite
    }

    /// The privileges that are granted, those contained in others included (RFC 3744 section 5.5).
    pub fn privileges(self) -> Vec<Name<'static>> {
        let granted: &[Name<'_>] = match self {
            Rights::None => &[],
            Rights::FreeBusy => &[(CALDAV, "read-free-busy"), (DAV, "read-current-user-privilege-set")],
            Rights::Read => &[(DAV, "read")],
            Rights::ReadWrite => &[(DAV, "read"), (DAV, "write"), (DAV, "unlock")],
            Rights::Owner => &[(DAV, "all")],
        };
        let mut all = Vec::new();
        granted.iter().for_each(|name| aggregate(*name, &mut all));
        all
    }
}

/// What would change the members of a calendar that comes from elsewhere, alone or with other privileges.
const OF_WRITERS: [Name<'static>; 5] =
    [(DAV, "all"), (DAV, "write"), (DAV, "write-content"), (DAV, "bind"), (DAV, "unbind")];

/// The privileges on a collection and its members; nobody writes into a subscription.
pub fn privileges_on(collection: &Collection, rights: Rights) -> Vec<Name<'static>> {
    let mut privileges = rights.privileges();
    privileges.retain(|name| collection.file.source.is_none() || !OF_WRITERS.contains(name));
    privileges
}

/// A privilege and what it contains (RFC 3744 section 5.3).
#[derive(Debug)]
pub struct Privilege {
    /// Its name.
    pub name: Name<'static>,
    /// In words.
    pub description: &'static str,
    /// Can it be granted by itself?
    pub is_abstract: bool,
    /// Those it contains.
    pub contains: &'static [Privilege],
}

const fn part(name: Name<'static>, description: &'static str) -> Privilege {
    Privilege { name, description, is_abstract: true, contains: &[] }
}

/// All privileges.
pub static ALL: Privilege = Privilege {
    name: (DAV, "all"),
    description: "everything",
    is_abstract: true,
    contains: &[
        Privilege {
            name: (DAV, "read"),
            description: "read what is not private",
            is_abstract: false,
            contains: &[
                Privilege {
                    name: (CALDAV, "read-free-busy"),
                    description: "ask when the owner is busy",
                    is_abstract: false,
                    contains: &[],
                },
                part((DAV, "read-current-user-privilege-set"), "ask what is allowed"),
            ],
        },
        Privilege {
            name: (DAV, "write"),
            description: "change events and properties",
            is_abstract: false,
            contains: &[
                part((DAV, "write-properties"), "change properties"),
                part((DAV, "write-content"), "change events"),
                part((DAV, "bind"), "add events"),
                part((DAV, "unbind"), "remove events"),
            ],
        },
        part((DAV, "unlock"), "remove locks of others"),
        part((DAV, "read-acl"), "see with whom it is shared"),
        part((DAV, "write-acl"), "share"),
    ],
};

/// Those of a scheduling inbox or outbox (RFC 6638 section 6), beside the ones everywhere.
pub const SCHEDULING: [Name<'static>; 8] = [
    (CALDAV, "schedule-deliver"),
    (CALDAV, "schedule-deliver-invite"),
    (CALDAV, "schedule-deliver-reply"),
    (CALDAV, "schedule-query-freebusy"),
    (CALDAV, "schedule-send"),
    (CALDAV, "schedule-send-invite"),
    (CALDAV, "schedule-send-reply"),
    (CALDAV, "schedule-send-freebusy"),
];

fn aggregate(name: Name<'static>, all: &mut Vec<Name<'static>>) {
    fn find(within: &'static Privilege, name: Name<'_>) -> Option<&'static Privilege> {
        if within.name == name {
            return Some(within);
        }
        within.contains.iter().find_map(|inner| find(inner, name))
    }
    fn add(privilege: &'static Privilege, all: &mut Vec<Name<'static>>) {
        if !all.contains(&privilege.name) {
            all.push(privilege.name);
        }
        privilege.contains.iter().for_each(|inner| add(inner, all));
    }
    match find(&ALL, name) {
        Some(privilege) => add(privilege, all),
        None => all.push(name),
    }
}

fn includes(world: &World, share: &Share, user: &str) -> bool {
    match &share.grantee {
        Grantee::User(name) => name == user,
        Grantee::Everyone => true,
        Grantee::Group(group) => world.user(user).is_some_and(|user| user.groups.iter().any(|member| member == group)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Server;

    #[test]
    fn nobody_writes_into_a_subscription() {
        let mut server = Server::of_files(&[
            ("users/alice.toml", ""),
            ("calendars/alice/feed/.calendar.toml", "source = 'https://example.com/'"),
        ]);
        let asked = "<propfind xmlns='DAV:'><prop><current-user-privilege-set/></prop></propfind>";
        let reply = server.ask("alice", &format!("PROPFIND /calendars/alice/feed/\nDepth: 0\n\n{asked}")).body;
        let has = |name: &str| reply.contains(&format!(":{name}/>")) || reply.contains(&format!("<{name}/>"));
        for name in ["read", "write-properties", "read-acl", "write-acl", "unlock", "read-current-user-privilege-set"] {
            assert!(has(name), "{name} in {reply}");
        }
        for name in ["all", "write", "write-content", "bind", "unbind"] {
            assert!(!has(name), "{name} in {reply}");
        }
    }

    #[test]
    fn privileges_are_aggregated() {
        let names = |rights: Rights| rights.privileges().iter().map(|(_, name)| *name).collect::<Vec<_>>();
        assert_eq!(names(Rights::Read), ["read", "read-free-busy", "read-current-user-privilege-set"]);
        assert!(names(Rights::ReadWrite).contains(&"bind") && !names(Rights::ReadWrite).contains(&"write-acl"));
        assert!(names(Rights::Owner).contains(&"write-acl"));
        assert!(Rights::ReadWrite.can_read() && !Rights::Read.can_write() && !Rights::FreeBusy.can_read());
    }
}
