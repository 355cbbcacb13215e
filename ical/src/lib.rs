//! iCalendar objects (RFC 5545).
pub mod document;
mod text;
pub use document::{Component, Document, Property, SyntaxError};
