//! The connections that are open, and which of them makes room for another.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Limits, Shared};
use crate::listen::client;

/// The connections of a listener.
#[derive(Debug, Default)]
pub struct Open {
    registry: Mutex<Registry>,
    /// Counts events; "longest silent" is the smallest, no clock needed.
    events: AtomicU64,
}

#[derive(Debug, Default)]
struct Registry {
    connections: HashMap<u64, (IpAddr, Arc<Shared>)>,
    clients: HashMap<IpAddr, usize>,
}

impl Open {
    /// Adds a connection; those that were silent longest make room for it.
    pub fn insert(&self, shared: Arc<Shared>, peer: IpAddr, limits: &Limits) -> u64 {
        let (client, mut registry) = (client(peer), self.lock());
        if registry.clients.get(&client).is_some_and(|count| *count >= limits.connections_per_client.max(1)) {
            registry.close_longest_silent(|other| other == client);
        }
        if registry.connections.len() >= limits.connections.max(1) {
            registry.close_longest_silent(|_| true);
        }
        let id = self.events.fetch_add(1, Ordering::Relaxed);
        shared.last_active.store(id, Ordering::Relaxed);
        registry.connections.insert(id, (client, shared));
        *registry.clients.entry(client).or_default() += 1;
        id
    }

    /// The connection has ended.
    pub fn remove(&self, id: u64) {
        self.lock().remove(id);
    }

    /// Something came on the connection.
    pub fn touch(&self, shared: &Shared) {
        shared.last_active.store(self.events.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Closes the connection that was silent longest.
    pub fn close_longest_silent(&self) {
        self.lock().close_longest_silent(|_| true);
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().expect("no holder of the connections panics")
    }
}

impl Registry {
    fn remove(&mut self, id: u64) -> Option<Arc<Shared>> {
        let (client, shared) = self.connections.remove(&id)?;
        if let Some(count) = self.clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.clients.remove(&client);
            }
        }
        Some(shared)
    }

    /// One that was asked to be kept comes last.
    fn close_longest_silent(&mut self, of: impl Fn(IpAddr) -> bool) {
        let rank = |shared: &Shared| (shared.kept.load(Ordering::Relaxed), shared.last_active.load(Ordering::Relaxed));
        let candidates = self.connections.iter().filter(|(_, (client, _))| of(*client));
        let longest = candidates.min_by_key(|(_, (_, shared))| rank(shared)).map(|(id, _)| *id);
        if let Some(shared) = longest.and_then(|id| self.remove(id)) {
            shared.close.notify_one();
        }
    }
}
