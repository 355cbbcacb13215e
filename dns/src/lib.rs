//! Authoritative DNS as pure functions and state machines.
//!
//! What is not here: sockets, clocks, randomness, files, git. Whoever calls brings octets, text and the time.

pub mod keys;
pub mod message;
pub mod name;
pub mod rdata;
pub mod record;
pub mod record_type;
pub mod tsig;
pub mod wire;

pub use name::Name;
pub use rdata::Rdata;
pub use record::{Record, Serial, Soa};
pub use record_type::{Class, RecordType};
