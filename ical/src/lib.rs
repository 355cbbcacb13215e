//! iCalendar objects (RFC 5545), their time zones and recurrences, and CalDAV's questions about them (RFC 4791), as pure functions.
//!
//! The text: a [`Document`] is the octets of one VCALENDAR and where its lines are; a [`Component`] and a [`Property`] look into
//! it. Octets that nobody asked to change are never written again, so what a client stored is what every client gets.
//!
//! What it means: a [`CalendarObject`] is what a server stores, the components of one UID, checked as RFC 4791 wants it. It knows
//! when it takes place: [`CalendarObject::hull`] for an index, [`CalendarObject::occurrences`] for a range. Its times have a
//! [`Zone`], which [`Zones`] keeps once for all calendars that describe it alike. A recurrence rule never counts from its first
//! instance: any window is found by division (`recurrence`). What invitations change in the calendars of others is in [`itip`].
//!
//! Here is neither clock nor file: the IANA database is compiled in, and the zone of floating times is an argument.

mod civil;
pub mod describe;
pub mod document;
pub mod filter;
pub mod free_busy;
pub mod itip;
pub mod object;
pub mod patch;
mod recurrence;
pub mod redact;
pub mod select;
mod splice;
mod text;
mod value;
pub mod zone;

pub use document::{Component, Document, Property, SyntaxError};
pub use object::{
    CalendarObject, Class, Components, Fault, Hull, Kind, Occurrence, Precondition, RecurrenceId, TooMany,
};
pub use value::parse_utc;
pub use zone::{Zone, Zones};
