//! What can go wrong before a service runs.

use std::io;
use std::path::PathBuf;

/// Why a service was not started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The operator's.
    #[error("{path}: {reason}")]
    Program {
        /// What was to be run.
        path: PathBuf,
        /// Why it cannot be.
        reason: String,
    },
    /// The operator's.
    #[error("--tap {name}: {reason}")]
    Tap {
        /// The interface.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operator's.
    #[error("--user {0}: there is no such user")]
    User(String),
    /// The operator's.
    #[error("the command line has {length} octets, at most {longest} fit")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        longest: usize,
    },
    /// The operator's.
    #[error("the command line contains an octet 0")]
    Nul,
    /// The environment's: the kernel does not let us.
    #[error("{step}: {reason}")]
    Sandbox {
        /// What was tried.
        step: &'static str,
        /// What the kernel said.
        reason: io::Error,
    },
}

impl RunError {
    /// Whether other arguments would do.
    pub fn is_usage(&self) -> bool {
        !matches!(self, RunError::Sandbox { .. })
    }
}
