//! What is served, and how it came to be: the snapshot that queries are answered from, and each zone's journal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwap;
use dns::Name;
use dns::keys::KeySet;
use dns::secondary::Served as NewVersion;
use dns::server::Served;
use dns::transfer::{Difference, Journal, JournalLimits};

/// Records of a zone that is compared with its last version when the whole zone came; larger ones begin a new journal.
const COMPARED: usize = 200_000;

/// What is served; cheap to clone.
#[derive(Clone, Debug)]
pub struct Holdings(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    served: Arc<ArcSwap<Served>>,
    journals: Mutex<HashMap<Name, Journal>>,
}

impl Holdings {
    /// No zones yet.
    pub fn new(keys: KeySet) -> Holdings {
        let served = Served { keys, ..Served::default() };
        Holdings(Arc::new(Inner { served: Arc::new(ArcSwap::from_pointee(served)), journals: Mutex::default() }))
    }

    /// What is served now.
    pub fn served(&self) -> Arc<Served> {
        self.0.served.load_full()
    }

    /// For the answering path.
    pub fn snapshot(&self) -> Arc<ArcSwap<Served>> {
        Arc::clone(&self.0.served)
    }

    /// The journal of a zone.
    pub fn journal(&self, apex: &Name) -> Option<Journal> {
        self.journals().get(apex).cloned()
    }

    /// Serves a version from now on; whether it is another one than before.
    pub fn serve(&self, version: &NewVersion) -> bool {
        let (zone, served) = (&version.zone, self.served());
        let old = served.zones.get(zone.apex());
        let is_new = old.is_none_or(|old| old.serial() != zone.serial());
        let mut journals = self.journals();
        let journal = journals.entry(zone.apex().clone()).or_insert_with(|| Journal::new(JournalLimits::default()));
        match (&version.steps, old) {
            (Some(steps), _) => steps.iter().for_each(|step| journal.push(step)),
            (None, Some(old)) if is_new && zone.record_count() <= COMPARED => {
                journal.push(&Difference::between(old, zone));
            }
            (None, Some(_)) if !is_new => {}
            (None, _) if journal.newest() != Some(zone.serial()) => *journal = Journal::new(JournalLimits::default()),
            (None, _) => {}
        }
        drop(journals);
        let mut unavailable = served.unavailable.clone();
        unavailable.set(zone.apex(), false);
        self.store(Served { zones: served.zones.with(zone.clone()), unavailable, keys: served.keys.clone() });
        is_new
    }

    /// Answers SERVFAIL for a zone.
    pub fn suspend(&self, apex: &Name) {
        let served = self.served();
        let mut unavailable = served.unavailable.clone();
        unavailable.set(apex, true);
        self.store(Served { zones: served.zones.without(apex), unavailable, keys: served.keys.clone() });
    }

    /// Forgets a zone.
    pub fn remove(&self, apex: &Name) {
        self.journals().remove(apex);
        let served = self.served();
        let mut unavailable = served.unavailable.clone();
        unavailable.set(apex, false);
        self.store(Served { zones: served.zones.without(apex), unavailable, keys: served.keys.clone() });
    }

    fn store(&self, served: Served) {
        self.0.served.store(Arc::new(served));
    }

    fn journals(&self) -> MutexGuard<'_, HashMap<Name, Journal>> {
        self.0.journals.lock().expect("no holder of the journals panics")
    }
}
