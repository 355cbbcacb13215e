//! Telling who watches that the branch has moved: each move once and in order, and bounded when nobody reads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Notify;

use crate::snapshot::Snapshot;

/// Moves that wait for a reader; past it, the last ones are told as one. Each holds on to its files.
const WAITING: usize = 16;

/// One move of the branch.
#[derive(Clone, Debug)]
pub struct Change {
    /// What was there.
    pub before: Snapshot,
    /// What is there now.
    pub after: Snapshot,
    /// Who moved it.
    pub cause: Cause,
}

/// Who moved the branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody else; we pulled.
    Pulled,
    /// We pushed.
    Pushed,
}

/// The moves of the branch since [`crate::Store::changes`] was called.
#[derive(Debug)]
pub struct Changes(Arc<Subscriber>);

#[derive(Debug, Default)]
struct Subscriber {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Change>,
    closed: bool,
}

impl Changes {
    /// The next move; nothing once the store is gone. Where too many have waited, one stands for several: from the
    /// first one's `before` to the last one's `after`.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let arrived = self.0.arrived.notified();
            {
                let mut waiting = self.0.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if let Some(change) = waiting.changes.pop_front() {
                    return Some(change);
                }
                if waiting.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

/// All who watch.
#[derive(Debug, Default)]
pub(crate) struct Subscribers(Mutex<Vec<Weak<Subscriber>>>);

impl Subscribers {
    pub(crate) fn subscribe(&self) -> Changes {
        let subscriber = Arc::new(Subscriber::default());
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.retain(|subscriber| subscriber.strong_count() > 0);
        all.push(Arc::downgrade(&subscriber));
        Changes(subscriber)
    }

    pub(crate) fn tell(&self, change: &Change) {
        self.each(|waiting| {
            let full = waiting.changes.len() >= WAITING;
            match waiting.changes.back_mut().filter(|_| full) {
                Some(last) => {
                    last.after = change.after.clone();
                    last.cause = change.cause;
                }
                None => waiting.changes.push_back(change.clone()),
            }
        });
    }

    pub(crate) fn close(&self) {
        self.each(|waiting| waiting.closed = true);
    }

    fn each(&self, mut act: impl FnMut(&mut Waiting)) {
        let all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for subscriber in all.iter().filter_map(Weak::upgrade) {
            act(&mut subscriber.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
            subscriber.arrived.notify_one();
        }
    }
}
