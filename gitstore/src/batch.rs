//! One batch of commits on its way to the remote: prepared on what the remote has, pushed by compare-and-swap, and told
//! to those who wait only when the remote's answer is certain.
//!
//! A chain whose push broke off is in doubt: it may be applied yet. Until the branch is seen elsewhere, only that very
//! chain is sent again, so that it cannot be applied twice.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gix_hash::ObjectId;
use tokio::time::{Instant, sleep, sleep_until};

use crate::backoff::Backoff;
use crate::branch::Branch;
use crate::chain::{Chain, Link};
use crate::changes::Cause;
use crate::commit_queue::{Queued, Verdict};
use crate::edit::Edit;
use crate::error::RemoteError;
use crate::history;
use crate::object::commit::Commit;
use crate::origin::Outcome;
use crate::snapshot::Snapshot;

/// How often a commit is declined without the branch having moved, before the remote is believed.
const DECLINED_AT_MOST: u32 = 4;

/// Commits that go to the remote together.
pub(crate) struct Batch {
    branch: Arc<Branch>,
    /// What is still to be tried; more than one group once the remote has refused them together.
    groups: Vec<Vec<Member>>,
}

struct Member {
    queued: Queued,
    /// What the edit came to when it last ran.
    ran: Ran,
}

#[derive(Clone, Debug)]
enum Ran {
    NotYet,
    /// Gave up or changed nothing, on this tree.
    WithoutCommit(Snapshot),
    Committed(Snapshot),
}

/// One group's state between two attempts.
struct Group {
    branch: Arc<Branch>,
    members: Vec<Member>,
    attempts: u32,
    moved: bool,
    /// Whether the remote has been asked where the branch is.
    looked: bool,
    declined: u32,
    /// After the remote said that it lacks something, all is sent.
    lean: bool,
    reason: String,
    in_doubt: Option<Chain>,
    backoff: Backoff,
}

/// What to do after an attempt.
enum After {
    Done,
    Again,
    Wait,
    Refused { reason: String },
}

impl Batch {
    pub(crate) fn new(branch: Arc<Branch>, jobs: impl Iterator<Item = Queued>) -> Batch {
        let members = jobs.map(|queued| Member { queued, ran: Ran::NotYet }).collect();
        Batch { branch, groups: vec![members] }
    }

    /// Sees all commits through to an answer.
    pub(crate) async fn run(mut self) {
        while let Some(members) = self.groups.pop() {
            let mut group = Group::new(self.branch.clone(), members);
            if let Some(reason) = group.run().await {
                self.refused(group.members, &reason);
            }
        }
    }

    /// One bad commit must not fail the others: what was refused together is tried one by one.
    fn refused(&mut self, members: Vec<Member>, reason: &str) {
        if members.len() > 1 {
            tracing::info!("a push of several commits is refused, each is tried by itself: {reason}");
            self.groups.extend(members.into_iter().rev().map(|member| vec![member]));
            return;
        }
        for member in members {
            member.queued.job.answer(Verdict::Refused { reason: reason.to_owned() });
        }
    }
}

impl Group {
    fn new(branch: Arc<Branch>, members: Vec<Member>) -> Group {
        Group {
            branch,
            members,
            attempts: 0,
            moved: false,
            looked: false,
            declined: 0,
            lean: true,
            reason: String::from("no answer yet"),
            in_doubt: None,
            backoff: Backoff::new(Duration::from_millis(20), Duration::from_secs(2)),
        }
    }

    /// Tries until everybody has an answer; a reason is left over if the remote refuses what remains.
    async fn run(&mut self) -> Option<String> {
        let mut look_first = false;
        loop {
            self.expire();
            if self.members.is_empty() {
                return None;
            }
            let after = match look_first {
                true => self.look().await,
                false => self.attempt().await,
            };
            match after {
                After::Done => return None,
                After::Refused { reason } => return Some(reason),
                After::Again => look_first = !look_first,
                After::Wait => {
                    look_first = true;
                    let delay = self.backoff.delay();
                    self.bounded(sleep(delay), None).await;
                }
            }
        }
    }

    /// Prepares the commits on what the remote has, and pushes them.
    async fn attempt(&mut self) -> After {
        let again = self.in_doubt.clone();
        let doubtful = again.is_some();
        let chain = again.unwrap_or_else(|| self.prepare());
        if chain.links.is_empty() && !self.looked {
            // Nothing will be compared and swapped, so that what the edits saw has to be compared now.
            return After::Again;
        }
        if chain.links.is_empty() {
            self.answer_accepted();
            return After::Done;
        }
        self.attempts += 1;
        let sent = Arc::new(AtomicBool::new(false));
        let (branch, lean) = (self.branch.clone(), self.lean);
        let outcome = {
            let (chain, sent) = (chain.clone(), sent.clone());
            async move { branch.origin.push(&branch.reference, &chain, lean, &sent).await }
        };
        let outcome = self.bounded(outcome, Some((&sent, &chain))).await;
        match outcome {
            Some(Ok(outcome)) => self.handle_outcome(outcome, &chain),
            Some(Err(error)) => self.handle_failure(error, chain, doubtful || sent.load(Ordering::Relaxed)),
            None => self.handle_failure(self.timed_out(), chain, doubtful || sent.load(Ordering::Relaxed)),
        }
    }

    fn timed_out(&self) -> RemoteError {
        let reason = format!("no answer before the deadline ({})", self.reason);
        RemoteError::Unreachable { remote: self.branch.origin.remote.label(), reason }
    }

    /// Runs the edits one on the other.
    fn prepare(&mut self) -> Chain {
        let mut chain = Chain::new(self.branch.current());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let time = now.map_or(0, |since| since.as_secs() as i64);
        for member in &mut self.members {
            let job = &mut member.queued.job;
            let mut edit = Edit::new(chain.tip().clone(), job.message().to_owned());
            let built = if job.run(&mut edit) { edit.finish() } else { None };
            let Some((built, message)) = built else {
                member.ran = Ran::WithoutCommit(chain.tip().clone());
                continue;
            };
            let (author, committer) = (job.author(), &self.branch.committer);
            let commit = Commit::new(built.root.id(), chain.tip().commit(), author, committer, time, &message);
            let commit = Arc::new(commit);
            let snapshot = Snapshot { commit: Some(commit.clone()), root: built.root };
            member.ran = Ran::Committed(snapshot.clone());
            chain.links.push(Link { snapshot, commit, objects: built.objects });
        }
        chain
    }

    fn handle_outcome(&mut self, outcome: Outcome, chain: &Chain) -> After {
        self.branch.note_result::<()>(&Ok(()));
        match outcome {
            Outcome::Accepted => {
                self.accept(chain, chain.tip().clone());
                After::Done
            }
            Outcome::Moved => {
                self.moved = true;
                "the branch has moved".clone_into(&mut self.reason);
                // At once: whoever was faster leaves room now, and later may be too late again.
                After::Again
            }
            Outcome::Declined { reason, .. } if self.lean && reason.contains("missing necessary objects") => {
                self.lean = false;
                self.reason = reason;
                After::Wait
            }
            Outcome::Declined { reason, words } => {
                self.declined += 1;
                self.reason = if words.is_empty() { reason } else { format!("{reason}: {words}") };
                After::Wait
            }
            Outcome::NotUnpacked { reason } => {
                // Once more, with all that the remote may lack.
                let first = std::mem::take(&mut self.lean);
                self.reason = reason.clone();
                if first { After::Wait } else { After::Refused { reason } }
            }
        }
    }

    fn handle_failure(&mut self, error: RemoteError, chain: Chain, sent: bool) -> After {
        self.reason = error.to_string();
        self.branch.note_result::<()>(&Err(error.clone()));
        if sent {
            tracing::warn!("whether a push was taken is not known, asking: {error}");
            self.in_doubt = Some(chain);
            return After::Wait;
        }
        if let RemoteError::Refused { message, .. } = &error
            && self.declined >= DECLINED_AT_MOST
        {
            return After::Refused { reason: message.clone() };
        }
        if matches!(error, RemoteError::Refused { .. }) {
            self.declined += 1;
        }
        After::Wait
    }

    /// Asks where the branch is, and draws the conclusions.
    async fn look(&mut self) -> After {
        let branch = self.branch.clone();
        let before = branch.current();
        let in_doubt = self.in_doubt.clone();
        let looking = async move {
            let seen = branch.look().await?;
            let taken = match in_doubt.filter(|_| seen.commit() != branch.current().commit()) {
                Some(chain) => Some(history::contains(&branch, &seen, &chain).await?),
                None => None,
            };
            Ok::<_, RemoteError>((seen, taken))
        };
        let Some(looked) = self.bounded(looking, None).await else { return After::Wait };
        let (seen, taken) = match looked {
            Ok(result) => result,
            Err(error) => {
                self.reason = error.to_string();
                return After::Wait;
            }
        };
        self.looked = true;
        let unmoved = seen.commit() == before.commit();
        match (taken, self.in_doubt.take()) {
            (Some(true), Some(chain)) => {
                self.accept(&chain, seen);
                return After::Done;
            }
            // The branch is where the chain would begin: it may still arrive, or be sent again.
            (None, in_doubt) => self.in_doubt = in_doubt,
            (Some(_), _) => {}
        }
        self.moved |= !unmoved;
        self.branch.install(seen, Cause::Pulled);
        if unmoved && self.declined > 0 && self.must_believe() {
            return After::Refused { reason: self.reason.clone() };
        }
        After::Again
    }

    /// The branch has not moved, and yet the remote declined. Unless that may be a lock, which passes, or an earlier
    /// push of the same commits that is still under way, it means it.
    fn must_believe(&self) -> bool {
        let lock = ["lock", "failed to update ref", "stale info", "fetch first"];
        let may_pass = self.in_doubt.is_some() || lock.iter().any(|word| self.reason.contains(word));
        !may_pass || self.declined >= DECLINED_AT_MOST
    }

    fn accept(&mut self, chain: &Chain, seen: Snapshot) {
        self.branch.origin.accepted(chain);
        {
            let mut health = self.branch.health();
            health.pushes += 1;
            health.commits += chain.links.len() as u64;
            health.last_push = Some(std::time::Instant::now());
        }
        self.branch.install(chain.tip().clone(), Cause::Pushed);
        self.branch.install(seen, Cause::Pulled);
        self.answer_accepted();
    }

    fn answer_accepted(&mut self) {
        for member in self.members.drain(..) {
            let verdict = match member.ran {
                Ran::Committed(snapshot) => Verdict::Ran { commit: snapshot.commit(), snapshot },
                Ran::WithoutCommit(snapshot) => Verdict::Ran { commit: None, snapshot },
                Ran::NotYet => Verdict::RemoteDown { reason: self.reason.clone() },
            };
            member.queued.job.answer(verdict);
        }
    }

    /// Answers those whose time is over.
    fn expire(&mut self) {
        let in_doubt = self.in_doubt.clone();
        self.expire_as(in_doubt.as_ref());
    }

    fn expire_as(&mut self, in_doubt: Option<&Chain>) {
        let now = Instant::now();
        let (over, left) =
            std::mem::take(&mut self.members).into_iter().partition(|member| member.queued.deadline <= now);
        self.members = left;
        let over: Vec<Member> = over;
        for member in over {
            let doubtful = in_doubt.and_then(|chain| member.commit_in(chain));
            let reason = self.reason.clone();
            member.queued.job.answer(match doubtful {
                Some(commit) => Verdict::Unknown { commit, reason },
                None if self.moved && self.attempts > 1 => Verdict::Contended { attempts: self.attempts },
                None => Verdict::RemoteDown { reason },
            });
        }
    }

    /// Waits for `future`, but for nobody past his deadline. Once something is sent, a commit whose time is over is
    /// unknown, and the others go on waiting; before that, the attempt ends, since it must not be sent any more.
    async fn bounded<F: Future>(&mut self, future: F, push: Option<(&AtomicBool, &Chain)>) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        loop {
            let deadline = self.members.iter().map(|member| member.queued.deadline).min()?;
            tokio::select! {
                biased;
                output = &mut future => return Some(output),
                () = sleep_until(deadline) => {}
            }
            match push {
                Some((sent, chain)) if sent.load(Ordering::Relaxed) => self.expire_as(Some(chain)),
                _ => return None,
            }
        }
    }
}

impl Member {
    /// The commit whose fate this one shares, if the chain holds it.
    fn commit_in(&self, chain: &Chain) -> Option<ObjectId> {
        let (Ran::Committed(snapshot) | Ran::WithoutCommit(snapshot)) = &self.ran else { return None };
        let commit = snapshot.commit()?;
        chain.links.iter().any(|link| link.commit.info.id == commit).then_some(commit)
    }
}
