//! Primaries, a network without delay, and time that passes when a test says so.

use std::collections::{BTreeMap, VecDeque};

use super::super::*;
use crate::answer::Transport;
use crate::message::{Header, Message, Opcode, Rcode};
use crate::server::{self, Reaction, Server};
use crate::testing::zone;
use crate::transfer::Journal;

const START: u64 = 1_000_000;

/// How a primary behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    #[default]
    Good,
    /// Connections cannot be opened.
    Gone,
    /// Neither connects nor refuses.
    BlackHole,
    /// Takes questions and says nothing.
    Silent,
    /// Closes the connection after so many messages of a transfer.
    ClosesAfter(usize),
    /// Goes silent after so many messages of a transfer.
    SilentAfter(usize),
    /// Sends the first half of the zone, then the same record for ever.
    Endless,
}

#[derive(Default)]
pub struct Host {
    pub manner: Manner,
    pub served: server::Served,
    journals: BTreeMap<Name, Journal>,
}

pub struct World {
    pub secondary: Secondary,
    pub now: Duration,
    pub hosts: BTreeMap<SocketAddr, Host>,
    /// What is served; none for a zone that is ours and unavailable.
    pub serves: BTreeMap<Name, Option<Zone>>,
    pub open: BTreeMap<u64, SocketAddr>,
    pub connects: usize,
    pub closes: usize,
    pub last_steps: Option<usize>,
    pub troubles: Vec<String>,
    pub hold_replies: bool,
    pub held: VecDeque<(u64, Vec<u8>)>,
    questions: Vec<String>,
    queue: VecDeque<Effect>,
    performing: bool,
    keys: KeySet,
    random: u32,
}

pub fn key(name: &str) -> Key {
    format!("{name}:SHA256:c2VjcmV0c2VjcmV0c2VjcmV0").parse().unwrap()
}

/// `apex serial words…`: a zone with a TXT record for each word.
pub fn version(text: &str) -> Zone {
    let mut words = text.split_whitespace();
    let (apex, serial) = (words.next().unwrap(), words.next().unwrap());
    let hosts: String = words.map(|word| format!("{word} 60 TXT {word}\n")).collect();
    let filler: String = (0..40).map(|n| format!("filler{n} 60 A 192.0.2.{n}\n")).collect();
    zone(apex, &format!("@ 60 SOA ns root {serial} 3600 600 86400 1\n@ 60 NS ns.elsewhere.\n{hosts}{filler}"))
}

impl World {
    pub fn new(keys: &[&str]) -> World {
        World::with(keys, Settings { idle: Duration::from_secs(2), ..Settings::default() })
    }

    pub fn with(keys: &[&str], settings: Settings) -> World {
        let keys: KeySet = keys.iter().map(|name| key(name)).collect();
        World {
            secondary: Secondary::new(keys.clone(), settings),
            now: Duration::from_secs(10),
            hosts: BTreeMap::new(),
            serves: BTreeMap::new(),
            open: BTreeMap::new(),
            connects: 0,
            closes: 0,
            last_steps: None,
            troubles: vec![],
            hold_replies: false,
            held: VecDeque::new(),
            questions: vec![],
            queue: VecDeque::new(),
            performing: false,
            keys,
            random: 1,
        }
    }

    /// A primary of these zones, with the secondary's keys.
    pub fn primary(&mut self, address: &str, zones: &[&str]) -> SocketAddr {
        let address = address.parse().unwrap();
        let zones = zones.iter().map(|text| version(text)).collect();
        let served = server::Served { zones, keys: self.keys.clone(), ..Default::default() };
        self.hosts.insert(address, Host { served, ..Host::default() });
        address
    }

    pub fn behave(&mut self, host: SocketAddr, manner: Manner) {
        self.hosts.get_mut(&host).unwrap().manner = manner;
    }

    pub fn configure(&mut self, apex: &str, primaries: &[(SocketAddr, Option<&str>)]) {
        self.take_on(apex, Origin::Configured, primaries);
    }

    pub fn take_on(&mut self, apex: &str, origin: Origin, primaries: &[(SocketAddr, Option<&str>)]) {
        let named = |key: Option<&str>| key.map(|key| key.parse().unwrap());
        let primaries =
            primaries.iter().map(|(address, key)| Primary { address: *address, key: named(*key) }).collect();
        let apex = apex.parse().unwrap();
        let effects = self.act(|secondary, moment| secondary.add_zone(apex, origin, primaries, moment));
        self.perform(effects);
    }

    /// A new version at a primary, which does not tell.
    pub fn change(&mut self, host: SocketAddr, text: &str) {
        self.change_to(host, version(text));
    }

    pub fn change_to(&mut self, host: SocketAddr, new: Zone) {
        let host = self.hosts.get_mut(&host).unwrap();
        if let Some(old) = host.served.zones.get(new.apex()) {
            host.journals.entry(new.apex().clone()).or_default().push(&Difference::between(old, &new));
        }
        host.served.zones = host.served.zones.with(new);
    }

    pub fn forget(&mut self, host: SocketAddr, apex: &str) {
        let host = self.hosts.get_mut(&host).unwrap();
        host.served.zones = host.served.zones.without(&apex.parse().unwrap());
    }

    pub fn notify(&mut self, from: SocketAddr, apex: &str, serial: Option<u32>, key_name: Option<&str>) -> Rcode {
        let (zone, key) = (apex.parse().unwrap(), key_name.map(key));
        let serial = serial.map(Serial);
        let notice = Notice { zone: &zone, serial, peer: from.ip(), key: key.as_ref() };
        let noticed = self.act(|secondary, moment| secondary.notified(notice, moment));
        self.perform(noticed.effects);
        noticed.rcode
    }

    /// Lets so many seconds pass, stopping at each deadline.
    pub fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        let mut steps = 0;
        while let Some(next) = self.secondary.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            let effects = self.act(|secondary, moment| secondary.due(moment));
            self.perform(effects);
            steps += 1;
            assert!(steps < 100_000, "it spins");
        }
        self.now = end;
    }

    pub fn close_all(&mut self) {
        for connection in std::mem::take(&mut self.open).into_keys() {
            let effects = self.act(|secondary, moment| secondary.disconnected(connection, moment));
            self.perform(effects);
        }
    }

    pub fn release(&mut self) {
        self.hold_replies = false;
        while let Some((connection, message)) = self.held.pop_front() {
            self.deliver(connection, &message);
        }
    }

    /// Serial of the version that is served.
    pub fn serial(&self, apex: &str) -> Option<u32> {
        self.serves.get(&apex.parse().unwrap())?.as_ref().map(|zone| zone.serial().0)
    }

    /// Whether the zone is ours and answered SERVFAIL.
    pub fn is_unavailable(&self, apex: &str) -> bool {
        matches!(self.serves.get(&apex.parse().unwrap()), Some(None))
    }

    pub fn is_served(&self, apex: &str) -> bool {
        self.serial(apex).is_some()
    }

    /// The types that were asked for since the last look.
    pub fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.questions)
    }

    pub fn act<R>(&mut self, act: impl FnOnce(&mut Secondary, &mut Moment<'_>) -> R) -> R {
        let random = &mut self.random;
        let mut next = || {
            *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *random >> 8
        };
        let mut moment = Moment { elapsed: self.now, unix: START + self.now.as_secs(), random: &mut next };
        act(&mut self.secondary, &mut moment)
    }

    /// One effect after the other, those that follow from one behind all that came before.
    pub fn perform(&mut self, effects: Vec<Effect>) {
        self.queue.extend(effects);
        if std::mem::replace(&mut self.performing, true) {
            return;
        }
        while let Some(effect) = self.queue.pop_front() {
            match effect {
                Effect::Connect { connection, address } => self.connect(connection, address),
                Effect::Send { connection, octets } => self.send(connection, &octets),
                Effect::Close { connection } => {
                    self.closes += 1;
                    self.open.remove(&connection);
                }
                Effect::Serve(served) => {
                    self.last_steps = served.steps.as_ref().map(Vec::len);
                    self.serves.insert(served.zone.apex().clone(), Some(served.zone));
                }
                Effect::Unavailable { apex } => {
                    self.serves.insert(apex, None);
                }
                Effect::Remove { apex } => {
                    self.serves.remove(&apex);
                }
                Effect::Trouble { apex, primary, trouble } => {
                    self.troubles.push(format!("{apex} {primary:?} {trouble}"));
                }
            }
        }
        self.performing = false;
    }

    fn connect(&mut self, connection: u64, address: SocketAddr) {
        self.connects += 1;
        let manner = self.hosts.get(&address).map_or(Manner::Gone, |host| host.manner);
        let effects = match manner {
            Manner::BlackHole => return,
            Manner::Gone => self.act(|secondary, moment| secondary.disconnected(connection, moment)),
            _ => {
                self.open.insert(connection, address);
                self.act(|secondary, moment| secondary.connected(connection, moment))
            }
        };
        self.perform(effects);
    }

    fn send(&mut self, connection: u64, octets: &[u8]) {
        let Some(&address) = self.open.get(&connection) else { return };
        let question = Message::decode(octets).unwrap().questions[0].clone();
        self.questions.push(question.rtype.to_string());
        let host = &self.hosts[&address];
        let mut replies = replies(host, octets, START + self.now.as_secs(), address);
        let is_transfer = question.rtype != crate::RecordType::SOA;
        match host.manner {
            Manner::Good => {}
            Manner::Gone | Manner::BlackHole | Manner::Silent => replies.clear(),
            Manner::SilentAfter(count) if is_transfer => replies.truncate(count),
            Manner::ClosesAfter(count) if is_transfer => {
                replies.truncate(count);
                replies.iter().for_each(|reply| self.deliver(connection, reply));
                self.open.remove(&connection);
                let effects = self.act(|secondary, moment| secondary.disconnected(connection, moment));
                return self.perform(effects);
            }
            Manner::Endless if is_transfer => {
                let message = Message::decode(&replies[0]).unwrap();
                let first = Message { answers: message.answers[..10].to_vec(), ..message.clone() };
                let rest = Message { answers: message.answers[5..10].to_vec(), ..message };
                self.deliver(connection, &first.encode());
                let (mut sent, octets) = (0, rest.encode());
                let closes = |effect: &Effect| matches!(effect, Effect::Close { connection: it } if *it == connection);
                while !self.queue.iter().any(closes) {
                    self.deliver(connection, &octets);
                    sent += 1;
                    assert!(sent < 100_000, "nothing ends it");
                }
                return;
            }
            Manner::SilentAfter(_) | Manner::ClosesAfter(_) | Manner::Endless => {}
        }
        for reply in replies {
            match self.hold_replies {
                true => self.held.push_back((connection, reply)),
                false => self.deliver(connection, &reply),
            }
        }
    }

    pub fn deliver(&mut self, connection: u64, message: &[u8]) {
        if self.open.contains_key(&connection) {
            let effects = self.act(|secondary, moment| secondary.received(connection, message, moment));
            self.perform(effects);
        }
    }
}

/// What a server of ours answers; transfers in small messages, so that there are many.
fn replies(host: &Host, octets: &[u8], now: u64, address: SocketAddr) -> Vec<Vec<u8>> {
    assert_eq!(Header::decode(octets).unwrap().opcode, Opcode::QUERY);
    let origin = server::Origin { transport: Transport::Tcp, address: address.ip(), now };
    let server = Server { open_transfers: true, ..Server::default() };
    match server.handle(&host.served, octets, origin) {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => vec![reply],
        Reaction::Transfer(request) => {
            let journal = host.journals.get(request.zone().apex());
            let mut transfer = request.start(journal);
            std::iter::from_fn(|| transfer.next_message(now)).map(|message| message.to_vec()).collect()
        }
        other => panic!("{other:?}"),
    }
}
