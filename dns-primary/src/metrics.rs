//! What the service counts.

use std::fmt;

use gitstore::Store;
use platform::Metrics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};

/// The prefix of every name.
const PREFIX: &str = "dns_primary";

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Datagrams and messages over TCP that came.
    pub requests: Counter,
    /// Answers over UDP beyond the rate limit.
    pub limited: Counter,
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
    /// Zone files that are not served as they are.
    pub refused_zones: Gauge,
}

impl Counters {
    /// Makes the counters and registers them, and what the store counts itself.
    pub fn register(metrics: &Metrics, store: &Store) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix(PREFIX);
            registry.register("requests", "Messages that came", counters.requests.clone());
            registry.register("limited", "Answers beyond the rate limit", counters.limited.clone());
            registry.register("updates_accepted", "Updates that are on the remote", counters.updates_accepted.clone());
            registry.register("updates_failed", "Updates refused or failed", counters.updates_failed.clone());
            registry.register("transfers", "Zone transfers sent", counters.transfers.clone());
            registry.register("notifications", "NOTIFY messages sent", counters.notifications.clone());
            registry.register("zones", "Zones served", counters.zones.clone());
            registry.register("keys", "TSIG keys", counters.keys.clone());
            registry.register("refused_zones", "Zone files not served as they are", counters.refused_zones.clone());
            registry.register_collector(Box::new(Remote(store.clone())));
        });
        counters
    }
}

/// How the remote is doing, looked up whenever somebody asks.
struct Remote(Store);

impl Collector for Remote {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = self.0.status();
        let mut gauge = |name, help, value: i64| {
            let metric = ConstGauge::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        gauge("remote_reachable", "Whether the remote was reachable last", i64::from(status.reachable))?;
        let mut counter = |name, help, value: u64| {
            let metric = ConstCounter::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        counter("pulls", "Pulls from the remote", status.pulls)?;
        counter("pushes", "Pushes to the remote", status.pushes)?;
        counter("commits", "Commits that the remote has taken", status.commits)?;
        counter("octets_sent", "Octets sent to the remote, before encryption", status.octets_sent)?;
        counter("octets_received", "Octets received from the remote", status.octets_received)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}
