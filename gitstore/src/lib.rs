//! One branch of a remote git repository as an in-memory, transactional tree.
//!
//! ```text
//! Store::open(options, net)          fetches the branch's tip into memory
//! store.snapshot()                   immutable and cheap: read(path), list(directory), changed_paths(before)
//! store.changes()                    every move of the branch, pulled or pushed
//! store.pull()                       asks the remote for news
//! store.commit(author, message, |edit| …)    returns once the remote has accepted the commit
//! ```
//!
//! The way of a commit: [`Store::commit`] puts a closure in the *commit queue*; the queue's one task runs it as an
//! *edit* on what the remote has, makes a *chain* of commits of all that wait, and pushes it by compare-and-swap
//! (*batch*). What the remote accepts is installed in the *branch*, where readers see it, and told to who watches.
//!
//! The floors, from below: `object/` knows git's objects, deltas and packfiles; `protocol/` knows fetch and push as
//! states that wait for messages; both are pure. `remote` opens connections and starts git commands on the far side,
//! `exchange` talks with one; `origin` joins them to snapshots. Above are `branch`, `batch`, `commit_queue`, `history`,
//! `notes` and `store`.
//!
//! What is not here: files, threads, merging of texts (the closure runs again instead), SHA-256 repositories, HTTP.

mod address;
mod ahead;
pub mod arguments;
mod backoff;
mod batch;
mod branch;
mod chain;
mod changes;
mod commit_queue;
mod courtesy;
mod edit;
mod error;
mod exchange;
#[doc(hidden)]
pub mod fuzzing;
mod history;
pub mod metrics;
mod notes;
mod object;
mod options;
mod origin;
mod path;
mod protocol;
mod remote;
mod snapshot;
mod ssh_key;
mod store;

pub use address::RemoteAddress;
pub use changes::{Cause, Change, Changes};
pub use edit::{Edit, Splice};
pub use error::{AddressError, CommitError, KeyError, ObjectError, OpenError, ProtocolError, ReadError, RemoteError};
pub use gix_hash::ObjectId;
pub use object::blob_id;
pub use object::commit::CommitInfo;
pub use options::{Identity, Limits, Options};
pub use snapshot::{ChangedPath, Entry, EntryKind, Snapshot};
pub use ssh_key::{HostKeyPin, HostKeyPolicy, SshKey};
pub use store::{Committed, Status, Store};
