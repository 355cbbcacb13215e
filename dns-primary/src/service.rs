//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use bytes::Bytes;
use dns::Name;
use dns::answer::rate_limit::RateLimit;
use dns::answer::{Outcome, Transport};
use dns::message::Rcode;
use dns::server::{Origin, Reaction, Request, Served, Server, Settings, Transfer, TransferRequest};
use gitstore::Store;
use nameserver::notifications::Notifications;
use platform::listen::arguments::Answering;
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::Connection;
use platform::listen::{self, Respond};
use platform::{ArgumentError, Boot, BootError, clock, entropy};

use crate::config::{Arguments, Config, ENDING_DEADLINE};
use crate::history::History;
use crate::metrics::Counters;
use crate::primary::Task;
use crate::published::Published;
use crate::repository::SerialPolicy;
use crate::retransmissions::{Retransmissions, Seen};
use crate::waiting::Waiting;
use crate::{follow, history, updates};

/// What the parts of the running service share.
#[derive(Clone)]
pub struct Service {
    /// `--name`.
    pub name: String,
    /// The repository on the remote.
    pub store: Store,
    /// What its trees mean.
    pub published: Arc<Published>,
    /// What is answered from; the only thing that the answering path looks at.
    pub served: Arc<ArcSwap<Served>>,
    /// Whom to tell.
    pub notifications: Notifications,
    /// What is counted.
    pub counters: Counters,
    /// `--serial`.
    pub serial: SerialPolicy,
    server: Server,
    retransmissions: Arc<Mutex<Retransmissions>>,
    /// `--catalog`.
    pub catalog: Option<Name>,
    /// How many updates wait.
    pub waiting: Waiting,
    /// What is known of older trees.
    pub history: Arc<History>,
}

/// Runs the service until it is asked to end.
pub async fn run(mut boot: Boot, arguments: Arguments) -> Result<(), BootError> {
    let config = arguments.check(&boot.name)?;
    config.store.check_for(&boot)?;
    // Before the first zone: nobody outside shall know which names share a place in the tables.
    dns::name_hash::set_seed(entropy::u64());
    let sockets = Sockets::bind(&boot.net, &config.listening).await?;
    tracing::info!("fetching {}", config.store.remote);
    let store = tokio::select! {
        store = Store::open(config.store.clone(), boot.net.clone()) => store,
        () = boot.shutdown.requested() => return Ok(()),
    };
    let store = store.map_err(|error| ArgumentError(error.to_string()))?;
    let service = Arc::new(Service::new(&boot, &config, store).await?);
    follow::begin(&service).await;
    let in_flight = InFlight::default();
    listen::serve(sockets, config.listening.limits, &in_flight, &service)
        .map_err(|error| BootError::Surroundings(format!("no thread to answer on: {error}")))?;
    tokio::spawn(follow::follow_changes(Arc::clone(&service)));
    if let Some(interval) = config.poll {
        tokio::spawn(follow::poll(Arc::clone(&service), interval));
    }
    boot.seal()?;
    let zones = service.served.load().zones.len();
    tracing::info!("serving {zones} zones of {} on {:?}", config.store.remote, config.listening.addresses);
    boot.shutdown.requested().await;
    tracing::info!("ending: what is queued is pushed and answered first");
    let left = in_flight.finish(ENDING_DEADLINE).await;
    if left > 0 {
        tracing::warn!("ending although {left} requests and connections are not done");
    }
    service.store.drain().await;
    Ok(())
}

impl Service {
    async fn new(boot: &Boot, config: &Config, store: Store) -> Result<Service, BootError> {
        let served = Arc::new(ArcSwap::default());
        let counters = Counters::register(&boot.metrics, &store);
        let notifications = Notifications::start(
            &boot.net,
            &config.listening.addresses,
            Arc::clone(&served),
            config.notify.clone(),
            counters.notifications.clone(),
        )
        .await?;
        Ok(Service {
            name: boot.name.clone(),
            store,
            published: Arc::default(),
            served,
            notifications,
            counters,
            serial: config.serial,
            server: server(config),
            retransmissions: Arc::default(),
            catalog: config.catalog.clone(),
            waiting: Waiting::default(),
            history: Arc::default(),
        })
    }

    /// What is not a plain query needs keys, zones to transfer, or the remote.
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
        self.server.handle(&self.served.load(), octets, origin(transport, peer))
    }

    /// Does what a request asks for; the reply.
    async fn carry_out(&self, task: Task, request: Request, peer: SocketAddr) -> Vec<u8> {
        let rcode = match task {
            Task::Refuse => Rcode::REFUSED,
            Task::Update => updates::update(self, request.clone(), peer.ip()).await,
            Task::Pull => {
                tracing::info!("told by {peer} with key {:?} that somebody pushed", request.key_name());
                follow::pull(self).await;
                Rcode::NOERROR
            }
        };
        request.reply(rcode, clock::unix_seconds())
    }

    fn start(&self, request: TransferRequest) -> Transfer {
        let journal = self.published.journal(request.zone().apex());
        request.start(journal.as_ref())
    }
}

fn origin(transport: Transport, peer: SocketAddr) -> Origin {
    Origin { transport, address: peer.ip(), now: clock::unix_seconds() }
}

impl Respond for Service {
    fn answer_burst(&self, burst: &mut Burst) {
        self.counters.requests.inc_by(burst.len() as u64);
        let (served, now) = (self.served.load(), clock::unix_seconds());
        dns::answer::warm(&served.zones, burst.requests());
        burst.answer(|query, peer, reply| {
            let origin = Origin { transport: Transport::Udp, address: peer.ip(), now };
            self.verdict(self.server.answer(&served, query, origin, reply))
        });
    }

    fn answer_datagram(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        self.verdict(self.server.answer(&self.served.load(), query, origin(Transport::Udp, peer), reply))
    }

    fn answer(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        match self.server.answer(&self.served.load(), query, origin(Transport::Tcp, peer), reply) {
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

async fn handle_datagram(service: &Service, datagram: Datagram) {
    let (octets, peer) = (Bytes::from(datagram.octets.clone()), datagram.peer);
    let reply = match service.handle(&octets, Transport::Udp, peer) {
        Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
        Reaction::Request(request) => match Task::of(&request) {
            Task::Refuse => Some(service.carry_out(Task::Refuse, request, peer).await),
            task => once(service, &datagram, &octets, service.carry_out(task, request, peer)).await,
        },
        Reaction::Transfer(request) => service.start(request).next_message(clock::unix_seconds()).map(Into::into),
        Reaction::Refused { refusal, reply } => {
            tracing::info!("{peer}: {refusal}");
            reply
        }
        Reaction::Acknowledged(_) | Reaction::Ignore => None,
    };
    if let Some(reply) = reply {
        datagram.reply(&reply).await;
    }
}

/// Runs `work` unless the same request is being worked on; a request that was answered gets its answer again.
async fn once(
    service: &Service,
    datagram: &Datagram,
    octets: &Bytes,
    work: impl Future<Output = Vec<u8>>,
) -> Option<Vec<u8>> {
    let requests = || service.retransmissions.lock().expect("no holder of the requests panics");
    let seen = requests().see(datagram.peer, octets, clock::unix_seconds());
    match seen {
        Seen::Pending => None,
        Seen::Answered(reply) => Some(reply.to_vec()),
        Seen::First => {
            let reply = work.await;
            requests().answered(datagram.peer, octets, reply.clone().into(), clock::unix_seconds());
            Some(reply)
        }
    }
}

/// What takes time is spawned, so that other messages of the connection need not wait (RFC 7766 section 6.2.1.1).
async fn handle_message(service: Arc<Service>, connection: Connection, message: Vec<u8>) {
    match service.handle(&message, Transport::Tcp, connection.peer) {
        Reaction::Ignore => (),
        Reaction::Reply(reply) => {
            connection.send(reply).await;
        }
        Reaction::Request(request) => {
            let (task, peer) = (Task::of(&request), connection.peer);
            let permit = connection.permit().await;
            tokio::spawn(async move {
                connection.send(service.carry_out(task, request, peer).await).await;
                drop(permit);
            });
        }
        Reaction::Transfer(request) => {
            let permit = connection.permit().await;
            tokio::spawn(async move {
                send_transfer(&service, &connection, request).await;
                drop(permit);
            });
        }
        Reaction::Refused { refusal, reply } => {
            tracing::info!("{}: {refusal}", connection.peer);
            if let Some(reply) = reply {
                connection.send(reply).await;
            }
        }
        Reaction::Subscribe { reply, zone, key } => {
            connection.keep();
            connection.send(reply).await;
            service.notifications.subscribe(connection, zone, key);
        }
        Reaction::Acknowledged(reply) => service.notifications.acknowledged(&connection, &reply),
    }
}

async fn send_transfer(service: &Service, connection: &Connection, request: TransferRequest) {
    let journal = history::journal(service, &request).await;
    let mut transfer = request.start(journal.as_ref());
    while let Some(message) = transfer.next_message(clock::unix_seconds()) {
        if !connection.send(message).await {
            return tracing::warn!("{} went away during the transfer of {}", connection.peer, transfer.apex);
        }
        // A large transfer must not keep queries waiting.
        tokio::task::yield_now().await;
    }
    service.counters.transfers.inc();
    let Transfer { apex, serial, kind, .. } = &transfer;
    tracing::info!("{apex} {serial} was transferred to {} ({kind:?})", connection.peer);
}
