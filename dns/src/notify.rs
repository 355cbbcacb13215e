//! NOTIFY (RFC 1996): whom to tell that a zone changed, and when again.
//!
//! [`targets`] says whom. [`Notifier`] keeps for each zone and target when to send next, each on its own: a secondary
//! that does not answer delays no other. A newer change takes the place of an older one. Time is since any fixed start.

mod message;
mod targets;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::name::Name;
use crate::record::Record;
use crate::tsig::SentRequest;

pub use message::{Acknowledgement, Incoming, reply};
pub use targets::{Over, Sources, Subscription, Target, targets};

/// Seconds to wait after each send; when they are used up, the target is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule(pub &'static [u64]);

impl Schedule {
    /// Six sends within half a minute.
    pub const USUAL: Schedule = Schedule(&[1, 2, 4, 8, 16, 32]);
    /// Twelve sends within an hour, and one a day later, as MirageOS does.
    pub const PERSISTENT: Schedule = Schedule(&[1, 1, 1, 4, 13, 20, 20, 120, 420, 900, 2100, 82800, 60]);

    /// The wait after send number `sent`, from 1; none when there is nothing to wait for.
    fn wait_after(self, sent: usize) -> Option<Duration> {
        self.0.get(sent.checked_sub(1)?).map(|seconds| Duration::from_secs(*seconds))
    }

    fn sends(self) -> usize {
        self.0.len()
    }
}

/// A NOTIFY to be sent now; its message is [`Notification::message`], to be signed with the target's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// To whom.
    pub target: Target,
    /// The zone's SOA record as it is now; its owner is the zone.
    pub soa: Record,
    /// The message's ID, the same for every try.
    pub id: u16,
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// To be sent.
    pub sends: Vec<Notification>,
    /// Never answered, not tried again.
    pub given_up: Vec<Notification>,
}

#[derive(Debug)]
struct Pending {
    notification: Notification,
    /// The signatures of the tries, one of which a reply is to prove that it knows.
    signed: Vec<SentRequest>,
    sent: usize,
    next: Duration,
}

/// Who has still to be told what.
#[derive(Debug)]
pub struct Notifier {
    schedule: Schedule,
    /// How many pending notifications are kept.
    capacity: usize,
    pending: BTreeMap<u64, Pending>,
    queue: BTreeSet<(Duration, u64)>,
    of_zone: HashMap<Name, Vec<u64>>,
    next_number: u64,
}

impl Notifier {
    /// Nobody is to be told anything. With more than `capacity` pending, those whose next try is farthest off are
    /// forgotten.
    pub fn new(schedule: Schedule, capacity: usize) -> Notifier {
        let (pending, queue, of_zone) = Default::default();
        Notifier { schedule, capacity: capacity.max(1), pending, queue, of_zone, next_number: 0 }
    }

    /// A zone changed; `soa` is its new SOA record. All `targets` are due at once and nobody else is told any more.
    /// `random` gives message IDs.
    pub fn changed(&mut self, soa: &Record, targets: Vec<Target>, now: Duration, random: &mut dyn FnMut() -> u16) {
        self.forget_zone(&soa.owner);
        for target in targets {
            let notification = Notification { target, soa: soa.clone(), id: random() };
            self.insert(Pending { notification, signed: vec![], sent: 0, next: now });
        }
    }

    /// One target more is to be told of a zone; the others stay as they are.
    pub fn tell_also(&mut self, soa: &Record, target: Target, now: Duration, id: u16) {
        let notification = Notification { target, soa: soa.clone(), id };
        self.insert(Pending { notification, signed: vec![], sent: 0, next: now });
    }

    /// A try of a notification leaves signed.
    pub fn signed(&mut self, notification: &Notification, sent: SentRequest) {
        let numbers = self.of_zone.get(&notification.soa.owner).map(Vec::as_slice).unwrap_or_default();
        let is_it = |number: &&u64| self.pending.get(number).is_some_and(|it| it.notification == *notification);
        if let Some(number) = numbers.iter().find(is_it).copied()
            && let Some(pending) = self.pending.get_mut(&number)
        {
            pending.signed.push(sent);
        }
    }

    /// A zone is gone, or nobody is to be told of it any more.
    pub fn forget_zone(&mut self, zone: &Name) {
        for number in self.of_zone.remove(zone).unwrap_or_default() {
            if let Some(pending) = self.pending.remove(&number) {
                self.queue.remove(&(pending.next, number));
            }
        }
    }

    /// A connection is gone, and with it what was to be sent over it.
    pub fn disconnected(&mut self, connection: u64) {
        let over = |pending: &Pending| pending.notification.target.over == Over::Connection(connection);
        let gone: Vec<u64> =
            self.pending.iter().filter(|(_, pending)| over(pending)).map(|(number, _)| *number).collect();
        for number in gone {
            self.remove(number);
        }
    }

    /// What is to be sent now. Each send sets the next deadline.
    pub fn due(&mut self, now: Duration) -> Due {
        self.due_at_most(usize::MAX, now)
    }

    /// As [`Notifier::due`], so many sends at most; what is left over is due at once.
    pub fn due_at_most(&mut self, most: usize, now: Duration) -> Due {
        let mut due = Due::default();
        while let Some(&(next, number)) = self.queue.first()
            && next <= now
            && due.sends.len() < most
        {
            match self.step(number, now) {
                Some(notification) => due.sends.push(notification),
                None => due.given_up.extend(self.remove(number).map(|pending| pending.notification)),
            }
        }
        due
    }

    /// When [`Notifier::due`] has something to say next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.queue.first().map(|(next, _)| *next)
    }

    /// A reply came, of any RCODE: who it was that need not be told again. None for a reply that nothing awaits.
    /// `believed` says of a target, with what was signed for it, whether the reply is its own.
    pub fn acknowledged(
        &mut self,
        acknowledgement: &Acknowledgement,
        believed: &mut dyn FnMut(&Target, &[SentRequest]) -> bool,
    ) -> Option<Target> {
        let awaits = |number: &&u64| {
            self.pending.get(number).is_some_and(|Pending { notification, sent, signed, .. }| {
                *sent > 0 && notification.id == acknowledgement.id && believed(&notification.target, signed)
            })
        };
        let mut numbers = self.of_zone.get(&acknowledgement.zone)?.iter();
        let number = *numbers.find(awaits)?;
        self.remove(number).map(|pending| pending.notification.target)
    }

    /// How many zone and target pairs are pending.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether everybody knows, or was given up.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Counts a send and sets the deadline of the next; none when there are no more.
    fn step(&mut self, number: u64, now: Duration) -> Option<Notification> {
        let pending = self.pending.get_mut(&number)?;
        if pending.sent >= self.schedule.sends() {
            return None;
        }
        pending.sent += 1;
        self.queue.remove(&(pending.next, number));
        pending.next = now + self.schedule.wait_after(pending.sent)?;
        self.queue.insert((pending.next, number));
        Some(pending.notification.clone())
    }

    fn insert(&mut self, pending: Pending) {
        if self.pending.len() >= self.capacity
            && let Some(&(_, farthest)) = self.queue.last()
        {
            self.remove(farthest);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.queue.insert((pending.next, number));
        self.of_zone.entry(pending.notification.soa.owner.clone()).or_default().push(number);
        self.pending.insert(number, pending);
    }

    fn remove(&mut self, number: u64) -> Option<Pending> {
        let pending = self.pending.remove(&number)?;
        self.queue.remove(&(pending.next, number));
        let zone = &pending.notification.soa.owner;
        if let Some(numbers) = self.of_zone.get_mut(zone) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.of_zone.remove(zone);
            }
        }
        Some(pending)
    }
}

#[cfg(test)]
mod tests;
