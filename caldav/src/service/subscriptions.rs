//! Fetches what is subscribed to, when it is due, and commits what differs.

mod fetch;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gitstore::{CommitError, Edit, Identity, ReadError};
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

/// When a calendar was fetched, and when it is again.
struct Standing {
    source: String,
    due: Instant,
    etag: Option<String>,
}

/// Fetches what is subscribed to, again and again.
pub async fn keep_up(service: Arc<Service>) {
    let client = Client::new(service.net.clone(), service.settings.subscribes_to_private);
    let mut standings: HashMap<Arc<str>, Standing> = HashMap::new();
    let mut changes = service.store.changes();
    loop {
        let world = service.published.world();
        standings.retain(|path, standing| source(&world, path).is_some_and(|source| source == standing.source));
        for collection in world.collections().filter(|collection| collection.file.source.is_some()) {
            let Some(source) = collection.file.source.clone() else { continue };
            let due = Instant::now();
            let standing =
                standings.entry(Arc::clone(&collection.path)).or_insert(Standing { source, due, etag: None });
            if standing.due > Instant::now() {
                continue;
            }
            standing.due = Instant::now() + refresh(&service, &client, collection, standing).await;
        }
        // A new subscription comes with a commit, and is not to wait.
        if let Ok(None) = tokio::time::timeout(LOOK, changes.next()).await {
            return;
        }
    }
}

fn source(world: &World, path: &str) -> Option<String> {
    world.collection(path)?.file.source.clone()
}

/// Fetches one calendar; how long it is good for.
async fn refresh(
    service: &Arc<Service>,
    client: &Client,
    collection: &Collection,
    standing: &mut Standing,
) -> Duration {
    let (path, source) = (collection.path.to_string(), standing.source.clone());
    let fetched = match client.fetch(&source, standing.etag.as_deref()).await {
        Ok(Fetched::Same) => return USUAL,
        Ok(Fetched::New { octets, etag }) => (octets, etag),
        Err(reason) => {
            tracing::warn!("{path}: {source} cannot be fetched: {reason}");
            return OFTEN;
        }
    };
    let (octets, etag) = fetched;
    let (objects, refused) = match subscription::split(&octets) {
        Ok(split) => split,
        Err(reason) => {
            tracing::warn!("{path}: what is at {source} is no calendar: {reason}");
            return USUAL;
        }
    };
    if refused > 0 {
        tracing::info!("{path}: {refused} objects of {source} cannot be read and are left out");
    }
    let again = subscription::interval(&octets).unwrap_or(USUAL).max(OFTEN);
    let (quota, size) = (service.settings.quota, objects.values().map(|object| object.len() as u64).sum::<u64>());
    let others = used(&service.published.world(), collection.owner()).saturating_sub(collection.octets);
    if others + size > quota {
        tracing::warn!("{path}: what is at {source} is not kept: its owner would have more than {quota} octets");
        return USUAL;
    }
    let message = format!("refresh {:?}", collection.file.display_name.as_deref().unwrap_or(collection.name()));
    let edit = move |edit: &mut Edit| subscription::replace(edit, &path, &objects);
    match service.store.commit(Identity::service(&service.name), message, edit).await {
        Ok(_) => {
            standing.etag = etag;
            follow::publish(service);
            again
        }
        Err(error) => {
            let error: CommitError<ReadError> = error;
            tracing::warn!("{}: what was fetched is not kept: {error}", collection.path);
            OFTEN
        }
    }
}
