//! Listening for TCP connections: a backlog, which smoltcp does not have.
//!
//! A listening socket of smoltcp becomes the connection. So there is none until somebody asks: each first SYN gets a
//! socket of its own at once, and a burst of them is not refused. What strangers can hold by that is bounded: half-open
//! connections by number and age (the oldest gives way, as under a flood it is the likeliest to be none), connections
//! that wait to be accepted by number, all of them by memory.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::{Socket, tcp};
use smoltcp::time::{Duration, Instant};

use super::engine::covers;
use super::stream;
use crate::memory;

/// Connections of one listener whose handshake has not ended.
const HALF_OPEN: usize = 128;
/// Connections of one listener that wait for `accept`.
const BACKLOG: usize = 128;
/// How long a handshake may take; our SYN-ACK is sent again after one second and after three.
const HANDSHAKE: Duration = Duration::from_secs(7);

/// All listeners, by number.
#[derive(Debug, Default)]
pub(super) struct Listeners(Vec<Option<Listener>>);

#[derive(Debug)]
struct Listener {
    bound: SocketAddr,
    half_open: VecDeque<(SocketHandle, Instant)>,
    open: VecDeque<SocketHandle>,
    /// A socket that was made for a SYN which turned out to be none.
    spare: Option<SocketHandle>,
    accepting: Option<Waker>,
}

/// What to do with a SYN.
#[derive(Debug)]
pub(super) enum Admission {
    /// The stack knows better: it is a repetition, or nobody listens there.
    Pass,
    /// There is no room. Its sender tries again.
    Drop,
    /// The stack may have it; tell [`Listeners::opened`].
    Open(Opening),
}

/// A socket that listens for the SYN at hand.
#[derive(Debug)]
pub(super) struct Opening {
    listener: usize,
    socket: SocketHandle,
}

impl Listeners {
    /// Starts listening; none when somebody else does, there.
    pub(super) fn listen(&mut self, bound: SocketAddr) -> Option<usize> {
        if self.0.iter().flatten().any(|listener| listener.bound == bound) {
            return None;
        }
        let (half_open, open) = (VecDeque::new(), VecDeque::new());
        let listener = Listener { bound, half_open, open, spare: None, accepting: None };
        self.0.push(Some(listener));
        Some(self.0.len() - 1)
    }

    /// Stops listening; what was not accepted ends.
    pub(super) fn close(&mut self, number: usize, sockets: &mut SocketSet<'static>) {
        let Some(listener) = self.0.get_mut(number).and_then(Option::take) else { return };
        let half_open = listener.half_open.into_iter().map(|(socket, _)| socket);
        for socket in half_open.chain(listener.open).chain(listener.spare) {
            sockets.remove(socket);
        }
    }

    /// The next connection.
    pub(super) fn poll_accept(&mut self, number: usize, cx: &mut Context<'_>) -> Poll<Option<SocketHandle>> {
        let Some(listener) = self.0.get_mut(number).and_then(Option::as_mut) else { return Poll::Ready(None) };
        match listener.open.pop_front() {
            Some(socket) => Poll::Ready(Some(socket)),
            None => {
                listener.accepting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Decides about a SYN before the stack sees it.
    pub(super) fn admit(&mut self, from: SocketAddr, to: SocketAddr, sockets: &mut SocketSet<'static>) -> Admission {
        let listeners = self.0.iter_mut().enumerate();
        let mut fitting = listeners.filter_map(|(number, listener)| Some((number, listener.as_mut()?)));
        let Some((number, listener)) = fitting.find(|(_, listener)| covers(listener.bound, to)) else {
            return Admission::Pass;
        };
        if sockets.iter().any(|(_, socket)| is_between(socket, from, to)) {
            return Admission::Pass;
        }
        if listener.open.len() >= BACKLOG || memory::is_scarce() {
            return Admission::Drop;
        }
        if listener.half_open.len() >= HALF_OPEN
            && let Some((oldest, _)) = listener.half_open.pop_front()
        {
            sockets.remove(oldest);
        }
        let socket = listener.spare.take().unwrap_or_else(|| sockets.add(stream::server_socket()));
        match sockets.get_mut::<tcp::Socket>(socket).listen(to) {
            Ok(()) => Admission::Open(Opening { listener: number, socket }),
            // Only of port 0, which nobody listens at.
            Err(_) => {
                listener.spare = Some(socket);
                Admission::Drop
            }
        }
    }

    /// After the stack has seen the SYN.
    pub(super) fn opened(&mut self, opening: Opening, sockets: &mut SocketSet<'static>, now: Instant) {
        let Opening { listener, socket: handle } = opening;
        let Some(listener) = self.0.get_mut(listener).and_then(Option::as_mut) else { return };
        let socket = sockets.get_mut::<tcp::Socket>(handle);
        if socket.state() == tcp::State::SynReceived {
            listener.half_open.push_back((handle, now));
            return;
        }
        socket.abort();
        if let Some(other) = listener.spare.replace(handle) {
            sockets.remove(other);
        }
    }

    /// Finds the connections whose handshake has ended, well or not.
    pub(super) fn settle(&mut self, sockets: &mut SocketSet<'static>, now: Instant) {
        for listener in self.0.iter_mut().flatten() {
            let open = &mut listener.open;
            let before = open.len();
            listener.half_open.retain(|(handle, since)| {
                match sockets.get::<tcp::Socket>(*handle).state() {
                    tcp::State::SynReceived if now < *since + HANDSHAKE => return true,
                    tcp::State::Established | tcp::State::CloseWait if open.len() < BACKLOG => open.push_back(*handle),
                    _ => drop(sockets.remove(*handle)),
                }
                false
            });
            if open.len() > before
                && let Some(accepting) = listener.accepting.take()
            {
                accepting.wake();
            }
        }
    }

    /// Whether there are half-open connections.
    pub(super) fn are_opening(&self) -> bool {
        self.0.iter().flatten().any(|listener| !listener.half_open.is_empty())
    }
}

fn is_between(socket: &Socket<'_>, from: SocketAddr, to: SocketAddr) -> bool {
    match socket {
        Socket::Tcp(socket) => {
            socket.remote_endpoint() == Some(from.into()) && socket.local_endpoint() == Some(to.into())
        }
        _ => false,
    }
}
