//! A CalDAV server whose store is a git repository.

pub mod accounts;
pub mod password;
pub mod repository;
pub mod webdav;
