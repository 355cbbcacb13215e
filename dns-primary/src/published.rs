//! Which repository is served, and what the trees on the way to the next one mean.
//!
//! A commit's edit runs on a tree that is not served yet, perhaps on top of others of the same push. What those trees
//! mean is remembered here, so that nothing is read twice: neither when the next edit runs, nor when the push is
//! accepted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use dns::server::Journals;
use dns::transfer::{Difference, Journal, JournalLimits};
use dns::{Name, Zone};
use gitstore::{ObjectId, Snapshot};

use crate::repository::{Event, Repository};

/// Trees that are remembered: more than one push carries.
const REMEMBERED: usize = 512;

/// The served repository and those that may follow; shared between the shell and the edits in the queue.
#[derive(Debug, Default)]
pub struct Published {
    inner: Mutex<Inner>,
    /// How served zones came to be what they are. Taken last, and never for long.
    journals: Mutex<Journals>,
}

#[derive(Debug, Default)]
struct Inner {
    served: Arc<Repository>,
    steps: VecDeque<Step>,
    /// Whether anybody has seen what is served.
    begun: bool,
}

/// From one tree to the next.
#[derive(Clone, Debug)]
pub struct Step {
    /// The commit, unless the tree has none.
    pub commit: Option<ObjectId>,
    /// Zones that are served in another version after it, or no longer.
    pub zones: Vec<Name>,
    /// What was seen in files that somebody else changed; empty for our own commits.
    pub events: Vec<Event>,
    first: bool,
    from: Option<ObjectId>,
    to: ObjectId,
    repository: Arc<Repository>,
}

impl Step {
    /// Whether nothing was served before it, as far as this process knows.
    pub fn is_first(&self) -> bool {
        self.first
    }
}

impl Published {
    /// The repository that is served.
    pub fn served(&self) -> Arc<Repository> {
        Arc::clone(&self.lock().served)
    }

    /// What a tree means that an edit is to run on.
    pub fn at(&self, snapshot: &Snapshot) -> Arc<Repository> {
        let mut inner = self.lock();
        inner.known(snapshot.tree_id()).unwrap_or_else(|| inner.step_to(snapshot))
    }

    /// Remembers what the tree of our own commit means.
    pub fn remember(&self, from: &Snapshot, repository: Repository, zones: Vec<Name>) {
        let Some(snapshot) = repository.snapshot() else { return };
        let (commit, to) = (snapshot.commit(), snapshot.tree_id());
        let from = Some(from.tree_id());
        self.lock().push(Step {
            commit,
            zones,
            events: vec![],
            first: false,
            from,
            to,
            repository: Arc::new(repository),
        });
    }

    /// Before the first publication of `tip`: takes what trees of the past said for what was served then, the oldest
    /// first, so that the last good version of a file that is broken now is at hand, and a serial that was not advanced
    /// is noticed. The journals stay empty: nobody knows which of these trees were served indeed.
    pub fn begin(&self, past: &[Snapshot], tip: &Snapshot) {
        let mut inner = self.lock();
        let same = past.iter().rev().take_while(|snapshot| snapshot.tree_id() == tip.tree_id()).count();
        for snapshot in &past[..past.len() - same] {
            inner.served = Arc::new(inner.served.advance(snapshot).repository);
        }
    }

    /// Serves what the remote has accepted; returns the steps that led there, none when it was served already.
    pub fn publish(&self, snapshot: &Snapshot) -> Vec<Step> {
        let mut inner = self.lock();
        if inner.served.snapshot().is_some_and(|served| served.tree_id() == snapshot.tree_id()) {
            return vec![];
        }
        let steps = inner.path_to(snapshot.tree_id()).unwrap_or_else(|| {
            inner.step_to(snapshot);
            inner.path_to(snapshot.tree_id()).unwrap_or_default()
        });
        let mut before = Arc::clone(&inner.served);
        for step in &steps {
            if !step.is_first() {
                self.write_journals(&before, step);
            }
            before = Arc::clone(&step.repository);
        }
        if let Some(last) = steps.last() {
            inner.served = before;
            inner.begun = true;
            inner.forget_up_to(last.to);
        }
        steps
    }

    /// The journal of a zone.
    pub fn journal(&self, apex: &Name) -> Option<Journal> {
        self.journals().get(apex).cloned()
    }

    /// Puts an older version into the journal of `zone`, which is served or was a moment ago; a journal that leads from
    /// that version to this one.
    pub fn reach_back(&self, old: &Zone, zone: &Zone) -> Option<Journal> {
        let journal = self.journal(zone.apex());
        // Comparing takes a while: not while others wait for the journals.
        let end = journal.as_ref().and_then(|journal| journal.rewind(zone)).unwrap_or_else(|| zone.clone());
        let step = Difference::between(old, &end);
        if let Some(journal) = self.journals().reach_back(zone, &step) {
            return Some(journal);
        }
        let mut alone = Journal::new(JournalLimits::default());
        alone.push(&Difference::between(old, zone));
        Some(alone)
    }

    /// Versions of a zone that share memory are compared in the time that their difference takes: an update's cost no
    /// more.
    fn write_journals(&self, before: &Repository, step: &Step) {
        let (before, after) = (before.zones(), step.repository.zones());
        let mut journals = self.journals();
        for apex in &step.zones {
            match after.get(apex) {
                Some(zone) => journals.changed(before.get(apex), zone, None),
                None => journals.remove(apex),
            }
        }
    }

    fn journals(&self) -> MutexGuard<'_, Journals> {
        self.journals.lock().expect("no holder of the journals panics")
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no holder of the published repository panics")
    }
}

impl Inner {
    fn known(&self, tree: ObjectId) -> Option<Arc<Repository>> {
        if self.served.snapshot().is_some_and(|served| served.tree_id() == tree) {
            return Some(Arc::clone(&self.served));
        }
        self.steps.iter().rev().find(|step| step.to == tree).map(|step| Arc::clone(&step.repository))
    }

    /// Reads what changed from the served tree to `snapshot`.
    fn step_to(&mut self, snapshot: &Snapshot) -> Arc<Repository> {
        let advanced = self.served.advance(snapshot);
        let zones = advanced.events.iter().filter_map(changed_zone).collect();
        let repository = Arc::new(advanced.repository);
        let step = Step {
            commit: snapshot.commit(),
            zones,
            events: advanced.events,
            first: !self.begun,
            from: self.served.snapshot().map(Snapshot::tree_id),
            to: snapshot.tree_id(),
            repository: Arc::clone(&repository),
        };
        self.push(step);
        repository
    }

    /// The remembered steps from the served tree to `tree`.
    fn path_to(&self, tree: ObjectId) -> Option<Vec<Step>> {
        let start = self.served.snapshot().map(Snapshot::tree_id);
        let (mut path, mut at) = (vec![], Some(tree));
        while at != start {
            // A tree can come back, by a revert: never walk in circles.
            if path.len() > self.steps.len() {
                return None;
            }
            let step = self.steps.iter().rev().find(|step| Some(step.to) == at)?;
            at = step.from;
            path.push(step.clone());
        }
        path.reverse();
        Some(path)
    }

    /// What came before the served tree is not needed again; memory holds no more versions than a push has commits.
    fn forget_up_to(&mut self, tree: ObjectId) {
        if let Some(index) = self.steps.iter().rposition(|step| step.to == tree) {
            self.steps.drain(..=index);
        }
    }

    fn push(&mut self, step: Step) {
        self.steps.push_back(step);
        if self.steps.len() > REMEMBERED {
            self.steps.pop_front();
        }
    }
}

fn changed_zone(event: &Event) -> Option<Name> {
    match event {
        Event::Served { apex, .. } | Event::Removed { apex } => Some(apex.clone()),
        _ => None,
    }
}
