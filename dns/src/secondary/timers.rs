//! What is to happen when: one deadline for each thing, the earliest first.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// Deadlines by what they are for.
#[derive(Debug)]
pub(super) struct Timers<T> {
    queue: BTreeSet<(Duration, T)>,
    armed: HashMap<T, Duration>,
}

impl<T> Default for Timers<T> {
    fn default() -> Timers<T> {
        Timers { queue: BTreeSet::new(), armed: HashMap::new() }
    }
}

impl<T: Clone + Ord + Hash> Timers<T> {
    /// Sets the deadline of `timer` in place of the one that it had.
    pub(super) fn set(&mut self, timer: T, at: Duration) {
        self.clear(&timer);
        self.queue.insert((at, timer.clone()));
        self.armed.insert(timer, at);
    }

    pub(super) fn clear(&mut self, timer: &T) {
        if let Some(at) = self.armed.remove(timer) {
            self.queue.remove(&(at, timer.clone()));
        }
    }

    /// Takes out one whose time has come.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<T> {
        let (at, _) = self.queue.first()?;
        if *at > now {
            return None;
        }
        let (_, timer) = self.queue.pop_first()?;
        self.armed.remove(&timer);
        Some(timer)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.queue.first().map(|(at, _)| *at)
    }
}
