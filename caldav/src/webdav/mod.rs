//! WebDAV (RFC 4918 and what was added to it): XML, properties, conditions, access, locks.

pub mod access;
pub mod conditional;
pub mod http_date;
pub mod lock;
pub mod multistatus;
pub mod names;
pub mod properties;
pub mod xml;
