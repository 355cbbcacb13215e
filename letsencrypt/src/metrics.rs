//! What the service counts.

use platform::Metrics;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// Counters and gauges of the service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Hosts with a request.
    pub requests: Gauge,
    /// Hosts whose last try failed or whose request is refused.
    pub failing: Gauge,
    /// Orders that are open.
    pub orders: Gauge,
    /// Certificates that were written into DNS.
    pub issued: Counter,
    /// Orders that failed.
    pub failures: Counter,
}

impl Counters {
    /// Makes the counters and registers them.
    pub fn register(metrics: &Metrics) -> Counters {
        let counters = Counters::default();
        metrics.register(|registry| {
            let registry = registry.sub_registry_with_prefix("letsencrypt");
            registry.register("requests", "Hosts with a signing request", counters.requests.clone());
            registry.register("failing", "Hosts without success", counters.failing.clone());
            registry.register("orders", "Orders that are open", counters.orders.clone());
            registry.register("issued", "Certificates written into DNS", counters.issued.clone());
            registry.register("failures", "Orders that failed", counters.failures.clone());
        });
        counters
    }
}
