//! Zones on their way to and from other servers (RFC 5936, RFC 1995): what differs between versions, and messages of
//! it.

pub mod difference;
pub mod incoming;
pub mod journal;
pub mod outgoing;

pub use difference::Difference;
pub use journal::{Journal, JournalLimits};
pub use outgoing::Outgoing;
