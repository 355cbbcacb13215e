//! What can go wrong in the demo.

use std::io;
use std::process::ExitStatus;

/// Why the demo ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment's.
    #[error("the demo cannot start: {0}")]
    Runtime(io::Error),
    /// The environment's.
    #[error("cannot write the demo's files: {0}")]
    Files(io::Error),
    /// The environment's: no port is to be had.
    #[error("cannot listen on a loopback port: {0}")]
    Listen(io::Error),
    /// Ours.
    #[error("cannot make an SSH key: {0}")]
    Key(#[from] russh::keys::ssh_key::Error),
    /// The environment's: git is missing or refuses.
    #[error("`git {command}` failed: {reason}")]
    Git {
        /// The command line without `git`.
        command: String,
        /// What it printed.
        reason: String,
    },
    /// The environment's: there is no program to run and no cargo to build it.
    #[error("the services are not beside gitstead and cannot be built: {0}")]
    Build(String),
    /// The environment's.
    #[error("{0} cannot be started: {1}")]
    Spawn(&'static str, io::Error),
    /// Ours.
    #[error("{0} ended by itself ({1})")]
    Ended(&'static str, ExitStatus),
    /// Ours.
    #[error("{0} does not serve within {1} seconds")]
    NotServing(&'static str, u64),
    /// Ours.
    #[error("the demo's users cannot be made: {0}")]
    Accounts(String),
    /// Ours.
    #[error("{step}: {reason}")]
    Check {
        /// What was tried.
        step: &'static str,
        /// What came of it.
        reason: String,
    },
}
