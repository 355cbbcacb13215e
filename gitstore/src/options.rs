//! What an operator can set: where the branch is, who we are, and how much we take from the remote.

use std::fmt;
use std::time::Duration;

use crate::address::is_reference_name;
use crate::error::OpenError;
use crate::{HostKeyPolicy, RemoteAddress, SshKey};

/// A person or program, as commits name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address, without angle brackets.
    pub email: String,
}

impl Identity {
    /// A program, at an address that reaches nobody.
    pub fn service(name: &str) -> Identity {
        Identity { name: name.to_owned(), email: "noreply@gitstead.invalid".to_owned() }
    }

    /// As git can store it: no angle brackets, no control characters, a name that is not empty.
    pub(crate) fn sanitised(&self) -> Identity {
        let clean = |text: &str| {
            let kept: String =
                text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !"<>".contains(*c)).collect();
            kept.trim_matches(|c: char| c.is_whitespace() || ".,:;\"'\\".contains(c)).to_owned()
        };
        let name = clean(&self.name);
        Identity { name: if name.is_empty() { "unknown".to_owned() } else { name }, email: clean(&self.email) }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The branch.
    pub remote: RemoteAddress,
    /// The key to log in with.
    pub ssh_key: Option<SshKey>,
    /// The password to log in with, if there is no key or the key is refused.
    pub ssh_password: Option<String>,
    /// Which host keys are trusted.
    pub host_key: HostKeyPolicy,
    /// Whom commits name as committer.
    pub committer: Identity,
    /// The reference on which notes are kept.
    pub notes_ref: String,
    /// What is taken from the remote at most.
    pub limits: Limits,
    /// Least time between the starts of two pushes; commits in between share one.
    pub push_interval: Option<Duration>,
    /// How long a commit may wait for the remote.
    pub write_deadline: Duration,
    /// Commits that one push carries at most.
    pub batch: usize,
}

impl Options {
    /// The defaults.
    pub fn new(remote: RemoteAddress, host_key: HostKeyPolicy, committer: Identity) -> Options {
        Options {
            remote,
            ssh_key: None,
            ssh_password: None,
            host_key,
            committer,
            notes_ref: "refs/notes/gitstead".to_owned(),
            limits: Limits::default(),
            push_interval: None,
            write_deadline: Duration::from_secs(20),
            batch: 256,
        }
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        if self.remote.is_ssh() && self.ssh_key.is_none() && self.ssh_password.is_none() {
            return Err(OpenError::NoCredentials(self.remote.to_string()));
        }
        if !self.notes_ref.starts_with("refs/") || !is_reference_name(&self.notes_ref) {
            return Err(OpenError::Reference(self.notes_ref.clone()));
        }
        if self.batch == 0 {
            return Err(OpenError::Limit("batch"));
        }
        if self.write_deadline.is_zero() {
            return Err(OpenError::Limit("write_deadline"));
        }
        Ok(())
    }
}

/// What is taken from the remote at most. Past a limit is an error, never memory without bound.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of one packfile.
    pub pack_octets: u64,
    /// Octets of one object; a larger blob is not kept, a larger tree or commit is an error.
    pub object_octets: usize,
    /// Octets of all objects of one packfile that are kept.
    pub unpacked_octets: u64,
    /// Octets that one packfile may inflate to, kept or not.
    pub inflated_octets: u64,
    /// Objects of one packfile.
    pub objects: u32,
    /// Deltas that stand on one another.
    pub delta_depth: u32,
    /// Directories inside one another.
    pub tree_depth: u32,
    /// Files and directories of one commit.
    pub paths: u64,
    /// Octets of the list of references.
    pub advertisement_octets: usize,
    /// Commits of the history that are looked through, and remembered.
    pub history: u32,
    /// How long a remote may take to connect, to log in, or to say anything.
    pub silence: Duration,
}

/// What is made of an object takes several times its octets.
const ROOM_FOR_AN_OCTET: u64 = 6;

impl Limits {
    /// The same limits, but no more objects than fit the memory that is left, where that is limited.
    pub(crate) fn within(self, left: Option<usize>) -> Limits {
        let Some(left) = left else { return self };
        let octets = left as u64 / ROOM_FOR_AN_OCTET;
        Limits { unpacked_octets: self.unpacked_octets.min(octets), ..self }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            pack_octets: 512 << 20,
            object_octets: 64 << 20,
            unpacked_octets: 1 << 30,
            inflated_octets: 8 << 30,
            objects: 4_000_000,
            delta_depth: 4095,
            tree_depth: 64,
            paths: 4_000_000,
            advertisement_octets: 16 << 20,
            history: 65_536,
            silence: Duration::from_secs(30),
        }
    }
}
