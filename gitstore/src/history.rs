//! Older commits, fetched when they are asked for and remembered within a limit.
//!
//! Git has no request for "this commit's history": one asks for the tip again, deeper. Depths double, so that the whole
//! costs about twice what the last step does; where the server can filter, only commits come.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use gix_hash::ObjectId;

use crate::branch::Branch;
use crate::chain::Chain;
use crate::error::{ProtocolError, RemoteError};
use crate::object::Kind;
use crate::object::commit::{Commit, CommitInfo};
use crate::object::pack_reader::{Keep, Unpacked};
use crate::protocol::fetch::{ANY_COMMIT, Want};
use crate::snapshot::Snapshot;

const FIRST_DEPTH: u32 = 32;

/// Commits that have been seen, without their files.
#[derive(Default)]
pub(crate) struct History {
    commits: Mutex<HashMap<ObjectId, Arc<CommitInfo>>>,
}

impl History {
    pub(crate) fn get(&self, id: &ObjectId) -> Option<Arc<CommitInfo>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Remembers commits; when there are too many, all that was known before is forgotten, and fetched again if asked
    /// for.
    pub(crate) fn remember(&self, commits: impl IntoIterator<Item = CommitInfo>, limit: u32) {
        let mut known = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limit as usize {
            known.clear();
        }
        known.extend(commits.into_iter().map(|info| (info.id, Arc::new(info))));
    }

    fn remember_all(&self, unpacked: &Unpacked, limit: u32) {
        let commits = unpacked.objects.iter().filter(|(_, (kind, _))| *kind == Kind::Commit);
        let decoded = commits.filter_map(|(id, (_, octets))| Commit::decode(*id, octets.clone()).ok());
        self.remember(decoded.map(|commit| commit.info), limit);
    }
}

/// How far a walk through the history came.
enum Walk {
    Found {
        /// Steps from the tip, along the shortest way.
        distance: u32,
    },
    /// The history was seen to its end.
    Absent,
    /// A commit is not known yet.
    Unknown,
}

impl Branch {
    /// The first parents of `from` (the tip, if not given), the newest first.
    pub(crate) async fn log(&self, from: Option<ObjectId>, limit: usize) -> Result<Vec<CommitInfo>, RemoteError> {
        let tip = self.current();
        let Some(start) = from.or(tip.commit()) else { return Ok(Vec::new()) };
        self.find(&tip, start, None).await?;
        let mut depth = FIRST_DEPTH;
        loop {
            let mut commits: Vec<CommitInfo> = Vec::new();
            let mut next = Some(start);
            while let Some(info) = next.filter(|_| commits.len() < limit).and_then(|id| self.known(&tip, &id)) {
                next = info.parents.first().copied();
                commits.push((*info).clone());
            }
            if commits.len() >= limit || next.is_none() || depth > self.origin.limits.history {
                return Ok(commits);
            }
            let wanted = u32::try_from(limit).unwrap_or(u32::MAX).max(FIRST_DEPTH);
            depth = self.deepen(&tip, depth.max(wanted.min(1024))).await?;
        }
    }

    /// The files of an older commit of the branch.
    pub(crate) async fn snapshot_at(&self, commit: ObjectId) -> Result<Snapshot, RemoteError> {
        let tip = self.current();
        if tip.commit() == Some(commit) {
            return Ok(tip);
        }
        // A server may hand out any commit it has, secret branches included: only ours may be asked for.
        let distance = self.find(&tip, commit, None).await?;
        let mut request = self.origin.request(&self.reference, Want::Commit(commit), tip.commit());
        let direct = self.origin.fetch(request.clone(), Keep::Everything).await;
        let arrived = match direct {
            Ok(arrived) => arrived,
            Err(RemoteError::Refused { .. })
            | Err(RemoteError::Protocol { error: ProtocolError::Capability(ANY_COMMIT), .. }) => {
                request.want = Want::TipAgain;
                request.depth = distance + 1;
                self.origin.fetch(request, Keep::Everything).await?
            }
            Err(RemoteError::Protocol { error: ProtocolError::Object(_), .. }) => {
                request.have = None;
                self.origin.fetch(request, Keep::Everything).await?
            }
            Err(error) => return Err(error),
        };
        self.origin.snapshot(commit, &arrived.unpacked).map_err(|error| self.origin.bad_object(error))
    }

    /// Makes sure that a commit is in the history of `tip`, without looking behind `end`; its distance.
    async fn find(&self, tip: &Snapshot, commit: ObjectId, end: Option<ObjectId>) -> Result<u32, RemoteError> {
        let mut depth = FIRST_DEPTH;
        loop {
            match self.walk(tip, commit, end) {
                Walk::Found { distance } => return Ok(distance),
                Walk::Absent => return Err(RemoteError::NoSuchCommit(commit)),
                Walk::Unknown if depth > self.origin.limits.history => return Err(RemoteError::NoSuchCommit(commit)),
                Walk::Unknown => depth = self.deepen(tip, depth).await?,
            }
        }
    }

    fn walk(&self, tip: &Snapshot, wanted: ObjectId, end: Option<ObjectId>) -> Walk {
        let mut seen = HashSet::new();
        let mut frontier: VecDeque<(ObjectId, u32)> = tip.commit().map(|id| (id, 0)).into_iter().collect();
        let mut incomplete = false;
        while let Some((id, distance)) = frontier.pop_front() {
            if id == wanted {
                return Walk::Found { distance };
            }
            if Some(id) == end {
                continue;
            }
            match self.known(tip, &id) {
                Some(info) => {
                    let fresh = info.parents.iter().filter(|parent| seen.insert(**parent));
                    frontier.extend(fresh.map(|parent| (*parent, distance + 1)));
                }
                None => incomplete = true,
            }
        }
        if incomplete { Walk::Unknown } else { Walk::Absent }
    }

    fn known(&self, tip: &Snapshot, id: &ObjectId) -> Option<Arc<CommitInfo>> {
        match tip.commit_info() {
            Some(info) if info.id == *id => Some(Arc::new(info.clone())),
            _ => self.history.get(id),
        }
    }

    /// Fetches the history to a depth; the next depth to try.
    async fn deepen(&self, tip: &Snapshot, depth: u32) -> Result<u32, RemoteError> {
        let limit = self.origin.limits.history;
        let mut request = self.origin.request(&self.reference, Want::TipAgain, tip.commit());
        request.depth = depth.min(limit);
        request.commits_only = true;
        let arrived = self.origin.fetch(request, Keep::Commits).await?;
        self.history.remember_all(&arrived.unpacked, limit);
        tracing::debug!("looked {depth} commits behind the tip");
        Ok(depth.saturating_mul(2))
    }
}

/// Is the chain's tip in the history of `seen`? The walk ends at what the chain stands on.
pub(crate) async fn contains(branch: &Branch, seen: &Snapshot, chain: &Chain) -> Result<bool, RemoteError> {
    let Some(wanted) = chain.tip().commit() else { return Ok(true) };
    match branch.find(seen, wanted, chain.base.commit()).await {
        Ok(_) => Ok(true),
        Err(RemoteError::NoSuchCommit(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
