//! One branch: what the remote is known to have, who watches it, and how it is doing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::Identity;
use crate::changes::{Cause, Change, Subscribers};
use crate::error::RemoteError;
use crate::history::History;
use crate::origin::{Origin, Tip};
use crate::snapshot::Snapshot;

/// One reference of the repository, as far as we know it.
pub(crate) struct Branch {
    pub(crate) origin: Arc<Origin>,
    pub(crate) reference: String,
    pub(crate) committer: Identity,
    pub(crate) history: History,
    current: Mutex<Snapshot>,
    pub(crate) subscribers: Subscribers,
    health: Mutex<Health>,
}

/// How the branch has fared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    pub(crate) reachable: bool,
    pub(crate) last_error: Option<String>,
    pub(crate) last_pull: Option<Instant>,
    pub(crate) last_push: Option<Instant>,
    /// When somebody else was last seen to have moved the branch.
    pub(crate) last_foreign: Option<tokio::time::Instant>,
    pub(crate) pulls: u64,
    pub(crate) pushes: u64,
    pub(crate) commits: u64,
}

impl Branch {
    pub(crate) fn new(origin: Arc<Origin>, reference: String, committer: Identity) -> Branch {
        Branch {
            origin,
            reference,
            committer,
            history: History::default(),
            current: Mutex::new(Snapshot::empty()),
            subscribers: Subscribers::default(),
            health: Mutex::default(),
        }
    }

    /// What the remote is known to have.
    pub(crate) fn current(&self) -> Snapshot {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the remote where the branch is; whoever waits for a change is told by [`Branch::install`], which is left to
    /// the caller.
    pub(crate) async fn look(&self) -> Result<Snapshot, RemoteError> {
        let have = self.current();
        let result = match self.origin.fetch_tip(&self.reference, Some(&have)).await {
            Ok(Tip::Unchanged) => Ok(have),
            Ok(Tip::Moved(snapshot)) => Ok(snapshot),
            Ok(Tip::Missing { others }) if have.commit().is_none() && others.is_empty() => Ok(have),
            // Notes are a reference of their own: that there are branches says nothing about it.
            Ok(Tip::Missing { .. }) if have.commit().is_none() && !self.reference.starts_with("refs/heads/") => {
                Ok(have)
            }
            Ok(Tip::Missing { others }) => Err(RemoteError::BranchMissing {
                remote: self.origin.remote.label(),
                branch: self.reference.trim_start_matches("refs/heads/").to_owned(),
                others: if others.is_empty() { "no other branch either".to_owned() } else { others.join(", ") },
            }),
            Err(error) => Err(error),
        };
        self.note_result(&result);
        result
    }

    pub(crate) fn note_result<T>(&self, result: &Result<T, RemoteError>) {
        let mut health = self.health();
        use RemoteError::{HostKey, Login, Unreachable};
        health.reachable = !matches!(result, Err(Unreachable { .. } | HostKey { .. } | Login { .. }));
        health.last_error = result.as_ref().err().map(ToString::to_string);
    }

    /// From now on readers see this.
    pub(crate) fn install(&self, after: Snapshot, cause: Cause) {
        self.history.remember(after.commit_info().cloned(), self.origin.limits.history);
        let before = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if current.commit() == after.commit() {
                return;
            }
            std::mem::replace(&mut *current, after.clone())
        };
        if cause == Cause::Pulled {
            if before.commit().is_some() {
                self.health().last_foreign = Some(tokio::time::Instant::now());
            }
            self.log_move(&before, &after);
        }
        self.subscribers.tell(&Change { before, after, cause });
    }

    fn log_move(&self, before: &Snapshot, after: &Snapshot) {
        let (Some(old), Some(new)) = (before.commit_info(), after.commit_info()) else { return };
        let label = self.origin.remote.label();
        if new.parents.contains(&old.id) {
            tracing::info!("{label}: {} moved from {} to {}", self.reference, old.id, new.id);
        } else {
            let (old, new) = (old.id, new.id);
            tracing::info!("{label}: {} moved from {old} to {new}, by several commits or by force", self.reference);
        }
    }
}
