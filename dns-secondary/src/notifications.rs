//! Telling the next secondaries in the chain: the sockets and the clock around [`dns::server::Announcer`].

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use dns::Name;
use dns::message::Message;
use dns::notify::{Acknowledgement, Over, Subscription, Target};
use dns::server::{Announcement, Announcements, Announcer, Served};
use platform::listen::numbered::Numbered;
use platform::listen::sockets::Outgoing;
use platform::listen::streams::Connection;
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
    sockets: Outgoing,
    counters: Counters,
    start: Instant,
}

#[derive(Debug)]
struct State {
    announcer: Announcer,
    connections: Numbered,
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
        let state = State { announcer: Announcer::new(extra), connections: Numbered::default() };
        let inner = Inner {
            state: Mutex::new(state),
            wake: tokio::sync::Notify::new(),
            holdings,
            sockets: Outgoing::bind(net, listen).await?,
            counters,
            start: Instant::now(),
        };
        let notifications = Notifications(Arc::new(inner));
        tokio::spawn(send_when_due(notifications.clone()));
        tokio::spawn(receive_replies(notifications.clone()));
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
        state.connections.remove_closed().into_iter().for_each(|number| state.announcer.disconnected(number));
        let number = state.connections.number_of(&connection);
        let subscription = Subscription { connection: number, peer: connection.peer, zone, key };
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
                let connection = self.state().connections.get(number).cloned();
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
    fn disconnected(&mut self, number: u64) {
        self.connections.remove(number);
        self.announcer.disconnected(number);
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

async fn receive_replies(notifications: Notifications) {
    let take = |octets: &[u8], peer| {
        let message = Message::decode(octets).ok();
        if let Some(acknowledgement) = message.and_then(|message| Acknowledgement::read(&message)) {
            notifications.acknowledged(peer, &acknowledgement);
        }
    };
    notifications.0.sockets.receive(take).await;
}
