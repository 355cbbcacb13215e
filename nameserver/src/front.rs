//! What a message is decided with: the settings of the server, and what is served at the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dns::answer::Transport;
use dns::answer::rate_limit::RateLimit;
use dns::server::{Origin, Reaction, Served, Server, Settings};
use platform::listen::arguments::Answering;
use platform::{clock, entropy};

/// The server, and what it serves at any time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Front {
    pub(crate) server: Server,
    pub(crate) served: Arc<ArcSwap<Served>>,
}

impl Front {
    /// `open_transfers` need no key; `idle` is how long a connection may be idle.
    pub fn new(answering: Answering, open_transfers: bool, idle: Duration, served: Arc<ArcSwap<Served>>) -> Front {
        let Answering { rate_limit, identity, version } = answering;
        let server = Server::new(Settings {
            open_transfers,
            identity,
            version,
            cookie_secret: entropy::octets(),
            idle,
            rate_limit: rate_limit.map(|(rate, slip)| RateLimit::new(rate, slip, entropy::octets())),
        });
        Front { server, served }
    }

    /// What to do about a message now.
    pub(crate) fn handle(&self, octets: &[u8], transport: Transport, peer: SocketAddr) -> Reaction {
        self.server.handle(&self.served.load(), octets, origin(transport, peer))
    }
}

pub(crate) fn origin(transport: Transport, peer: SocketAddr) -> Origin {
    Origin { transport, address: peer.ip(), now: clock::unix_seconds() }
}
