//! The recent versions of a zone as steps from one to the next, for those who ask only for what changed (RFC 1995).
//!
//! Bounded in steps and octets; what falls out at the old end can be computed from elsewhere (a primary has its git
//! history) and put back there with [`Journal::insert_older`].

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::record::{Record, Serial, Soa};
use crate::record_type::RecordType;
use crate::transfer::Difference;
use crate::zone::Zone;

/// How much a journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Steps.
    pub steps: usize,
    /// Octets of their records on the wire, about.
    pub octets: usize,
}

impl Default for JournalLimits {
    /// A thousand steps, a megabyte.
    fn default() -> JournalLimits {
        JournalLimits { steps: 1000, octets: 1 << 20 }
    }
}

/// Steps of one zone, the oldest first, each beginning where the one before ended. A clone shares the steps.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    limits: JournalLimits,
    steps: VecDeque<Arc<Step>>,
    octets: usize,
}

/// From one version to the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// The SOA record before.
    pub old_soa: Record,
    /// The SOA record after.
    pub new_soa: Record,
    /// Other records that go.
    pub removed: Vec<Record>,
    /// Other records that come.
    pub added: Vec<Record>,
    from: Serial,
    to: Serial,
    octets: usize,
}

impl Step {
    /// The step that a difference is; none when the SOA's serial does not advance in it.
    pub fn new(difference: &Difference) -> Option<Step> {
        let soa = |records: &[Record]| records.iter().find(|record| record.rtype == RecordType::SOA).cloned();
        let (old_soa, new_soa) = (soa(&difference.removed)?, soa(&difference.added)?);
        let others = |records: &[Record]| -> Vec<Record> {
            records.iter().filter(|record| record.rtype != RecordType::SOA).cloned().collect()
        };
        Step::of(old_soa, new_soa, others(&difference.removed), others(&difference.added))
    }

    fn of(old_soa: Record, new_soa: Record, removed: Vec<Record>, added: Vec<Record>) -> Option<Step> {
        let serial = |soa: &Record| Soa::decode(&soa.rdata).ok().map(|soa| soa.serial);
        let (from, to) = (serial(&old_soa)?, serial(&new_soa)?);
        let octets = [&removed, &added].into_iter().flatten().chain([&old_soa, &new_soa]).map(wire_length).sum();
        to.is_after(from).then_some(Step { old_soa, new_soa, removed, added, from, to, octets })
    }

    /// The serial before.
    pub fn from(&self) -> Serial {
        self.from
    }

    /// The serial after.
    pub fn to(&self) -> Serial {
        self.to
    }
}

/// Octets of a record in a message: its owner name most often shares its end with another.
fn wire_length(record: &Record) -> usize {
    record.owner.as_octets().len().min(16) + 10 + record.rdata.as_octets().len()
}

impl Journal {
    /// An empty journal.
    pub fn new(limits: JournalLimits) -> Journal {
        Journal { limits, steps: VecDeque::new(), octets: 0 }
    }

    /// The zone changed. What does not continue the newest step makes the journal begin anew.
    pub fn push(&mut self, difference: &Difference) {
        let Some(step) = Step::new(difference) else { return self.clear() };
        if self.steps.back().is_some_and(|newest| newest.to != step.from) {
            self.clear();
        }
        self.octets += step.octets;
        self.steps.push_back(Arc::new(step));
        while self.steps.len() > self.limits.steps || self.octets > self.limits.octets {
            let Some(oldest) = self.steps.pop_front() else { return };
            self.octets -= oldest.octets;
        }
    }

    /// Puts a step in front of the oldest one; false when it does not end where that begins, or the journal is full. An
    /// empty journal takes any step.
    pub fn insert_older(&mut self, difference: &Difference) -> bool {
        let Some(step) = Step::new(difference) else { return false };
        let fits = self.oldest().is_none_or(|oldest| oldest == step.to);
        let full = self.steps.len() >= self.limits.steps || self.octets + step.octets > self.limits.octets;
        if !fits || full {
            return false;
        }
        self.octets += step.octets;
        self.steps.push_front(Arc::new(step));
        true
    }

    /// `zone`, to which the newest step leads, as it was before the oldest one; none when the steps do not lead to it.
    pub fn rewind(&self, zone: &Zone) -> Option<Zone> {
        let whole = condensed(&self.between(self.oldest()?, zone.serial())?)?;
        let with = |soa: &Record, others: &[Record]| [std::slice::from_ref(soa), others].concat();
        let backwards =
            Difference { removed: with(&whole.new_soa, &whole.added), added: with(&whole.old_soa, &whole.removed) };
        zone.apply(&backwards).ok()
    }

    /// The oldest serial that a way leads from.
    pub fn oldest(&self) -> Option<Serial> {
        self.steps.front().map(|step| step.from)
    }

    /// The serial that all ways lead to.
    pub fn newest(&self) -> Option<Serial> {
        self.steps.back().map(|step| step.to)
    }

    /// Steps held.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps from a version to another; none when the journal does not hold them.
    pub fn between(&self, from: Serial, to: Serial) -> Option<Vec<Arc<Step>>> {
        let end = self.steps.iter().rposition(|step| step.to == to)?;
        let start = self.steps.iter().take(end + 1).rposition(|step| step.from == from)?;
        Some(self.steps.range(start..=end).cloned().collect())
    }

    /// What to send to who has version `from`, so that `zone` comes of it: the steps, all of them as one when that is
    /// shorter or `condense` asks for it, none when the whole zone is shorter or the steps are not at hand.
    pub fn answer(&self, zone: &Zone, from: Serial, condense: bool) -> Option<Vec<Arc<Step>>> {
        let steps = self.between(from, zone.serial())?;
        let octets = |steps: &[Arc<Step>]| steps.iter().map(|step| step.octets).sum::<usize>();
        let shortest = match condensed(&steps) {
            Some(one) if condense || one.octets < octets(&steps) => vec![Arc::new(one)],
            _ => steps,
        };
        (octets(&shortest) < zone.size()).then_some(shortest)
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.octets = 0;
    }
}

/// Many steps as one (RFC 1995 section 5): what came and went again is left out.
pub fn condensed(steps: &[Arc<Step>]) -> Option<Step> {
    let (first, last) = (steps.first()?, steps.last()?);
    let (mut removed, mut added): (HashSet<&Record>, HashSet<&Record>) = Default::default();
    for step in steps {
        for record in &step.removed {
            if !added.remove(record) {
                removed.insert(record);
            }
        }
        for record in &step.added {
            if !removed.remove(record) {
                added.insert(record);
            }
        }
    }
    let sorted = |records: HashSet<&Record>| {
        let mut records: Vec<Record> = records.into_iter().cloned().collect();
        records.sort_unstable();
        records
    };
    Step::of(first.old_soa.clone(), last.new_soa.clone(), sorted(removed), sorted(added))
}

#[cfg(test)]
mod tests;
