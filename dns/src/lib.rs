//! Authoritative DNS as pure functions and state machines.
//!
//! What is not here: sockets, clocks, randomness, files, git. Whoever calls brings octets, text and the time.

pub mod message;
pub mod name;
pub mod rdata;
pub mod record;
pub mod record_type;
pub mod wire;
pub mod zonefile;

pub use name::Name;
pub use rdata::Rdata;
pub use record::{Record, Serial, Soa};
pub use record_type::{Class, RecordType};
