//! What a secondary knows of one zone, and how long its waits are.

use std::time::Duration;

use super::Primary;
use crate::name::Name;
use crate::record::{Serial, Soa};
use crate::zone::Zone;

/// Where the zone comes from, which decides what becomes of it when its primary does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An operator named it: it stays, whatever a primary says.
    Configured,
    /// As [`Origin::Configured`], and it lists other zones (RFC 9432).
    Catalog,
    /// A key's name says which zone and where from (MirageOS): served while the primary has it.
    Key,
    /// The root, asked for with a key for every zone so that the primary tells of them (MirageOS).
    Bootstrap,
    /// A primary told of it, signed with such a key: forgotten when the primary does not have it any more.
    Notified,
    /// A catalog lists it.
    Member {
        /// The catalog.
        catalog: Name,
        /// Its unique label there.
        label: Box<[u8]>,
    },
}

/// A zone.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) origin: Origin,
    /// Not empty.
    pub(super) primaries: Vec<Primary>,
    /// The last version that came, expired or not.
    pub(super) zone: Option<Zone>,
    pub(super) expired: bool,
    /// The primary has said that there is no such zone.
    pub(super) absent: bool,
    /// Asked now, or waiting in line for it.
    pub(super) round: Option<Round>,
    /// The primary that was right the last time.
    pub(super) preferred: usize,
    /// Rounds that failed in a row.
    pub(super) failures: u32,
    /// A NOTIFY came while the zone was being asked for: ask this one next.
    pub(super) again: Option<Again>,
    pub(super) unsigned: Allowance,
}

/// Primaries are asked one after the other until one has an answer that is of use.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// The one that is asked.
    pub(super) primary: usize,
    /// How many were asked before.
    pub(super) tried: usize,
    /// The serial that it says it has: no need to ask for the SOA.
    pub(super) hint: Option<Serial>,
    /// Whether any version is welcome, older ones too.
    pub(super) any_version: bool,
}

/// To be asked for once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) primary: usize,
    pub(super) hint: Option<Serial>,
    /// Whether somebody with the key says so. Others are heard as often as their allowance says.
    pub(super) signed: bool,
}

impl Life {
    pub(super) fn new(origin: Origin, primaries: Vec<Primary>) -> Life {
        Life {
            origin,
            primaries,
            zone: None,
            expired: false,
            absent: false,
            round: None,
            preferred: 0,
            failures: 0,
            again: None,
            unsigned: Allowance::default(),
        }
    }

    /// The primary that is asked in this round.
    pub(super) fn asked(&self) -> Option<&Primary> {
        self.primaries.get(self.round.as_ref()?.primary)
    }

    /// Whether `serial` would be of any use.
    pub(super) fn wants(&self, serial: Serial) -> bool {
        self.expired || self.zone.as_ref().is_none_or(|zone| serial.is_after(zone.serial()))
    }

    /// Seconds until the next question after one that was answered.
    pub(super) fn refresh(&self, random: u32) -> Duration {
        match &self.zone {
            Some(zone) => jittered(refresh(&zone.soa()), random),
            None => jittered(Duration::from_secs(IDLE_BOOTSTRAP), random),
        }
    }

    /// Seconds until the next round after one that failed.
    pub(super) fn retry(&self, random: u32) -> Duration {
        let growing = Duration::from_secs(1 << self.failures.clamp(1, 10)) / 2;
        let most = match &self.zone {
            Some(zone) => retry(&zone.soa()),
            None => Duration::from_secs(MOST_WITHOUT_DATA),
        };
        // At first sooner than the SOA says: most often it is only a restart of the primary.
        jittered(growing.min(most), random)
    }
}

/// A bootstrap that was answered is asked for again after so many seconds, should the connection have died unseen.
const IDLE_BOOTSTRAP: u64 = 600;
/// Seconds between rounds for a zone that never came, at most.
const MOST_WITHOUT_DATA: u64 = 60;

/// SOA timers as they are used: a primary must not make us spin, nor wait for ever (RFC 1912 section 2.2 has saner
/// ones).
pub(super) fn refresh(soa: &Soa) -> Duration {
    Duration::from_secs(u64::from(soa.refresh).clamp(2, 28 * 86_400))
}

pub(super) fn retry(soa: &Soa) -> Duration {
    Duration::from_secs(u64::from(soa.retry).clamp(1, 14 * 86_400))
}

/// Never before one refresh and one retry have failed.
pub(super) fn expire(soa: &Soa) -> Duration {
    Duration::from_secs(soa.expire.into()).max(refresh(soa) + retry(soa))
}

/// Nine to ten tenths of `wait`, so that zones of one primary do not ask all at once.
fn jittered(wait: Duration, random: u32) -> Duration {
    wait.mul_f64(0.9 + 0.1 * f64::from(random) / f64::from(u32::MAX))
}

/// How many unsigned NOTIFY make us ask: anybody can forge them. Ten at once, then one a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    left: u32,
    counted: Duration,
}

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance { left: Allowance::MOST, counted: Duration::ZERO }
    }
}

impl Allowance {
    const MOST: u32 = 10;

    /// Takes one, or says when there will be one.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.counted).as_secs();
        if passed > 0 {
            self.left = self.left.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX)).min(Allowance::MOST);
            self.counted = now;
        }
        self.left = self.left.checked_sub(1).ok_or(self.counted + Duration::from_secs(1))?;
        Ok(())
    }
}
