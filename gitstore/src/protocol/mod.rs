//! Git's protocols for fetch and push over a stream (gitprotocol-v2(5), gitprotocol-pack(5)), without the stream:
//! packets in, octets to send and results out, a state per awaited message.

pub(crate) mod advertisement;
pub(crate) mod fetch;
pub(crate) mod pkt_line;
pub(crate) mod push;
pub(crate) mod side_band;

/// How we introduce ourselves.
pub(crate) const AGENT: &str = concat!("agent=gitstead/", env!("CARGO_PKG_VERSION"));
