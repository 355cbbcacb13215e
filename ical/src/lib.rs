//! iCalendar objects (RFC 5545), their time zones and recurrences, and CalDAV's questions about them (RFC 4791), as pure functions.
//!
//! The text: a [`Document`] is the octets of one VCALENDAR and where its lines are; a [`Component`] and a [`Property`] look into
//! it. Octets that nobody asked to change are never written again, so what a client stored is what every client gets.
//!
//! What it means: a [`CalendarObject`] is what a server stores, the components of one UID, checked as RFC 4791 section 4.1 wants
//! it; a [`Fault`] says what is wrong with it, and where. It knows when it takes place: [`CalendarObject::hull`] for an index of
//! intervals, [`CalendarObject::occurrences`] for a range.
//!
//! A recurrence rule (`recurrence`) is arithmetic on local time: the days of a period are a set of bits, and a walk finds
//! the first period of a window by division and never counts from the first instance. COUNT is turned into a last instance when the
//! rule is read. `object/recurrence.rs` merges rules, RDATE and EXDATE; `object/occurrences.rs` puts overrides in their places.
//!
//! A [`Zone`] is what a TZID means: the file's own VTIMEZONE if it has one, else the name, which may be IANA's (compiled in), that of
//! Windows, or an offset; a name that nobody knows is read as floating. [`Zones`] keeps each once for all calendars.
//!
//! What CalDAV asks: [`filter`] tests an object against a calendar-query, [`select`] renders calendar-data, [`free_busy`] collects
//! when somebody is busy. What a server does to objects: [`patch`] changes single lines, [`redact`] leaves only the times,
//! [`describe`] says in a phrase what changed, [`itip`] what invitations change in the calendars of others.
//!
//! Whatever somebody stores, its cost is bounded, and each bound has a name: octets, lines, depth, components, zones, rules, steps along
//! a rule ([`TooMany`]).
//!
//! What is not here: clocks, files, networks, XML, the environment's time zone. The zone of floating
//! times and the time now are arguments.

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
