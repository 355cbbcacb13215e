//! Telling secondaries of changes: who has subscribed, who is told what, and the messages as they leave.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Served;
use crate::keys::Right;
use crate::message::Message;
use crate::name::Name;
use crate::notify::{Acknowledgement, Notification, Notifier, Over, Schedule, Sources, Subscription, Target, targets};
use crate::record::Record;
use crate::tsig::{self, ReplyError, SentRequest};
use crate::zone::Zone;

/// Pairs of zone and secondary that may wait at once.
const CAPACITY: usize = 100_000;
/// Subscriptions at once.
const MOST_SUBSCRIPTIONS: usize = 4096;
/// Messages that are made at once; the caller pauses in between.
const BATCH: usize = 64;

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

    /// Somebody asked to be told; for the root of all zones, and of each of them at once. False when there are too
    /// many.
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
        if subscription.zone.is_root() {
            self.tell_all_to(&subscription, served, now, random);
        }
        self.subscriptions.push(subscription);
        true
    }

    /// A connection is gone.
    pub fn disconnected(&mut self, connection: u64) {
        self.subscriptions.retain(|subscription| subscription.connection != connection);
        self.notifier.disconnected(connection);
    }

    /// Who has just subscribed to everything learns of every zone; nobody else has to hear of them again.
    fn tell_all_to(
        &mut self,
        Subscription { connection, peer, key, .. }: &Subscription,
        served: &Served,
        now: Duration,
        random: &mut dyn FnMut() -> u16,
    ) {
        let may = |apex: &Name| served.keys.get(key).is_some_and(|key| key.may(Right::Transfer, apex));
        let target = Target { address: *peer, key: Some(key.clone()), over: Over::Connection(*connection) };
        for zone in served.zones.iter().filter(|zone| may(zone.apex())) {
            self.notifier.tell_also(&zone.soa_record(), target.clone(), now, random());
        }
    }

    /// A reply came as a datagram, to the socket that NOTIFY leaves from. To a signed NOTIFY only a signed reply
    /// counts: others could be anybody's. None when nothing awaits it.
    pub fn acknowledged(
        &mut self,
        peer: IpAddr,
        octets: &[u8],
        unix: u64,
    ) -> Result<Option<Acknowledgement>, ReplyError> {
        let message = Message::decode(octets).ok();
        let Some(acknowledgement) = message.and_then(|message| Acknowledgement::read(&message)) else {
            return Ok(None);
        };
        let mut failure = None;
        let mut believed = |target: &Target, sent: &[SentRequest]| {
            if target.over != Over::New || target.address.ip() != peer {
                return false;
            }
            // Any of the tries may be the one that is answered.
            let proofs = sent.iter().map(|sent| sent.verify_reply(octets, unix).map(drop));
            match proofs.reduce(Result::or) {
                None | Some(Ok(())) => true,
                Some(Err(error)) => {
                    failure = Some(error);
                    false
                }
            }
        };
        match (self.notifier.acknowledged(&acknowledgement, &mut believed), failure) {
            (Some(_), _) => Ok(Some(acknowledgement)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// A reply came over a connection: whoever has that needs no other proof.
    pub fn acknowledged_over(&mut self, connection: u64, acknowledgement: &Acknowledgement) -> Option<Target> {
        let mut over = |target: &Target, _: &[SentRequest]| target.over == Over::Connection(connection);
        self.notifier.acknowledged(acknowledgement, &mut over)
    }

    /// What is due, a batch of it; `unix` is in seconds since 1970.
    pub fn due(&mut self, served: &Served, now: Duration, unix: u64) -> Announcements {
        let due = self.notifier.due_at_most(BATCH, now);
        let mut announcements = Announcements { sends: vec![], given_up: due.given_up };
        for notification in due.sends {
            let Target { address, over, key } = &notification.target;
            let octets = notification.message().encode();
            let octets = match key {
                None => octets,
                Some(name) => match served.keys.get(name) {
                    Some(key) => {
                        let signed = tsig::sign_request(octets, key, unix, tsig::FUDGE);
                        self.notifier.signed(&notification, signed.sent);
                        signed.octets
                    }
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
