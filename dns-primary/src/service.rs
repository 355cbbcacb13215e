//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use bytes::Bytes;
use dns::Name;
use dns::message::Rcode;
use dns::server::{Request, Served, TransferRequest};
use dns::transfer::Journal;
use gitstore::Store;
use nameserver::answering::{NameServer, Serves};
use nameserver::front::Front;
use nameserver::notifications::Notifications;
use platform::listen::datagrams::Datagram;
use platform::listen::sockets::Sockets;
use platform::listen::streams::Connection;
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
    let in_flight = name_server(&service, &config).start(sockets, config.listening.limits)?;
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
            counters.name_server.notifications.clone(),
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
            retransmissions: Arc::default(),
            catalog: config.catalog.clone(),
            waiting: Waiting::default(),
            history: Arc::default(),
        })
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
}

fn name_server(service: &Arc<Service>, config: &Config) -> NameServer<Service> {
    let (answering, idle) = (config.answering.clone(), config.listening.limits.idle);
    NameServer {
        front: Front::new(answering, config.open_transfers, idle, Arc::clone(&service.served)),
        notifications: service.notifications.clone(),
        counters: service.counters.name_server.clone(),
        service: Arc::clone(service),
    }
}

impl Serves for Service {
    fn journal(&self, apex: &Name) -> Option<Journal> {
        self.published.journal(apex)
    }

    async fn history(&self, request: &TransferRequest) -> Option<Journal> {
        history::journal(self, request).await
    }

    async fn datagram(&self, request: Request, datagram: &Datagram) -> Option<Vec<u8>> {
        match Task::of(&request) {
            Task::Refuse => Some(self.carry_out(Task::Refuse, request, datagram.peer).await),
            task => once(self, datagram, self.carry_out(task, request, datagram.peer)).await,
        }
    }

    /// What takes time is spawned, so that other messages of the connection need not wait (RFC 7766 section 6.2.1.1).
    async fn message(self: Arc<Self>, request: Request, connection: Connection) {
        let (task, peer) = (Task::of(&request), connection.peer);
        let permit = connection.permit().await;
        tokio::spawn(async move {
            connection.send(self.carry_out(task, request, peer).await).await;
            drop(permit);
        });
    }
}

/// Runs `work` unless the same request is being worked on; a request that was answered gets its answer again.
async fn once(service: &Service, datagram: &Datagram, work: impl Future<Output = Vec<u8>>) -> Option<Vec<u8>> {
    let octets = Bytes::from(datagram.octets.clone());
    let requests = || service.retransmissions.lock().expect("no holder of the requests panics");
    let seen = requests().see(datagram.peer, &octets, clock::unix_seconds());
    match seen {
        Seen::Pending => None,
        Seen::Answered(reply) => Some(reply.to_vec()),
        Seen::First => {
            let reply = work.await;
            requests().answered(datagram.peer, &octets, reply.clone().into(), clock::unix_seconds());
            Some(reply)
        }
    }
}
