//! The differences between versions, one after the other (RFC 1995 section 4): old SOA, removed records, new SOA, added
//! records; as many times as there are versions between; the newest SOA at last.
//!
//! Each version is made from the one before as soon as its difference is whole, so that what does not fit shows at
//! once.

use super::{NewVersion, Progress, TransferError, soa_of};
use crate::name::Name;
use crate::record::{Record, Serial};
use crate::transfer::Difference;
use crate::zone::Zone;

/// Versions that are coming.
#[derive(Debug)]
pub(super) struct Incremental {
    apex: Name,
    /// The last version that is whole.
    zone: Zone,
    last: Record,
    last_serial: Serial,
    stage: Stage,
    step: Difference,
    steps: Vec<Difference>,
    ignored: usize,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Behind an old SOA.
    Removed,
    /// Behind a new SOA, of this serial.
    Added(Serial),
}

impl Incremental {
    /// Begins behind the first two SOAs: that of the newest version, `last`, and that of `held`.
    pub(super) fn new(held: Zone, last: Record) -> Result<Incremental, TransferError> {
        let apex = held.apex().clone();
        let last_serial = soa_of(&last, &apex).ok_or(TransferError::NoSoa)?.serial;
        let step = Difference { removed: vec![held.soa_record()], added: vec![] };
        let (stage, steps) = (Stage::Removed, vec![]);
        Ok(Incremental { apex, zone: held, last, last_serial, stage, step, steps, ignored: 0 })
    }

    /// Takes the next record.
    pub(super) fn take(&mut self, record: Record) -> Result<Progress, TransferError> {
        let Some(soa) = soa_of(&record, &self.apex) else {
            self.change(record);
            return Ok(Progress::Open);
        };
        match self.stage {
            Stage::Removed if soa.serial.is_after(self.zone.serial()) && !soa.serial.is_after(self.last_serial) => {
                self.step.added.push(record);
                self.stage = Stage::Added(soa.serial);
                Ok(Progress::Open)
            }
            Stage::Added(reached) if reached == soa.serial => {
                self.end_step()?;
                self.stage = Stage::Removed;
                if reached != self.last_serial {
                    self.step.removed.push(self.zone.soa_record());
                    return Ok(Progress::Open);
                }
                match record.rdata == self.last.rdata {
                    true => Ok(Progress::Ended),
                    false => Err(TransferError::SoaSequence),
                }
            }
            Stage::Removed | Stage::Added(_) => Err(TransferError::SoaSequence),
        }
    }

    /// The newest version, after the last SOA.
    pub(super) fn finish(self) -> NewVersion {
        NewVersion { zone: self.zone, steps: Some(self.steps), ignored: self.ignored }
    }

    fn change(&mut self, record: Record) {
        if !record.owner.is_at_or_below(&self.apex) {
            self.ignored += 1;
            return;
        }
        match self.stage {
            Stage::Removed => self.step.removed.push(record),
            Stage::Added(_) => self.step.added.push(record),
        }
    }

    fn end_step(&mut self) -> Result<(), TransferError> {
        let step = std::mem::take(&mut self.step);
        self.zone = self.zone.apply(&step).map_err(TransferError::DoesNotFit)?;
        self.steps.push(step);
        Ok(())
    }
}
