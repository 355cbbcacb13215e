//! Which members changed since a commit, without asking git, for as long as this process has followed the branch.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
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
    collections: BTreeMap<Arc<str>, VecDeque<(u64, String)>>,
    /// In which order to forget.
    order: VecDeque<(u64, Arc<str>)>,
    commits: VecDeque<ObjectId>,
}

/// What is known of the time since a commit.
#[derive(Debug, PartialEq, Eq)]
pub enum Since {
    /// The names of the members that changed; whether they are still there is for the world to say.
    Changed(BTreeSet<String>),
    /// The commit was never published here, or too long ago.
    Unknown,
}

impl Journal {
    /// Writes down what a commit changed.
    pub fn record(&mut self, commit: ObjectId, changes: &[(Arc<str>, String)]) {
        self.next += 1;
        let number = self.next;
        self.numbers.insert(commit, number);
        self.commits.push_back(commit);
        for (collection, member) in changes {
            self.collections.entry(Arc::clone(collection)).or_default().push_back((number, member.clone()));
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
        let later = changes.take_while(|(at, _)| at > number).map(|(_, name)| name.clone());
        Since::Changed(later.collect())
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
        journal.record(commit(2), &[(work.clone(), "a".to_owned()), (play.clone(), "b".to_owned())]);
        journal.record(commit(3), &[(work.clone(), "a".to_owned()), (work, "c".to_owned())]);
        let names = |names: &[&str]| Since::Changed(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(journal.since(&commit(1), "work"), names(&["a", "c"]));
        assert_eq!(journal.since(&commit(2), "play"), names(&[]));
        assert_eq!(journal.since(&commit(3), "work"), names(&[]));
        assert_eq!(journal.since(&commit(4), "work"), Since::Unknown);
        let many: Vec<_> = (0..CHANGES).map(|n| (play.clone(), n.to_string())).collect();
        journal.record(commit(5), &many);
        assert_eq!(journal.since(&commit(1), "work"), Since::Unknown);
        assert_eq!(journal.since(&commit(5), "work"), names(&[]));
    }
}
