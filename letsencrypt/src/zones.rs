//! The zones as a hidden secondary sees them: fetched from the primary and kept up to date, served to nobody.
//!
//! [`dns::secondary`] decides; here are its connections and its clock, and an index of the hosts that have records of
//! ours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use arc_swap::ArcSwap;
use dns::answer::Transport;
use dns::keys::{Key, KeySet};
use dns::message::{Header, Rcode};
use dns::notify;
use dns::secondary::{self, Effect, Moment, Notice, Primary, Secondary};
use dns::server::{Origin, Reaction, Request, Served, Server, Settings};
use dns::{Name, RecordType, ZoneSet};
use platform::links::{Event, Links};
use platform::listen::arguments::Listening;
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::{Connection, Limits};
use platform::listen::{self, Respond};
use platform::{BootError, Net, clock, entropy};
use tokio::sync::watch;

use crate::certifier::Slot;
use crate::records::{self, Contents};
use crate::status::Status;

/// The zones; cheap to clone.
#[derive(Clone)]
pub struct Zones(Arc<Inner>);

struct Inner {
    net: Net,
    server: Server,
    served: ArcSwap<Served>,
    state: Mutex<State>,
    wake: tokio::sync::Notify,
    /// Counts versions.
    changes: watch::Sender<u64>,
    start: Instant,
}

struct State {
    secondary: Secondary,
    links: Links,
    /// Hosts with records of ours, by zone.
    hosts: BTreeMap<Name, BTreeSet<Name>>,
}

impl Zones {
    /// Starts to fetch, from `primary`, `zones`, or what the key's name says if there are none.
    pub fn start(net: &Net, name: &str, key: &Key, primary: SocketAddr, zones: &[Name]) -> Zones {
        let keys: KeySet = [key.clone()].into_iter().collect();
        let served = Served { keys: keys.clone(), ..Served::default() };
        let state = State {
            secondary: Secondary::new(keys, secondary::Settings::default()),
            links: Links::default(),
            hosts: BTreeMap::new(),
        };
        let this = Zones(Arc::new(Inner {
            net: net.clone(),
            server: server(name),
            served: ArcSwap::from_pointee(served),
            state: Mutex::new(state),
            wake: tokio::sync::Notify::new(),
            changes: watch::Sender::new(0),
            start: Instant::now(),
        }));
        let from = Primary { address: primary, key: Some(key.name.clone()) };
        for zone in zones {
            this.act(|secondary, moment| {
                secondary.add_zone(zone.clone(), secondary::Origin::Configured, vec![from.clone()], moment)
            });
        }
        if zones.is_empty() {
            this.act(|secondary, moment| secondary.add_keyed(&[primary], moment));
        }
        tokio::spawn(this.clone().watch_clock());
        this
    }

    /// What is there now.
    pub fn set(&self) -> ZoneSet {
        self.0.served.load().zones.clone()
    }

    /// Tells of each new version.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// What lies there for all hosts.
    pub fn slots(&self) -> Vec<Slot> {
        let (zones, state) = (self.set(), self.state());
        let hosts = state.hosts.values().flatten();
        hosts.filter_map(|host| slot(&zones, host)).collect()
    }

    /// Takes NOTIFY at addresses, over UDP and TCP, for primaries that do not send it down our own connection.
    pub async fn listen(&self, addresses: Vec<SocketAddr>) -> Result<(), BootError> {
        let limits = Limits::default();
        let sockets = Sockets::bind(&self.0.net, &Listening { addresses, threads: 1, limits }).await?;
        let served = listen::serve(sockets, limits, &InFlight::default(), &Arc::new(Ear(self.clone())));
        served.map_err(|error| BootError::Surroundings(format!("no thread can be started: {error}")))
    }

    /// The reply to a message that is not an answer: NOTIFY is heard, all else is not for us.
    fn request(&self, message: &[u8], transport: Transport, peer: SocketAddr) -> Option<Vec<u8>> {
        let now = clock::unix_seconds();
        // Without zones: nobody is to ask us anything.
        let nothing = Served { keys: self.0.served.load().keys.clone(), ..Served::default() };
        match self.0.server.handle(&nothing, message, Origin { transport, address: peer.ip(), now }) {
            Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
            Reaction::Request(request) => {
                let rcode = match notify::Incoming::read(&request.message) {
                    Ok(incoming) => self.notified(&request, &incoming, peer),
                    Err(rcode) => rcode,
                };
                Some(request.reply(rcode, now))
            }
            Reaction::Refused { reply, .. } => reply,
            Reaction::Transfer(_) | Reaction::Acknowledged(_) | Reaction::Ignore => None,
        }
    }

    fn notified(&self, request: &Request, incoming: &notify::Incoming, peer: SocketAddr) -> Rcode {
        let key = request.verification.as_ref().map(|verification| verification.key());
        let notice = Notice { zone: &incoming.zone, serial: incoming.serial, peer: peer.ip(), key };
        let mut state = self.state();
        let noticed = state.secondary.notified(notice, &mut self.moment(&mut random));
        self.perform(&mut state, noticed.effects);
        noticed.rcode
    }

    fn act(&self, act: impl FnOnce(&mut Secondary, &mut Moment<'_>) -> Vec<Effect>) {
        let mut state = self.state();
        let effects = act(&mut state.secondary, &mut self.moment(&mut random));
        self.perform(&mut state, effects);
    }

    fn moment<'a>(&self, random: &'a mut dyn FnMut() -> u32) -> Moment<'a> {
        Moment { elapsed: self.0.start.elapsed(), unix: clock::unix_seconds(), random }
    }

    fn perform(&self, state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Connect { connection, address } => self.connect(state, connection, address),
                Effect::Send { connection, octets } => state.links.send(connection, octets),
                Effect::Close { connection } => state.links.close(connection),
                Effect::Serve(version) => self.take(state, &version),
                Effect::Unavailable { apex } | Effect::Remove { apex } => {
                    tracing::warn!("{apex} is not to be had any more");
                    state.hosts.remove(&apex);
                    self.store(self.set().without(&apex));
                }
                Effect::Trouble { apex, primary, trouble } => {
                    let primary = primary.map(|primary| format!(" from {primary}")).unwrap_or_default();
                    tracing::warn!("{apex}{primary}: {trouble}");
                }
            }
        }
        self.0.wake.notify_one();
    }

    fn take(&self, state: &mut State, version: &secondary::Served) {
        let zone = &version.zone;
        tracing::info!("{} {} came from {}", zone.apex(), zone.serial(), version.primary);
        let hosts = state.hosts.entry(zone.apex().clone()).or_default();
        match &version.steps {
            Some(steps) => {
                let changed = steps.iter().flat_map(|step| step.removed.iter().chain(&step.added));
                hosts.extend(changed.filter_map(|record| records::host(&record.owner)));
            }
            None => *hosts = zone.nodes().filter_map(|node| records::host(&node.name())).collect(),
        }
        let zones = self.set().with(zone.clone());
        hosts.retain(|host| slot(&zones, host).is_some());
        self.store(zones);
    }

    fn store(&self, zones: ZoneSet) {
        let keys = self.0.served.load().keys.clone();
        self.0.served.store(Arc::new(Served { zones, keys, ..Served::default() }));
        self.0.changes.send_modify(|count| *count += 1);
    }

    fn connect(&self, state: &mut State, number: u64, address: SocketAddr) {
        let zones = self.clone();
        state.links.open(number, self.0.net.clone(), address, move |event| {
            let zones = zones.clone();
            async move { zones.happened(number, address, event) }
        });
    }

    fn happened(&self, connection: u64, address: SocketAddr, event: Event) {
        match event {
            Event::Connected => self.act(|secondary, moment| secondary.connected(connection, moment)),
            Event::Disconnected => {
                self.state().links.forget(connection);
                self.act(|secondary, moment| secondary.disconnected(connection, moment));
            }
            Event::Message(message) if Header::decode(&message).is_ok_and(|header| !header.response) => {
                if let Some(reply) = self.request(&message, Transport::Tcp, address) {
                    self.state().links.send(connection, reply);
                }
            }
            Event::Message(message) => self.act(|secondary, moment| secondary.received(connection, &message, moment)),
        }
    }

    /// Wakes the state machine when it said so.
    async fn watch_clock(self) {
        loop {
            let wake = self.0.wake.notified();
            let deadline = self.state().secondary.next_deadline();
            match deadline.map(|deadline| deadline.saturating_sub(self.0.start.elapsed())) {
                Some(wait) if wait.is_zero() => self.act(|secondary, moment| secondary.due(moment)),
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, wake).await;
                }
                None => wake.await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder of the zones panics")
    }
}

/// Where NOTIFY comes in: nothing is answered at once.
struct Ear(Zones);

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
        if let Some(reply) = self.0.request(&datagram.octets, Transport::Udp, datagram.peer) {
            datagram.reply(&reply).await;
        }
    }

    async fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) {
        if let Some(reply) = self.0.request(&message, Transport::Tcp, connection.peer) {
            connection.send(reply).await;
        }
    }
}

/// What verifies signatures, and refuses all but NOTIFY.
fn server(name: &str) -> Server {
    Server::new(Settings {
        open_transfers: false,
        identity: Some(name.to_owned()),
        version: None,
        cookie_secret: entropy::octets(),
        idle: Limits::default().idle,
        rate_limit: None,
    })
}

fn random() -> u32 {
    u32::from_ne_bytes(entropy::octets())
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
