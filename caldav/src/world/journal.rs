//! Which members changed since a commit, without asking git, for as long as this process has followed the branch.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use gitstore::ObjectId;

/// Changes that are remembered; what is older is found out from git.
const CHANGES: usize = 65_536;

/// What has changed, commit by commit.
#[derive(Debug, Default)]
pub struct Journal {
    /// The number of each commit that was published.
    numbers: HashMap<ObjectId, u64>,
    next: u64,
    /// The first number since which all changes are there.
    begin: u64,
    collections: BTreeMap<Arc<str>, VecDeque<(u64, Change)>>,
    /// In which order to forget.
    order: VecDeque<(u64, Arc<str>)>,
    commits: VecDeque<ObjectId>,
}

/// A change of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name of the member.
    pub name: String,
    /// Whether there was a version before that everybody who may read the collection saw.
    pub was_visible: bool,
}

/// The names of members that changed, and of each whether readers may have seen it since.
pub type Changed = BTreeMap<String, bool>;

/// What is known of the time since a commit.
#[derive(Debug, PartialEq, Eq)]
pub enum Since {
    /// The members that changed; whether they are still there is for the world to say.
    Changed(Changed),
    /// The commit was never published here, or too long ago.
    Unknown,
}

impl Journal {
    /// Writes down what a commit changed.
    pub fn record(&mut self, commit: ObjectId, changes: &[(Arc<str>, Change)]) {
        self.next += 1;
        let number = self.next;
        self.numbers.insert(commit, number);
        self.commits.push_back(commit);
        for (collection, change) in changes {
            self.collections.entry(Arc::clone(collection)).or_default().push_back((number, change.clone()));
            self.order.push_back((number, Arc::clone(collection)));
        }
        while self.order.len() > CHANGES {
            self.forget();
        }
        while self.commits.len() > CHANGES {
            if let Some(commit) = self.commits.pop_front() {
                self.numbers.remove(&commit);
            }
        }
    }

    fn forget(&mut self) {
        let Some((number, collection)) = self.order.pop_front() else { return };
        self.begin = number;
        if let Some(changes) = self.collections.get_mut(&collection) {
            changes.pop_front();
            if changes.is_empty() {
                self.collections.remove(&collection);
            }
        }
    }

    /// The members of a collection that changed since a commit.
    pub fn since(&self, commit: &ObjectId, collection: &str) -> Since {
        let Some(number) = self.numbers.get(commit).filter(|number| **number >= self.begin) else {
            return Since::Unknown;
        };
        let changes = self.collections.get(collection).into_iter().flat_map(|changes| changes.iter().rev());
        let mut later = Changed::new();
        for (_, change) in changes.take_while(|(at, _)| at > number) {
            *later.entry(change.name.clone()).or_default() |= change.was_visible;
        }
        Since::Changed(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_since_a_commit() {
        let commit = |n: u8| ObjectId::Sha1([n; 20]);
        let (work, play): (Arc<str>, Arc<str>) = ("work".into(), "play".into());
        let mut journal = Journal::default();
        journal.record(commit(1), &[]);
        let change = |name: &str, was_visible| Change { name: name.to_owned(), was_visible };
        journal.record(commit(2), &[(work.clone(), change("a", true)), (play.clone(), change("b", false))]);
        journal.record(commit(3), &[(work.clone(), change("a", false)), (work, change("c", false))]);
        let names = |names: &[(&str, bool)]| {
            Since::Changed(names.iter().map(|(name, was_visible)| ((*name).to_owned(), *was_visible)).collect())
        };
        assert_eq!(journal.since(&commit(1), "work"), names(&[("a", true), ("c", false)]));
        assert_eq!(journal.since(&commit(2), "play"), names(&[]));
        assert_eq!(journal.since(&commit(3), "work"), names(&[]));
        assert_eq!(journal.since(&commit(4), "work"), Since::Unknown);
        let many: Vec<_> = (0..CHANGES).map(|n| (play.clone(), change(&n.to_string(), true))).collect();
        journal.record(commit(5), &many);
        assert_eq!(journal.since(&commit(1), "work"), Since::Unknown);
        assert_eq!(journal.since(&commit(5), "work"), names(&[]));
    }
}
