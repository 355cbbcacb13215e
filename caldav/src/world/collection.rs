//! A collection as one commit has it: its members by name, by UID and by time.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use gitstore::ObjectId;
use ical::CalendarObject;
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use super::spans::Spans;
use crate::repository::collection::CollectionFile;
use crate::repository::names::folded;

/// What a collection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Calendar object resources.
    Calendar,
    /// Scheduling messages (RFC 6638 section 2.2), of which several may have one UID.
    Inbox,
    /// Anything (RFC 4918).
    Plain,
}

/// A collection.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its directory in the repository.
    pub path: Arc<str>,
    /// What it is for.
    pub kind: Kind,
    /// What is known of it.
    pub file: Arc<CollectionFile>,
    /// The ID of its tree: another one when anything in it has changed.
    pub tree: Option<ObjectId>,
    /// The commit since which it is as it is, as far as this process knows.
    pub since: Option<ObjectId>,
    /// Octets of all members.
    pub octets: u64,
    members: RedBlackTreeMapSync<Arc<str>, Arc<Member>>,
    uids: HashTrieMapSync<Arc<str>, Arc<str>>,
    /// Folded names, where they are not the names themselves.
    folded: HashTrieMapSync<String, Arc<str>>,
    spans: Spans,
}

/// A file in a collection.
#[derive(Debug)]
pub struct Member {
    /// The name of the file.
    pub name: Arc<str>,
    /// The ID of its blob, which is its entity tag.
    pub id: ObjectId,
    /// What is in it.
    pub octets: Bytes,
    /// What that means, in a calendar.
    pub object: Option<Arc<CalendarObject>>,
}

impl Member {
    /// Whether it is its owner's only (RFC 5545 section 3.8.1.3).
    pub fn is_private(&self) -> bool {
        self.object.as_ref().is_some_and(|object| object.class() == ical::Class::Private)
    }
}

impl Collection {
    /// A collection without members.
    pub fn new(path: &str, kind: Kind) -> Collection {
        Collection {
            path: path.into(),
            kind,
            file: Arc::default(),
            tree: None,
            since: None,
            octets: 0,
            members: RedBlackTreeMapSync::default(),
            uids: HashTrieMapSync::default(),
            folded: HashTrieMapSync::default(),
            spans: Spans::default(),
        }
    }

    /// The user whose it is.
    pub fn owner(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether members are calendar objects.
    pub fn is_calendar(&self) -> bool {
        self.kind == Kind::Calendar
    }

    /// A member.
    pub fn member(&self, name: &str) -> Option<&Arc<Member>> {
        self.members.get(name)
    }

    /// All members, by name.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.size()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member with a UID.
    pub fn by_uid(&self, uid: &str) -> Option<&Arc<Member>> {
        self.uids.get(uid).and_then(|name| self.members.get(name))
    }

    /// Members that may have something in a range of time (unix seconds).
    pub fn overlapping(&self, range: Range<i64>) -> impl Iterator<Item = &Arc<Member>> {
        self.spans.overlapping(range)
    }

    /// Another member whose name a file system could not tell from this one.
    pub fn twin(&self, name: &str) -> Option<&Arc<Member>> {
        let folded = folded(name);
        let twin = self.folded.get(&folded).or_else(|| self.members.get_key_value(&*folded).map(|(name, _)| name))?;
        if **twin == *name { None } else { self.members.get(twin) }
    }

    pub(super) fn insert(&mut self, member: Member) {
        self.remove(&member.name);
        let member = Arc::new(member);
        self.octets += member.octets.len() as u64;
        if let Some(object) = member.object.as_ref().filter(|_| self.kind == Kind::Calendar) {
            self.uids.insert_mut(object.uid().into(), Arc::clone(&member.name));
        }
        let folded = folded(&member.name);
        if *folded != *member.name {
            self.folded.insert_mut(folded, Arc::clone(&member.name));
        }
        self.spans.insert(&member);
        self.members.insert_mut(Arc::clone(&member.name), member);
    }

    /// The UID of a member that is about to be another one is free for the others that change with it.
    pub(super) fn release_uid(&mut self, name: &str) {
        if let Some(uid) = self.members.get(name).and_then(|member| member.object.as_ref()).map(|object| object.uid())
            && self.uids.get(&*uid).is_some_and(|known| **known == *name)
        {
            self.uids.remove_mut(&*uid);
        }
    }

    /// A member that stays as it was has its UID again; where another one has it now, it makes way.
    pub(super) fn claim_uid(&mut self, name: &str) {
        let member = self.members.get(name);
        let named = member.and_then(|member| Some((member.object.as_ref()?.uid(), Arc::clone(&member.name))));
        let Some((uid, name)) = named.filter(|_| self.kind == Kind::Calendar) else { return };
        match self.uids.get(&*uid) {
            Some(holder) if *holder != name => self.remove(&name),
            Some(_) => {}
            None => self.uids.insert_mut(uid.into(), name),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let Some(member) = self.members.get(name).cloned() else { return };
        self.members.remove_mut(name);
        self.octets -= member.octets.len() as u64;
        if let Some(object) = &member.object
            && self.uids.get(&*object.uid()).is_some_and(|known| **known == *name)
        {
            self.uids.remove_mut(&*object.uid());
        }
        self.folded.remove_mut(&folded(name));
        self.spans.remove(&member);
    }
}
