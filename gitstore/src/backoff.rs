//! Waiting longer after each failure, and never in step with others.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Delays that double up to a most, each with a random part.
pub(crate) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, most: Duration) -> Backoff {
        Backoff { next: first, most }
    }

    /// Between half and all of the present delay.
    pub(crate) fn delay(&mut self) -> Duration {
        let present = self.next;
        self.next = (present * 2).min(self.most);
        // The standard library's hash keys are its only source of chance, and this is no secret.
        let chance = RandomState::new().hash_one(0) >> 33;
        present / 2 + (present / 2).mul_f64(chance as f64 / (1u64 << 31) as f64)
    }
}
