//! What the service counts.

use std::sync::atomic::AtomicU64;

use platform::Metrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Datagrams and messages over TCP that came.
    pub requests: Counter,
    /// Updates that are on the remote.
    pub updates_accepted: Counter,
    /// Updates that were refused or failed.
    pub updates_failed: Counter,
    /// Transfers that were sent whole.
    pub transfers: Counter,
    /// NOTIFY messages that were sent.
    pub notifications: Counter,
    /// Zones that are served.
    pub zones: Gauge,
    /// Keys that may be used.
    pub keys: Gauge,
    /// Files in the repository that are not served as they are.
    pub refused_zones: Gauge,
    /// 1 while the remote is reachable.
    pub remote_reachable: Gauge<i64>,
    /// Pulls, pushes and commits so far.
    pub pulls: Gauge<u64, AtomicU64>,
    /// Pushes so far.
    pub pushes: Gauge<u64, AtomicU64>,
    /// Commits so far.
    pub commits: Gauge<u64, AtomicU64>,
}

impl Counters {
    /// Makes the counters and registers them.
    pub fn register(metrics: &Metrics) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix("dns_primary");
            registry.register("requests", "Messages that came", counters.requests.clone());
            registry.register("updates_accepted", "Updates that are on the remote", counters.updates_accepted.clone());
            registry.register("updates_failed", "Updates refused or failed", counters.updates_failed.clone());
            registry.register("transfers", "Zone transfers sent", counters.transfers.clone());
            registry.register("notifications", "NOTIFY messages sent", counters.notifications.clone());
            registry.register("zones", "Zones served", counters.zones.clone());
            registry.register("keys", "TSIG keys", counters.keys.clone());
            registry.register("refused_zones", "Zone files not served as they are", counters.refused_zones.clone());
            registry.register("remote_reachable", "Whether the remote is reachable", counters.remote_reachable.clone());
            registry.register("pulls", "Pulls from the remote", counters.pulls.clone());
            registry.register("pushes", "Pushes to the remote", counters.pushes.clone());
            registry.register("commits", "Commits on the remote", counters.commits.clone());
        });
        counters
    }
}
