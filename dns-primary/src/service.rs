//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use bytes::Bytes;
use dns::answer::{self, Outcome, Transport};
use dns::message::Rcode;
use gitstore::Store;
use platform::listen::datagrams::{self, Datagram, Verdict};
use platform::listen::streams::{self, Connection, Limits};
use platform::net::{TcpListener, UdpSocket};
use platform::{ArgumentError, Boot, Net, clock, entropy};
use tokio::sync::mpsc;

use crate::config::{Arguments, Config};
use crate::metrics::Counters;
use crate::notifications::Notifications;
use crate::primary::{Origin, Primary, Reaction, Request, Served, Transfer};
use crate::published::Published;
use crate::repository::SerialPolicy;
use crate::retransmissions::{Retransmissions, Seen};
use crate::{follow, updates};

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
    primary: Primary,
    retransmissions: Arc<Mutex<Retransmissions>>,
}

/// Runs the service until it is asked to end.
pub async fn run(mut boot: Boot, arguments: Arguments) -> Result<(), ArgumentError> {
    let config = arguments.check(&boot.name)?;
    // Before the first zone: nobody outside shall know which names share a place in the tables.
    dns::name_hash::set_seed(entropy::u64());
    let sockets = bind(&boot.net, &config.listen).await?;
    tracing::info!("fetching {}", config.store.remote);
    let store = tokio::select! {
        store = Store::open(config.store.clone(), boot.net.clone()) => store,
        () = boot.shutdown.requested() => return Ok(()),
    };
    let store = store.map_err(|error| ArgumentError(error.to_string()))?;
    let service = Arc::new(Service::new(&boot, &config, store).await?);
    follow::publish(&service);
    for socket in sockets {
        socket.serve(&service);
    }
    tokio::spawn(follow::follow_changes(Arc::clone(&service)));
    if let Some(interval) = config.poll {
        tokio::spawn(follow::poll(Arc::clone(&service), interval));
    }
    let zones = service.served.load().zones.len();
    tracing::info!("serving {zones} zones of {} on {:?}", config.store.remote, config.listen);
    boot.shutdown.requested().await;
    tracing::info!("ending: what is queued is pushed first");
    service.store.drain().await;
    Ok(())
}

impl Service {
    async fn new(boot: &Boot, config: &Config, store: Store) -> Result<Service, ArgumentError> {
        let served = Arc::new(ArcSwap::default());
        let counters = Counters::register(&boot.metrics, &store);
        let notifications = Notifications::start(
            &boot.net,
            &config.listen,
            Arc::clone(&served),
            config.notify.clone(),
            counters.clone(),
        )
        .await
        .map_err(|error| ArgumentError(format!("no socket to send NOTIFY from: {error}")))?;
        Ok(Service {
            name: boot.name.clone(),
            store,
            published: Arc::default(),
            served,
            notifications,
            counters,
            serial: config.serial,
            primary: Primary { open_transfers: config.open_transfers, answers: Arc::new(answers(&boot.name)) },
            retransmissions: Arc::default(),
        })
    }

    fn handle(&self, octets: &[u8], transport: Transport, peer: SocketAddr) -> Reaction {
        self.primary.handle(&self.served.load(), octets, origin(transport, peer))
    }

    async fn update(&self, request: Request, peer: SocketAddr) -> Vec<u8> {
        let rcode = updates::update(self, request.clone(), peer.ip()).await;
        request_reply(&request, rcode)
    }

    async fn pull(&self, request: Request, peer: SocketAddr) -> Vec<u8> {
        tracing::info!("told by {peer} with key {:?} that somebody pushed", request.key_name());
        follow::pull(self).await;
        request_reply(&request, Rcode::NOERROR)
    }
}

fn request_reply(request: &Request, rcode: Rcode) -> Vec<u8> {
    request.reply(rcode, clock::unix_seconds())
}

fn origin(transport: Transport, peer: SocketAddr) -> Origin {
    Origin { transport, address: peer.ip(), now: clock::unix_seconds() }
}

/// NSID tells the name, cookies are on (with a secret of this start), and the version is nobody's business.
fn answers(name: &str) -> answer::Options {
    answer::Options {
        identity: Some(name.as_bytes().into()),
        cookie_secret: Some(entropy::octets()),
        keepalive: Some((Limits::default().idle.as_millis() / 100) as u16),
        ..answer::Options::default()
    }
}

/// The sockets of one address.
struct Sockets {
    datagrams: UdpSocket,
    streams: TcpListener,
}

async fn bind(net: &Net, addresses: &[SocketAddr]) -> Result<Vec<Sockets>, ArgumentError> {
    let mut sockets = vec![];
    for address in addresses {
        let failed = |error| ArgumentError(format!("--listen {address}: {error}"));
        let datagrams = net.udp_bind(*address).await.map_err(failed)?;
        let address = datagrams.local_address().map_err(failed)?;
        sockets.push(Sockets { datagrams, streams: net.tcp_listen(address).await.map_err(failed)? });
    }
    Ok(sockets)
}

impl Sockets {
    fn serve(self, service: &Arc<Service>) {
        let (served, primary) = (Arc::clone(&service.served), service.primary.clone());
        let requests = service.counters.requests.clone();
        let passed_on = datagrams::serve(Arc::new(self.datagrams), move |query, peer, reply| {
            requests.inc();
            match primary.answer(&served.load(), query, origin(Transport::Udp, peer), reply) {
                Outcome::Reply(length) => Verdict::Reply(length),
                Outcome::NotAQuery | Outcome::Transfer | Outcome::Signed => Verdict::PassOn,
                Outcome::Ignore => Verdict::Ignore,
            }
        });
        tokio::spawn(handle_datagrams(Arc::clone(service), passed_on));
        let service = Arc::clone(service);
        tokio::spawn(streams::serve(self.streams, Limits::default(), move |connection, message| {
            handle_message(Arc::clone(&service), connection, message)
        }));
    }
}

async fn handle_datagrams(service: Arc<Service>, mut passed_on: mpsc::Receiver<Datagram>) {
    while let Some(datagram) = passed_on.recv().await {
        let service = Arc::clone(&service);
        tokio::spawn(async move { handle_datagram(&service, datagram).await });
    }
}

async fn handle_datagram(service: &Service, datagram: Datagram) {
    let octets = Bytes::from(datagram.octets.clone());
    let reply = match service.handle(&octets, Transport::Udp, datagram.peer) {
        Reaction::Reply(reply) => reply,
        Reaction::Subscribe { reply, .. } => reply,
        Reaction::Update(request) => {
            let Some(reply) = once(service, &datagram, &octets, service.update(request, datagram.peer)).await else {
                return;
            };
            reply
        }
        Reaction::Pull(request) => {
            let Some(reply) = once(service, &datagram, &octets, service.pull(request, datagram.peer)).await else {
                return;
            };
            reply
        }
        Reaction::Acknowledged(reply) => return service.notifications.acknowledged(datagram.peer, &reply),
        Reaction::Transfer(_) | Reaction::Ignore => return,
    };
    datagram.reply(&reply).await;
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
    service.counters.requests.inc();
    match service.handle(&message, Transport::Tcp, connection.peer) {
        Reaction::Ignore => (),
        Reaction::Reply(reply) => {
            connection.send(reply).await;
        }
        Reaction::Update(request) => {
            tokio::spawn(async move { connection.send(service.update(request, connection.peer).await).await });
        }
        Reaction::Pull(request) => {
            tokio::spawn(async move { connection.send(service.pull(request, connection.peer).await).await });
        }
        Reaction::Transfer(transfer) => {
            tokio::spawn(async move { send_transfer(&service, &connection, transfer).await });
        }
        Reaction::Subscribe { reply, zone, key } => {
            connection.keep();
            connection.send(reply).await;
            service.notifications.subscribe(connection, zone, key);
        }
        Reaction::Acknowledged(reply) => service.notifications.acknowledged(connection.peer, &reply),
    }
}

async fn send_transfer(service: &Service, connection: &Connection, mut transfer: Transfer) {
    let (apex, serial) = (transfer.apex.clone(), transfer.serial);
    while let Some(message) = transfer.next_message(clock::unix_seconds()) {
        if !connection.send(message).await {
            return tracing::warn!("{} went away during the transfer of {apex}", connection.peer);
        }
    }
    service.counters.transfers.inc();
    tracing::info!("{apex} {serial} was transferred to {}", connection.peer);
}
