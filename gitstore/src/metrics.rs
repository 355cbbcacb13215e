//! How the remote is doing, as metrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::Store;

/// Registers what a store counts itself, looked up whenever somebody asks.
pub fn register(registry: &mut Registry, store: &Store) {
    registry.register_collector(Box::new(Remote(store.clone())));
}

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
