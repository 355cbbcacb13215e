//! Speaking first: messages that are due at some time, as datagrams or over connections that peers have opened, and
//! what comes back as datagrams. What is said, and when, the caller decides.
//!
//! Much that is due at once leaves in batches with pauses between them, so that neither our own answers nor the peers'
//! buffers suffer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::numbered::Numbered;
use super::sockets::Outgoing;
use super::streams::Connection;
use crate::Net;

/// Between batches.
const PAUSE: Duration = Duration::from_millis(5);

/// Who has something to say. Time is since the speaker started.
pub trait Speaks: Send + 'static {
    /// A batch of what is due.
    fn due(&mut self, now: Duration) -> Due;
    /// A datagram came to the socket that ours leave from.
    fn heard(&mut self, octets: &[u8], peer: SocketAddr);
    /// A connection has ended, or does not take what is said.
    fn disconnected(&mut self, connection: u64);
}

/// What is due.
#[derive(Debug, Default)]
pub struct Due {
    /// Messages.
    pub sends: Vec<Sending>,
    /// When there is something to say next.
    pub next: Option<Duration>,
}

/// A message on its way.
#[derive(Debug)]
pub struct Sending {
    /// The message.
    pub octets: Vec<u8>,
    /// Where to, as a datagram.
    pub address: SocketAddr,
    /// The connection to take instead.
    pub connection: Option<u64>,
}

/// The sockets and the clock around what speaks.
#[derive(Debug)]
pub struct Speaker<S>(Arc<Inner<S>>);

#[derive(Debug)]
struct Inner<S> {
    state: Mutex<State<S>>,
    wake: tokio::sync::Notify,
    sockets: Outgoing,
    start: Instant,
}

#[derive(Debug)]
struct State<S> {
    speaks: S,
    connections: Numbered,
}

impl<S> Clone for Speaker<S> {
    fn clone(&self) -> Speaker<S> {
        Speaker(Arc::clone(&self.0))
    }
}

impl<S: Speaks> Speaker<S> {
    /// Starts. Datagrams leave from the first address of `listen` of their kind, since peers may look at it.
    pub async fn start(net: &Net, listen: &[SocketAddr], speaks: S) -> io::Result<Speaker<S>> {
        let state = Mutex::new(State { speaks, connections: Numbered::default() });
        let (wake, sockets) = (tokio::sync::Notify::new(), Outgoing::bind(net, listen).await?);
        let speaker = Speaker(Arc::new(Inner { state, wake, sockets, start: Instant::now() }));
        tokio::spawn(speaker.clone().send_when_due());
        tokio::spawn(speaker.clone().hear());
        Ok(speaker)
    }

    /// Lets something happen that may give it something to say.
    pub fn with<T>(&self, act: impl FnOnce(&mut S, Duration) -> T) -> T {
        let mut state = self.state();
        state.forget_closed();
        let result = act(&mut state.speaks, self.0.start.elapsed());
        drop(state);
        self.0.wake.notify_one();
        result
    }

    /// The number of a connection.
    pub fn number_of(&self, connection: &Connection) -> u64 {
        self.state().connections.number_of(connection)
    }

    async fn send_when_due(self) {
        loop {
            let now = self.0.start.elapsed();
            let Due { sends, next } = self.state().speaks.due(now);
            for sending in sends {
                self.send(sending).await;
                // Lets connections write what they have been given, before they are given more than they hold.
                tokio::task::yield_now().await;
            }
            let wake = self.0.wake.notified();
            match next {
                Some(next) if next <= now => tokio::time::sleep(PAUSE).await,
                Some(next) => {
                    let wait = next.saturating_sub(self.0.start.elapsed());
                    // Whichever comes first: time, or something new to say.
                    let _ = tokio::time::timeout(wait, wake).await;
                }
                None => wake.await,
            }
        }
    }

    async fn send(&self, Sending { octets, address, connection }: Sending) {
        let Some(number) = connection else {
            if let Err(error) = self.0.sockets.send(&octets, address).await {
                tracing::debug!("nothing can be sent to {address}: {error}");
            }
            return;
        };
        let connection = self.state().connections.get(number);
        // A peer that does not read must not hold up the others.
        if !connection.is_some_and(|connection| connection.try_send(octets)) {
            let mut state = self.state();
            state.connections.remove(number);
            state.speaks.disconnected(number);
        }
    }

    async fn hear(self) {
        self.0.sockets.receive(|octets, peer| self.state().speaks.heard(octets, peer)).await;
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.0.state.lock().expect("nobody panics while speaking")
    }
}

impl<S: Speaks> State<S> {
    fn forget_closed(&mut self) {
        for number in self.connections.remove_closed() {
            self.speaks.disconnected(number);
        }
    }
}
