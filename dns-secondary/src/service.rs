//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::Arc;

use dns::Name;
use dns::answer::{Outcome, Transport};
use dns::message::{Opcode, Rcode};
use dns::secondary::{self, Secondary};
use dns::server::{Origin, Reaction, TransferRequest};
use dns::transfer::incoming::Limits as TransferLimits;
use nameserver::follower::{Follower, Follows};
use nameserver::front::Front;
use nameserver::notifications::Notifications;
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::Connection;
use platform::listen::{self, Respond};
use platform::{Boot, BootError, clock, entropy};

use crate::config::{Arguments, Config, ENDING_DEADLINE};
use crate::error;
use crate::holdings::Holdings;
use crate::metrics::Counters;

/// What the parts of the running service share.
pub struct Service {
    front: Front,
    holdings: Holdings,
    notifications: Notifications,
    counters: Counters,
    follower: Follower<Keeper>,
}

/// Who keeps what comes.
struct Keeper {
    holdings: Holdings,
    notifications: Notifications,
    counters: Counters,
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
    tokio::spawn(service.follower.clone().watch_clock());
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
        let (answering, idle) = (config.answering.clone(), config.listening.limits.idle);
        let front = Front::new(answering, config.open_transfers, idle, holdings.shared());
        let keeper =
            Keeper { holdings: holdings.clone(), notifications: notifications.clone(), counters: counters.clone() };
        let secondary = Secondary::new(config.keys.clone(), settings(config));
        let follower = Follower::new(&boot.net, front.clone(), secondary, keeper);
        Ok(Service { front, holdings, notifications, counters, follower })
    }

    /// Takes on what the operator named, and then what the keys name.
    fn begin(&self, config: &Config) {
        for zone in &config.zones {
            let (apex, origin, primaries) = (zone.apex.clone(), zone.origin.clone(), zone.primaries.clone());
            self.follower.act(|secondary, moment| secondary.add_zone(apex, origin, primaries, moment));
        }
        self.follower.act(|secondary, moment| secondary.add_keyed(&config.key_primaries, moment));
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
}

impl Follows for Keeper {
    fn serve(&mut self, version: &secondary::Served) {
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

    fn suspend(&mut self, apex: Name) {
        self.holdings.suspend(&apex);
    }

    fn remove(&mut self, apex: Name) {
        let before = self.holdings.served();
        self.holdings.remove(&apex);
        tracing::info!("{apex} is not served any more");
        self.notifications.changed(&before, [apex]);
    }

    fn trouble(&mut self, words: &str) {
        self.counters.troubles.inc();
        tracing::warn!("{words}");
    }

    fn settled(&mut self) {
        let served = self.holdings.served();
        self.counters.zones.set(served.zones.len() as i64);
        self.counters.unavailable_zones.set(served.unavailable.len() as i64);
    }

    fn noticed(&mut self, zone: &Name, peer: SocketAddr, rcode: Rcode) {
        self.counters.notifications_received.inc();
        tracing::debug!("NOTIFY for {zone} from {peer}: {rcode}");
    }

    fn rcode(opcode: Opcode) -> Rcode {
        error::rcode(opcode)
    }
}

fn settings(config: &Config) -> secondary::Settings {
    let settings = secondary::Settings::default();
    secondary::Settings { limits: TransferLimits { octets: config.transfer_limit, ..settings.limits }, ..settings }
}

fn origin(transport: Transport, peer: SocketAddr) -> Origin {
    Origin { transport, address: peer.ip(), now: clock::unix_seconds() }
}

impl Respond for Service {
    fn answer_burst(&self, burst: &mut Burst) {
        self.counters.requests.inc_by(burst.len() as u64);
        let (served, now) = (self.holdings.snapshot(), clock::unix_seconds());
        dns::answer::warm(&served.zones, burst.requests());
        burst.answer(|query, peer, reply| {
            let origin = Origin { transport: Transport::Udp, address: peer.ip(), now };
            self.verdict(self.front.server.answer(&served, query, origin, reply))
        });
    }

    fn answer_datagram(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        self.verdict(self.front.server.answer(&self.holdings.snapshot(), query, origin(Transport::Udp, peer), reply))
    }

    fn answer(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        match self.front.server.answer(&self.holdings.snapshot(), query, origin(Transport::Tcp, peer), reply) {
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

async fn handle_datagram(service: &Arc<Service>, datagram: Datagram) {
    let reply = match service.front.handle(&datagram.octets, Transport::Udp, datagram.peer) {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
        Reaction::Request(request) => Some(service.follower.request(&request, datagram.peer)),
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
    match service.front.handle(&message, Transport::Tcp, connection.peer) {
        Reaction::Ignore => (),
        Reaction::Reply(reply) => {
            connection.send(reply).await;
        }
        Reaction::Request(request) => {
            connection.send(service.follower.request(&request, connection.peer)).await;
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
