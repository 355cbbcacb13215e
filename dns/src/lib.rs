//! Authoritative DNS as pure functions and state machines. Octets, text and the time go in; octets, text and values
//! come out.
//!
//! The values: a [`Name`], an [`Rdata`] whose shape one table of layouts knows ([`rdata`]), a [`Record`], a [`Zone`]
//! (one immutable version, sharing with others what does not differ), a [`ZoneSet`]. [`message`] and [`wire`] are the
//! octets around them.
//!
//! A query: [`answer::answer`] takes the zones and the octets, and writes the reply into a buffer. It allocates
//! nothing.
//!
//! An update: [`tsig::open`] says who signed it, [`keys`] what that key may, [`update::run`] makes new zones of old
//! ones or says why not, and [`zonefile::Document::edit`] finds the smallest change of the zone file's text.
//!
//! A zone file: [`zonefile::parse`] gives a zone and a document, or every error with its line and column.
//!
//! A transfer out: [`transfer::Outgoing`] streams a zone, or the steps that a [`transfer::Journal`] remembers; in:
//! [`transfer::incoming`] has a state for each awaited message. [`secondary`] lives the life of a secondary over
//! virtual time, [`catalog`] reads and writes lists of zones, [`notify`] knows whom to tell and when again.
//!
//! [`server`] puts together what a primary and a secondary have in common.
//!
//! What is not here: sockets, clocks, randomness, files, git. Whoever calls brings octets, text and the time.

pub mod answer;
pub mod catalog;
pub mod keys;
pub mod message;
pub mod name;
pub mod name_hash;
pub mod notify;
pub mod rdata;
pub mod record;
pub mod record_type;
pub mod secondary;
pub mod server;
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
