//! The records of a whole zone, from its SOA to the same SOA again (RFC 5936 section 2.2).

use super::{NewVersion, Progress, TransferError, soa_of};
use crate::name::Name;
use crate::record::{Record, Soa};
use crate::zone::{Zone, ZoneBuilder, ZoneProblem};

/// A zone that is coming.
pub(super) struct Full {
    apex: Name,
    soa: Soa,
    builder: ZoneBuilder,
    problems: Vec<ZoneProblem>,
    ignored: usize,
}

impl Full {
    /// Begins with the first SOA.
    pub(super) fn new(apex: Name, first: Record) -> Result<Full, TransferError> {
        let soa = soa_of(&first, &apex).ok_or(TransferError::NoSoa)?;
        let mut full = Full { builder: Zone::builder(apex.clone()), apex, soa, problems: vec![], ignored: 0 };
        full.add(first);
        Ok(full)
    }

    /// Takes the next record.
    pub(super) fn take(&mut self, record: Record) -> Result<Progress, TransferError> {
        if let Some(soa) = soa_of(&record, &self.apex) {
            // The zone changed on the way, or two zones got mixed up.
            return if soa == self.soa { Ok(Progress::Ended) } else { Err(TransferError::SoaSequence) };
        }
        match record.owner.is_at_or_below(&self.apex) {
            true => self.add(record),
            false => self.ignored += 1,
        }
        match self.problems.is_empty() {
            true => Ok(Progress::Open),
            false => Err(TransferError::NotAZone(std::mem::take(&mut self.problems))),
        }
    }

    /// The zone, after the last SOA.
    pub(super) fn finish(self) -> Result<NewVersion, TransferError> {
        let finished = self.builder.finish();
        let ignored = self.ignored;
        match finished.zone {
            Some(zone) => Ok(NewVersion { zone, steps: None, ignored }),
            None => Err(TransferError::NotAZone(fatal(finished.problems))),
        }
    }

    fn add(&mut self, record: Record) {
        if let Err(problem) = self.builder.add(record)
            && problem.fatal
        {
            self.problems.push(problem);
        }
    }
}

impl std::fmt::Debug for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} coming", self.apex, self.soa.serial)
    }
}

fn fatal(mut problems: Vec<ZoneProblem>) -> Vec<ZoneProblem> {
    problems.retain(|problem| problem.fatal);
    problems
}
