//! What the service counts.

use gitstore::Store;
use http::{Method, StatusCode};
use platform::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::world::World;

/// The prefix of every name.
const PREFIX: &str = "caldav";

/// A request as it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    status: u16,
}

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    answered: Family<Answered, Counter>,
    /// Logins with a wrong name or password.
    pub refused_logins: Counter,
    /// Connections beyond the limits.
    pub refused_connections: Counter,
    users: Gauge,
    collections: Gauge,
    broken_files: Gauge,
}

/// Methods that are counted by name: what a client makes up is not to make a series each.
const METHODS: [&str; 16] = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "MKCALENDAR",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "ACL",
];

impl Counters {
    /// Makes the counters and registers them, and what the store counts itself.
    pub fn register(metrics: &Metrics, store: &Store) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix(PREFIX);
            registry.register("requests", "Requests answered", counters.answered.clone());
            registry.register("refused_logins", "Logins refused", counters.refused_logins.clone());
            registry.register("refused_connections", "Connections refused", counters.refused_connections.clone());
            registry.register("users", "Users", counters.users.clone());
            registry.register("collections", "Calendars and folders", counters.collections.clone());
            registry.register("broken_files", "Files that cannot be read", counters.broken_files.clone());
            gitstore::metrics::register(registry, store);
        });
        counters
    }

    /// Counts a reply.
    pub fn answered(&self, method: &Method, status: StatusCode) {
        let method = METHODS.iter().find(|known| **known == method.as_str()).copied().unwrap_or("other");
        self.answered.get_or_create(&Answered { method, status: status.as_u16() }).inc();
    }

    /// What is in the world that is served.
    pub fn follow(&self, world: &World) {
        self.users.set(world.users().count() as i64);
        self.collections.set(world.collections().count() as i64);
        self.broken_files.set(world.broken().len() as i64);
    }
}
