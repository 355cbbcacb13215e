//! Versions of a zone that are no longer in memory, from the history of the branch: for IXFR after a restart.
//!
//! Serials grow along the history, so that a version is found by halving it; a handful of older trees is fetched for
//! one search. What changed since then is one step (RFC 1995 section 5), which the journal keeps. Whatever is doubtful,
//! such as a serial that stood for two contents, or a history that somebody rewrote, gives nothing, and the asker gets
//! the whole zone.

use std::collections::HashMap;
use std::time::Duration;

use dns::server::TransferRequest;
use dns::transfer::{Difference, Journal};
use dns::{Name, RecordType, Serial, Zone};
use gitstore::{CommitInfo, ObjectId, RemoteError, Snapshot, Store};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use crate::repository::{Past, Repository};
use crate::service::Service;

/// Commits that are looked at, at first and at most.
const COMMITS: [usize; 2] = [64, 1024];
/// Older trees that are fetched for one search.
const MOST_TREES: usize = 48;
/// Records of a zone that is compared with an older version.
const MOST_RECORDS: usize = 200_000;
/// How long an asker waits, in line included; secondaries wait for half a minute or so.
const PATIENCE: Duration = Duration::from_secs(8);
/// Serials that are remembered.
const MOST_SERIALS: usize = 65_536;
/// Commits that a start looks back, and how long that may take.
const RECENT: usize = 8;
const RECENT_PATIENCE: Duration = Duration::from_secs(3);

/// What is known of older trees. Holding it is having one's turn: one search at a time goes to the remote.
#[derive(Debug, Default)]
pub struct History(Mutex<Serials>);

type Serials = HashMap<(Name, ObjectId), Known>;

/// What an older tree is known to say of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Absent,
    Broken,
    Serial(Serial),
}

/// Why a search came to nothing.
#[derive(Debug, thiserror::Error)]
enum SearchError {
    /// At fault: the remote or the network.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("the history does not have it")]
    NotFound,
    /// At fault: who pushed.
    #[error("the history does not tell what was served then")]
    Doubtful,
    #[error("it takes too long, or too much, to find")]
    TooMuch,
}

/// The journal to answer a request from: it reaches back to what the asker has if the history does.
pub async fn journal(service: &Service, request: &TransferRequest) -> Option<Journal> {
    let zone = request.zone();
    let journal = service.published.journal(zone.apex());
    let Some(since) = request.since() else { return journal };
    if journal.as_ref().is_some_and(|journal| journal.between(since, zone.serial()).is_some()) {
        return journal;
    }
    let search = timeout(PATIENCE, version(service, zone, since)).await;
    match search.unwrap_or(Err(SearchError::TooMuch)) {
        Ok(old) => {
            tracing::info!("{} {since} was found in the history", zone.apex());
            service.published.reach_back(&old, zone)
        }
        Err(error) => {
            tracing::info!("{} since {since} is not known: {error}", zone.apex());
            journal
        }
    }
}

/// The last few older trees, the oldest first: a start learns from them what was served before.
pub async fn recent(store: &Store) -> Vec<Snapshot> {
    let look = async {
        let mut trees: Vec<Snapshot> = vec![];
        for commit in store.log(None, RECENT).await?.iter().skip(1) {
            trees.insert(0, store.snapshot_at(commit.id).await?);
        }
        Ok::<_, RemoteError>(trees)
    };
    match timeout(RECENT_PATIENCE, look).await {
        Ok(Ok(trees)) => trees,
        Ok(Err(error)) => {
            tracing::warn!("what was served before is not known: {error}");
            vec![]
        }
        Err(_) => {
            tracing::warn!("what was served before is not known: the remote takes too long to tell");
            vec![]
        }
    }
}

/// The version of `zone` with serial `since`.
async fn version(service: &Service, zone: &Zone, since: Serial) -> Result<Zone, SearchError> {
    if zone.record_count() > MOST_RECORDS {
        return Err(SearchError::TooMuch);
    }
    let repository = service.published.served();
    let tip = service.store.snapshot().commit().ok_or(SearchError::NotFound)?;
    let known = service.history.0.lock().await;
    let (store, apex) = (&service.store, zone.apex());
    let mut search = Search { store, repository: &repository, apex, since, commits: vec![], known, trees: 0 };
    for limit in COMMITS {
        search.commits = store.log(Some(tip), limit).await?;
        let last = search.commits.len().checked_sub(1).ok_or(SearchError::NotFound)?;
        if search.is_old_enough(last).await? {
            return search.find(last).await;
        }
        if search.commits.len() < limit {
            break;
        }
    }
    Err(SearchError::NotFound)
}

/// The search for one version.
struct Search<'a> {
    store: &'a Store,
    repository: &'a Repository,
    apex: &'a Name,
    since: Serial,
    /// The newest first.
    commits: Vec<CommitInfo>,
    known: MutexGuard<'a, Serials>,
    trees: usize,
}

impl Search<'_> {
    /// Finds it among the commits up to `last`, which is old enough.
    async fn find(&mut self, last: usize) -> Result<Zone, SearchError> {
        let (mut newer, mut newest) = (0, last);
        while newer < newest {
            let middle = newer.midpoint(newest);
            match self.is_old_enough(middle).await? {
                true => newest = middle,
                false => newer = middle + 1,
            }
        }
        if self.served_at(newest).await? != Some(self.since) {
            return Err(SearchError::NotFound);
        }
        // While the file was broken, the version before was served.
        while self.known_at(newest).await? == Known::Broken {
            newest += 1;
        }
        let zone = self.zone(newest).await?;
        self.check_other_end(newest, last, &zone).await?;
        self.check_successor(newest, &zone).await?;
        Ok(zone)
    }

    /// Where the serial came up the zone must have been the same as where it was last.
    async fn check_other_end(&mut self, newest: usize, last: usize, zone: &Zone) -> Result<(), SearchError> {
        let (mut oldest, mut older) = (newest, last);
        while oldest < older {
            let middle = oldest.midpoint(older) + 1;
            match self.served_at(middle).await? == Some(self.since) {
                true => oldest = middle,
                false => older = middle - 1,
            }
        }
        let first = if oldest == newest { return Ok(()) } else { self.zone(oldest).await? };
        if Difference::between(&first, zone).is_empty() { Ok(()) } else { Err(SearchError::Doubtful) }
    }

    /// A next version that only has another serial says that what came before it had one of those that were in use:
    /// somebody changed the content without it, perhaps by a push that rewrote the history.
    async fn check_successor(&mut self, newest: usize, zone: &Zone) -> Result<(), SearchError> {
        let mut successor = newest.checked_sub(1).ok_or(SearchError::Doubtful)?;
        while self.known_at(successor).await? == Known::Broken {
            successor = successor.checked_sub(1).ok_or(SearchError::Doubtful)?;
        }
        let next = self.zone(successor).await?;
        let difference = Difference::between(zone, &next);
        let records = || difference.removed.iter().chain(&difference.added);
        match records().all(|record| record.rtype == RecordType::SOA) {
            true => Err(SearchError::Doubtful),
            false => Ok(()),
        }
    }

    /// Whether what was served at a commit is not newer than what is looked for.
    async fn is_old_enough(&mut self, index: usize) -> Result<bool, SearchError> {
        Ok(self.served_at(index).await?.is_none_or(|serial| !serial.is_after(self.since)))
    }

    /// The serial that was served at a commit: while the file was broken, that of the version before.
    async fn served_at(&mut self, index: usize) -> Result<Option<Serial>, SearchError> {
        for index in index..self.commits.len() {
            match self.known_at(index).await? {
                Known::Serial(serial) => return Ok(Some(serial)),
                Known::Absent => return Ok(None),
                Known::Broken => {}
            }
        }
        Ok(None)
    }

    async fn known_at(&mut self, index: usize) -> Result<Known, SearchError> {
        let key = (self.apex.clone(), self.commits[index].id);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let known = match self.past(index).await? {
            Past::Absent => Known::Absent,
            Past::Broken => Known::Broken,
            Past::Zone(zone) => Known::Serial(zone.serial()),
        };
        if self.known.len() >= MOST_SERIALS {
            self.known.clear();
        }
        self.known.insert(key, known);
        Ok(known)
    }

    async fn zone(&mut self, index: usize) -> Result<Zone, SearchError> {
        match self.past(index).await? {
            Past::Zone(zone) => Ok(zone),
            Past::Absent | Past::Broken => Err(SearchError::Doubtful),
        }
    }

    async fn past(&mut self, index: usize) -> Result<Past, SearchError> {
        self.trees += 1;
        if self.trees > MOST_TREES {
            return Err(SearchError::TooMuch);
        }
        let snapshot = self.store.snapshot_at(self.commits[index].id).await?;
        let past = self.repository.zone_in(self.apex, &snapshot);
        // Reading a zone file takes a while: queries come first.
        tokio::task::yield_now().await;
        Ok(past)
    }
}
