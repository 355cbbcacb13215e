//! Write locks (RFC 4918 sections 6 and 7). They live in memory and end with the process: a client that finds its lock
//! gone asks for another, and what protects from lost updates are entity tags.

use std::collections::BTreeMap;

use super::names::DAV;
use super::xml::Writer;
use crate::error::Error;

/// The longest time a lock is given, in seconds.
pub const LONGEST: u64 = 3600;
/// Locks at the same time, of one user.
const MOST: usize = 1000;

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The path in the repository that it is on.
    pub path: String,
    /// The path in URLs.
    pub href: String,
    /// Whether it holds for all that is below.
    pub is_deep: bool,
    /// Whether there can be no other.
    pub is_exclusive: bool,
    /// What the client says of itself, as XML.
    pub owner: String,
    /// Who has it.
    pub user: String,
    /// When it ends, in unix seconds.
    pub expires: u64,
}

/// All locks, by token.
#[derive(Clone, Debug, Default)]
pub struct Locks(BTreeMap<String, Lock>);

/// A change of the table. It is made on the table as it is by then, so that two requests do not undo each other's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// A new lock, under a token.
    Add(String, Lock),
    /// More time, until then.
    Refresh(String, u64),
    /// The end of one.
    Remove(String),
    /// The end of those on a path and below it, since nothing is there any more.
    RemoveAt(String),
}

/// What a change touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The resource itself.
    Itself,
    /// The resource, all below it, and that it is a member of its collection.
    Existence,
}

impl Locks {
    /// Those that hold for a path.
    pub fn on<'a>(&'a self, path: &'a str, now: u64) -> impl Iterator<Item = (&'a str, &'a Lock)> {
        self.valid(now).filter(move |(_, lock)| lock.path == path || lock.is_deep && is_below(path, &lock.path))
    }

    /// A lock by its token.
    pub fn get(&self, token: &str, now: u64) -> Option<&Lock> {
        self.0.get(token).filter(|lock| lock.expires > now)
    }

    /// Makes a change; only a new lock can be refused.
    pub fn apply(&mut self, change: &LockChange, now: u64) -> Result<(), Error> {
        match change {
            LockChange::Add(token, lock) => self.add(token.clone(), lock.clone(), now)?,
            LockChange::Refresh(token, expires) => {
                self.0.entry(token.clone()).and_modify(|lock| lock.expires = *expires);
            }
            LockChange::Remove(token) => drop(self.0.remove(token)),
            LockChange::RemoveAt(path) => self.0.retain(|_, lock| lock.path != *path && !is_below(&lock.path, path)),
        }
        Ok(())
    }

    /// Adds one, if the others let it be.
    fn add(&mut self, token: String, lock: Lock, now: u64) -> Result<(), Error> {
        self.0.retain(|_, lock| lock.expires > now);
        let collides = |other: &Lock| other.is_exclusive || lock.is_exclusive;
        let below = self.valid(now).filter(|(_, other)| lock.is_deep && is_below(&other.path, &lock.path));
        if let Some((_, other)) = self.on(&lock.path, now).chain(below).find(|(_, other)| collides(other)) {
            return Err(Error::Locked { href: other.href.clone() });
        }
        if self.0.values().filter(|other| other.user == lock.user).count() >= MOST {
            return Err(Error::TooLarge(format!("more than {MOST} locks of one user")));
        }
        self.0.insert(token, lock);
        Ok(())
    }

    /// Whether a user who submitted these tokens may make a change.
    pub fn permit(&self, path: &str, touch: Touch, tokens: &[&str], user: &str, now: u64) -> Result<(), Error> {
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        let concerned = self.valid(now).filter(|(_, lock)| {
            let itself = lock.path == path || lock.is_deep && is_below(path, &lock.path);
            itself || touch == Touch::Existence && (is_below(&lock.path, path) || lock.path == above)
        });
        let mut locked: BTreeMap<&str, (bool, &Lock)> = BTreeMap::new();
        for (token, lock) in concerned {
            let has = tokens.contains(&token) && lock.user == user;
            let entry = locked.entry(&lock.path).or_insert((false, lock));
            entry.0 |= has;
        }
        match locked.values().find(|(permitted, _)| !permitted) {
            Some((_, lock)) => Err(Error::Locked { href: lock.href.clone() }),
            None => Ok(()),
        }
    }

    fn valid(&self, now: u64) -> impl Iterator<Item = (&str, &Lock)> {
        self.0.iter().filter(move |(_, lock)| lock.expires > now).map(|(token, lock)| (token.as_str(), lock))
    }
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

impl Lock {
    /// `DAV:activelock`
    pub fn write(&self, token: &str, now: u64, xml: &mut Writer) {
        let element = |name: &'static str| (DAV, name);
        xml.start(element("activelock"));
        wrapped(xml, "locktype", |xml| xml.empty(element("write")));
        wrapped(xml, "lockscope", |xml| xml.empty(element(if self.is_exclusive { "exclusive" } else { "shared" })));
        xml.leaf(element("depth"), if self.is_deep { "infinity" } else { "0" });
        if !self.owner.is_empty() {
            wrapped(xml, "owner", |xml| xml.raw(&self.owner));
        }
        xml.leaf(element("timeout"), &format!("Second-{}", self.expires.saturating_sub(now)));
        wrapped(xml, "locktoken", |xml| xml.href(token));
        wrapped(xml, "lockroot", |xml| xml.href(&self.href));
        xml.end(element("activelock"));
    }
}

fn wrapped(xml: &mut Writer, name: &'static str, inside: impl FnOnce(&mut Writer)) {
    xml.start((DAV, name));
    inside(xml);
    xml.end((DAV, name));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(path: &str, is_deep: bool, is_exclusive: bool) -> Lock {
        let href = format!("/{path}");
        Lock {
            path: path.to_owned(),
            href,
            is_deep,
            is_exclusive,
            owner: String::new(),
            user: "a".to_owned(),
            expires: 10,
        }
    }

    #[test]
    fn locks_keep_others_out() {
        let mut locks = Locks::default();
        locks.add("t1".to_owned(), lock("c/a", true, true), 0).unwrap();
        assert!(locks.add("t2".to_owned(), lock("c/a/x", false, false), 0).is_err());
        assert!(locks.add("t2".to_owned(), lock("c", true, false), 0).is_err());
        locks.add("t3".to_owned(), lock("c/b", false, false), 0).unwrap();
        locks.add("t4".to_owned(), lock("c/b", false, false), 0).unwrap();
        let permit = |path, touch, tokens: &[&str], user| locks.permit(path, touch, tokens, user, 5).is_ok();
        assert!(!permit("c/a/x", Touch::Itself, &[], "a") && permit("c/a/x", Touch::Itself, &["t1"], "a"));
        assert!(!permit("c/a/x", Touch::Itself, &["t1"], "b"), "a token is of no use to others");
        assert!(permit("c/b", Touch::Itself, &["t4"], "a"), "one of the shared locks is enough");
        assert!(!permit("c", Touch::Existence, &["t3"], "a") && permit("c", Touch::Itself, &[], "a"));
        assert!(!permit("c/b/new", Touch::Existence, &[], "a"), "it would be a new member of what is locked");
        assert!(locks.permit("c/a", Touch::Itself, &[], "b", 10).is_ok(), "its time is over");
        locks.apply(&LockChange::RemoveAt("c/a".to_owned()), 5).unwrap();
        assert_eq!(locks.on("c/a/x", 5).count(), 0);
    }
}
