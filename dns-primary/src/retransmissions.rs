//! Requests that come twice over UDP, since their sender did not wait as long as a push takes (RFC 2136 section 4).
//!
//! The second one must not be run again: it would fail on what the first one did. It gets the first one's reply.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;

/// Requests that are remembered.
const REMEMBERED: usize = 1024;
/// How long a sender may go on repeating, in seconds.
const REPEATS: u64 = 60;

/// What is known about a request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It came for the first time; say [`Retransmissions::answered`] when its reply is there.
    First,
    /// It is being worked on; its reply goes to the same address anyway.
    Pending,
    /// This was its reply.
    Answered(Bytes),
}

/// The requests of the last minute.
#[derive(Debug, Default)]
pub struct Retransmissions {
    replies: HashMap<Request, Option<Bytes>>,
    order: VecDeque<(u64, Request)>,
}

type Request = (SocketAddr, Bytes);

impl Retransmissions {
    /// Looks a request up, and remembers it. `now` is in seconds.
    pub fn see(&mut self, peer: SocketAddr, octets: &Bytes, now: u64) -> Seen {
        self.forget(now);
        let request = (peer, octets.clone());
        match self.replies.get(&request) {
            Some(Some(reply)) => Seen::Answered(reply.clone()),
            Some(None) => Seen::Pending,
            None => {
                self.replies.insert(request.clone(), None);
                self.order.push_back((now, request));
                Seen::First
            }
        }
    }

    /// Remembers the reply to a request.
    pub fn answered(&mut self, peer: SocketAddr, octets: &Bytes, reply: Bytes) {
        if let Some(remembered) = self.replies.get_mut(&(peer, octets.clone())) {
            *remembered = Some(reply);
        }
    }

    fn forget(&mut self, now: u64) {
        let old = |(time, _): &(u64, Request)| time.saturating_add(REPEATS) < now;
        while self.order.len() >= REMEMBERED || self.order.front().is_some_and(old) {
            if let Some((_, request)) = self.order.pop_front() {
                self.replies.remove(&request);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_is_run_once() {
        let (peer, other) = ("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let (request, reply) = (Bytes::from_static(b"update"), Bytes::from_static(b"done"));
        let mut seen = Retransmissions::default();
        assert_eq!(seen.see(peer, &request, 100), Seen::First);
        assert_eq!(seen.see(peer, &request, 101), Seen::Pending);
        assert_eq!(seen.see(other, &request, 101), Seen::First);
        seen.answered(peer, &request, reply.clone());
        assert_eq!(seen.see(peer, &request, 102), Seen::Answered(reply));
        assert_eq!(seen.see(peer, &request, 161), Seen::First);
    }

    #[test]
    fn memory_is_bounded() {
        let mut seen = Retransmissions::default();
        for number in 0..10 * REMEMBERED {
            seen.see("127.0.0.1:1".parse().unwrap(), &Bytes::from(number.to_string()), 0);
        }
        assert!(seen.replies.len() <= REMEMBERED && seen.order.len() <= REMEMBERED);
    }
}
