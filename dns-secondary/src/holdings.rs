//! What is served, and how it came to be: the snapshot that queries are answered from, and each zone's journal.

use std::sync::{Arc, Mutex, MutexGuard};

use arc_swap::ArcSwap;
use dns::Name;
use dns::keys::KeySet;
use dns::secondary::Served as NewVersion;
use dns::server::{Journals, Served};
use dns::transfer::Journal;

/// What is served; cheap to clone.
#[derive(Clone, Debug)]
pub struct Holdings(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    served: Arc<ArcSwap<Served>>,
    journals: Mutex<Journals>,
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

    /// What is served at any time, for whoever answers from it or tells of it.
    pub fn shared(&self) -> Arc<ArcSwap<Served>> {
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
        self.journals().changed(old, zone, version.steps.as_deref());
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

    fn journals(&self) -> MutexGuard<'_, Journals> {
        self.0.journals.lock().expect("no holder of the journals panics")
    }
}
