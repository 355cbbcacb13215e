//! An immutable view of the files of one commit; cheap to clone, and to compare with another.

use std::sync::Arc;

use bytes::Bytes;
use gix_hash::ObjectId;

use crate::edit::Edit;
use crate::error::{ReadError, lossy};
use crate::object::commit::{Commit, CommitInfo};
use crate::object::tree::{Child, Directory, Entry as TreeEntry, MODE_EXECUTABLE, MODE_SYMLINK};
use crate::path;

/// The files of one commit, or of no commit yet.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) commit: Option<Arc<Commit>>,
    pub(crate) root: Arc<Directory>,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name; octets that are no UTF-8 are replaced.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// The blob, tree or foreign commit.
    pub id: ObjectId,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A file.
    File,
    /// A file that may be executed.
    Executable,
    /// A directory.
    Directory,
    /// A symbolic link; it is never followed.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

/// A file that differs between two snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    /// The path from the root.
    pub path: String,
    /// What it was, if it was.
    pub before: Option<(EntryKind, ObjectId)>,
    /// What it is, if it is.
    pub after: Option<(EntryKind, ObjectId)>,
}

impl Snapshot {
    /// A repository without commits.
    pub(crate) fn empty() -> Snapshot {
        Snapshot { commit: None, root: Directory::empty() }
    }

    /// A tree of these files, of no commit and no repository: for tools and tests.
    pub fn of_files<P: AsRef<str>>(files: impl IntoIterator<Item = (P, Bytes)>) -> Result<Snapshot, ReadError> {
        let mut edit = Edit::new(Snapshot::empty(), String::new());
        for (path, octets) in files {
            edit.write(path.as_ref(), octets)?;
        }
        Ok(edit.tree())
    }

    /// Changes to these files that no remote hears of: for tools and tests.
    pub fn edit(&self) -> Edit {
        Edit::new(self.clone(), String::new())
    }

    /// The commit; nothing while the branch has none.
    pub fn commit(&self) -> Option<ObjectId> {
        self.commit.as_ref().map(|commit| commit.info.id)
    }

    /// Author, message and parents of the commit.
    pub fn commit_info(&self) -> Option<&CommitInfo> {
        self.commit.as_ref().map(|commit| &commit.info)
    }

    /// The tree of all files.
    pub fn tree_id(&self) -> ObjectId {
        self.root.id()
    }

    /// A file's content, shared, not copied.
    pub fn read(&self, path: &str) -> Result<Bytes, ReadError> {
        let entry = find(&self.root, path)?;
        match &entry.child {
            Child::Blob(blob) => blob.octets().cloned().ok_or_else(|| ReadError::TooLarge(path.to_owned())),
            Child::Directory(_) | Child::Submodule(_) => Err(ReadError::NotAFile(path.to_owned())),
        }
    }

    /// What is at a path, and under which ID; the entity tag of a file, so to speak.
    pub fn entry(&self, path: &str) -> Option<(EntryKind, ObjectId)> {
        find(&self.root, path).ok().map(kind_and_id)
    }

    /// The names in a directory (the root is the empty path), in git's order; nothing if there is no such directory.
    pub fn list(&self, directory: &str) -> Vec<Entry> {
        find_directory(&self.root, directory).map_or(Vec::new(), |found| entries(&found))
    }

    /// The files that differ from `before`, through all directories. The cost is that of the difference.
    pub fn changed_paths(&self, before: &Snapshot) -> Vec<ChangedPath> {
        let mut changes = Vec::new();
        compare(&before.root, &self.root, "", &mut changes);
        changes
    }
}

pub(crate) fn entries(directory: &Directory) -> Vec<Entry> {
    let visible = directory.entries().filter(|entry| path::is_plain(&entry.name));
    visible.map(|entry| Entry { name: lossy(&entry.name), kind: kind(entry), id: entry.id() }).collect()
}

pub(crate) fn find<'a>(root: &'a Directory, path: &str) -> Result<&'a TreeEntry, ReadError> {
    let missing = || ReadError::NotFound(path.to_owned());
    let parts = path::parts(path)?;
    let (last, above) = parts.split_last().ok_or_else(|| ReadError::NotAFile(path.to_owned()))?;
    let mut directory = root;
    for part in above {
        match directory.find(part.as_bytes()).map(|entry| &entry.child) {
            Some(Child::Directory(next)) => directory = next,
            _ => return Err(missing()),
        }
    }
    directory.find(last.as_bytes()).ok_or_else(missing)
}

pub(crate) fn find_directory(root: &Arc<Directory>, path: &str) -> Option<Arc<Directory>> {
    if path.is_empty() {
        return Some(root.clone());
    }
    match &find(root, path).ok()?.child {
        Child::Directory(directory) => Some(directory.clone()),
        _ => None,
    }
}

pub(crate) fn kind(entry: &TreeEntry) -> EntryKind {
    match (&entry.child, entry.mode) {
        (Child::Directory(_), _) => EntryKind::Directory,
        (Child::Submodule(_), _) => EntryKind::Submodule,
        (Child::Blob(_), MODE_SYMLINK) => EntryKind::Symlink,
        (Child::Blob(_), MODE_EXECUTABLE) => EntryKind::Executable,
        (Child::Blob(_), _) => EntryKind::File,
    }
}

fn kind_and_id(entry: &TreeEntry) -> (EntryKind, ObjectId) {
    (kind(entry), entry.id())
}

fn compare(before: &Directory, after: &Directory, prefix: &str, changes: &mut Vec<ChangedPath>) {
    if before.id() == after.id() {
        return;
    }
    Directory::differences(before, after, |old, new| {
        let Some(name) = old.or(new).map(|entry| &entry.name).filter(|name| path::is_plain(name)) else { return };
        let path = if prefix.is_empty() { lossy(name) } else { format!("{prefix}/{}", lossy(name)) };
        let nothing = Directory::empty();
        let inside = |entry: Option<&TreeEntry>| match entry.map(|entry| &entry.child) {
            Some(Child::Directory(directory)) => Some(directory.clone()),
            _ => None,
        };
        let (old_directory, new_directory) = (inside(old), inside(new));
        if old_directory.is_some() || new_directory.is_some() {
            compare(
                old_directory.as_ref().unwrap_or(&nothing),
                new_directory.as_ref().unwrap_or(&nothing),
                &path,
                changes,
            );
        }
        let file = |entry: Option<&TreeEntry>| entry.filter(|entry| !entry.is_directory()).map(kind_and_id);
        let (before, after) = (file(old), file(new));
        if before.is_some() || after.is_some() {
            changes.push(ChangedPath { path, before, after });
        }
    });
}
