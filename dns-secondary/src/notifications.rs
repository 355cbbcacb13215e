//! Telling the next secondaries in the chain: the sockets and the clock around [`dns::server::Announcer`].

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use dns::Name;
use dns::message::Message;
use dns::notify::{Acknowledgement, Over, Subscription, Target};
use dns::server::{Announcement, Announcements, Announcer, Served};
use platform::listen::streams::Connection;
use platform::net::UdpSocket;
use platform::{Net, clock, entropy};

use crate::holdings::Holdings;
use crate::metrics::Counters;

/// Tells secondaries; cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifications(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    wake: tokio::sync::Notify,
    holdings: Holdings,
    sockets: Sockets,
    counters: Counters,
    start: Instant,
}

#[derive(Debug)]
struct State {
    announcer: Announcer,
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
        holdings: Holdings,
        extra: Vec<Target>,
        counters: Counters,
    ) -> io::Result<Notifications> {
        let state = State { announcer: Announcer::new(extra), connections: HashMap::new(), next_connection: 0 };
        let inner = Inner {
            state: Mutex::new(state),
            wake: tokio::sync::Notify::new(),
            holdings,
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

    /// A zone changed from what `before` served to what is served now; its secondaries are told at once.
    pub fn changed(&self, before: &Served, zone: Name) {
        let (served, now) = (self.0.holdings.served(), self.0.start.elapsed());
        self.state().announcer.changed(before, &served, [zone], now, &mut entropy::u16);
        self.0.wake.notify_one();
    }

    /// Tells `connection` from now on when `zone` changes; for the root all zones.
    pub fn subscribe(&self, connection: Connection, zone: Name, key: Name) {
        let (served, now) = (self.0.holdings.served(), self.0.start.elapsed());
        let mut state = self.state();
        state.forget_closed();
        let peer = connection.peer;
        let subscription = Subscription { connection: state.number_of(connection), peer, zone, key };
        state.announcer.subscribe(subscription, &served, now, &mut entropy::u16);
        self.0.wake.notify_one();
    }

    /// A reply to a NOTIFY came.
    pub fn acknowledged(&self, peer: SocketAddr, acknowledgement: &Acknowledgement) {
        if self.state().announcer.acknowledged(peer.ip(), acknowledgement).is_some() {
            let Acknowledgement { zone, rcode, .. } = acknowledgement;
            tracing::debug!("{peer} knows of the change of {zone} ({rcode})");
        }
    }

    async fn send(&self, Announcement { octets, address, over }: Announcement) {
        self.0.counters.notifications.inc();
        match over {
            Over::Connection(number) => {
                let connection = self.state().connections.get(&number).cloned();
                // A peer that does not read must not hold up the others.
                if !connection.is_some_and(|connection| connection.try_send(octets)) {
                    self.state().disconnected(number);
                }
            }
            Over::New => {
                if let Err(error) = self.0.sockets.send(&octets, address).await {
                    tracing::debug!("no NOTIFY to {address}: {error}");
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder of the notifications panics")
    }
}

impl State {
    fn number_of(&mut self, connection: Connection) -> u64 {
        if let Some((number, _)) = self.connections.iter().find(|(_, other)| other.same(&connection)) {
            return *number;
        }
        self.next_connection += 1;
        self.connections.insert(self.next_connection, connection);
        self.next_connection
    }

    fn forget_closed(&mut self) {
        let closed: Vec<u64> = self.connections.iter().filter(|(_, c)| c.is_closed()).map(|(n, _)| *n).collect();
        closed.into_iter().for_each(|number| self.disconnected(number));
    }

    fn disconnected(&mut self, number: u64) {
        self.connections.remove(&number);
        self.announcer.disconnected(number);
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
    let inner = Arc::clone(&notifications.0);
    loop {
        let served = inner.holdings.served();
        let (announcements, deadline) = {
            let mut state = notifications.state();
            let announcements = state.announcer.due(&served, inner.start.elapsed(), clock::unix_seconds());
            (announcements, state.announcer.next_deadline())
        };
        let Announcements { sends, given_up } = announcements;
        for notification in given_up {
            tracing::warn!("{} does not answer NOTIFY for {}", notification.target.address, notification.soa.owner);
        }
        for announcement in sends {
            notifications.send(announcement).await;
        }
        let wake = inner.wake.notified();
        match deadline {
            Some(deadline) => {
                let wait = deadline.saturating_sub(inner.start.elapsed());
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
