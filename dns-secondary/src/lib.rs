//! An authoritative DNS secondary: no disk, no state but what its primaries tell.
//!
//! What it does is [`dns::secondary`] (when to ask whom, what an answer means) and [`dns::server`] (queries, transfers
//! to others). The sockets and the clock around them are in [`nameserver`]; here [`service`] joins them to
//! [`holdings`], which is what is served.

pub mod config;
pub mod error;
pub mod holdings;
pub mod metrics;
pub mod service;
