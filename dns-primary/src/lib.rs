//! An authoritative DNS primary whose zones lie in a git repository.
//!
//! Follow a message: [`nameserver::answering`] takes it from a socket, and unless the answer was in memory it comes to
//! [`service`]. [`primary`] says what to do about it, and the way goes on through [`updates`] (an UPDATE becomes a
//! commit) or [`follow`] (a push becomes what is served), past [`repository`] (what a tree means), to
//! [`nameserver::notifications`] (secondaries are told).

pub mod changelog;
pub mod config;
pub mod error;
pub mod follow;
pub mod history;
pub mod metrics;
pub mod primary;
pub mod published;
pub mod repository;
pub mod retransmissions;
pub mod service;
pub mod updates;
pub mod waiting;
