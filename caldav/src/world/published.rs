//! The world that is served, and those of trees that are on their way to the remote.
//!
//! Readers take the published world, which is that of the last commit that the remote has accepted. A write is decided
//! on the world of the tree its commit will stand on, made from the nearest one that is known by the paths in which the
//! two differ.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwap;
use gitstore::{ObjectId, Snapshot};

use super::{Advance, Change, Journal, Parser, Since, World};
use crate::repository::FileError;

/// Worlds of trees that are on their way, and are remembered. A commit stands on the last tree, or on that of a push
/// that failed.
const ON_THE_WAY: usize = 8;

/// The world that is served.
#[derive(Debug)]
pub struct Published {
    /// Parses objects.
    pub parser: Parser,
    world: ArcSwap<World>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    journal: Journal,
    on_the_way: VecDeque<Arc<World>>,
}

/// What was found in a commit that is served from now on.
#[derive(Debug)]
pub struct Step {
    /// The commit.
    pub commit: Option<ObjectId>,
    /// Whether it is the first one.
    pub is_first: bool,
    /// Files that cannot be read.
    pub broke: Vec<(String, FileError)>,
    /// Files that can be read again.
    pub healed: Vec<String>,
}

impl Published {
    /// Serves a first snapshot. From those that were `before` it, the oldest first, comes what it has broken.
    pub fn begin(before: &[Snapshot], snapshot: &Snapshot) -> (Published, Step) {
        let parser = Parser::default();
        let past = before.iter().fold(World::empty(), |world, before| world.advance(before, &parser).world);
        let first = past.advance(snapshot, &parser).world;
        let broke = first.broken().iter().map(|(path, broken)| (path.clone(), broken.error.clone())).collect();
        let mut state = State::default();
        snapshot.commit().iter().for_each(|commit| state.journal.record(*commit, &[]));
        let step = Step { commit: snapshot.commit(), is_first: true, broke, healed: Vec::new() };
        let world = ArcSwap::from_pointee(first);
        (Published { parser, world, state: Mutex::new(state) }, step)
    }

    /// The world that is served.
    pub fn world(&self) -> Arc<World> {
        self.world.load_full()
    }

    /// Serves a snapshot, if it is not served yet.
    pub fn publish(&self, snapshot: &Snapshot) -> Option<Step> {
        let mut state = self.state();
        let before = self.world.load_full();
        if before.commit() == snapshot.commit() {
            return None;
        }
        let advance = before.advance(snapshot, &self.parser);
        if let Some(commit) = snapshot.commit() {
            state.journal.record(commit, &changes(&before, &advance));
        }
        state.on_the_way.retain(|world| world.snapshot().tree_id() != snapshot.tree_id());
        self.world.store(Arc::new(advance.world));
        Some(Step { commit: snapshot.commit(), is_first: false, broke: advance.broke, healed: advance.healed })
    }

    /// The world of a tree that a commit will stand on.
    pub fn at(&self, snapshot: &Snapshot) -> Arc<World> {
        let published = self.world.load_full();
        if published.snapshot().tree_id() == snapshot.tree_id() {
            return published;
        }
        let mut state = self.state();
        if let Some(known) = state.on_the_way.iter().find(|world| world.snapshot().tree_id() == snapshot.tree_id()) {
            return Arc::clone(known);
        }
        // Commits of one push stand on one another: the last tree differs least.
        let nearest = state.on_the_way.back().unwrap_or(&published);
        let world = Arc::new(nearest.advance(snapshot, &self.parser).world);
        if state.on_the_way.len() >= ON_THE_WAY {
            state.on_the_way.pop_front();
        }
        state.on_the_way.push_back(Arc::clone(&world));
        world
    }

    /// Which members of a collection changed since a commit, if this process knows.
    pub fn since(&self, commit: &ObjectId, collection: &str) -> Since {
        self.state().journal.since(commit, collection)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the worlds panics")
    }
}

/// What a step changed, as the journal keeps it: in a folder its folders are members, too.
fn changes(before: &World, advance: &Advance) -> Vec<(Arc<str>, Change)> {
    let members = advance.changes.iter().map(|(path, name)| {
        let old = before.collection(path).and_then(|collection| collection.member(name));
        let was_visible = old.is_some_and(|member| !member.is_private());
        (Arc::clone(path), Change { name: name.clone(), was_visible })
    });
    members.chain(folders(before, advance)).collect()
}

/// Folders that came, went, or have other properties.
fn folders(before: &World, advance: &Advance) -> Vec<(Arc<str>, Change)> {
    let is_there = |path: &str| [before, &advance.world].map(|world| world.collection(path).is_some());
    let mut changed = BTreeSet::new();
    for (path, name) in &advance.changes {
        if name.is_empty() {
            changed.insert(&**path);
        }
        let above = std::iter::successors(Some(&**path), |path| Some(path.rsplit_once('/')?.0));
        changed.extend(above.filter(|path| {
            let [was, is] = is_there(path);
            was != is
        }));
    }
    changed.into_iter().filter_map(|path| folder(before, path)).collect()
}

/// A folder as a member of the one above. Whoever sees that one saw it if all its shares were the folder's as well.
fn folder(before: &World, path: &str) -> Option<(Arc<str>, Change)> {
    let (above, name) = path.rsplit_once('/')?;
    let (old, old_above) = (before.collection(path), before.collection(above));
    let was_visible = old
        .zip(old_above)
        .is_some_and(|(folder, above)| above.file.shares.iter().all(|share| folder.file.shares.contains(share)));
    Some((above.into(), Change { name: name.to_owned(), was_visible }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn world(files: &[(&str, &str)]) -> World {
        let files = files.iter().map(|(path, text)| (*path, Bytes::from((*text).to_owned())));
        World::empty().advance(&Snapshot::of_files(files).unwrap(), &Parser::default()).world
    }

    fn event(class: &str, start: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{start}\r\n\
             DTSTAMP:20260101T000000Z\r\nDTSTART:{start}\r\nCLASS:{class}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    #[test]
    fn what_readers_saw_is_told_from_what_they_did_not() {
        let (public, private) = (event("PUBLIC", "20260101T000000Z"), event("PRIVATE", "20260102T000000Z"));
        let before = world(&[("calendars/a/w/1.ics", &public), ("calendars/a/w/2.ics", &private)]);
        let after = world(&[]);
        let advance = before.advance(after.snapshot(), &Parser::default());
        let of_calendar = changes(&before, &advance).into_iter().filter(|(path, _)| &**path == "calendars/a/w");
        let told: Vec<(String, bool)> = of_calendar.map(|(_, change)| (change.name, change.was_visible)).collect();
        assert!(told.contains(&("1.ics".to_owned(), true)) && told.contains(&("2.ics".to_owned(), false)), "{told:?}");
    }

    #[test]
    fn folders_are_members_of_folders() {
        let share = "[[share]]\nwith = 'bob'\naccess = 'read'\n";
        let before = world(&[
            ("calendars/a/f/.collection.toml", share),
            ("calendars/a/f/shared/.collection.toml", share),
            ("calendars/a/f/own/.collection.toml", ""),
        ]);
        let after = world(&[("calendars/a/f/.collection.toml", share), ("calendars/a/f/new/x/y.txt", "")]);
        let advance = before.advance(after.snapshot(), &Parser::default());
        let of_folder = changes(&before, &advance).into_iter().filter(|(path, _)| &**path == "calendars/a/f");
        let mut told: Vec<(String, bool)> = of_folder.map(|(_, change)| (change.name, change.was_visible)).collect();
        told.sort();
        let told: Vec<(&str, bool)> = told.iter().map(|(name, was_visible)| (name.as_str(), *was_visible)).collect();
        assert_eq!(told, [("new", false), ("own", false), ("shared", true)]);
    }
}
