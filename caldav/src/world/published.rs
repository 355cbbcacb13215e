//! The world that is served, and those of trees that are on their way to the remote.
//!
//! Readers take the published world, which is that of the last commit that the remote has accepted. A write is decided
//! on the world of the tree its commit will stand on, made from the nearest one that is known by the paths in which the
//! two differ.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwap;
use gitstore::{ObjectId, Snapshot};

use super::{Journal, Parser, Since, World};
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
            state.journal.record(commit, &advance.changes);
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
