//! Fetches what is subscribed to, when it is due, several at once, and commits what differs.

mod fetch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gitstore::{CommitError, Edit, Identity, ReadError};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use crate::service::{Service, follow};
use crate::subscription;
use crate::webdav::properties::used;
use crate::world::{Collection, World};
use fetch::{Client, Fetched};

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(30);
/// How often a file is fetched, if it does not say how often it changes; and how often at most.
const USUAL: Duration = Duration::from_secs(3600);
const OFTEN: Duration = Duration::from_secs(900);

/// How many are fetched at once, and how many of these for one owner: a source that is slow keeps nobody else waiting.
const AT_ONCE: usize = 8;
const OF_ONE_OWNER: usize = 2;

/// When a calendar was fetched, and when it is again.
struct Standing {
    source: String,
    due: Instant,
    etag: Option<String>,
}

/// What came of fetching one.
struct Outcome {
    /// From where.
    source: String,
    /// How the source calls what is kept.
    etag: Option<String>,
    /// How long that is good for.
    good_for: Duration,
}

/// All subscriptions, and which of them are being fetched.
struct Subscriptions {
    service: Arc<Service>,
    client: Arc<Client>,
    standings: HashMap<Arc<str>, Standing>,
    fetching: JoinSet<Outcome>,
    busy: HashMap<task::Id, Arc<str>>,
}

/// Fetches what is subscribed to, again and again.
pub async fn keep_up(service: Arc<Service>) {
    let client = Arc::new(Client::new(service.net.clone(), service.settings.subscribes_to_private));
    let mut changes = service.store.changes();
    let (standings, fetching, busy) = Default::default();
    let mut subscriptions = Subscriptions { service, client, standings, fetching, busy };
    loop {
        subscriptions.begin();
        tokio::select! {
            Some(done) = subscriptions.fetching.join_next_with_id() => subscriptions.end(done),
            // A new subscription comes with a commit, and is not to wait.
            change = changes.next() => if change.is_none() { return },
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl Subscriptions {
    /// Begins to fetch what is due, as far as there is room.
    fn begin(&mut self) {
        let world = self.service.published.world();
        self.standings.retain(|path, standing| source(&world, path).is_some_and(|source| source == standing.source));
        let (now, mut waiting) = (Instant::now(), Vec::new());
        for collection in world.collections() {
            let Some(source) = source(&world, &collection.path) else { continue };
            let new = Standing { source, due: now, etag: None };
            let standing = self.standings.entry(Arc::clone(&collection.path)).or_insert(new);
            if standing.due <= now {
                waiting.push((standing.due, Arc::clone(&collection.path)));
            }
        }
        if platform::memory::is_scarce() {
            return;
        }
        for path in chosen(waiting, self.busy.values()) {
            let (Some(collection), Some(standing)) = (world.collection(&path), self.standings.get(&path)) else {
                continue;
            };
            let (source, etag) = (standing.source.clone(), standing.etag.clone());
            let (service, client) = (Arc::clone(&self.service), Arc::clone(&self.client));
            let task = refresh(service, client, Arc::clone(collection), source, etag);
            self.busy.insert(self.fetching.spawn(task).id(), path);
        }
    }

    /// Notes what came of one.
    fn end(&mut self, done: Result<(task::Id, Outcome), JoinError>) {
        let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(standing) = self.busy.remove(&id).and_then(|path| self.standings.get_mut(&path)) else { return };
        let Ok((_, outcome)) = done else {
            standing.due = Instant::now() + USUAL;
            return;
        };
        // It may be subscribed to something else by now, which is due.
        if standing.source == outcome.source {
            standing.due = Instant::now() + outcome.good_for;
            standing.etag = outcome.etag;
        }
    }
}

/// Which ones are fetched next: those that wait longest, within what may be fetched at once.
fn chosen<'a>(mut waiting: Vec<(Instant, Arc<str>)>, busy: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<str>> {
    waiting.sort();
    let (mut all, mut chosen) = (busy.cloned().collect::<Vec<_>>(), Vec::new());
    for (_, path) in waiting {
        let of_owner = all.iter().filter(|other| owner(other) == owner(&path)).count();
        if all.len() < AT_ONCE && of_owner < OF_ONE_OWNER && !all.contains(&path) {
            all.push(Arc::clone(&path));
            chosen.push(path);
        }
    }
    chosen
}

fn owner(path: &str) -> Option<&str> {
    path.split('/').nth(1)
}

/// Where a calendar comes from, as long as its owner is there.
fn source(world: &World, path: &str) -> Option<String> {
    let collection = world.collection(path)?;
    world.user(collection.owner())?;
    collection.file.source.clone()
}

/// Fetches one calendar, and keeps what is new.
async fn refresh(
    service: Arc<Service>,
    client: Arc<Client>,
    collection: Arc<Collection>,
    source: String,
    known: Option<String>,
) -> Outcome {
    let fetched = client.fetch(&source, known.as_deref()).await;
    let (etag, good_for) = match fetched {
        Ok(Fetched::Same) => (known, USUAL),
        Ok(Fetched::New { octets, etag }) => match keep(&service, &collection, &source, &octets).await {
            Ok(good_for) => (etag, good_for),
            Err(good_for) => (known, good_for),
        },
        Err(reason) => {
            tracing::warn!("{}: {source} cannot be fetched: {reason}", collection.path);
            (known, OFTEN)
        }
    };
    Outcome { source, etag, good_for }
}

/// Commits what was fetched; how long it is good for, or when to try again if it is not kept.
async fn keep(service: &Service, collection: &Collection, source: &str, octets: &Bytes) -> Result<Duration, Duration> {
    let path = collection.path.to_string();
    let (objects, refused) = subscription::split(octets).map_err(|reason| {
        tracing::warn!("{path}: what is at {source} is no calendar: {reason}");
        USUAL
    })?;
    if refused > 0 {
        tracing::info!("{path}: {refused} objects of {source} cannot be read and are left out");
    }
    let (quota, size) = (service.settings.quota, objects.values().map(|object| object.len() as u64).sum::<u64>());
    let others = used(&service.published.world(), collection.owner()).saturating_sub(collection.octets);
    if others + size > quota {
        tracing::warn!("{path}: what is at {source} is not kept: its owner would have more than {quota} octets");
        return Err(USUAL);
    }
    let message = format!("refresh {:?}", collection.file.display_name.as_deref().unwrap_or(collection.name()));
    let source = source.to_owned();
    let edit = move |edit: &mut Edit| subscription::replace(edit, &path, &source, &objects);
    let committed: Result<_, CommitError<ReadError>> =
        service.store.commit(Identity::service(&service.name), message, edit).await;
    committed.map_err(|error| {
        tracing::warn!("{}: what was fetched is not kept: {error}", collection.path);
        OFTEN
    })?;
    follow::publish(service);
    Ok(subscription::interval(octets).unwrap_or(USUAL).max(OFTEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_source_keeps_no_other_one_waiting() {
        let now = Instant::now();
        let path = |owner: usize, number: usize| -> Arc<str> { format!("calendars/{owner}/{number}").into() };
        let waiting = (0..10).flat_map(|owner| (0..3).map(move |number| (now, path(owner, number)))).collect();
        let slow = [path(0, 0), path(0, 1)];
        let chosen = chosen(waiting, slow.iter());
        assert_eq!(chosen, [path(1, 0), path(1, 1), path(2, 0), path(2, 1), path(3, 0), path(3, 1)]);
    }

    #[test]
    fn who_waits_longest_is_next() {
        let now = Instant::now();
        let paths: Vec<Arc<str>> = (0..9).map(|owner| format!("calendars/{owner}/a").into()).collect();
        let waiting = paths.iter().rev().enumerate();
        let waiting = waiting.map(|(at, path)| (now + LOOK * u32::try_from(at).unwrap(), Arc::clone(path))).collect();
        let chosen = chosen(waiting, [].iter());
        assert_eq!((chosen.len(), chosen.first()), (AT_ONCE, paths.last()));
    }
}
