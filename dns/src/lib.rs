//! Authoritative DNS as pure functions and state machines.
//!
//! What is not here: sockets, clocks, randomness, files, git. Whoever calls brings octets, text and the time.

pub mod answer;
pub mod keys;
pub mod message;
pub mod name;
pub mod name_hash;
pub mod notify;
pub mod rdata;
pub mod record;
pub mod record_type;
#[cfg(test)]
mod test_zone;
#[cfg(test)]
mod testing;
pub mod transfer;
pub mod tsig;
pub mod update;
pub mod wire;
pub mod zone;
pub mod zone_set;
pub mod zonefile;

pub use name::Name;
pub use rdata::Rdata;
pub use record::{Record, Serial, Soa};
pub use record_type::{Class, RecordType};
pub use zone::Zone;
pub use zone_set::ZoneSet;
