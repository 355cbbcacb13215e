//! NOTIFY from a primary (RFC 1996): whom to believe, and what to do about it at once.

use std::net::IpAddr;

use super::life::Again;
use super::{Effect, Life, Moment, Origin, Primary, Secondary, Timer, same_host};
use crate::keys::{Key, Right};
use crate::message::Rcode;
use crate::name::Name;
use crate::record::Serial;

/// A NOTIFY that came.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// The zone.
    pub zone: &'a Name,
    /// The serial that the sender says it has.
    pub serial: Option<Serial>,
    /// The sender.
    pub peer: IpAddr,
    /// Who signed it, if it was signed.
    pub key: Option<&'a Key>,
}

/// What became of a NOTIFY.
#[derive(Debug)]
pub struct Noticed {
    /// The reply's.
    pub rcode: Rcode,
    /// To be done.
    pub effects: Vec<Effect>,
}

impl Secondary {
    /// A NOTIFY came. One that says nothing new costs nothing; a signed one with a newer serial is followed at once,
    /// without asking for the SOA; an unsigned one makes us ask now and then, if it seems to come from a primary.
    pub fn notified(&mut self, notice: Notice<'_>, moment: &mut Moment<'_>) -> Noticed {
        let rcode = match self.zones.contains_key(notice.zone) {
            true => self.notified_of_known(notice, moment),
            false => self.notified_of_unknown(notice, moment),
        };
        Noticed { rcode, effects: self.take_effects() }
    }

    fn notified_of_known(&mut self, notice: Notice<'_>, moment: &mut Moment<'_>) -> Rcode {
        let Some(life) = self.zones.get_mut(notice.zone) else { return Rcode::REFUSED };
        let Some(primary) = sender(life, &notice) else { return Rcode::REFUSED };
        if notice.serial.is_some_and(|serial| !life.wants(serial)) {
            return Rcode::NOERROR;
        }
        let signed = life.primaries.get(primary).is_some_and(|primary| is_signed_by(&notice, primary));
        let again = Again { primary, hint: notice.serial.filter(|_| signed), signed };
        if life.round.is_some() {
            life.again = Some(newer(life.again, again));
        } else if signed {
            self.start_round(notice.zone, again, moment);
        } else {
            match life.unsigned.take(moment.elapsed) {
                Ok(()) => self.start_round(notice.zone, again, moment),
                Err(later) => {
                    life.again = Some(again);
                    self.timers.set(Timer::Check(notice.zone.clone()), later);
                }
            }
        }
        Rcode::NOERROR
    }

    /// MirageOS: who holds a key for all zones learns from NOTIFY which there are.
    fn notified_of_unknown(&mut self, notice: Notice<'_>, moment: &mut Moment<'_>) -> Rcode {
        let Some(key) = notice.key.filter(|key| key.may(Right::Transfer, notice.zone)) else { return Rcode::REFUSED };
        let uses_key = |primary: &&Primary| {
            primary.key.as_ref() == Some(&key.name) && same_host(primary.address.ip(), notice.peer)
        };
        let Some(primary) = self.zones.values().flat_map(|life| &life.primaries).find(uses_key).cloned() else {
            return Rcode::REFUSED;
        };
        match self.add(notice.zone.clone(), Origin::Notified, vec![primary], moment) {
            true => Rcode::NOERROR,
            false => Rcode::REFUSED,
        }
    }
}

/// The primary that sent it: by its address, or by its key when it has several addresses.
fn sender(life: &Life, notice: &Notice<'_>) -> Option<usize> {
    let by_address = |primary: &Primary| same_host(primary.address.ip(), notice.peer);
    let by_key = |primary: &Primary| notice.key.is_some() && is_signed_by(notice, primary);
    life.primaries.iter().position(by_address).or_else(|| life.primaries.iter().position(by_key))
}

fn is_signed_by(notice: &Notice<'_>, primary: &Primary) -> bool {
    let Some(key) = notice.key else { return false };
    primary.key.as_ref() == Some(&key.name) || key.may(Right::Notify, notice.zone)
}

/// Of two that came while the zone was asked for, the one with the newer serial; without a serial one never knows.
fn newer(before: Option<Again>, now: Again) -> Again {
    match before {
        Some(before) => match (before.hint, now.hint) {
            (Some(old), Some(new)) if old.is_after(new) => before,
            // What anybody can forge does not take the place of what was signed; the SOA tells who is right.
            _ if before.signed && !now.signed => Again { hint: None, ..before },
            _ => now,
        },
        None => now,
    }
}
