//! The face of the crate: open a branch, read it, watch it, pull it, commit to it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gix_hash::ObjectId;
use platform::net::Net;
use tokio::sync::{mpsc, oneshot};

use crate::backoff::Backoff;
use crate::branch::Branch;
use crate::changes::{Cause, Changes};
use crate::commit_queue::{Command, Driver, Job, Pace, Queued, Verdict};
use crate::edit::Edit;
use crate::error::{CommitError, OpenError, ReadError, RemoteError};
use crate::notes;
use crate::origin::Origin;
use crate::snapshot::Snapshot;
use crate::{CommitInfo, Identity, Options};

/// One branch of a remote repository, as a transactional tree in memory. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    branch: Arc<Branch>,
    commands: mpsc::UnboundedSender<Command>,
    notes: mpsc::UnboundedSender<Command>,
    committer: Identity,
    write_deadline: Duration,
}

/// What became of a commit that the remote has taken.
#[derive(Clone, Debug)]
pub struct Committed<T> {
    /// What the edit returned when it ran for the last time.
    pub value: T,
    /// The commit; nothing if the edit changed nothing.
    pub commit: Option<ObjectId>,
    /// The tree right after the edit.
    pub snapshot: Snapshot,
}

/// How the store is doing.
#[derive(Clone, Debug)]
pub struct Status {
    /// Did the last attempt reach the remote?
    pub reachable: bool,
    /// What went wrong last, unless something has succeeded since.
    pub last_error: Option<String>,
    /// When a pull last succeeded.
    pub last_pull: Option<Instant>,
    /// When a push last succeeded.
    pub last_push: Option<Instant>,
    /// Pulls that succeeded.
    pub pulls: u64,
    /// Pushes that succeeded.
    pub pushes: u64,
    /// Commits that the remote has taken.
    pub commits: u64,
    /// Octets sent, before encryption.
    pub octets_sent: u64,
    /// Octets received, after decryption.
    pub octets_received: u64,
}

impl Store {
    /// Fetches the branch's tip into memory. Only options that cannot work are an error; whatever is wrong with the
    /// remote is logged and tried again, for ever.
    pub async fn open(options: Options, net: Net) -> Result<Store, OpenError> {
        let opening = Opening::new(options, net)?;
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        let first = loop {
            match opening.branch.look().await {
                Ok(snapshot) => break snapshot,
                Err(error) => {
                    let delay = backoff.delay();
                    tracing::warn!("{error}; trying again in {:.1} s", delay.as_secs_f32());
                    tokio::time::sleep(delay).await;
                }
            }
        };
        Ok(opening.at(first))
    }

    /// Fetches the branch's tip into memory, or says at once why it cannot: for tools that a person waits for.
    pub async fn open_at_once(options: Options, net: Net) -> Result<Store, OpenError> {
        let opening = Opening::new(options, net)?;
        let first = opening.branch.look().await?;
        Ok(opening.at(first))
    }

    /// What the remote has accepted, as far as we know.
    pub fn snapshot(&self) -> Snapshot {
        self.branch.current()
    }

    /// Every move of the branch from now on.
    pub fn changes(&self) -> Changes {
        self.branch.subscribers.subscribe()
    }

    /// Asks the remote for news, by a fetch that starts after this call.
    pub async fn pull(&self) -> Result<Snapshot, RemoteError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Pull(answer)).map_err(|_| RemoteError::Closed)?;
        answered.await.unwrap_or(Err(RemoteError::Closed))
    }

    /// Commits what `edit` does, and returns once the remote has accepted it. The edit may run several times, on newer
    /// and newer trees, if others move the branch. If it gives up or changes nothing, that is reported once the tree it
    /// saw is the remote's.
    pub async fn commit<T, E, F>(
        &self,
        author: Identity,
        message: impl Into<String>,
        edit: F,
    ) -> Result<Committed<T>, CommitError<E>>
    where
        F: FnMut(&mut Edit) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.enqueue(&self.commands, author, message.into(), edit).await
    }

    async fn enqueue<T, E, F>(
        &self,
        queue: &mpsc::UnboundedSender<Command>,
        author: Identity,
        message: String,
        edit: F,
    ) -> Result<Committed<T>, CommitError<E>>
    where
        F: FnMut(&mut Edit) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(EditJob { author, message, edit, result: None, answer });
        let deadline = tokio::time::Instant::now() + self.write_deadline;
        queue.send(Command::Commit(Queued { job, deadline })).map_err(|_| CommitError::Closed)?;
        answered.await.unwrap_or(Err(CommitError::Closed))
    }

    /// Appends lines to the note of a commit, on the notes' own reference; commits do not wait for it.
    pub async fn note(&self, commit: ObjectId, text: impl Into<String>) -> Result<(), CommitError<ReadError>> {
        let text = text.into();
        let edit = move |edit: &mut Edit| notes::append(edit, commit, &text);
        let message = format!("Note on {commit}");
        self.enqueue(&self.notes, self.committer.clone(), message, edit).await.map(|_| ())
    }

    /// Commits of the branch, the newest first, along first parents; from the tip, or from a commit in the tip's
    /// history.
    pub async fn log(&self, from: Option<ObjectId>, limit: usize) -> Result<Vec<CommitInfo>, RemoteError> {
        self.branch.log(from, limit).await
    }

    /// The files of an older commit, which must be in the history of the branch.
    pub async fn snapshot_at(&self, commit: ObjectId) -> Result<Snapshot, RemoteError> {
        self.branch.snapshot_at(commit).await
    }

    /// How the store is doing.
    pub fn status(&self) -> Status {
        let health = self.branch.health().clone();
        let traffic = &self.branch.origin.remote.traffic;
        Status {
            reachable: health.reachable,
            last_error: health.last_error,
            last_pull: health.last_pull,
            last_push: health.last_push,
            pulls: health.pulls,
            pushes: health.pushes,
            commits: health.commits,
            octets_sent: traffic.sent.load(Ordering::Relaxed),
            octets_received: traffic.received.load(Ordering::Relaxed),
        }
    }

    /// Finishes what is queued, at the longest until each commit's deadline; from now on commits are refused.
    pub async fn drain(&self) {
        let drained = [&self.commands, &self.notes].map(|queue| {
            let (answer, answered) = oneshot::channel();
            let _ = queue.send(Command::Drain(answer));
            answered
        });
        let all = async {
            for answered in drained {
                // An error says that the queue had ended before.
                let _ = answered.await;
            }
        };
        if tokio::time::timeout(self.write_deadline, all).await.is_err() {
            tracing::warn!("the store is closed although the remote has not answered in time");
        }
    }
}

/// A store that has not seen its branch yet.
struct Opening {
    options: Options,
    origin: Arc<Origin>,
    branch: Branch,
}

impl Opening {
    fn new(options: Options, net: Net) -> Result<Opening, OpenError> {
        options.check()?;
        let origin = Arc::new(Origin::new(&options, net));
        let branch = Branch::new(origin.clone(), options.remote.reference(), options.committer.clone());
        Ok(Opening { options, origin, branch })
    }

    fn at(self, first: Snapshot) -> Store {
        let Opening { options, origin, branch } = self;
        branch.install(first, Cause::Pulled);
        let pace = Pace { push_interval: options.push_interval, batch: options.batch };
        let branch = Arc::new(branch);
        let commands = drive(branch.clone(), pace);
        // Where the notes are is found out by the first one: its push is told so.
        let notes = drive(Arc::new(Branch::new(origin, options.notes_ref, options.committer.clone())), pace);
        Store { branch, commands, notes, committer: options.committer, write_deadline: options.write_deadline }
    }
}

fn drive(branch: Arc<Branch>, pace: Pace) -> mpsc::UnboundedSender<Command> {
    let (commands, received) = mpsc::unbounded_channel();
    tokio::spawn(Driver::new(branch, pace, received).run());
    commands
}

/// A closure that edits, and the place where its caller waits.
struct EditJob<T, E, F> {
    author: Identity,
    message: String,
    edit: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<Committed<T>, CommitError<E>>>,
}

impl<T, E, F> Job for EditJob<T, E, F>
where
    F: FnMut(&mut Edit) -> Result<T, E> + Send,
    T: Send,
    E: Send,
{
    fn author(&self) -> &Identity {
        &self.author
    }

    fn message(&self) -> &str {
        &self.message
    }

    fn run(&mut self, edit: &mut Edit) -> bool {
        let result = (self.edit)(edit);
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn answer(self: Box<Self>, verdict: Verdict) {
        let result = match (verdict, self.result) {
            (Verdict::Ran { .. }, Some(Err(error))) => Err(CommitError::Edit(error)),
            (Verdict::Ran { commit, snapshot }, Some(Ok(value))) => Ok(Committed { value, commit, snapshot }),
            (Verdict::Ran { .. } | Verdict::Closed, _) => Err(CommitError::Closed),
            (Verdict::Refused { reason }, _) => Err(CommitError::Refused { reason }),
            (Verdict::RemoteDown { reason }, _) => Err(CommitError::RemoteDown { reason }),
            (Verdict::Contended { attempts }, _) => Err(CommitError::Contended { attempts }),
            (Verdict::Unknown { commit, reason }, _) => Err(CommitError::Unknown { commit, reason }),
        };
        let _ = self.answer.send(result);
    }
}
