//! The objects that we hold and the remote has: an index, not an owner.
//!
//! Snapshots own their trees, trees their children. The index refers to them weakly, so that what no snapshot reaches
//! is freed at once; the dead references are swept when they are as many as the living.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use gix_hash::ObjectId;

use super::commit::Commit;
use super::pack_reader::Unpacked;
use super::resolver::{Bases, Known};
use super::tree::{Child, Directory, Entry};
use super::tree_octets::{self, RawEntry};
use super::{Blob, Content, Kind};
use crate::Limits;
use crate::error::ObjectError;

const SWEEP_FLOOR: usize = 1024;

/// The index of living objects.
#[derive(Default)]
pub(crate) struct Database {
    held: HashMap<ObjectId, Held>,
    /// Commits whose octets a delta may refer to: the tips.
    commits: HashMap<ObjectId, Weak<Commit>>,
    sweep_at: usize,
}

enum Held {
    Directory(Weak<Directory>),
    Blob(Weak<Blob>),
}

impl Database {
    pub(crate) fn directory(&self, id: &ObjectId) -> Option<Arc<Directory>> {
        match self.held.get(id)? {
            Held::Directory(directory) => directory.upgrade(),
            Held::Blob(_) => None,
        }
    }

    fn blob(&self, id: &ObjectId) -> Option<Arc<Blob>> {
        match self.held.get(id)? {
            Held::Blob(blob) => blob.upgrade(),
            Held::Directory(_) => None,
        }
    }

    /// Does the remote have this object, for all we know?
    pub(crate) fn contains(&self, id: &ObjectId) -> bool {
        self.held.get(id).is_some_and(|held| match held {
            Held::Directory(directory) => directory.strong_count() > 0,
            Held::Blob(blob) => blob.strong_count() > 0,
        })
    }

    pub(crate) fn insert_commit(&mut self, commit: &Arc<Commit>) {
        self.commits.retain(|_, held| held.strong_count() > 0);
        self.commits.insert(commit.info.id, Arc::downgrade(commit));
    }

    pub(crate) fn insert(&mut self, child: &Child) {
        match child {
            Child::Directory(directory) => {
                self.held.insert(directory.id(), Held::Directory(Arc::downgrade(directory)));
            }
            Child::Blob(blob) => {
                self.held.insert(blob.id, Held::Blob(Arc::downgrade(blob)));
            }
            Child::Submodule(_) => {}
        }
        self.sweep();
    }

    /// Drops the dead references once they may be as many as the living, so that it costs little per insertion.
    fn sweep(&mut self) {
        if self.held.len() < self.sweep_at.max(SWEEP_FLOOR) {
            return;
        }
        self.held.retain(|_, held| match held {
            Held::Directory(directory) => directory.strong_count() > 0,
            Held::Blob(blob) => blob.strong_count() > 0,
        });
        self.sweep_at = self.held.len() * 2;
    }

    /// Builds the tree `id` from what a packfile brought and what is here already.
    pub(crate) fn adopt(
        &mut self,
        id: ObjectId,
        unpacked: &Unpacked,
        limits: &Limits,
    ) -> Result<Arc<Directory>, ObjectError> {
        let directory = self.adopt_directory(id, unpacked, limits, 1)?;
        if directory.paths() > limits.paths {
            return Err(ObjectError::Limit("the number of files"));
        }
        if directory.depth() > limits.tree_depth {
            return Err(ObjectError::Limit("the depth of directories"));
        }
        Ok(directory)
    }

    fn adopt_directory(
        &mut self,
        id: ObjectId,
        unpacked: &Unpacked,
        limits: &Limits,
        depth: u32,
    ) -> Result<Arc<Directory>, ObjectError> {
        if let Some(directory) = self.directory(&id) {
            return Ok(directory);
        }
        if depth > limits.tree_depth {
            return Err(ObjectError::Limit("the depth of directories"));
        }
        if id.is_empty_tree() {
            return Ok(Directory::empty());
        }
        let Some((Kind::Tree, octets)) = unpacked.objects.get(&id) else {
            return Err(ObjectError::Missing(id));
        };
        let mut entries = Vec::new();
        for raw in tree_octets::decode(id, octets)? {
            let child = self.adopt_child(&raw, unpacked, limits, depth)?;
            entries.push(Entry { mode: raw.mode, name: raw.name.into(), child });
        }
        let directory = Arc::new(Directory::foreign(id, octets, entries));
        self.insert(&Child::Directory(directory.clone()));
        Ok(directory)
    }

    fn adopt_child(
        &mut self,
        raw: &RawEntry<'_>,
        unpacked: &Unpacked,
        limits: &Limits,
        depth: u32,
    ) -> Result<Child, ObjectError> {
        if raw.is_submodule() {
            return Ok(Child::Submodule(raw.id));
        }
        if raw.is_directory() {
            return self.adopt_directory(raw.id, unpacked, limits, depth + 1).map(Child::Directory);
        }
        if let Some(blob) = self.blob(&raw.id) {
            return Ok(Child::Blob(blob));
        }
        let content = match unpacked.objects.get(&raw.id) {
            Some((Kind::Blob, octets)) => Content::Kept(octets.clone()),
            Some(_) => return Err(ObjectError::Tree { id: raw.id, reason: "a file is no blob" }),
            None if raw.id.is_empty_blob() => Content::Kept(Bytes::new()),
            None if unpacked.lost || unpacked.too_large.contains(&raw.id) => Content::TooLarge,
            None => return Err(ObjectError::Missing(raw.id)),
        };
        let child = Child::Blob(Arc::new(Blob { id: raw.id, content }));
        self.insert(&child);
        Ok(child)
    }
}

impl Bases for Database {
    fn look_up(&self, id: &ObjectId) -> Known {
        if let Some(commit) = self.commits.get(id).and_then(Weak::upgrade) {
            return Known::Object(Kind::Commit, commit.octets.clone());
        }
        if let Some(directory) = self.directory(id) {
            return Known::Object(Kind::Tree, directory.octets());
        }
        match self.blob(id).as_deref() {
            Some(Blob { content: Content::Kept(octets), .. }) => Known::Object(Kind::Blob, octets.clone()),
            Some(Blob { content: Content::TooLarge, .. }) => Known::TooLarge,
            None => Known::Unknown,
        }
    }
}
