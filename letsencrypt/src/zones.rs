//! The zones as a hidden secondary sees them: fetched from the primary and kept up to date, served to nobody.
//!
//! [`nameserver::follower`] fetches them; here is an index of the hosts that have records of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use dns::answer::Transport;
use dns::keys::{Key, KeySet};
use dns::secondary::{self, Primary, Secondary};
use dns::server::Served;
use dns::{Name, RecordType, ZoneSet};
use nameserver::follower::{Follower, Follows};
use nameserver::front::Front;
use platform::listen::arguments::{Answering, Listening};
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::{Connection, Limits};
use platform::listen::{self, Respond};
use platform::{BootError, Net};
use tokio::sync::watch;

use crate::certifier::Slot;
use crate::records::{self, Contents};
use crate::status::Status;

/// The zones; cheap to clone.
#[derive(Clone)]
pub struct Zones {
    set: Arc<ArcSwap<ZoneSet>>,
    changes: watch::Sender<u64>,
    follower: Follower<Index>,
}

/// What came.
struct Index {
    set: Arc<ArcSwap<ZoneSet>>,
    /// Counts versions.
    changes: watch::Sender<u64>,
    /// Hosts with records of ours, by zone.
    hosts: BTreeMap<Name, BTreeSet<Name>>,
}

impl Zones {
    /// Starts to fetch, from `primary`, `zones`, or what the key's name says if there are none.
    pub fn start(net: &Net, name: &str, key: &Key, primary: SocketAddr, zones: &[Name]) -> Zones {
        let keys: KeySet = [key.clone()].into_iter().collect();
        let secondary = Secondary::new(keys.clone(), secondary::Settings::default());
        let (set, changes) = (Arc::<ArcSwap<ZoneSet>>::default(), watch::Sender::new(0));
        let index = Index { set: Arc::clone(&set), changes: changes.clone(), hosts: BTreeMap::new() };
        let follower = Follower::new(net, front(name, keys), secondary, index);
        let from = Primary { address: primary, key: Some(key.name.clone()) };
        for zone in zones {
            follower.act(|secondary, moment| {
                secondary.add_zone(zone.clone(), secondary::Origin::Configured, vec![from.clone()], moment)
            });
        }
        if zones.is_empty() {
            follower.act(|secondary, moment| secondary.add_keyed(&[primary], moment));
        }
        tokio::spawn(follower.clone().watch_clock());
        Zones { set, changes, follower }
    }

    /// What is there now.
    pub fn set(&self) -> ZoneSet {
        ZoneSet::clone(&self.set.load())
    }

    /// Tells of each new version.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What lies there for all hosts.
    pub fn slots(&self) -> Vec<Slot> {
        let zones = self.set();
        let slots = |index: &Index| index.hosts.values().flatten().filter_map(|host| slot(&zones, host)).collect();
        self.follower.with(slots)
    }

    /// Takes NOTIFY at addresses, over UDP and TCP, for primaries that do not send it down our own connection.
    pub async fn listen(&self, net: &Net, addresses: Vec<SocketAddr>) -> Result<(), BootError> {
        let limits = Limits::default();
        let sockets = Sockets::bind(net, &Listening { addresses, threads: 1, limits }).await?;
        let served = listen::serve(sockets, limits, &InFlight::default(), &Arc::new(Ear(self.follower.clone())));
        served.map_err(|error| BootError::Surroundings(format!("no thread can be started: {error}")))
    }
}

impl Index {
    fn store(&self, zones: ZoneSet) {
        self.set.store(Arc::new(zones));
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Follows for Index {
    fn serve(&mut self, version: &secondary::Served) {
        let zone = &version.zone;
        tracing::info!("{} {} came from {}", zone.apex(), zone.serial(), version.primary);
        let hosts = self.hosts.entry(zone.apex().clone()).or_default();
        match &version.steps {
            Some(steps) => {
                let changed = steps.iter().flat_map(|step| step.removed.iter().chain(&step.added));
                hosts.extend(changed.filter_map(|record| records::host(&record.owner)));
            }
            None => *hosts = zone.nodes().filter_map(|node| records::host(&node.name())).collect(),
        }
        let zones = self.set.load().with(zone.clone());
        hosts.retain(|host| slot(&zones, host).is_some());
        self.store(zones);
    }

    fn suspend(&mut self, apex: Name) {
        self.remove(apex);
    }

    fn remove(&mut self, apex: Name) {
        tracing::warn!("{apex} is not to be had any more");
        self.hosts.remove(&apex);
        let zones = self.set.load().without(&apex);
        self.store(zones);
    }

    fn trouble(&mut self, words: &str) {
        tracing::warn!("{words}");
    }
}

/// Where NOTIFY comes in: nothing is answered at once.
struct Ear(Follower<Index>);

impl Respond for Ear {
    fn answer_burst(&self, burst: &mut Burst) {
        burst.answer(|_, _, _| Verdict::PassOn);
    }

    fn answer_datagram(&self, _: &[u8], _: SocketAddr, _: &mut [u8]) -> Verdict {
        Verdict::PassOn
    }

    fn answer(&self, _: &[u8], _: SocketAddr, _: &mut [u8]) -> Verdict {
        Verdict::PassOn
    }

    async fn datagram(self: Arc<Self>, datagram: Datagram) {
        if let Some(reply) = self.0.reply(&datagram.octets, Transport::Udp, datagram.peer) {
            datagram.reply(&reply).await;
        }
    }

    async fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) {
        if let Some(reply) = self.0.reply(&message, Transport::Tcp, connection.peer) {
            connection.send(reply).await;
        }
    }
}

/// What verifies signatures, and refuses all but NOTIFY. Without zones: nobody is to ask us anything.
fn front(name: &str, keys: KeySet) -> Front {
    let answering = Answering { rate_limit: None, identity: Some(name.to_owned()), version: None };
    let nothing = Served { keys, ..Served::default() };
    Front::new(answering, false, Limits::default().idle, Arc::new(ArcSwap::from_pointee(nothing)))
}

/// What lies in DNS for a host; none if nothing of ours does.
fn slot(zones: &ZoneSet, host: &Name) -> Option<Slot> {
    let owner = records::owner(host).ok()?;
    let zone = zones.find(&owner)?;
    let tlsa = zone.rrset(&owner, RecordType::TLSA).map(|rrset| Contents::read(rrset.rdatas())).unwrap_or_default();
    let status = statuses(zones, &owner).into_iter().next().map(|(status, _)| status);
    let slot = Slot { host: host.to_lowercase(), contents: tlsa, status };
    (!slot.contents.is_empty() || slot.status.is_some()).then_some(slot)
}

/// What we said at an owner name, with the RDATA that says it.
pub fn statuses(zones: &ZoneSet, owner: &Name) -> Vec<(Status, Vec<u8>)> {
    let texts = zones.find(owner).and_then(|zone| zone.rrset(owner, RecordType::TXT));
    let texts = texts.into_iter().flat_map(|rrset| rrset.rdatas());
    texts.filter_map(|rdata| Some((Status::read(rdata)?, rdata.to_vec()))).collect()
}
