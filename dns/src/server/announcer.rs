//! Telling secondaries of changes: who has subscribed, who is told what, and the messages as they leave.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Served;
use crate::name::Name;
use crate::notify::{Acknowledgement, Notification, Notifier, Over, Schedule, Sources, Subscription, Target, targets};
use crate::record::Record;
use crate::tsig;
use crate::zone::Zone;

/// Pairs of zone and secondary that may wait at once.
const CAPACITY: usize = 100_000;
/// Subscriptions at once.
const MOST_SUBSCRIPTIONS: usize = 4096;

/// Who is to be told of what.
#[derive(Debug)]
pub struct Announcer {
    notifier: Notifier,
    subscriptions: Vec<Subscription>,
    extra: Vec<Target>,
}

/// What is to be sent now, and what is given up.
#[derive(Debug, Default)]
pub struct Announcements {
    /// Messages.
    pub sends: Vec<Announcement>,
    /// Never answered, or without the key to sign with.
    pub given_up: Vec<Notification>,
}

/// A NOTIFY as it leaves.
#[derive(Debug)]
pub struct Announcement {
    /// The message, signed where it is to be.
    pub octets: Vec<u8>,
    /// Where to.
    pub address: SocketAddr,
    /// How.
    pub over: Over,
}

impl Announcer {
    /// Nobody is told anything yet; `extra` is told of every zone.
    pub fn new(extra: Vec<Target>) -> Announcer {
        Announcer { notifier: Notifier::new(Schedule::USUAL, CAPACITY), subscriptions: vec![], extra }
    }

    /// Zones changed from what `before` served to what is served now; their secondaries are due at once.
    pub fn changed(
        &mut self,
        before: &Served,
        served: &Served,
        zones: impl IntoIterator<Item = Name>,
        now: Duration,
        random: &mut dyn FnMut() -> u16,
    ) {
        for apex in zones {
            match (served.zones.get(&apex), before.zones.get(&apex)) {
                (Some(zone), _) => self.tell(served, zone, &zone.soa_record(), now, random),
                // A serial that comes next makes secondaries ask, and learn from NOTAUTH that the zone is gone.
                (None, Some(gone)) => self.tell(before, gone, &next_soa(gone), now, random),
                (None, None) => self.notifier.forget_zone(&apex),
            }
        }
    }

    /// Somebody asked to be told; for the root of all zones, and of each of them at once. False when there are too many.
    pub fn subscribe(
        &mut self,
        subscription: Subscription,
        served: &Served,
        now: Duration,
        random: &mut dyn FnMut() -> u16,
    ) -> bool {
        if self.subscriptions.contains(&subscription) {
            return true;
        }
        if self.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            return false;
        }
        let is_root = subscription.zone.is_root();
        self.subscriptions.push(subscription);
        if is_root {
            self.changed(served, served, served.zones.iter().map(|zone| zone.apex().clone()), now, random);
        }
        true
    }

    /// A connection is gone.
    pub fn disconnected(&mut self, connection: u64) {
        self.subscriptions.retain(|subscription| subscription.connection != connection);
        self.notifier.disconnected(connection);
    }

    /// A reply to a NOTIFY came.
    pub fn acknowledged(&mut self, peer: IpAddr, acknowledgement: &Acknowledgement) -> Option<Target> {
        self.notifier.acknowledged(peer, acknowledgement)
    }

    /// What is due; `unix` is in seconds since 1970.
    pub fn due(&mut self, served: &Served, now: Duration, unix: u64) -> Announcements {
        let due = self.notifier.due(now);
        let mut announcements = Announcements { sends: vec![], given_up: due.given_up };
        for notification in due.sends {
            let Target { address, over, key } = &notification.target;
            let octets = notification.message().encode();
            let octets = match key {
                None => octets,
                Some(name) => match served.keys.get(name) {
                    Some(key) => tsig::sign_request(octets, key, unix, tsig::FUDGE).octets,
                    None => {
                        announcements.given_up.push(notification);
                        continue;
                    }
                },
            };
            announcements.sends.push(Announcement { octets, address: *address, over: *over });
        }
        announcements
    }

    /// When [`Announcer::due`] has something to say next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.notifier.next_deadline()
    }

    fn tell(&mut self, served: &Served, zone: &Zone, soa: &Record, now: Duration, random: &mut dyn FnMut() -> u16) {
        let (zones, keys, subscriptions) = (&served.zones, &served.keys, &self.subscriptions);
        let targets = targets(zone, &Sources { zones, keys, extra: &self.extra, subscriptions });
        self.notifier.changed(soa, targets, now, random);
    }
}

fn next_soa(gone: &Zone) -> Record {
    let soa = gone.soa();
    let serial = soa.serial.next();
    Record { rdata: crate::Soa { serial, ..soa }.encode(), ..gone.soa_record() }
}
