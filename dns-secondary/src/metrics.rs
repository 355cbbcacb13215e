//! What the service counts.

use platform::Metrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// What every name server counts.
    pub name_server: nameserver::metrics::Counters,
    /// Versions of zones that came.
    pub versions: Counter,
    /// Answers of primaries that were of no use, and primaries that could not be reached.
    pub troubles: Counter,
    /// NOTIFY messages that came.
    pub notifications_received: Counter,
    /// Zones that are served.
    pub zones: Gauge,
    /// Zones that are answered SERVFAIL: not come yet, or expired.
    pub unavailable_zones: Gauge,
}

impl Counters {
    /// Makes the counters and registers them.
    pub fn register(metrics: &Metrics) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix("dns_secondary");
            counters.name_server.register(registry);
            registry.register("versions", "Versions of zones that came", counters.versions.clone());
            registry.register("troubles", "Questions to primaries that failed", counters.troubles.clone());
            let received = counters.notifications_received.clone();
            registry.register("notifications_received", "NOTIFY messages that came", received);
            registry.register("zones", "Zones served", counters.zones.clone());
            registry.register("unavailable_zones", "Zones not come yet or expired", counters.unavailable_zones.clone());
        });
        counters
    }
}
