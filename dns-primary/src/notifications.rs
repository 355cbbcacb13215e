//! Telling secondaries that a zone changed: the sockets and the clock around [`dns::notify`].

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use dns::message::Message;
use dns::notify::{
    Acknowledgement, Due, Notification, Notifier, Over, Schedule, Sources, Subscription, Target, targets,
};
use dns::record::Record;
use dns::tsig;
use dns::{Name, Zone};
use platform::listen::streams::Connection;
use platform::net::UdpSocket;
use platform::{Net, clock, entropy};

use crate::config::NotifyTarget;
use crate::metrics::Counters;
use crate::primary::Served;

/// Pairs of zone and secondary that may wait at once.
const CAPACITY: usize = 100_000;
/// Subscriptions at once; the connections are bounded too.
const MOST_SUBSCRIPTIONS: usize = 4096;

/// Tells secondaries; cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifications(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    wake: tokio::sync::Notify,
    served: Arc<ArcSwap<Served>>,
    extra: Vec<Target>,
    sockets: Sockets,
    counters: Counters,
    start: Instant,
}

#[derive(Debug)]
struct State {
    notifier: Notifier,
    subscriptions: Vec<Subscription>,
    connections: HashMap<u64, Connection>,
    next_connection: u64,
}

/// Replies come back to the socket that a NOTIFY left from.
#[derive(Debug)]
struct Sockets {
    ipv4: Option<UdpSocket>,
    ipv6: Option<UdpSocket>,
}

impl Notifications {
    /// Starts with nobody to tell. NOTIFY leaves from the first address of `listen` of its kind, since secondaries look at it.
    pub async fn start(
        net: &Net,
        listen: &[SocketAddr],
        served: Arc<ArcSwap<Served>>,
        extra: Vec<NotifyTarget>,
        counters: Counters,
    ) -> io::Result<Notifications> {
        let extra =
            extra.into_iter().map(|target| Target { address: target.address, key: target.key, over: Over::New });
        let inner = Inner {
            state: Mutex::new(State::new()),
            wake: tokio::sync::Notify::new(),
            served,
            extra: extra.collect(),
            sockets: Sockets::bind(net, listen).await?,
            counters,
            start: Instant::now(),
        };
        let notifications = Notifications(Arc::new(inner));
        tokio::spawn(send_when_due(notifications.clone()));
        for ipv6 in [false, true] {
            tokio::spawn(receive_replies(notifications.clone(), ipv6));
        }
        Ok(notifications)
    }

    /// Zones changed from what `before` served to what is served now; their secondaries are told at once.
    pub fn changed(&self, before: &Served, zones: impl IntoIterator<Item = Name>) {
        let (served, now) = (self.0.served.load(), self.0.start.elapsed());
        let mut state = self.state();
        for apex in zones {
            match (served.zones.get(&apex), before.zones.get(&apex)) {
                (Some(zone), _) => self.tell(&mut state, &served, zone, &zone.soa_record(), now),
                // A serial that comes next makes secondaries ask, and learn from NOTAUTH that the zone is gone.
                (None, Some(gone)) => self.tell(&mut state, before, gone, &next_soa(gone), now),
                (None, None) => state.notifier.forget_zone(&apex),
            }
        }
        self.0.wake.notify_one();
    }

    fn tell(&self, state: &mut State, served: &Served, zone: &Zone, soa: &Record, now: Duration) {
        let (zones, keys) = (&served.zones, &served.keys);
        let sources = Sources { zones, keys, extra: &self.0.extra, subscriptions: &state.subscriptions };
        let targets = targets(zone, &sources);
        state.notifier.changed(soa, targets, now, &mut entropy::u16);
    }

    /// Tells `connection` from now on when `zone` changes; for the root all zones, each of which it is told of at once.
    pub fn subscribe(&self, connection: Connection, zone: Name, key: Name) {
        let mut state = self.state();
        state.forget_closed();
        let number = state.number_of(&connection);
        let subscription = Subscription { connection: number, peer: connection.peer, zone: zone.clone(), key };
        if state.subscriptions.contains(&subscription) || state.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            return;
        }
        tracing::info!("{} wants to be told of changes of {zone}", connection.peer);
        state.subscriptions.push(subscription);
        drop(state);
        if zone.is_root() {
            let served = self.0.served.load();
            self.changed(&served, served.zones.iter().map(|zone| zone.apex().clone()));
        }
    }

    /// A reply to a NOTIFY came.
    pub fn acknowledged(&self, peer: SocketAddr, acknowledgement: &Acknowledgement) {
        if self.state().notifier.acknowledged(peer.ip(), acknowledgement).is_some() {
            let Acknowledgement { zone, rcode, .. } = acknowledgement;
            tracing::debug!("{peer} knows of the change of {zone} ({})", rcode.0);
        }
    }

    async fn send(&self, notification: Notification) {
        let Some(message) = self.signed(&notification) else { return };
        self.0.counters.notifications.inc();
        let Target { address, over, .. } = notification.target;
        match over {
            Over::Connection(number) => {
                let connection = self.state().connections.get(&number).cloned();
                match connection {
                    // A peer that does not read must not hold up the others.
                    Some(connection) if connection.try_send(message) => (),
                    _ => self.state().disconnected(number),
                }
            }
            Over::New => {
                if let Err(error) = self.0.sockets.send(&message, address).await {
                    tracing::debug!("no NOTIFY to {address}: {error}");
                }
            }
        }
    }

    fn signed(&self, notification: &Notification) -> Option<Vec<u8>> {
        let mut message = notification.message().encode();
        if let Some(name) = &notification.target.key {
            let served = self.0.served.load();
            let Some(key) = served.keys.get(name) else {
                tracing::warn!("no NOTIFY to {}: there is no key {name}", notification.target.address);
                return None;
            };
            message = tsig::sign_request(message, key, clock::unix_seconds(), tsig::FUDGE).octets;
        }
        Some(message)
    }

    fn due(&self) -> (Due, Option<Duration>) {
        let mut state = self.state();
        let due = state.notifier.due(self.0.start.elapsed());
        (due, state.notifier.next_deadline())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder of the notifications panics")
    }
}

impl State {
    fn new() -> State {
        let (subscriptions, connections) = Default::default();
        State { notifier: Notifier::new(Schedule::USUAL, CAPACITY), subscriptions, connections, next_connection: 0 }
    }

    fn number_of(&mut self, connection: &Connection) -> u64 {
        if let Some((number, _)) = self.connections.iter().find(|(_, other)| other.same(connection)) {
            return *number;
        }
        self.next_connection += 1;
        self.connections.insert(self.next_connection, connection.clone());
        self.next_connection
    }

    fn forget_closed(&mut self) {
        let closed: Vec<u64> = self.connections.iter().filter(|(_, c)| c.is_closed()).map(|(n, _)| *n).collect();
        closed.into_iter().for_each(|number| self.disconnected(number));
    }

    fn disconnected(&mut self, number: u64) {
        self.connections.remove(&number);
        self.subscriptions.retain(|subscription| subscription.connection != number);
        self.notifier.disconnected(number);
    }
}

impl Sockets {
    async fn bind(net: &Net, listen: &[SocketAddr]) -> io::Result<Sockets> {
        let own = |ipv6: bool| listen.iter().map(SocketAddr::ip).find(|address| address.is_ipv6() == ipv6);
        let ipv4 = own(false).unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let ipv6 = own(true).unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        // A host may lack one kind of address; what cannot be reached is then not told.
        let sockets = Sockets {
            ipv4: net.udp_bind((ipv4, 0).into()).await.ok(),
            ipv6: net.udp_bind((ipv6, 0).into()).await.ok(),
        };
        match sockets {
            Sockets { ipv4: None, ipv6: None } => Err(io::ErrorKind::AddrNotAvailable.into()),
            sockets => Ok(sockets),
        }
    }

    fn of(&self, ipv6: bool) -> Option<&UdpSocket> {
        if ipv6 { self.ipv6.as_ref() } else { self.ipv4.as_ref() }
    }

    async fn send(&self, message: &[u8], peer: SocketAddr) -> io::Result<()> {
        let socket = self.of(matches!(peer.ip(), IpAddr::V6(_))).ok_or(io::ErrorKind::AddrNotAvailable)?;
        socket.send_to(message, peer).await
    }
}

async fn send_when_due(notifications: Notifications) {
    loop {
        let (due, deadline) = notifications.due();
        for notification in due.given_up {
            tracing::warn!("{} does not answer NOTIFY for {}", notification.target.address, notification.soa.owner);
        }
        for notification in due.sends {
            notifications.send(notification).await;
        }
        let wake = notifications.0.wake.notified();
        match deadline {
            Some(deadline) => {
                let wait = deadline.saturating_sub(notifications.0.start.elapsed());
                // Whichever comes first: time, or another change.
                let _ = tokio::time::timeout(wait, wake).await;
            }
            None => wake.await,
        }
    }
}

async fn receive_replies(notifications: Notifications, ipv6: bool) {
    let inner = Arc::clone(&notifications.0);
    let Some(socket) = inner.sockets.of(ipv6) else { return };
    let mut buffer = [0; 4096];
    loop {
        let Ok((length, peer)) = socket.receive_from(&mut buffer).await else { continue };
        let message = Message::decode(&buffer[..length]).ok();
        if let Some(acknowledgement) = message.and_then(|message| Acknowledgement::read(&message)) {
            notifications.acknowledged(peer, &acknowledgement);
        }
    }
}

fn next_soa(gone: &Zone) -> Record {
    let soa = gone.soa();
    let serial = soa.serial.next();
    Record { rdata: dns::Soa { serial, ..soa }.encode(), ..gone.soa_record() }
}
