//! An authoritative DNS secondary: no disk, no state but what its primaries tell.
//!
//! What it does is [`dns::secondary`] (when to ask whom, what an answer means) and [`dns::server`] (queries, transfers
//! to others). Here are the sockets and the clock around them: [`service`] takes messages in, [`platform::links`] holds
//! the connections to primaries, [`holdings`] is what is served, [`nameserver::notifications`] tells the next ones in
//! the chain.

pub mod config;
pub mod error;
pub mod holdings;
pub mod metrics;
pub mod service;
