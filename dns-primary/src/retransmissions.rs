//! Requests that come twice over UDP, since their sender did not wait as long as a push takes (RFC 2136 section 4).
//!
//! The second one must not be run again: it would fail on what the first one did. It gets the first one's reply.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;

use bytes::Bytes;

/// Answered requests that are remembered.
const REMEMBERED: usize = 16_384;
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

/// Requests that are being worked on, and those of the last minute.
#[derive(Debug, Default)]
pub struct Retransmissions {
    /// Whoever sends them cannot know the hash's key, and so cannot make two requests look alike.
    hasher: RandomState,
    /// None while a request is being worked on; these are never forgotten.
    replies: HashMap<Request, Option<Bytes>>,
    answered: VecDeque<(u64, Request)>,
}

type Request = (SocketAddr, u64);

impl Retransmissions {
    /// Looks a request up, and remembers it. `now` is in seconds.
    pub fn see(&mut self, peer: SocketAddr, octets: &[u8], now: u64) -> Seen {
        self.forget(now);
        let request = (peer, self.hasher.hash_one(octets));
        match self.replies.get(&request) {
            Some(Some(reply)) => Seen::Answered(reply.clone()),
            Some(None) => Seen::Pending,
            None => {
                self.replies.insert(request, None);
                Seen::First
            }
        }
    }

    /// Remembers the reply to a request. `now` is in seconds.
    pub fn answered(&mut self, peer: SocketAddr, octets: &[u8], reply: Bytes, now: u64) {
        let request = (peer, self.hasher.hash_one(octets));
        if let Some(remembered) = self.replies.get_mut(&request) {
            *remembered = Some(reply);
            self.answered.push_back((now, request));
        }
    }

    fn forget(&mut self, now: u64) {
        let old = |(time, _): &(u64, Request)| time.saturating_add(REPEATS) < now;
        while self.answered.len() > REMEMBERED || self.answered.front().is_some_and(old) {
            if let Some((_, request)) = self.answered.pop_front() {
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
        let (request, reply) = (b"update", Bytes::from_static(b"done"));
        let mut seen = Retransmissions::default();
        assert_eq!(seen.see(peer, request, 100), Seen::First);
        assert_eq!(seen.see(peer, request, 1000), Seen::Pending);
        assert_eq!(seen.see(other, request, 1000), Seen::First);
        seen.answered(peer, request, reply.clone(), 1000);
        assert_eq!(seen.see(peer, request, 1060), Seen::Answered(reply));
        assert_eq!(seen.see(peer, request, 1061), Seen::First);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut seen, peer) = (Retransmissions::default(), "127.0.0.1:1".parse().unwrap());
        for number in 0..3 * REMEMBERED {
            let octets = number.to_be_bytes();
            assert_eq!(seen.see(peer, &octets, 0), Seen::First);
            seen.answered(peer, &octets, Bytes::new(), 0);
        }
        assert!(seen.replies.len() <= REMEMBERED + 2 && seen.answered.len() <= REMEMBERED + 1);
    }
}
