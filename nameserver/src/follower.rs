//! A follower of primaries: the connections and the clock around [`dns::secondary`], which decides.
//!
//! What becomes of the zones is the service's business ([`Follows`]). Effects are carried out while the state is
//! locked, so that nobody sees those of two events mixed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use dns::Name;
use dns::answer::Transport;
use dns::message::{Header, Opcode, Rcode};
use dns::notify::Incoming;
use dns::secondary::{Effect, Moment, Notice, Secondary, Served};
use dns::server::{Reaction, Request};
use platform::links::{Event, Links};
use platform::{Net, clock, entropy};

use crate::front::Front;

/// What a service does about the zones that it follows. It is called while the state is locked.
pub trait Follows: Send + 'static {
    /// There is a version of a zone, or the one that was there is confirmed.
    fn serve(&mut self, version: &Served);

    /// A zone has no version that may be served.
    fn suspend(&mut self, apex: Name);

    /// A zone is not ours any more.
    fn remove(&mut self, apex: Name);

    /// Something that an operator may want to know.
    fn trouble(&mut self, words: &str);

    /// All that follows from an event is done.
    fn settled(&mut self) {}

    /// A NOTIFY for a zone was understood, and is replied to so.
    fn noticed(&mut self, _zone: &Name, _peer: SocketAddr, _rcode: Rcode) {}

    /// The response code for a request that is not NOTIFY.
    fn rcode(_opcode: Opcode) -> Rcode {
        Rcode::FORMERR
    }
}

/// Follows primaries.
pub struct Follower<F>(Arc<Inner<F>>);

struct Inner<F> {
    net: Net,
    front: Front,
    state: Mutex<State<F>>,
    wake: tokio::sync::Notify,
    start: Instant,
}

/// What decides about the zones, the connections that it has opened, and what is done about them.
struct State<F> {
    secondary: Secondary,
    links: Links,
    follows: F,
}

impl<F> Clone for Follower<F> {
    fn clone(&self) -> Follower<F> {
        Follower(Arc::clone(&self.0))
    }
}

impl<F: Follows> Follower<F> {
    /// Begins to follow what `secondary` is told of by [`Follower::act`]. `front` is for requests of primaries.
    pub fn new(net: &Net, front: Front, secondary: Secondary, follows: F) -> Follower<F> {
        let state = Mutex::new(State { secondary, links: Links::default(), follows });
        let (wake, start) = (tokio::sync::Notify::new(), Instant::now());
        Follower(Arc::new(Inner { net: net.clone(), front, state, wake, start }))
    }

    /// Lets something happen to the zones, and does what follows from it.
    pub fn act(&self, act: impl FnOnce(&mut Secondary, &mut Moment<'_>) -> Vec<Effect>) {
        let mut state = self.state();
        let effects = act(&mut state.secondary, &mut self.moment(&mut random));
        self.perform(&mut state, effects);
    }

    /// Looks at what the service has made of the zones.
    pub fn with<T>(&self, look: impl FnOnce(&F) -> T) -> T {
        look(&self.state().follows)
    }

    /// The reply to a message where nothing is sent but replies.
    pub fn reply(&self, message: &[u8], transport: Transport, peer: SocketAddr) -> Option<Vec<u8>> {
        match self.0.front.handle(message, transport, peer) {
            Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
            Reaction::Request(request) => Some(self.request(&request, peer)),
            Reaction::Refused { reply, .. } => reply,
            Reaction::Transfer(_) | Reaction::Acknowledged(_) | Reaction::Ignore => None,
        }
    }

    /// The reply to NOTIFY, or to what is not for a follower.
    pub fn request(&self, request: &Request, peer: SocketAddr) -> Vec<u8> {
        let opcode = request.message.header.opcode;
        let rcode = match Incoming::read(&request.message) {
            _ if opcode != Opcode::NOTIFY => F::rcode(opcode),
            Err(rcode) => rcode,
            Ok(incoming) => self.notified(request, &incoming, peer),
        };
        request.reply(rcode, clock::unix_seconds())
    }

    fn notified(&self, request: &Request, incoming: &Incoming, peer: SocketAddr) -> Rcode {
        let key = request.verification.as_ref().map(|verification| verification.key());
        let notice = Notice { zone: &incoming.zone, serial: incoming.serial, peer: peer.ip(), key };
        let mut state = self.state();
        let noticed = state.secondary.notified(notice, &mut self.moment(&mut random));
        self.perform(&mut state, noticed.effects);
        state.follows.noticed(&incoming.zone, peer, noticed.rcode);
        noticed.rcode
    }

    fn moment<'a>(&self, random: &'a mut dyn FnMut() -> u32) -> Moment<'a> {
        Moment { elapsed: self.0.start.elapsed(), unix: clock::unix_seconds(), random }
    }

    fn perform(&self, state: &mut State<F>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Connect { connection, address } => self.connect(&mut state.links, connection, address),
                Effect::Send { connection, octets } => state.links.send(connection, octets),
                Effect::Close { connection } => state.links.close(connection),
                Effect::Serve(version) => state.follows.serve(&version),
                Effect::Unavailable { apex } => state.follows.suspend(apex),
                Effect::Remove { apex } => state.follows.remove(apex),
                Effect::Trouble { apex, primary, trouble } => {
                    let primary = primary.map(|primary| format!(" from {primary}")).unwrap_or_default();
                    state.follows.trouble(&format!("{apex}{primary}: {trouble}"));
                }
            }
        }
        state.follows.settled();
        self.0.wake.notify_one();
    }

    fn connect(&self, links: &mut Links, connection: u64, address: SocketAddr) {
        let this = self.clone();
        links.open(connection, self.0.net.clone(), address, move |event| {
            let this = this.clone();
            async move { this.happened(connection, address, event) }
        });
    }

    /// Something happened on a connection that we opened. Requests may come over it too: NOTIFY from a MirageOS
    /// primary.
    fn happened(&self, connection: u64, address: SocketAddr, event: Event) {
        match event {
            Event::Connected => self.act(|secondary, moment| secondary.connected(connection, moment)),
            Event::Disconnected => {
                self.state().links.forget(connection);
                self.act(|secondary, moment| secondary.disconnected(connection, moment));
            }
            Event::Message(message) if Header::decode(&message).is_ok_and(|header| !header.response) => {
                if let Some(reply) = self.reply(&message, Transport::Tcp, address) {
                    self.state().links.send(connection, reply);
                }
            }
            Event::Message(message) => self.act(|secondary, moment| secondary.received(connection, &message, moment)),
        }
    }

    /// Wakes the state machine when it said so; for ever.
    pub async fn watch_clock(self) {
        loop {
            let wake = self.0.wake.notified();
            let deadline = self.state().secondary.next_deadline();
            match deadline.map(|deadline| deadline.saturating_sub(self.0.start.elapsed())) {
                Some(wait) if wait.is_zero() => self.act(|secondary, moment| secondary.due(moment)),
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, wake).await;
                }
                None => wake.await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<F>> {
        self.0.state.lock().expect("no holder of the zones panics")
    }
}

fn random() -> u32 {
    u32::from_ne_bytes(entropy::octets())
}
