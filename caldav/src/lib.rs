//! A CalDAV server whose store is a git repository.
//!
//! Follow a request: [`service`] takes connections, knows who sends what, and hands a request to [`calendar_server`],
//! which has one function a method ([`method`]) and a report ([`report`]). They are pure: a request and a [`world`]
//! (what one commit says, parsed and indexed) go in, a reply or a change comes out. A change is decided once more on
//! the tree that its commit will stand on, pushed, and answered when the remote has taken it; from then on it is what
//! everybody sees.
//!
//! [`webdav`] has what methods share: XML, properties, conditions, locks, access. [`scheduling`], [`sharing`] and
//! [`subscription`] join calendars with those of others. [`repository`] knows how all of it lies in git, [`accounts`]
//! and [`password`] who may log in; [`check`] reads a tree for the person who is about to push it. [`history`] asks
//! older commits.
//!
//! What a calendar object means, and when it takes place, is known by the crate `ical`; the web calendar is the folder
//! `web-ui`, which is a client like any other.

pub mod accounts;
pub mod addresses;
pub mod calendar_server;
pub mod check;
pub mod config;
pub mod context;
pub mod error;
pub mod history;
pub mod limits;
pub mod method;
pub mod password;
pub mod report;
pub mod repository;
pub mod request;
pub mod resource;
pub mod scheduling;
pub mod service;
pub mod sharing;
pub mod subscription;
#[cfg(test)]
mod testing;
pub mod webdav;
pub mod world;

/// What we call ourselves in calendars that we make.
pub const PRODUCT: &str = "-//gitstead//caldav//EN";
