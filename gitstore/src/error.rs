//! Everything that can go wrong, by who is at fault: the options, the remote, the caller's edit, or a deadline.

use std::fmt;
use std::sync::Arc;

use gix_hash::ObjectId;

/// The options cannot work, or for who does not wait the remote cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A remote over SSH needs a key or a password.
    #[error("the remote {0} is reached over SSH, and neither a key nor a password is given")]
    NoCredentials(String),
    /// The branch cannot be the name of a branch.
    #[error("{0:?} is not a name for a reference")]
    Reference(String),
    /// A limit of zero, with which nothing can work.
    #[error("the limit {0} is zero")]
    Limit(&'static str),
    /// See there; only for who does not wait.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// Text that is not an address of a branch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a remote: {reason}")]
pub struct AddressError {
    pub(crate) text: String,
    pub(crate) reason: &'static str,
}

/// Text that is not a key or a pin of a key. Never repeats the text, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub(crate) &'static str);

/// The remote could not be asked, or answered badly. Cheap to clone, since one fetch may answer many.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// No connection, or one that broke (environment).
    #[error("{remote} cannot be reached: {reason}")]
    Unreachable {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// What was attempted and what came of it.
        reason: String,
    },
    /// The server shows another host key than the pinned one (operator, or an attack).
    #[error("{remote} shows the host key {shown}, which is not the pinned one")]
    HostKey {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// Fingerprint of the key shown.
        shown: String,
    },
    /// The server does not accept our key or password (operator).
    #[error("{remote} refuses to log in {user}: {reason}")]
    Login {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// The user name offered.
        user: String,
        /// What was offered.
        reason: String,
    },
    /// Git on the far side said no: no such repository, no permission (operator).
    #[error("{remote} says: {message}")]
    Refused {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// The server's words.
        message: String,
    },
    /// The repository has branches, and not ours (operator).
    #[error("{remote} has no branch {branch}, though it has {others}")]
    BranchMissing {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// The branch that was asked for.
        branch: String,
        /// Some that exist.
        others: String,
    },
    /// The server's octets are not git's protocol, or past a limit (peer).
    #[error("{remote} answered badly: {error}")]
    Protocol {
        /// The remote, without its branch.
        remote: Arc<str>,
        /// What was wrong.
        error: ProtocolError,
    },
    /// The commit asked for is not in the history of the branch (caller).
    #[error("the branch has no commit {0} in its history")]
    NoSuchCommit(ObjectId),
    /// The store has been drained.
    #[error("the store is closed")]
    Closed,
}

/// What a git server sent that it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A pkt-line whose length makes no sense.
    #[error("a pkt-line has a bad length")]
    PacketLength,
    /// A message that does not belong here.
    #[error("unexpected message while waiting for {0}")]
    Unexpected(&'static str),
    /// The stream ended early.
    #[error("the stream ended while waiting for {0}")]
    EndOfStream(&'static str),
    /// The server reported an error in the protocol.
    #[error("{0}")]
    Remote(String),
    /// More than the limits allow.
    #[error("{0} is past its limit")]
    Limit(&'static str),
    /// A server that lacks what we cannot do without.
    #[error("the server does not offer {0}")]
    Capability(&'static str),
    /// A bad packfile or object.
    #[error("{0}")]
    Object(#[from] ObjectError),
}

/// What is wrong with a foreign object or packfile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// Not the layout of a packfile.
    #[error("the packfile is malformed: {0}")]
    Pack(&'static str),
    /// The packfile's checksum is wrong.
    #[error("the packfile's checksum is wrong")]
    Checksum,
    /// The packfile ended early.
    #[error("the packfile is cut short")]
    Truncated,
    /// An object's compressed octets are wrong.
    #[error("an object cannot be inflated")]
    Inflate,
    /// A delta that does not fit its base.
    #[error("a delta is malformed: {0}")]
    Delta(&'static str),
    /// A delta whose base we do not have, or that stands on itself.
    #[error("{count} deltas lack their base")]
    BaseMissing {
        /// How many.
        count: usize,
    },
    /// Something the tip needs is not there.
    #[error("the object {0} is missing")]
    Missing(ObjectId),
    /// Larger than the limit.
    #[error("an object of {octets} octets is past the limit")]
    TooLarge {
        /// Its size.
        octets: u64,
    },
    /// Past another limit.
    #[error("{0} is past its limit")]
    Limit(&'static str),
    /// Not a tree.
    #[error("the tree {id} is malformed: {reason}")]
    Tree {
        /// The tree.
        id: ObjectId,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a commit.
    #[error("the commit {0} is malformed")]
    Commit(ObjectId),
    /// SHA-1 collision attack.
    #[error("an object is made to collide with another (SHA-1 attack)")]
    Collision,
}

/// Why a path gives no octets, or cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Nothing there.
    #[error("{0}: no such file")]
    NotFound(String),
    /// A directory or a submodule.
    #[error("{0}: not a file")]
    NotAFile(String),
    /// A blob past the limit on objects, which is not kept.
    #[error("{0}: larger than the limit on objects")]
    TooLarge(String),
    /// A path with empty, `.`, `..` or `.git` parts.
    #[error("{0:?}: not a path in a repository")]
    InvalidPath(String),
    /// A splice that does not fit the text: out of order, overlapping or past its end.
    #[error("{0}: a splice does not fit the text")]
    BadSplice(String),
}

/// Why nothing was committed; unless it is [`CommitError::Unknown`], the remote has not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError<E> {
    /// The edit itself gave up.
    #[error("{0}")]
    Edit(E),
    /// The remote refuses this commit: a hook, a protected branch, missing rights.
    #[error("the remote refuses the commit: {reason}")]
    Refused {
        /// The remote's words.
        reason: String,
    },
    /// The remote was down until the deadline.
    #[error("the remote did not take the commit in time: {reason}")]
    RemoteDown {
        /// The last thing that failed.
        reason: String,
    },
    /// Others kept moving the branch until the deadline.
    #[error("the branch moved {attempts} times while the commit was tried")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// The connection broke after the commit was sent, and the remote could not be asked since.
    #[error("whether the remote has taken commit {commit} is not known: {reason}")]
    Unknown {
        /// The commit that may or may not be there.
        commit: ObjectId,
        /// The last thing that failed.
        reason: String,
    },
    /// The store is drained or gone.
    #[error("the store is closed")]
    Closed,
}

impl<E> CommitError<E> {
    /// The same error, with the edit's own error turned into another.
    pub fn map_edit<F>(self, into: impl FnOnce(E) -> F) -> CommitError<F> {
        match self {
            CommitError::Edit(error) => CommitError::Edit(into(error)),
            CommitError::Refused { reason } => CommitError::Refused { reason },
            CommitError::RemoteDown { reason } => CommitError::RemoteDown { reason },
            CommitError::Contended { attempts } => CommitError::Contended { attempts },
            CommitError::Unknown { commit, reason } => CommitError::Unknown { commit, reason },
            CommitError::Closed => CommitError::Closed,
        }
    }
}

/// Paths and names as a person reads them.
pub(crate) fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Foreign words on one line, without control characters, cut to a sane length.
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.0[..self.0.len().min(2000)]);
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        for (at, word) in words.enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}
