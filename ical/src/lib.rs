//! iCalendar objects (RFC 5545).

pub mod document;
mod civil;
pub mod object;
mod recurrence;
mod text;
mod value;
pub mod zone;
pub use document::{Component, Document, Property, SyntaxError};
pub use object::*;
pub use zone::{Zone, Zones};
