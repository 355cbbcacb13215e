//! The life of a secondary as a state machine over virtual time (RFC 1034 section 4.3.5, RFC 1996, RFC 9432).
//!
//! Events go in by method, [`Effect`]s come out; the caller owns sockets, clock and random numbers. Each zone asks its
//! primaries in rounds: SOA, differences, whole zone, the next primary when one is of no use. All zones of a primary
//! share one connection, which is kept open where a MirageOS primary tells of changes over it. What strangers can make
//! it do is bounded: one round a zone at a time, however many NOTIFY come.

mod life;
mod link;
mod members;
mod notice;
mod questions;
mod rounds;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::keys::{Key, KeySet, Right};
use crate::name::Name;
use crate::record::Serial;
use crate::transfer::Difference;
use crate::transfer::incoming::{Limits, TransferError};
use crate::zone::Zone;

use life::Life;
pub use life::Origin;
use link::Link;
pub use notice::{Notice, Noticed};
use timers::Timers;

/// The port of DNS.
const PORT: u16 = 53;

/// When something happens, and random numbers for what follows.
pub struct Moment<'a> {
    /// Since any fixed start.
    pub elapsed: Duration,
    /// Seconds since 1970, for signatures.
    pub unix: u64,
    /// Random numbers.
    pub random: &'a mut dyn FnMut() -> u32,
}

/// What is not to be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much of one transfer is taken.
    pub limits: Limits,
    /// How long a connection may take to open, and a primary be silent while it is asked.
    pub stall: Duration,
    /// How long an answer may take from its question to its end.
    pub transfer: Duration,
    /// How long a connection stays open without a question.
    pub idle: Duration,
    /// Questions of one connection at once.
    pub asked: usize,
    /// Zones that primaries and catalogs may make it hold.
    pub zones: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        let (stall, transfer) = (Duration::from_secs(10), Duration::from_secs(1800));
        Settings { limits: Limits::default(), stall, transfer, idle: Duration::from_secs(2), asked: 16, zones: 100_000 }
    }
}

/// A server to fetch a zone from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Where it listens.
    pub address: SocketAddr,
    /// Name of the key to sign with; then everything that it says must be signed.
    pub key: Option<Name>,
}

/// What the caller is to do.
#[derive(Debug)]
pub enum Effect {
    /// Open a TCP connection; then say [`Secondary::connected`], or [`Secondary::disconnected`].
    Connect {
        /// Its number.
        connection: u64,
        /// Where to.
        address: SocketAddr,
    },
    /// Send a message.
    Send {
        /// Over which connection.
        connection: u64,
        /// The message.
        octets: Vec<u8>,
    },
    /// Close a connection; nothing more is said of it.
    Close {
        /// Which.
        connection: u64,
    },
    /// Serve this version from now on.
    Serve(Served),
    /// Answer SERVFAIL for this zone: it is ours, and there is no version that may be served.
    Unavailable {
        /// The zone.
        apex: Name,
    },
    /// The zone is not ours any more.
    Remove {
        /// The zone.
        apex: Name,
    },
    /// For the log.
    Trouble {
        /// Which zone.
        apex: Name,
        /// Which primary, when it is about one.
        primary: Option<SocketAddr>,
        /// What.
        trouble: Trouble,
    },
}

/// A version to be served.
#[derive(Debug)]
pub struct Served {
    /// The zone.
    pub zone: Zone,
    /// How it came from the version that was served before; none when that is not known.
    pub steps: Option<Vec<Difference>>,
    /// Who sent it.
    pub primary: SocketAddr,
}

/// Something that an operator may want to know.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// At fault: the primary or the network.
    #[error("no connection")]
    Unreachable,
    /// At fault: the primary or the network.
    #[error("the connection ended before the answer did")]
    Disconnected,
    /// At fault: the primary or the network.
    #[error("no answer in time")]
    Stalled,
    /// At fault: the primary.
    #[error("{0}")]
    Transfer(#[from] TransferError),
    /// At fault: the primary, whose zone went back in time.
    #[error("the primary has serial {0}, which is older")]
    Behind(Serial),
    /// At fault: the primary, or the operator.
    #[error("the primary says that it does not have the zone")]
    Gone,
    /// At fault: the primary.
    #[error("{0} records that are not of the zone were left out")]
    Ignored(usize),
    /// No primary confirmed the zone for so long as its SOA allows.
    #[error("the zone has expired: no primary has confirmed it in time")]
    Expired,
    /// At fault: who writes the catalog.
    #[error("the catalog is not processed: {0}")]
    Catalog(#[from] crate::catalog::CatalogError),
    /// At fault: who writes the catalog.
    #[error("the catalog's member {0} is ignored: the zone is there already")]
    Clash(Name),
    /// [`Settings::zones`].
    #[error("there are too many zones")]
    TooManyZones,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Timer {
    Check(Name),
    Expire(Name),
    Link(SocketAddr),
}

/// All zones of a secondary.
pub struct Secondary {
    settings: Settings,
    keys: KeySet,
    zones: BTreeMap<Name, Life>,
    links: HashMap<SocketAddr, Link>,
    /// The addresses of connections that were opened.
    connections: HashMap<u64, SocketAddr>,
    timers: Timers<Timer>,
    effects: Vec<Effect>,
    next_connection: u64,
}

impl Secondary {
    /// Without zones yet.
    pub fn new(keys: KeySet, settings: Settings) -> Secondary {
        Secondary {
            settings,
            keys,
            zones: BTreeMap::new(),
            links: HashMap::new(),
            connections: HashMap::new(),
            timers: Timers::default(),
            effects: vec![],
            next_connection: 0,
        }
    }

    /// Takes on the zones that the names of keys give (MirageOS): `P1.P2.P3.P4._transfer.ZONE` is fetched from the
    /// address in it, `_transfer` without a zone asks the primary for all. A key that names no address counts for
    /// `primaries`.
    pub fn add_keyed(&mut self, primaries: &[SocketAddr], moment: &mut Moment<'_>) -> Vec<Effect> {
        let mut sources: BTreeMap<Name, Vec<Primary>> = BTreeMap::new();
        let mut keys: Vec<&Key> = self.keys.iter().collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        for key in keys {
            let Some(grant) = key.grant().filter(|grant| grant.right >= Right::Transfer) else { continue };
            let named = key.transfer_addresses().primary.map(|ip| SocketAddr::from((ip, PORT)));
            // A port can be given only beside the key.
            let named = named.map(|named| primaries.iter().find(|p| p.ip() == named.ip()).copied().unwrap_or(named));
            let addresses = named.map_or_else(|| primaries.to_vec(), |named| vec![named]);
            let key = Some(key.name.clone());
            let list = sources.entry(grant.zone.clone()).or_default();
            list.extend(addresses.into_iter().map(|address| Primary { address, key: key.clone() }));
        }
        for (zone, primaries) in sources {
            let origin = if zone.is_root() { Origin::Bootstrap } else { Origin::Key };
            self.add(zone, origin, primaries, moment);
        }
        self.take_effects()
    }

    /// Takes on a zone, which is asked for at once. A zone that is there already stays as it is.
    pub fn add_zone(
        &mut self,
        apex: Name,
        origin: Origin,
        primaries: Vec<Primary>,
        moment: &mut Moment<'_>,
    ) -> Vec<Effect> {
        self.add(apex, origin, primaries, moment);
        self.take_effects()
    }

    /// What is to be done now that time has passed.
    pub fn due(&mut self, moment: &mut Moment<'_>) -> Vec<Effect> {
        while let Some(timer) = self.timers.take_due(moment.elapsed) {
            match timer {
                Timer::Check(apex) => self.check(&apex, moment),
                Timer::Expire(apex) => self.expire(&apex, moment),
                Timer::Link(address) => self.link_due(address, moment),
            }
        }
        self.take_effects()
    }

    /// When [`Secondary::due`] has something to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.timers.next_deadline()
    }

    /// How many zones there are, without those that only ask for others.
    pub fn len(&self) -> usize {
        self.zones.values().filter(|life| life.origin != Origin::Bootstrap).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&mut self, apex: Name, origin: Origin, primaries: Vec<Primary>, moment: &mut Moment<'_>) -> bool {
        if primaries.is_empty() || self.zones.contains_key(&apex) {
            return false;
        }
        if self.zones.len() >= self.settings.zones {
            self.trouble(&apex, None, Trouble::TooManyZones);
            return false;
        }
        if !matches!(origin, Origin::Bootstrap | Origin::Notified) {
            self.effects.push(Effect::Unavailable { apex: apex.clone() });
        }
        self.zones.insert(apex.clone(), Life::new(origin, primaries));
        self.check(&apex, moment);
        true
    }

    /// Forgets a zone and whatever is under way for it.
    fn remove(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.remove(apex) else { return };
        self.timers.clear(&Timer::Check(apex.clone()));
        self.timers.clear(&Timer::Expire(apex.clone()));
        for primary in &life.primaries {
            self.forget_question(primary.address, apex, moment);
        }
        if life.origin != Origin::Bootstrap {
            self.effects.push(Effect::Remove { apex: apex.clone() });
        }
        if life.origin == Origin::Catalog {
            self.read_catalogs(moment);
        }
    }

    fn key_of(&self, primary: &Primary) -> Option<&Key> {
        self.keys.get(primary.key.as_ref()?)
    }

    fn trouble(&mut self, apex: &Name, primary: Option<SocketAddr>, trouble: Trouble) {
        self.effects.push(Effect::Trouble { apex: apex.clone(), primary, trouble });
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

/// IPv4 in the clothes of IPv6 is IPv4.
fn same_host(a: IpAddr, b: IpAddr) -> bool {
    a.to_canonical() == b.to_canonical()
}
