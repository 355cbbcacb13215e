//! A CalDAV server whose store is a git repository.
//!
//! Follow a request: [`service`] takes connections, [`exchange`] reads a request, knows who sends it and hands it to
//! [`calendar_server`], which has one function a method ([`method`]) and a report ([`report`]). They are pure: a request and a
//! [`world`] (what one commit says, parsed and indexed) go in, a reply or a change comes out. A change is decided once more on the tree that its
//! commit will stand on, pushed, and answered when the remote has taken it; [`published`] serves it from then on.
//!
//! [`webdav`] has what methods share: XML, properties, conditions, locks, access. [`scheduling`] and [`sharing`] join the calendars of
//! several users. [`repository`] knows how all of it lies in git, [`accounts`] and [`password`] who may log in. What a calendar object
//! means is known by the crate `ical`.

pub mod accounts;
pub mod addresses;
pub mod administration;
pub mod calendar_server;
pub mod config;
pub mod context;
pub mod error;
pub mod exchange;
pub mod follow;
pub mod history;
pub mod http_date;
pub mod listener;
pub mod method;
pub mod metrics;
pub mod past;
pub mod password;
pub mod published;
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
pub mod tls;
pub mod web;
pub mod webdav;
pub mod world;

/// What we call ourselves in calendars that we make.
pub const PRODUCT: &str = "-//gitstead//caldav//EN";
