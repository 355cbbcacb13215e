//! How much memory is left, and when to take no more work.
//!
//! Memory that runs out cannot be refused where it is asked for: there the process ends. So whoever is about to take on
//! work (a connection, an update, a pull) asks first. A reserve remains for what has begun and for answers.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

use crate::arena::{self, Standing};

/// The part of the limit that is kept back.
const RESERVE: usize = 8;

/// Whether so little memory is left that only what has begun should be ended.
pub fn is_scarce() -> bool {
    left() == Some(0)
}

/// Octets that new work may take; none where memory has no limit.
pub fn left() -> Option<usize> {
    arena::standing().map(|Standing { left, limit, .. }| left.saturating_sub(limit / RESERVE))
}

/// Octets in use, where there is a limit.
pub fn used() -> Option<usize> {
    arena::standing().map(|Standing { used, .. }| used)
}

/// From now on at most so many MiB are used.
pub fn limit(mebibytes: u32) {
    arena::set_limit(usize::try_from(mebibytes).unwrap_or(usize::MAX >> 20) << 20);
}

/// Use and limit as metrics, looked up whenever somebody asks; nothing where there is no limit.
#[derive(Debug)]
pub(crate) struct Gauges;

impl Collector for Gauges {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Some(Standing { used, limit, .. }) = arena::standing() else { return Ok(()) };
        for (name, help, octets) in [
            ("memory_used", "Octets in use of the service's memory", used),
            ("memory_limit", "Octets of the service's memory", limit),
        ] {
            let gauge = ConstGauge::new(octets as i64);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}
