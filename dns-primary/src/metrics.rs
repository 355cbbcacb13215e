//! What the service counts.

use gitstore::Store;
use platform::Metrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// The prefix of every name.
const PREFIX: &str = "dns_primary";

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// What every name server counts.
    pub name_server: nameserver::metrics::Counters,
    /// Updates that are on the remote.
    pub updates_accepted: Counter,
    /// Updates that were refused or failed.
    pub updates_failed: Counter,
    /// Zones that are served.
    pub zones: Gauge,
    /// Keys that may be used.
    pub keys: Gauge,
    /// Zone files that are not served as they are.
    pub refused_zones: Gauge,
}

impl Counters {
    /// Makes the counters and registers them, and what the store counts itself.
    pub fn register(metrics: &Metrics, store: &Store) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix(PREFIX);
            counters.name_server.register(registry);
            registry.register("updates_accepted", "Updates that are on the remote", counters.updates_accepted.clone());
            registry.register("updates_failed", "Updates refused or failed", counters.updates_failed.clone());
            registry.register("zones", "Zones served", counters.zones.clone());
            registry.register("keys", "TSIG keys", counters.keys.clone());
            registry.register("refused_zones", "Zone files not served as they are", counters.refused_zones.clone());
            gitstore::metrics::register(registry, store);
        });
        counters
    }
}
