//! Zones on their way to other servers (RFC 5936, RFC 1995): what differs between versions, and messages of it.

pub mod difference;
pub mod outgoing;

pub use difference::Difference;
pub use outgoing::Outgoing;
