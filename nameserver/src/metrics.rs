//! What every name server counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// Counters of a name server; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Datagrams and messages over TCP that came.
    pub requests: Counter,
    /// Answers over UDP beyond the rate limit.
    pub limited: Counter,
    /// Transfers that were sent whole.
    pub transfers: Counter,
    /// NOTIFY messages that were sent.
    pub notifications: Counter,
}

impl Counters {
    /// Registers them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("requests", "Messages that came", self.requests.clone());
        registry.register("limited", "Answers beyond the rate limit", self.limited.clone());
        registry.register("transfers", "Zone transfers sent", self.transfers.clone());
        registry.register("notifications", "NOTIFY messages sent", self.notifications.clone());
    }
}
