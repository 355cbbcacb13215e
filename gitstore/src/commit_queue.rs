//! The queue of commits of one branch: group commit, compare-and-swap, commits refused, outcomes unknown.
//!
//! One task does it all, one thing at a time: a pull, or a [`batch`](crate::batch) of commits. While it is busy,
//! commits queue; the next push carries them all.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gix_hash::ObjectId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::Identity;
use crate::batch::Batch;
use crate::branch::Branch;
use crate::changes::Cause;
use crate::courtesy::Courtesy;
use crate::edit::Edit;
use crate::error::RemoteError;
use crate::snapshot::Snapshot;

/// A commit that somebody waits for.
pub(crate) trait Job: Send {
    fn author(&self) -> &Identity;
    fn message(&self) -> &str;
    /// Runs the edit, perhaps again; `false` if it gave up.
    fn run(&mut self, edit: &mut Edit) -> bool;
    fn answer(self: Box<Self>, verdict: Verdict);
}

/// What became of a commit.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// The edit ran, and the tree it ran on is what the remote has. No commit if it changed nothing or gave up.
    Ran {
        commit: Option<ObjectId>,
        snapshot: Snapshot,
    },
    Refused {
        reason: String,
    },
    RemoteDown {
        reason: String,
    },
    Contended {
        attempts: u32,
    },
    Unknown {
        commit: ObjectId,
        reason: String,
    },
    Closed,
}

/// A commit in the queue.
pub(crate) struct Queued {
    pub(crate) job: Box<dyn Job>,
    pub(crate) deadline: Instant,
}

pub(crate) enum Command {
    Commit(Queued),
    Pull(oneshot::Sender<Result<Snapshot, RemoteError>>),
    Drain(oneshot::Sender<()>),
}

/// How the queue goes about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) push_interval: Option<Duration>,
    pub(crate) batch: usize,
}

/// The one task that moves a branch.
pub(crate) struct Driver {
    branch: Arc<Branch>,
    pace: Pace,
    commands: mpsc::UnboundedReceiver<Command>,
    queue: VecDeque<Queued>,
    pulls: Vec<oneshot::Sender<Result<Snapshot, RemoteError>>>,
    drains: Vec<oneshot::Sender<()>>,
    next_push: Instant,
    courtesy: Courtesy,
    /// When the batch under way was started.
    pushing_since: Option<Instant>,
    /// Commits of the last batch: as many are expected again, from the same clients.
    expected: usize,
    /// Until when they are waited for.
    gather_until: Instant,
    /// After a pull, commits go first, so that neither starves the other.
    pulled_last: bool,
}

/// The part of a push's time that is spent on gathering the next batch, and its most.
const GATHER_PART: u32 = 8;
const GATHER_MOST: Duration = Duration::from_millis(10);

type Busy = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Driver {
    pub(crate) fn new(branch: Arc<Branch>, pace: Pace, commands: mpsc::UnboundedReceiver<Command>) -> Driver {
        Driver {
            branch,
            pace,
            commands,
            queue: VecDeque::new(),
            pulls: Vec::new(),
            drains: Vec::new(),
            next_push: Instant::now(),
            courtesy: Courtesy::default(),
            pushing_since: None,
            expected: 0,
            gather_until: Instant::now(),
            pulled_last: false,
        }
    }

    /// Runs until the store is drained or nobody holds it any more.
    pub(crate) async fn run(mut self) {
        let mut busy: Option<Busy> = None;
        let mut open = true;
        loop {
            if busy.is_none() {
                busy = self.start();
            }
            if busy.is_none() && self.queue.is_empty() && self.pulls.is_empty() && (!open || !self.drains.is_empty()) {
                break;
            }
            let wake = self.wake(busy.is_some());
            tokio::select! {
                biased;
                () = until_done(&mut busy) => {
                    busy = None;
                    self.leave_room();
                }
                command = self.commands.recv(), if open => match command {
                    Some(command) => self.take(command),
                    None => open = false,
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.expire(),
            }
        }
        self.close();
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Commit(queued) if self.drains.is_empty() => self.queue.push_back(queued),
            Command::Commit(queued) => queued.job.answer(Verdict::Closed),
            Command::Pull(answer) => self.pulls.push(answer),
            Command::Drain(answer) => self.drains.push(answer),
        }
    }

    /// Starts what is to be done next, if anything is.
    fn start(&mut self) -> Option<Busy> {
        // All that has been asked for by now is part of it: the larger the batch, the fewer the pushes.
        while let Ok(command) = self.commands.try_recv() {
            self.take(command);
        }
        let now = Instant::now();
        let gathered = now >= self.gather_until || self.queue.len() >= self.expected;
        let may_push = !self.queue.is_empty() && ((now >= self.next_push && gathered) || !self.drains.is_empty());
        let commits_first = self.pulled_last && may_push;
        if !self.pulls.is_empty() && !commits_first {
            self.pulled_last = true;
            return Some(Box::pin(pull(self.branch.clone(), std::mem::take(&mut self.pulls))));
        }
        if !may_push {
            return None;
        }
        self.pulled_last = false;
        self.pushing_since = Some(now);
        self.next_push = now + self.pace.push_interval.unwrap_or_default();
        let count = self.queue.len().min(self.pace.batch);
        self.expected = count;
        Some(Box::pin(Batch::new(self.branch.clone(), self.queue.drain(..count)).run()))
    }

    /// Others may want to push as well.
    fn leave_room(&mut self) {
        let Some(start) = self.pushing_since.take() else { return };
        let now = Instant::now();
        let pause = self.courtesy.pause(start, now, self.branch.health().last_foreign);
        self.next_push = self.next_push.max(now + pause);
        // Clients that were just answered are about to ask again: a push that leaves with the first of them makes all
        // others wait for the next one.
        self.gather_until = now + ((now - start) / GATHER_PART).min(GATHER_MOST);
    }

    /// When something is due although nobody says a word.
    fn wake(&self, busy: bool) -> Option<Instant> {
        let deadline = self.queue.front().map(|queued| queued.deadline)?;
        Some(if busy { deadline } else { deadline.min(self.next_push.max(self.gather_until)) })
    }

    /// Gives up on commits whose time is over before their turn came.
    fn expire(&mut self) {
        let now = Instant::now();
        while self.queue.front().is_some_and(|queued| queued.deadline <= now) {
            let Some(queued) = self.queue.pop_front() else { return };
            let reason = self.branch.health().last_error.clone();
            let reason = reason.unwrap_or_else(|| "earlier commits took too long".to_owned());
            queued.job.answer(Verdict::RemoteDown { reason });
        }
    }

    fn close(mut self) {
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Commit(queued) => queued.job.answer(Verdict::Closed),
                Command::Pull(answer) => drop(answer.send(Err(RemoteError::Closed))),
                Command::Drain(answer) => drop(answer.send(())),
            }
        }
        self.branch.subscribers.close();
        for drained in self.drains {
            let _ = drained.send(());
        }
    }
}

async fn until_done(busy: &mut Option<Busy>) {
    match busy {
        Some(busy) => busy.await,
        None => std::future::pending().await,
    }
}

async fn pull(branch: Arc<Branch>, answers: Vec<oneshot::Sender<Result<Snapshot, RemoteError>>>) {
    let result = branch.look().await;
    if let Ok(snapshot) = &result {
        let mut health = branch.health();
        health.pulls += 1;
        health.last_pull = Some(std::time::Instant::now());
        drop(health);
        branch.install(snapshot.clone(), Cause::Pulled);
    }
    for answer in answers {
        let _ = answer.send(result.clone());
    }
}
