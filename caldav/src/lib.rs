//! A CalDAV server whose store is a git repository.

pub mod repository;
pub mod webdav;
