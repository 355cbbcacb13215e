//! Changes to a snapshot, and the objects that they make.
//!
//! Content is hashed once, when the tree is asked for or the edit ends. Where a change is told as splices, the delta
//! for the remote is made from them; a file written whole is compared with what it was only when it is sent.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use gix_hash::ObjectId;

use crate::error::ReadError;
use crate::object::Blob;
use crate::object::delta::Pieces;
use crate::object::tree::{Child, Directory, MODE_DIRECTORY, MODE_EXECUTABLE, MODE_FILE, NameChange};
use crate::path;
use crate::snapshot::{self, Entry, Snapshot};

/// A range of a text and what shall stand there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Octets of the present text; empty to insert.
    pub range: Range<usize>,
    /// What takes their place.
    pub replacement: Bytes,
}

/// A tree that is being changed: what the commit will stand on, and the changes so far.
#[derive(Debug)]
pub struct Edit {
    base: Snapshot,
    root: ChangedDirectory,
    message: String,
    built: Option<Built>,
}

#[derive(Debug, Default)]
struct ChangedDirectory {
    base: Option<Arc<Directory>>,
    changes: BTreeMap<Vec<u8>, Node>,
}

#[derive(Debug)]
enum Node {
    Removed,
    File(ChangedFile),
    Directory(ChangedDirectory),
}

#[derive(Debug)]
struct ChangedFile {
    mode: u32,
    octets: Bytes,
    origin: Option<Arc<Blob>>,
    /// The text as runs of the origin, if all changes were told as splices.
    pieces: Option<Pieces>,
    blob: Option<Arc<Blob>>,
}

/// An object that the remote does not have yet.
#[derive(Clone, Debug)]
pub(crate) struct NewObject {
    pub(crate) child: Child,
    pub(crate) delta: Option<DeltaSource>,
}

/// From what a delta can be made.
#[derive(Clone, Debug)]
pub(crate) enum DeltaSource {
    Pieces {
        base: ObjectId,
        base_length: usize,
        pieces: Pieces,
    },
    /// The two have to be compared.
    Search {
        base: Arc<Blob>,
    },
}

/// A finished edit.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) root: Arc<Directory>,
    pub(crate) objects: Vec<NewObject>,
}

impl Edit {
    pub(crate) fn new(base: Snapshot, message: String) -> Edit {
        let root = ChangedDirectory { base: Some(base.root.clone()), changes: BTreeMap::new() };
        Edit { base, root, message, built: None }
    }

    /// The tree before the changes.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// A file's content, with the changes so far.
    pub fn read(&self, path: &str) -> Result<Bytes, ReadError> {
        match self.look_up(path)? {
            Found::File(file) => Ok(file.octets.clone()),
            Found::Base(directory, rest) => {
                Snapshot { commit: None, root: directory }.read(&rest).map_err(|error| rename(error, path))
            }
            Found::Directory(_) => Err(ReadError::NotAFile(path.to_owned())),
            Found::Nothing => Err(ReadError::NotFound(path.to_owned())),
        }
    }

    /// The names in a directory, with the changes so far.
    pub fn list(&mut self, directory: &str) -> Vec<Entry> {
        self.tree().list(directory)
    }

    /// Writes a whole file; directories come into being as needed, and an executable file stays one.
    pub fn write(&mut self, path: &str, octets: impl Into<Bytes>) -> Result<(), ReadError> {
        let octets = octets.into();
        let origin = self.base_blob(path)?;
        let mode = self.mode(path)?;
        self.place(path, ChangedFile { mode, octets, origin, pieces: None, blob: None })
    }

    /// Replaces parts of a file: ranges of its present text, ascending and apart from each other.
    pub fn splice(&mut self, path: &str, splices: &[Splice]) -> Result<(), ReadError> {
        let text = self.read(path)?;
        check(splices, text.len()).ok_or_else(|| ReadError::BadSplice(path.to_owned()))?;
        let origin = self.base_blob(path)?;
        let before = match (self.look_up(path)?, &origin) {
            (Found::File(file), _) => file.pieces.clone(),
            (_, Some(_)) => Some(Pieces::whole(text.len())),
            _ => None,
        };
        let pieces = before.map(|pieces| pieces.splice(splices));
        let mode = self.mode(path)?;
        let octets = apply(&text, splices);
        self.place(path, ChangedFile { mode, octets, origin, pieces, blob: None })
    }

    /// Removes a file, or a directory with all that is in it.
    pub fn remove(&mut self, path: &str) -> Result<(), ReadError> {
        let missing = || ReadError::NotFound(path.to_owned());
        let exists = match self.look_up(path)? {
            Found::File(_) => true,
            Found::Directory(directory) => !directory.is_empty(),
            Found::Base(directory, rest) => rest.is_empty() || snapshot::find(&directory, &rest).is_ok(),
            Found::Nothing => false,
        };
        if !exists {
            return Err(missing());
        }
        let parts = path::parts(path)?;
        let Some((last, above)) = parts.split_last() else { return Err(missing()) };
        self.built = None;
        self.root.enter(above)?.changes.insert(last.as_bytes().to_vec(), Node::Removed);
        Ok(())
    }

    /// The commit's message so far.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Replaces the commit's message.
    pub fn set_message(&mut self, message: impl Into<String>) {
        self.message = message.into();
    }

    /// The tree as it is now. What is made for it is kept, so that the end of the edit does not make it again.
    pub fn tree(&mut self) -> Snapshot {
        let built = match self.built.take() {
            Some(built) => built,
            None => self.build(),
        };
        let root = built.root.clone();
        self.built = Some(built);
        Snapshot { commit: None, root }
    }

    /// Ends the edit; nothing if it changed nothing.
    pub(crate) fn finish(mut self) -> Option<(Built, String)> {
        let built = match self.built.take() {
            Some(built) => built,
            None => self.build(),
        };
        (built.root.id() != self.base.root.id()).then_some((built, self.message))
    }

    fn build(&mut self) -> Built {
        let mut objects = Vec::new();
        let root = self.root.build(&mut objects);
        Built { root, objects }
    }

    fn place(&mut self, path: &str, file: ChangedFile) -> Result<(), ReadError> {
        let parts = path::parts(path)?;
        let (last, above) = parts.split_last().ok_or_else(|| ReadError::NotAFile(path.to_owned()))?;
        match self.look_up(path)? {
            Found::Directory(directory) if !directory.is_empty() => return Err(ReadError::NotAFile(path.to_owned())),
            Found::Base(directory, rest) if snapshot::find_directory(&directory, &rest).is_some() => {
                return Err(ReadError::NotAFile(path.to_owned()));
            }
            _ => {}
        }
        self.built = None;
        self.root.enter(above)?.changes.insert(last.as_bytes().to_vec(), Node::File(file));
        Ok(())
    }

    fn base_blob(&self, path: &str) -> Result<Option<Arc<Blob>>, ReadError> {
        path::parts(path)?;
        let entry = snapshot::find(&self.base.root, path).ok();
        Ok(entry.and_then(|entry| match &entry.child {
            Child::Blob(blob) if blob.octets().is_some() => Some(blob.clone()),
            _ => None,
        }))
    }

    fn mode(&self, path: &str) -> Result<u32, ReadError> {
        if let Found::File(file) = self.look_up(path)? {
            return Ok(file.mode);
        }
        let entry = snapshot::find(&self.base.root, path).ok();
        Ok(entry.map(|entry| entry.mode).filter(|mode| *mode == MODE_EXECUTABLE).unwrap_or(MODE_FILE))
    }

    fn look_up(&self, path: &str) -> Result<Found<'_>, ReadError> {
        let parts = path::parts(path)?;
        let mut directory = &self.root;
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            match directory.changes.get(part.as_bytes()) {
                Some(Node::Directory(next)) => directory = next,
                Some(Node::File(file)) if last => return Ok(Found::File(file)),
                Some(Node::File(_) | Node::Removed) => return Ok(Found::Nothing),
                None => {
                    let rest = parts[at..].join("/");
                    return Ok(directory.base.clone().map_or(Found::Nothing, |base| Found::Base(base, rest)));
                }
            }
        }
        Ok(Found::Directory(directory))
    }
}

/// What a path leads to.
enum Found<'a> {
    File(&'a ChangedFile),
    Directory(&'a ChangedDirectory),
    /// Unchanged: look for the rest of the path in this directory.
    Base(Arc<Directory>, String),
    Nothing,
}

impl ChangedDirectory {
    /// The changes of a directory below this one.
    fn enter(&mut self, parts: &[&str]) -> Result<&mut ChangedDirectory, ReadError> {
        let Some((first, rest)) = parts.split_first() else { return Ok(self) };
        let blocked = || ReadError::NotAFile((*first).to_owned());
        let below = self.base.as_ref().and_then(|base| base.find(first.as_bytes())).map(|entry| &entry.child);
        let fresh = match (self.changes.get(first.as_bytes()), below) {
            (None, Some(Child::Directory(base))) => {
                Some(ChangedDirectory { base: Some(base.clone()), ..Default::default() })
            }
            (None, Some(_)) => return Err(blocked()),
            (None | Some(Node::Removed), _) => Some(ChangedDirectory::default()),
            (Some(_), _) => None,
        };
        if let Some(fresh) = fresh {
            self.changes.insert(first.as_bytes().to_vec(), Node::Directory(fresh));
        }
        match self.changes.get_mut(first.as_bytes()) {
            Some(Node::Directory(directory)) => directory.enter(rest),
            _ => Err(blocked()),
        }
    }

    fn is_empty(&self) -> bool {
        let base_empty = self.base.as_ref().is_none_or(|base| {
            base.entries().all(|entry| matches!(self.changes.get(&entry.name[..]), Some(Node::Removed)))
        });
        base_empty
            && self.changes.values().all(|node| match node {
                Node::Removed => true,
                Node::File(_) => false,
                Node::Directory(directory) => directory.is_empty(),
            })
    }

    fn build(&mut self, objects: &mut Vec<NewObject>) -> Arc<Directory> {
        let base = self.base.clone().unwrap_or_else(Directory::empty);
        let mut changes = Vec::new();
        for (name, node) in &mut self.changes {
            let before = base.find(name).map(|entry| (entry.mode, entry.id()));
            let entry = node.build(objects);
            let after = entry.as_ref().map(|(mode, child)| (*mode, child.id()));
            if before != after {
                changes.push(NameChange { name: name[..].into(), entry });
            }
        }
        if changes.is_empty() {
            return base;
        }
        let changed = base.with(changes);
        let delta = changed.pieces.filter(|_| !base.is_empty()).map(|pieces| DeltaSource::Pieces {
            base: base.id(),
            base_length: base.base_length(),
            pieces,
        });
        objects.push(NewObject { child: Child::Directory(changed.directory.clone()), delta });
        changed.directory
    }
}

impl Node {
    fn build(&mut self, objects: &mut Vec<NewObject>) -> Option<(u32, Child)> {
        match self {
            Node::Removed => None,
            Node::Directory(directory) => {
                let built = directory.build(objects);
                (!built.is_empty()).then_some((MODE_DIRECTORY, Child::Directory(built)))
            }
            Node::File(file) => {
                let child = Child::Blob(file.build());
                let known = file.origin.as_ref().is_some_and(|origin| origin.id == child.id());
                if !known {
                    objects.push(NewObject { child: child.clone(), delta: file.delta_source() });
                }
                Some((file.mode, child))
            }
        }
    }
}

impl ChangedFile {
    fn build(&mut self) -> Arc<Blob> {
        let octets = &self.octets;
        let unchanged = self.origin.as_ref().filter(|origin| origin.octets() == Some(octets));
        let blob =
            self.blob.take().or_else(|| unchanged.cloned()).unwrap_or_else(|| Arc::new(Blob::new(octets.clone())));
        self.blob = Some(blob.clone());
        blob
    }

    fn delta_source(&self) -> Option<DeltaSource> {
        let origin = self.origin.as_ref()?;
        let base_length = origin.octets()?.len();
        Some(match &self.pieces {
            Some(pieces) => DeltaSource::Pieces { base: origin.id, base_length, pieces: pieces.clone() },
            None => DeltaSource::Search { base: origin.clone() },
        })
    }
}

impl Child {
    pub(crate) fn id(&self) -> ObjectId {
        match self {
            Child::Directory(directory) => directory.id(),
            Child::Blob(blob) => blob.id,
            Child::Submodule(id) => *id,
        }
    }
}

/// Errors of a look-up below name the path that was asked for.
fn rename(error: ReadError, path: &str) -> ReadError {
    let path = path.to_owned();
    match error {
        ReadError::NotFound(_) => ReadError::NotFound(path),
        ReadError::NotAFile(_) => ReadError::NotAFile(path),
        ReadError::TooLarge(_) => ReadError::TooLarge(path),
        other => other,
    }
}

fn check(splices: &[Splice], length: usize) -> Option<()> {
    let mut at = 0;
    for splice in splices {
        if splice.range.start < at || splice.range.end < splice.range.start || splice.range.end > length {
            return None;
        }
        at = splice.range.end;
    }
    Some(())
}

fn apply(text: &Bytes, splices: &[Splice]) -> Bytes {
    let inserted: usize = splices.iter().map(|splice| splice.replacement.len()).sum();
    let removed: usize = splices.iter().map(|splice| splice.range.len()).sum();
    let mut result = BytesMut::with_capacity(text.len() + inserted - removed);
    let mut at = 0;
    for splice in splices {
        result.extend_from_slice(&text[at..splice.range.start]);
        result.extend_from_slice(&splice.replacement);
        at = splice.range.end;
    }
    result.extend_from_slice(&text[at..]);
    result.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(base: &Snapshot, change: impl FnOnce(&mut Edit)) -> Snapshot {
        let mut edit = Edit::new(base.clone(), String::new());
        change(&mut edit);
        edit.tree()
    }

    fn paths(snapshot: &Snapshot) -> Vec<String> {
        snapshot.changed_paths(&Snapshot::empty()).into_iter().map(|change| change.path).collect()
    }

    fn sample() -> Snapshot {
        edited(&Snapshot::empty(), |edit| {
            for path in ["a", "b/c", "b/d/e"] {
                edit.write(path, format!("text of {path}")).unwrap();
            }
        })
    }

    #[test]
    fn files_are_written_removed_and_read_again() {
        let base = sample();
        assert_eq!(paths(&base), ["a", "b/c", "b/d/e"]);
        let after = edited(&base, |edit| {
            edit.remove("b/d").unwrap();
            edit.write("b/d/new/file", "x").unwrap();
            edit.remove("a").unwrap();
            assert_eq!(edit.read("a"), Err(ReadError::NotFound("a".into())));
            assert_eq!(edit.read("b/d/e"), Err(ReadError::NotFound("b/d/e".into())));
            assert_eq!(edit.read("b/d/new/file").unwrap(), "x");
            assert_eq!(edit.read("b/c").unwrap(), "text of b/c");
        });
        assert_eq!(paths(&after), ["b/c", "b/d/new/file"]);
    }

    #[test]
    fn a_directory_that_loses_its_last_file_is_gone() {
        let after = edited(&sample(), |edit| edit.remove("b/d/e").unwrap());
        assert_eq!(paths(&after), ["a", "b/c"]);
        assert!(after.list("b/d").is_empty());
        let nothing = edited(&sample(), |edit| {
            edit.remove("a").unwrap();
            edit.remove("b").unwrap();
        });
        assert!(nothing.tree_id().is_empty_tree());
    }

    #[test]
    fn writing_what_is_there_changes_nothing() {
        let base = sample();
        let mut edit = Edit::new(base.clone(), String::new());
        edit.write("a", "text of a").unwrap();
        edit.write("new", "x").unwrap();
        edit.remove("new").unwrap();
        assert!(edit.finish().is_none());
    }

    #[test]
    fn files_and_directories_do_not_replace_each_other_by_accident() {
        let base = sample();
        let mut edit = Edit::new(base, String::new());
        assert!(edit.write("a/x", "x").is_err());
        assert!(edit.write("b", "x").is_err());
        assert!(edit.write("b/d", "x").is_err());
        for bad in ["", "/a", "a/", "x//y", "../x", ".git/config", "b/.GIT/x", "x\0"] {
            assert!(edit.write(bad, "x").is_err(), "{bad:?}");
        }
        edit.remove("b").unwrap();
        assert_eq!(edit.remove("b"), Err(ReadError::NotFound("b".into())));
        edit.write("b", "now a file").unwrap();
        assert_eq!(paths(&edit.tree()), ["a", "b"]);
    }

    #[test]
    fn splices_give_the_text_and_a_delta_from_it() {
        let base = sample();
        let mut edit = Edit::new(base, String::new());
        let splice = |range: Range<usize>, text: &'static str| Splice { range, replacement: text.into() };
        edit.splice("a", &[splice(0..4, "TEXT"), splice(9..9, "!")]).unwrap();
        edit.splice("a", &[splice(4..5, "_")]).unwrap();
        assert_eq!(edit.read("a").unwrap(), "TEXT_of a!");
        let reversed = Range { start: 3, end: 2 };
        assert!(edit.splice("a", &[splice(reversed, "")]).is_err());
        assert!(edit.splice("a", &[splice(0..99, "")]).is_err());
        assert!(edit.splice("a", &[splice(4..6, ""), splice(5..7, "")]).is_err());
        let (built, _) = edit.finish().unwrap();
        let Some(DeltaSource::Pieces { pieces, base_length, .. }) = &built.objects[0].delta else {
            panic!("{built:?}")
        };
        let delta = pieces.encode(*base_length);
        assert_eq!(crate::object::delta::apply(b"text of a", &delta, 100).unwrap(), b"TEXT_of a!");
    }
}
