//! From one world to the next, by the paths that changed. Nothing else is read or parsed.
//!
//! A file that cannot be read hides nothing else: of a user, a group, a collection's file or an object the last good
//! version stays, and the reason is kept by path.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gitstore::{ChangedPath, EntryKind, ObjectId, Snapshot};
use ical::{CalendarObject, Fault, Zones};

use super::collection::{Collection, Kind, Member};
use super::{Broken, CALENDARS, INBOX, World};
use crate::repository::FileError;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE, CollectionFile};
use crate::repository::group::{self, Group};
use crate::repository::names;
use crate::repository::user::{self, User};

/// Objects that were parsed lately, kept since a PUT meets its object three times: when it is checked, when the commit
/// behind it is made, and when it is published.
const REMEMBERED: usize = 512;

/// Parses objects; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    zones: Zones,
    remembered: Arc<Mutex<HashMap<ObjectId, Arc<CalendarObject>>>>,
}

impl Parser {
    /// The object that octets say, whose blob has this ID.
    pub fn parse(&self, id: ObjectId, octets: &Bytes) -> Result<Arc<CalendarObject>, Fault> {
        if let Some(known) = self.remembered().get(&id) {
            return Ok(Arc::clone(known));
        }
        CalendarObject::parse(octets.clone(), &self.zones).map(Arc::new)
    }

    /// A scheduling message.
    pub fn parse_message(&self, octets: &Bytes) -> Result<Arc<CalendarObject>, Fault> {
        CalendarObject::parse_message(octets.clone(), &self.zones).map(Arc::new)
    }

    /// As [`Parser::parse`], and remembers it for those who come to it next.
    pub fn parse_new(&self, id: ObjectId, octets: &Bytes) -> Result<Arc<CalendarObject>, Fault> {
        let object = self.parse(id, octets)?;
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(id, Arc::clone(&object));
        Ok(object)
    }

    /// The time zones that objects share.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectId, Arc<CalendarObject>>> {
        self.remembered.lock().expect("no holder of the objects panics")
    }
}

/// The next world and how it differs.
#[derive(Debug)]
pub struct Advance {
    /// It.
    pub world: World,
    /// Collections and members (the empty name is the collection's own file) that differ.
    pub changes: Vec<(Arc<str>, String)>,
    /// Files that cannot be read and could, or were not there.
    pub broke: Vec<(String, FileError)>,
    /// Files that can be read and could not.
    pub healed: Vec<String>,
}

impl World {
    /// The world of another snapshot.
    pub fn advance(&self, to: &Snapshot, parser: &Parser) -> Advance {
        let mut step = Step { to, parser, world: self.clone(), broken: BTreeMap::new(), changes: Vec::new() };
        step.world.snapshot = to.clone();
        let mut directories: BTreeMap<String, Vec<ChangedPath>> = BTreeMap::new();
        for change in to.changed_paths(&self.snapshot) {
            match change.path.split_once('/').map(|(folder, _)| folder) {
                Some(user::FOLDER) => step.user(&change),
                Some(group::FOLDER) => step.group(&change),
                Some(CALENDARS) => {
                    let directory = change.path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
                    directories.entry(directory).or_default().push(change);
                }
                _ => {}
            }
        }
        step.directories(directories);
        step.finish()
    }
}

struct Step<'a> {
    to: &'a Snapshot,
    parser: &'a Parser,
    world: World,
    /// What came of files that were looked at: broken, or not.
    broken: BTreeMap<String, Option<Broken>>,
    changes: Vec<(Arc<str>, String)>,
}

impl Step<'_> {
    fn finish(mut self) -> Advance {
        let (mut broke, mut healed) = (Vec::new(), Vec::new());
        let known = &self.world.broken;
        self.broken.retain(|path, broken| known.get(path) != broken.as_ref());
        if !self.broken.is_empty() {
            let known = Arc::make_mut(&mut self.world.broken);
            for (path, broken) in std::mem::take(&mut self.broken) {
                match broken {
                    Some(broken) => {
                        known.insert(path.clone(), broken.clone());
                        broke.push((path, broken.error));
                    }
                    None => {
                        known.remove(&path);
                        if self.to.entry(&path).is_some() {
                            healed.push(path);
                        }
                    }
                }
            }
        }
        Advance { world: self.world, changes: self.changes, broke, healed }
    }

    /// The text of a changed file, if there is one now.
    fn text(&mut self, change: &ChangedPath) -> Option<Result<String, FileError>> {
        let octets = self.octets(change)?;
        let no_text = |_| complaint("this is no UTF-8");
        Some(octets.and_then(|octets| String::from_utf8(octets.to_vec()).map_err(no_text)))
    }

    fn octets(&self, change: &ChangedPath) -> Option<Result<Bytes, FileError>> {
        let (kind, _) = change.after?;
        if !matches!(kind, EntryKind::File | EntryKind::Executable) {
            return Some(Err(complaint("this is not an ordinary file")));
        }
        Some(self.to.read(&change.path).map_err(complaint))
    }

    /// Notes whether a file could be read; what it says, if so.
    fn settle<T>(&mut self, change: &ChangedPath, read: Result<T, FileError>) -> Option<T> {
        let (value, error) = match read {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        let broken = error.zip(change.after).map(|(error, (_, id))| Broken { id, error });
        self.broken.insert(change.path.clone(), broken);
        value
    }

    fn user(&mut self, change: &ChangedPath) {
        let Some(name) = user::name_of(&change.path) else { return };
        let parse = |text: String| User::parse(&text);
        let name = name.map(str::to_owned).map_err(complaint);
        let read = self.text(change).map(|text| text.and_then(parse).and_then(|user| Ok((name.clone()?, user))));
        match read {
            None => {
                self.broken.insert(change.path.clone(), None);
                name.iter().for_each(|name| drop(Arc::make_mut(&mut self.world.users).remove(name)));
            }
            Some(read) => {
                if let Some((name, user)) = self.settle(change, read) {
                    Arc::make_mut(&mut self.world.users).insert(name, Arc::new(user));
                }
            }
        }
    }

    fn group(&mut self, change: &ChangedPath) {
        let Some(name) = group::name_of(&change.path) else { return };
        let name = name.map(str::to_owned).map_err(complaint);
        let parse = |text: String| Group::parse(&text);
        let read = self.text(change).map(|text| text.and_then(parse).and_then(|group| Ok((name.clone()?, group))));
        match read {
            None => {
                self.broken.insert(change.path.clone(), None);
                name.iter().for_each(|name| drop(Arc::make_mut(&mut self.world.groups).remove(name)));
            }
            Some(read) => {
                if let Some((name, group)) = self.settle(change, read) {
                    Arc::make_mut(&mut self.world.groups).insert(name, group);
                }
            }
        }
    }

    /// Collections whose files changed; those above them have other trees as well.
    fn directories(&mut self, directories: BTreeMap<String, Vec<ChangedPath>>) {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        for directory in directories.keys() {
            let mut at = directory.as_str();
            while at.len() > CALENDARS.len() && touched.insert(at.to_owned()) {
                at = at.rsplit_once('/').map_or("", |(above, _)| above);
            }
        }
        for directory in touched {
            let changes = directories.get(&directory).map_or(&[][..], Vec::as_slice);
            self.directory(&directory, changes);
        }
    }

    fn directory(&mut self, directory: &str, changes: &[ChangedPath]) {
        let tree = self.to.entry(directory).filter(|(kind, _)| *kind == EntryKind::Directory).map(|(_, id)| id);
        let misspelled = directory.rsplit('/').next().and_then(|name| names::segment(name).err());
        if let Some((id, error)) = tree.zip(misspelled) {
            // No path of a URL would lead to it.
            self.broken.insert(directory.to_owned(), Some(Broken { id, error: complaint(error) }));
            return self.forget(directory, changes);
        }
        self.broken.insert(directory.to_owned(), None);
        let kind = kind_of(directory, self.to);
        let old = self.world.collections.get(directory).cloned();
        let same_kind = old.filter(|old| old.kind == kind && tree.is_some());
        let rebuilt;
        let (mut collection, changes) = match same_kind {
            Some(old) => ((*old).clone(), changes),
            None => {
                self.forget(directory, changes);
                if tree.is_none() {
                    return;
                }
                // Its files mean something else than they did, if they were there at all.
                rebuilt = all_files(directory, self.to);
                (Collection::new(directory, kind), rebuilt.as_slice())
            }
        };
        collection.tree = tree;
        collection.since = self.to.commit();
        // Files may have taken over UIDs of one another: none is in the way because it is looked at later.
        let names = || changes.iter().filter_map(|change| change.path.rsplit('/').next());
        names().for_each(|name| collection.release_uid(name));
        for change in changes {
            self.file(&mut collection, change);
        }
        names().for_each(|name| collection.claim_uid(name));
        if changes.iter().any(|change| change.before.is_some()) {
            self.others(&mut collection, changes);
        }
        self.world.collections.insert_mut(Arc::clone(&collection.path), Arc::new(collection));
    }

    /// Files of a directory that are broken and have not changed: one that is gone may have been in their way.
    fn others(&mut self, collection: &mut Collection, changes: &[ChangedPath]) {
        let prefix = format!("{}/", collection.path);
        let known = Arc::clone(&self.world.broken);
        let here =
            known.range(prefix.clone()..).map_while(|(path, _)| path.strip_prefix(&prefix).map(|name| (path, name)));
        for (path, _) in here.filter(|(_, name)| !name.contains('/')) {
            if changes.iter().all(|change| change.path != *path) {
                let after = self.to.entry(path);
                self.file(collection, &ChangedPath { path: path.clone(), before: after, after });
            }
        }
    }

    fn forget(&mut self, directory: &str, changes: &[ChangedPath]) {
        if let Some(old) = self.world.collections.get(directory).cloned() {
            self.world.collections.remove_mut(directory);
            let members = old.members().map(|member| member.name.to_string()).chain([String::new()]);
            self.changes.extend(members.map(|name| (Arc::clone(&old.path), name)));
        }
        for change in changes.iter().filter(|change| change.after.is_none()) {
            self.broken.insert(change.path.clone(), None);
        }
    }

    fn file(&mut self, collection: &mut Collection, change: &ChangedPath) {
        let Some(name) = change.path.rsplit('/').next() else { return };
        match name {
            CALENDAR_FILE | COLLECTION_FILE => {
                if !is_file_of(name, collection.kind) {
                    return;
                }
                let read = self.text(change).unwrap_or_else(|| Ok(String::new()));
                let read = read.and_then(|text| CollectionFile::parse(&text));
                if let Some(file) = self.settle(change, read) {
                    collection.file = Arc::new(file);
                }
                self.changes.push((Arc::clone(&collection.path), String::new()));
            }
            // What begins with a dot belongs to the repository.
            hidden if hidden.starts_with('.') => {}
            name => self.member(collection, name, change),
        }
    }

    fn member(&mut self, collection: &mut Collection, name: &str, change: &ChangedPath) {
        self.changes.push((Arc::clone(&collection.path), name.to_owned()));
        let Some(((_, id), octets)) = change.after.zip(self.octets(change)) else {
            self.broken.insert(change.path.clone(), None);
            return collection.remove(name);
        };
        let kind = collection.kind;
        let read = octets.and_then(|octets| {
            names::segment(name).map_err(complaint)?;
            let object = match kind {
                Kind::Calendar => Some(self.parser.parse(id, &octets).map_err(fault)?),
                Kind::Inbox => Some(self.parser.parse_message(&octets).map_err(fault)?),
                Kind::Plain => None,
            };
            if let Some(object) = object.as_ref().filter(|_| kind == Kind::Calendar)
                && let Some(other) = collection.by_uid(&object.uid()).filter(|other| *other.name != *name)
                && self.to.entry(&format!("{}/{}", collection.path, other.name)).is_some()
            {
                return Err(complaint(format!("{} has the same UID", other.name)));
            }
            Ok(Member { name: name.into(), id, octets, object })
        });
        if let Some(member) = self.settle(change, read) {
            collection.insert(member);
        }
    }
}

fn fault(fault: Fault) -> FileError {
    FileError { line: fault.line, reason: fault.reason }
}

fn complaint(error: impl ToString) -> FileError {
    FileError { line: None, reason: error.to_string() }
}

/// A directory right below a home is a calendar, unless it is the inbox or says that it is none; deeper ones are none,
/// unless they say so.
fn kind_of(directory: &str, snapshot: &Snapshot) -> Kind {
    let has = |file: &str| snapshot.entry(&format!("{directory}/{file}")).is_some();
    match directory.split('/').count() {
        2 => Kind::Plain,
        3 if directory.rsplit('/').next() == Some(INBOX) => Kind::Inbox,
        _ if has(CALENDAR_FILE) => Kind::Calendar,
        3 if !has(COLLECTION_FILE) => Kind::Calendar,
        _ => Kind::Plain,
    }
}

fn is_file_of(name: &str, kind: Kind) -> bool {
    match kind {
        Kind::Calendar => name == CALENDAR_FILE,
        Kind::Inbox | Kind::Plain => name == COLLECTION_FILE,
    }
}

fn all_files(directory: &str, snapshot: &Snapshot) -> Vec<ChangedPath> {
    let files = snapshot.list(directory).into_iter().filter(|entry| entry.kind != EntryKind::Directory);
    let appeared = |entry: gitstore::Entry| ChangedPath {
        path: format!("{directory}/{}", entry.name),
        before: None,
        after: Some((entry.kind, entry.id)),
    };
    files.map(appeared).collect()
}
