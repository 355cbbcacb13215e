//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use dns::answer::rate_limit::RateLimit;
use dns::answer::{Outcome, Transport};
use dns::message::{Header, Opcode};
use dns::notify;
use dns::secondary::{self, Effect, Moment, Notice, Secondary};
use dns::server::{Origin, Reaction, Request, Server, Settings, TransferRequest};
use dns::transfer::incoming::Limits as TransferLimits;
use nameserver::notifications::Notifications;
use platform::links::{Event, Links};
use platform::listen::arguments::Answering;
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::Connection;
use platform::listen::{self, Respond};
use platform::{Boot, BootError, Net, clock, entropy};

use crate::config::{Arguments, Config, ENDING_DEADLINE};
use crate::error;
use crate::holdings::Holdings;
use crate::metrics::Counters;

/// What the parts of the running service share.
pub struct Service {
    net: Net,
    server: Server,
    holdings: Holdings,
    notifications: Notifications,
    counters: Counters,
    state: Mutex<State>,
    wake: tokio::sync::Notify,
    start: Instant,
}

/// What decides about the zones, and the connections that it has opened.
struct State {
    secondary: Secondary,
    links: Links,
}

/// Runs the service until it is asked to end.
pub async fn run(mut boot: Boot, arguments: Arguments) -> Result<(), BootError> {
    let config = arguments.check(&boot.name)?;
    // Before the first zone: nobody outside shall know which names share a place in the tables.
    dns::name_hash::set_seed(entropy::u64());
    let sockets = Sockets::bind(&boot.net, &config.listening).await?;
    let service = Arc::new(Service::new(&boot, &config).await?);
    service.begin(&config);
    let in_flight = InFlight::default();
    listen::serve(sockets, config.listening.limits, &in_flight, &service)
        .map_err(|error| BootError::Surroundings(format!("no thread to answer on: {error}")))?;
    tokio::spawn(watch_clock(Arc::clone(&service)));
    boot.seal()?;
    tracing::info!(
        "serving on {:?} what {} keys and {} zones give",
        config.listening.addresses,
        config.keys.len(),
        config.zones.len()
    );
    boot.shutdown.requested().await;
    tracing::info!("ending: what was asked is answered first");
    let left = in_flight.finish(ENDING_DEADLINE).await;
    if left > 0 {
        tracing::warn!("ending although {left} requests and connections are not done");
    }
    Ok(())
}

impl Service {
    async fn new(boot: &Boot, config: &Config) -> Result<Service, BootError> {
        let (holdings, counters) = (Holdings::new(config.keys.clone()), Counters::register(&boot.metrics));
        let (targets, listen) = (config.notify.clone(), &config.listening.addresses);
        let sent = counters.notifications.clone();
        let notifications = Notifications::start(&boot.net, listen, holdings.shared(), targets, sent).await?;
        let secondary = Secondary::new(config.keys.clone(), settings(config));
        Ok(Service {
            net: boot.net.clone(),
            server: server(config),
            holdings,
            notifications,
            counters,
            state: Mutex::new(State { secondary, links: Links::default() }),
            wake: tokio::sync::Notify::new(),
            start: Instant::now(),
        })
    }

    /// Takes on what the operator named, and then what the keys name.
    fn begin(self: &Arc<Self>, config: &Config) {
        for zone in &config.zones {
            let (apex, origin, primaries) = (zone.apex.clone(), zone.origin.clone(), zone.primaries.clone());
            self.act(|secondary, moment| secondary.add_zone(apex, origin, primaries, moment));
        }
        self.act(|secondary, moment| secondary.add_keyed(&config.key_primaries, moment));
    }

    /// Lets something happen to the zones, and does what follows from it.
    fn act(self: &Arc<Self>, act: impl FnOnce(&mut Secondary, &mut Moment<'_>) -> Vec<Effect>) {
        let mut state = self.state();
        let effects = act(&mut state.secondary, &mut self.moment(&mut random));
        self.perform(&mut state, effects);
    }

    fn moment<'a>(&self, random: &'a mut dyn FnMut() -> u32) -> Moment<'a> {
        Moment { elapsed: self.start.elapsed(), unix: clock::unix_seconds(), random }
    }

    fn perform(self: &Arc<Self>, state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Connect { connection, address } => self.connect(state, connection, address),
                Effect::Send { connection, octets } => state.links.send(connection, octets),
                Effect::Close { connection } => state.links.close(connection),
                Effect::Serve(version) => self.serve(&version),
                Effect::Unavailable { apex } => self.holdings.suspend(&apex),
                Effect::Remove { apex } => {
                    let before = self.holdings.served();
                    self.holdings.remove(&apex);
                    tracing::info!("{apex} is not served any more");
                    self.notifications.changed(&before, [apex]);
                }
                Effect::Trouble { apex, primary, trouble } => {
                    self.counters.troubles.inc();
                    let primary = primary.map(|primary| format!(" from {primary}")).unwrap_or_default();
                    tracing::warn!("{apex}{primary}: {trouble}");
                }
            }
        }
        let served = self.holdings.served();
        self.counters.zones.set(served.zones.len() as i64);
        self.counters.unavailable_zones.set(served.unavailable.len() as i64);
        self.wake.notify_one();
    }

    fn serve(&self, version: &secondary::Served) {
        let before = self.holdings.served();
        let (apex, serial) = (version.zone.apex().clone(), version.zone.serial());
        if self.holdings.serve(version) {
            self.counters.versions.inc();
            let how = if version.steps.is_some() { "by its differences" } else { "whole" };
            tracing::info!("{apex} {serial} came {how} from {}", version.primary);
            self.notifications.changed(&before, [apex]);
        } else {
            tracing::info!("{apex} {serial} is confirmed by {}", version.primary);
        }
    }

    fn connect(self: &Arc<Self>, state: &mut State, number: u64, address: SocketAddr) {
        let service = Arc::clone(self);
        state.links.open(number, self.net.clone(), address, move |event| {
            let service = Arc::clone(&service);
            async move { service.happened(number, address, event) }
        });
    }

    /// Something happened on a connection that we opened. Requests may come over it too: NOTIFY from a MirageOS
    /// primary.
    fn happened(self: &Arc<Self>, connection: u64, address: SocketAddr, event: Event) {
        match event {
            Event::Connected => self.act(|secondary, moment| secondary.connected(connection, moment)),
            Event::Disconnected => {
                self.state().links.forget(connection);
                self.act(|secondary, moment| secondary.disconnected(connection, moment));
            }
            Event::Message(message) if Header::decode(&message).is_ok_and(|header| !header.response) => {
                if let Some(reply) = self.request_over_link(&message, address) {
                    self.state().links.send(connection, reply);
                }
            }
            Event::Message(message) => self.act(|secondary, moment| secondary.received(connection, &message, moment)),
        }
    }

    fn request_over_link(self: &Arc<Self>, message: &[u8], peer: SocketAddr) -> Option<Vec<u8>> {
        match self.handle(message, Transport::Tcp, peer) {
            Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
            Reaction::Request(request) => Some(self.request(&request, peer)),
            Reaction::Refused { reply, .. } => reply,
            Reaction::Transfer(_) | Reaction::Acknowledged(_) | Reaction::Ignore => None,
        }
    }

    /// What is not a plain query needs keys, or zones to transfer.
    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Reply(length) => Verdict::Reply(length),
            Outcome::Limited(reply) => {
                self.counters.limited.inc();
                reply.map_or(Verdict::Ignore, Verdict::Reply)
            }
            Outcome::NotAQuery | Outcome::Transfer | Outcome::Signed => Verdict::PassOn,
            Outcome::Ignore => Verdict::Ignore,
        }
    }

    fn handle(&self, octets: &[u8], transport: Transport, peer: SocketAddr) -> Reaction {
        self.server.handle(&self.holdings.served(), octets, origin(transport, peer))
    }

    /// The reply to NOTIFY, or to what is not for a secondary.
    fn request(self: &Arc<Self>, request: &Request, peer: SocketAddr) -> Vec<u8> {
        let opcode = request.message.header.opcode;
        let rcode = match notify::Incoming::read(&request.message) {
            _ if opcode != Opcode::NOTIFY => error::rcode(opcode),
            Err(rcode) => rcode,
            Ok(incoming) => self.notified(request, &incoming, peer),
        };
        request.reply(rcode, clock::unix_seconds())
    }

    fn notified(
        self: &Arc<Self>,
        request: &Request,
        incoming: &notify::Incoming,
        peer: SocketAddr,
    ) -> dns::message::Rcode {
        self.counters.notifications_received.inc();
        let key = request.verification.as_ref().map(|verification| verification.key());
        let notice = Notice { zone: &incoming.zone, serial: incoming.serial, peer: peer.ip(), key };
        let mut state = self.state();
        let noticed = state.secondary.notified(notice, &mut self.moment(&mut random));
        self.perform(&mut state, noticed.effects);
        drop(state);
        tracing::debug!("NOTIFY for {} from {peer}: {}", incoming.zone, noticed.rcode);
        noticed.rcode
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the zones panics")
    }
}

fn settings(config: &Config) -> secondary::Settings {
    let settings = secondary::Settings::default();
    secondary::Settings { limits: TransferLimits { octets: config.transfer_limit, ..settings.limits }, ..settings }
}

fn random() -> u32 {
    u32::from_ne_bytes(entropy::octets())
}

fn origin(transport: Transport, peer: SocketAddr) -> Origin {
    Origin { transport, address: peer.ip(), now: clock::unix_seconds() }
}

/// Wakes the state machine when it said so.
async fn watch_clock(service: Arc<Service>) {
    loop {
        let wake = service.wake.notified();
        let deadline = service.state().secondary.next_deadline();
        let wait = deadline.map(|deadline| deadline.saturating_sub(service.start.elapsed()));
        match wait {
            Some(wait) if wait.is_zero() => service.act(|secondary, moment| secondary.due(moment)),
            Some(wait) => {
                let _ = tokio::time::timeout(wait, wake).await;
            }
            None => wake.await,
        }
    }
}

impl Respond for Service {
    fn answer_burst(&self, burst: &mut Burst) {
        self.counters.requests.inc_by(burst.len() as u64);
        let (served, now) = (self.holdings.snapshot(), clock::unix_seconds());
        dns::answer::warm(&served.zones, burst.requests());
        burst.answer(|query, peer, reply| {
            let origin = Origin { transport: Transport::Udp, address: peer.ip(), now };
            self.verdict(self.server.answer(&served, query, origin, reply))
        });
    }

    fn answer_datagram(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        self.verdict(self.server.answer(&self.holdings.snapshot(), query, origin(Transport::Udp, peer), reply))
    }

    fn answer(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        match self.server.answer(&self.holdings.snapshot(), query, origin(Transport::Tcp, peer), reply) {
            // The reply to a NOTIFY that was sent on the connection, perhaps.
            Outcome::Ignore => Verdict::PassOn,
            outcome => self.verdict(outcome),
        }
    }

    async fn datagram(self: Arc<Self>, datagram: Datagram) {
        handle_datagram(&self, datagram).await;
    }

    async fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) {
        handle_message(self, connection, message).await;
    }
}

fn server(config: &Config) -> Server {
    let Answering { rate_limit, identity, version } = config.answering.clone();
    Server::new(Settings {
        open_transfers: config.open_transfers,
        identity,
        version,
        cookie_secret: entropy::octets(),
        idle: config.listening.limits.idle,
        rate_limit: rate_limit.map(|(rate, slip)| RateLimit::new(rate, slip, entropy::octets())),
    })
}

async fn handle_datagram(service: &Arc<Service>, datagram: Datagram) {
    let reply = match service.handle(&datagram.octets, Transport::Udp, datagram.peer) {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
        Reaction::Request(request) => Some(service.request(&request, datagram.peer)),
        Reaction::Transfer(request) => {
            let journal = service.holdings.journal(request.zone().apex());
            request.start(journal.as_ref()).next_message(clock::unix_seconds()).map(Into::into)
        }
        Reaction::Refused { refusal, reply } => {
            tracing::info!("{}: {refusal}", datagram.peer);
            reply
        }
        Reaction::Acknowledged(_) | Reaction::Ignore => None,
    };
    if let Some(reply) = reply {
        datagram.reply(&reply).await;
    }
}

async fn handle_message(service: Arc<Service>, connection: Connection, message: Vec<u8>) {
    match service.handle(&message, Transport::Tcp, connection.peer) {
        Reaction::Ignore => (),
        Reaction::Reply(reply) => {
            connection.send(reply).await;
        }
        Reaction::Request(request) => {
            connection.send(service.request(&request, connection.peer)).await;
        }
        Reaction::Transfer(request) => {
            // Other messages of the connection need not wait (RFC 7766 section 6.2.1.1).
            let permit = connection.permit().await;
            tokio::spawn(async move {
                send_transfer(&service, &connection, request).await;
                drop(permit);
            });
        }
        Reaction::Subscribe { reply, zone, key } => {
            connection.keep();
            connection.send(reply).await;
            service.notifications.subscribe(connection, zone, key);
        }
        Reaction::Refused { refusal, reply } => {
            tracing::info!("{}: {refusal}", connection.peer);
            if let Some(reply) = reply {
                connection.send(reply).await;
            }
        }
        Reaction::Acknowledged(reply) => service.notifications.acknowledged(&connection, &reply),
    }
}

async fn send_transfer(service: &Service, connection: &Connection, request: TransferRequest) {
    let journal = service.holdings.journal(request.zone().apex());
    let mut transfer = request.start(journal.as_ref());
    while let Some(message) = transfer.next_message(clock::unix_seconds()) {
        if !connection.send(message).await {
            return tracing::warn!("{} went away during the transfer of {}", connection.peer, transfer.apex);
        }
        tokio::task::yield_now().await;
    }
    service.counters.transfers.inc();
    tracing::info!(
        "{} {} was transferred to {} ({:?})",
        transfer.apex,
        transfer.serial,
        connection.peer,
        transfer.kind
    );
}
