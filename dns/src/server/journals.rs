//! The journal of each zone that is served (RFC 1995).

use std::collections::HashMap;

use crate::name::Name;
use crate::transfer::{Difference, Journal, JournalLimits};
use crate::zone::Zone;

/// Records of a zone that is compared with the version before; larger ones begin a new journal.
const COMPARED: usize = 200_000;

/// Journals by zone. A zone that never changed has none.
#[derive(Clone, Debug, Default)]
pub struct Journals(HashMap<Name, Journal>);

impl Journals {
    /// The journal of a zone.
    pub fn get(&self, apex: &Name) -> Option<&Journal> {
        self.0.get(apex)
    }

    /// A zone is served in a version in place of another, or of none; `steps` lead there when they are at hand.
    pub fn changed(&mut self, before: Option<&Zone>, zone: &Zone, steps: Option<&[Difference]>) {
        let apex = zone.apex();
        let same = |before: &Zone| before.serial() == zone.serial();
        match (steps, before) {
            (Some(steps), _) => self.push(apex, steps),
            (None, Some(before)) if same(before) => (),
            (None, Some(before)) if zone.record_count() <= COMPARED => {
                self.push(apex, &[Difference::between(before, zone)]);
            }
            // It may come back as it was, after it could not be served for a while.
            (None, _) if self.get(apex).is_some_and(|journal| journal.newest() == Some(zone.serial())) => (),
            (None, _) => self.remove(apex),
        }
    }

    /// Puts an older step in front of the journal of `zone`; the journal, when it leads from there to `zone` now.
    pub fn reach_back(&mut self, zone: &Zone, step: &Difference) -> Option<Journal> {
        let journal = self.0.entry(zone.apex().clone()).or_insert_with(|| Journal::new(JournalLimits::default()));
        let done = journal.newest().is_none_or(|newest| newest == zone.serial()) && journal.insert_older(step);
        (done && journal.newest() == Some(zone.serial())).then(|| journal.clone())
    }

    /// A zone is gone.
    pub fn remove(&mut self, apex: &Name) {
        self.0.remove(apex);
    }

    fn push(&mut self, apex: &Name, steps: &[Difference]) {
        let journal = self.0.entry(apex.clone()).or_insert_with(|| Journal::new(JournalLimits::default()));
        steps.iter().for_each(|step| journal.push(step));
    }
}
