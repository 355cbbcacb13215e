//! An authoritative name server on its sockets: [`dns::server`] says what to do about a message, here it is done.
//!
//! Queries never leave this file. What only the service can do, [`Serves`] says; a generic, so that the answering path
//! has no call that is looked up.

use std::net::SocketAddr;
use std::sync::Arc;

use dns::Name;
use dns::answer::{Outcome, Transport};
use dns::server::{Origin, Reaction, Request, Transfer, TransferRequest};
use dns::transfer::Journal;
use platform::listen::datagrams::{Burst, Datagram, Verdict};
use platform::listen::in_flight::InFlight;
use platform::listen::sockets::Sockets;
use platform::listen::streams::{Connection, Limits};
use platform::listen::{self, Respond};
use platform::{BootError, clock};

use crate::front::{Front, origin};
use crate::metrics::Counters;
use crate::notifications::Notifications;

/// What a service does beyond answering from memory.
pub trait Serves: Send + Sync + 'static {
    /// The journal of a zone, as far as it is in memory.
    fn journal(&self, apex: &Name) -> Option<Journal>;

    /// The journal for a transfer over TCP; it may be looked for elsewhere.
    fn history(&self, request: &TransferRequest) -> impl Future<Output = Option<Journal>> + Send {
        std::future::ready(self.journal(request.zone().apex()))
    }

    /// Does what a datagram asks for; the reply.
    fn datagram(&self, request: Request, datagram: &Datagram) -> impl Future<Output = Option<Vec<u8>>> + Send;

    /// Does what a message over TCP asks for, and replies. As with [`Respond::message`], who has much to do should
    /// spawn.
    fn message(self: Arc<Self>, request: Request, connection: Connection) -> impl Future<Output = ()> + Send;
}

/// A name server that has yet to begin.
#[derive(Debug)]
pub struct NameServer<S> {
    /// What it answers with.
    pub front: Front,
    /// Who subscribes, and who has taken note.
    pub notifications: Notifications,
    /// What is counted.
    pub counters: Counters,
    /// The service.
    pub service: Arc<S>,
}

impl<S: Serves> NameServer<S> {
    /// Answers on all sockets, until what is returned is finished.
    pub fn start(self, sockets: Vec<Sockets>, limits: Limits) -> Result<InFlight, BootError> {
        let in_flight = InFlight::default();
        match listen::serve(sockets, limits, &in_flight, &Arc::new(self)) {
            Ok(()) => Ok(in_flight),
            Err(error) => Err(BootError::Surroundings(format!("no thread to answer on: {error}"))),
        }
    }

    /// What is not a plain query needs keys, zones to transfer, or the service.
    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Reply(length) => Verdict::Reply(length),
            Outcome::Limited(reply) => {
                self.counters.limited.inc();
                reply.map_or(Verdict::Ignore, Verdict::Reply)
            }
            Outcome::NotAQuery | Outcome::Transfer | Outcome::Signed => Verdict::PassOn,
            Outcome::Ignore => Verdict::Ignore,
        }
    }

    async fn send_transfer(&self, connection: &Connection, request: TransferRequest) {
        let journal = self.service.history(&request).await;
        let mut transfer = request.start(journal.as_ref());
        while let Some(message) = transfer.next_message(clock::unix_seconds()) {
            if !connection.send(message).await {
                return tracing::warn!("{} went away during the transfer of {}", connection.peer, transfer.apex);
            }
            // A large transfer must not keep queries waiting.
            tokio::task::yield_now().await;
        }
        self.counters.transfers.inc();
        let Transfer { apex, serial, kind, .. } = &transfer;
        tracing::info!("{apex} {serial} was transferred to {} ({kind:?})", connection.peer);
    }
}

impl<S: Serves> Respond for NameServer<S> {
    fn answer_burst(&self, burst: &mut Burst) {
        self.counters.requests.inc_by(burst.len() as u64);
        let (served, now) = (self.front.served.load(), clock::unix_seconds());
        dns::answer::warm(&served.zones, burst.requests());
        burst.answer(|query, peer, reply| {
            let origin = Origin { transport: Transport::Udp, address: peer.ip(), now };
            self.verdict(self.front.server.answer(&served, query, origin, reply))
        });
    }

    fn answer_datagram(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        let origin = origin(Transport::Udp, peer);
        self.verdict(self.front.server.answer(&self.front.served.load(), query, origin, reply))
    }

    fn answer(&self, query: &[u8], peer: SocketAddr, reply: &mut [u8]) -> Verdict {
        self.counters.requests.inc();
        let origin = origin(Transport::Tcp, peer);
        match self.front.server.answer(&self.front.served.load(), query, origin, reply) {
            // The reply to a NOTIFY that was sent on the connection, perhaps.
            Outcome::Ignore => Verdict::PassOn,
            outcome => self.verdict(outcome),
        }
    }

    async fn datagram(self: Arc<Self>, datagram: Datagram) {
        let reply = match self.front.handle(&datagram.octets, Transport::Udp, datagram.peer) {
            Reaction::Reply(reply) | Reaction::Subscribe { reply, .. } => Some(reply),
            Reaction::Request(request) => self.service.datagram(request, &datagram).await,
            Reaction::Transfer(request) => {
                let journal = self.service.journal(request.zone().apex());
                request.start(journal.as_ref()).next_message(clock::unix_seconds()).map(Into::into)
            }
            Reaction::Refused { refusal, reply } => {
                tracing::info!("{}: {refusal}", datagram.peer);
                reply
            }
            Reaction::Acknowledged(_) | Reaction::Ignore => None,
        };
        if let Some(reply) = reply {
            datagram.reply(&reply).await;
        }
    }

    async fn message(self: Arc<Self>, connection: Connection, message: Vec<u8>) {
        match self.front.handle(&message, Transport::Tcp, connection.peer) {
            Reaction::Ignore => (),
            Reaction::Reply(reply) => {
                connection.send(reply).await;
            }
            Reaction::Request(request) => Arc::clone(&self.service).message(request, connection).await,
            Reaction::Transfer(request) => {
                // Other messages of the connection need not wait (RFC 7766 section 6.2.1.1).
                let permit = connection.permit().await;
                tokio::spawn(async move {
                    self.send_transfer(&connection, request).await;
                    drop(permit);
                });
            }
            Reaction::Subscribe { reply, zone, key } => {
                connection.keep();
                connection.send(reply).await;
                self.notifications.subscribe(connection, zone, key);
            }
            Reaction::Refused { refusal, reply } => {
                tracing::info!("{}: {refusal}", connection.peer);
                if let Some(reply) = reply {
                    connection.send(reply).await;
                }
            }
            Reaction::Acknowledged(reply) => self.notifications.acknowledged(&connection, &reply),
        }
    }
}
