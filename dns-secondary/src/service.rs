//! The shell: sockets and tasks around the functions that decide.

use std::net::SocketAddr;
use std::sync::Arc;

use dns::Name;
use dns::message::{Opcode, Rcode};
use dns::secondary::{self, Secondary};
use dns::server::Request;
use dns::transfer::Journal;
use dns::transfer::incoming::Limits as TransferLimits;
use nameserver::answering::{NameServer, Serves};
use nameserver::follower::{Follower, Follows};
use nameserver::front::Front;
use nameserver::notifications::Notifications;
use platform::listen::datagrams::Datagram;
use platform::listen::sockets::Sockets;
use platform::listen::streams::Connection;
use platform::{Boot, BootError, entropy};

use crate::config::{Arguments, Config, ENDING_DEADLINE};
use crate::error;
use crate::holdings::Holdings;
use crate::metrics::Counters;

/// What requests and transfers are done with.
struct Service {
    holdings: Holdings,
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
    let name_server = name_server(&boot, &config).await?;
    let follower = name_server.service.follower.clone();
    begin(&follower, &config);
    let in_flight = name_server.start(sockets, config.listening.limits)?;
    tokio::spawn(follower.watch_clock());
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

async fn name_server(boot: &Boot, config: &Config) -> Result<NameServer<Service>, BootError> {
    let (holdings, counters) = (Holdings::new(config.keys.clone()), Counters::register(&boot.metrics));
    let (targets, listen) = (config.notify.clone(), &config.listening.addresses);
    let sent = counters.name_server.notifications.clone();
    let notifications = Notifications::start(&boot.net, listen, holdings.shared(), targets, sent).await?;
    let (answering, idle) = (config.answering.clone(), config.listening.limits.idle);
    let front = Front::new(answering, config.open_transfers, idle, holdings.shared());
    let secondary = Secondary::new(config.keys.clone(), settings(config));
    let counted = counters.name_server.clone();
    let keeper = Keeper { holdings: holdings.clone(), notifications: notifications.clone(), counters };
    let follower = Follower::new(&boot.net, front.clone(), secondary, keeper);
    let service = Arc::new(Service { holdings, follower });
    Ok(NameServer { front, notifications, counters: counted, service })
}

/// Takes on what the operator named, and then what the keys name.
fn begin(follower: &Follower<Keeper>, config: &Config) {
    for zone in &config.zones {
        let (apex, origin, primaries) = (zone.apex.clone(), zone.origin.clone(), zone.primaries.clone());
        follower.act(|secondary, moment| secondary.add_zone(apex, origin, primaries, moment));
    }
    follower.act(|secondary, moment| secondary.add_keyed(&config.key_primaries, moment));
}

impl Serves for Service {
    fn journal(&self, apex: &Name) -> Option<Journal> {
        self.holdings.journal(apex)
    }

    async fn datagram(&self, request: Request, datagram: &Datagram) -> Option<Vec<u8>> {
        Some(self.follower.request(&request, datagram.peer))
    }

    async fn message(self: Arc<Self>, request: Request, connection: Connection) {
        connection.send(self.follower.request(&request, connection.peer)).await;
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
