//! Telling secondaries that a zone changed: [`dns::server::Announcer`] says whom and when, the speaker has the sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dns::Name;
use dns::notify::{Acknowledgement, Over, Subscription, Target};
use dns::server::{Announcements, Announcer, Served};
use platform::listen::speaker::{Due, Sending, Speaker, Speaks};
use platform::listen::streams::Connection;
use platform::{BootError, Net, clock, entropy};
use prometheus_client::metrics::counter::Counter;

/// Tells secondaries; cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifications(Speaker<Telling>);

#[derive(Debug)]
struct Telling {
    announcer: Announcer,
    served: Arc<ArcSwap<Served>>,
    sent: Counter,
}

impl Notifications {
    /// Starts with nobody to tell; `sent` counts messages.
    pub async fn start(
        net: &Net,
        listen: &[SocketAddr],
        served: Arc<ArcSwap<Served>>,
        extra: Vec<Target>,
        sent: Counter,
    ) -> Result<Notifications, BootError> {
        let telling = Telling { announcer: Announcer::new(extra), served, sent };
        let speaker = Speaker::start(net, listen, telling).await;
        let failed = |error| BootError::Surroundings(format!("no socket to send NOTIFY from: {error}"));
        speaker.map(Notifications).map_err(failed)
    }

    /// Zones changed from what `before` served to what is served now; their secondaries are told at once.
    pub fn changed(&self, before: &Served, zones: impl IntoIterator<Item = Name>) {
        self.0.with(|telling, now| {
            let served = telling.served.load_full();
            telling.announcer.changed(before, &served, zones, now, &mut entropy::u16);
        });
    }

    /// Tells `connection` from now on when `zone` changes; for the root all zones.
    pub fn subscribe(&self, connection: Connection, zone: Name, key: Name) {
        let number = self.0.number_of(&connection);
        let subscription = Subscription { connection: number, peer: connection.peer, zone, key };
        self.0.with(|telling, now| {
            let served = telling.served.load_full();
            telling.announcer.subscribe(subscription, &served, now, &mut entropy::u16);
        });
    }

    /// A reply to a NOTIFY came over a connection.
    pub fn acknowledged(&self, connection: &Connection, acknowledgement: &Acknowledgement) {
        let number = self.0.number_of(connection);
        let target = self.0.with(|telling, _| telling.announcer.acknowledged_over(number, acknowledgement));
        if target.is_some() {
            log_acknowledged(connection.peer, acknowledgement);
        }
    }
}

impl Speaks for Telling {
    fn due(&mut self, now: Duration) -> Due {
        let Announcements { sends, given_up } = self.announcer.due(&self.served.load(), now, clock::unix_seconds());
        for notification in given_up {
            tracing::warn!("{} does not answer NOTIFY for {}", notification.target.address, notification.soa.owner);
        }
        self.sent.inc_by(sends.len() as u64);
        let connection = |over| match over {
            Over::Connection(number) => Some(number),
            Over::New => None,
        };
        let sends = sends.into_iter().map(|announcement| Sending {
            connection: connection(announcement.over),
            octets: announcement.octets,
            address: announcement.address,
        });
        Due { sends: sends.collect(), next: self.announcer.next_deadline() }
    }

    fn heard(&mut self, octets: &[u8], peer: SocketAddr) {
        match self.announcer.acknowledged(peer.ip(), octets, clock::unix_seconds()) {
            Ok(Some(acknowledgement)) => log_acknowledged(peer, &acknowledgement),
            Ok(None) => {}
            Err(error) => tracing::info!("{peer} answers NOTIFY, but not to be believed: {error}"),
        }
    }

    fn disconnected(&mut self, connection: u64) {
        self.announcer.disconnected(connection);
    }
}

fn log_acknowledged(peer: SocketAddr, Acknowledgement { zone, rcode, .. }: &Acknowledgement) {
    tracing::debug!("{peer} knows of the change of {zone} ({rcode})");
}
