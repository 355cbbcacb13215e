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
    #[error("dns-primary is not beside gitstead and cannot be built: {0}")]
    Build(String),
    /// The environment's.
    #[error("dns-primary cannot be started: {0}")]
    Spawn(io::Error),
    /// Ours.
    #[error("dns-primary ended by itself ({0})")]
    Ended(ExitStatus),
    /// Ours.
    #[error("dns-primary does not serve within {0} seconds")]
    NotServing(u64),
    /// Ours.
    #[error("{step}: {reason}")]
    Check {
        /// What was tried.
        step: &'static str,
        /// What came of it.
        reason: String,
    },
}
