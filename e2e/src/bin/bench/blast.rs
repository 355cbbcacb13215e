//! Load over UDP that keeps a server's queue full: queries encoded beforehand, sent in batches, from one core.
//!
//! A window of 128 over four sockets, as the load tools of name servers have it; what does not come back within 200 ms
//! counts as lost and is sent anew.

use std::io::IoSlice;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use e2e::message::query;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};

const SOCKETS: usize = 4;
const WINDOW: usize = 128;
const BATCH: usize = 32;
const LOST: Duration = Duration::from_millis(200);

/// How it went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Answers that came.
    pub answers: u64,
    /// Of them neither NOERROR nor NXDOMAIN.
    pub bad: u64,
    /// Queries without an answer.
    pub lost: u64,
    /// Octets of the answers.
    pub octets: u64,
    /// How long it lasted.
    pub time: Duration,
}

/// Queries ready to be sent.
#[derive(Debug)]
pub struct Queries(Vec<Vec<u8>>);

impl Queries {
    /// Encodes them.
    pub fn new(questions: &[(String, u16)]) -> Queries {
        let encode = |(id, (name, kind)): (usize, &(String, u16))| query(id as u16, name, *kind);
        Queries(questions.iter().enumerate().map(encode).collect())
    }

    /// The same with OPT and the bit DO.
    pub fn with_dnssec(mut self) -> Queries {
        for octets in &mut self.0 {
            octets[11] = 1;
            octets.extend([0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0]);
        }
        self
    }

    /// One after another, from the first again after the last.
    pub fn for_ever(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice).cycle()
    }

    /// Sends them to `server` for `duration`, from the first again after the last.
    pub fn blast(&self, server: SocketAddr, duration: Duration) -> Outcome {
        let mut lanes: Vec<Lane> = (0..SOCKETS).map(|_| Lane::to(server)).collect();
        let mut next = 0;
        let mut outcome = Outcome::default();
        let start = Instant::now();
        while start.elapsed() < duration {
            let mut idle = true;
            for lane in &mut lanes {
                idle &= lane.receive(&mut outcome) == 0;
                let room = WINDOW / SOCKETS - lane.outstanding;
                if room >= BATCH / 4 {
                    lane.send(self, &mut next, room);
                    idle = false;
                }
            }
            if idle {
                std::thread::yield_now();
            }
        }
        outcome.time = start.elapsed();
        outcome
    }
}

/// A socket and what is under way on it.
struct Lane {
    socket: UdpSocket,
    outstanding: usize,
    heard: Instant,
}

impl Lane {
    fn to(server: SocketAddr) -> Lane {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
        socket.connect(server).expect("a datagram socket can be connected");
        socket.set_nonblocking(true).expect("a socket need not block");
        Lane { socket, outstanding: 0, heard: Instant::now() }
    }

    fn send(&mut self, queries: &Queries, next: &mut usize, count: usize) {
        let start = *next % queries.0.len();
        let batch = &queries.0[start..queries.0.len().min(start + count.min(BATCH))];
        let slices: Vec<[IoSlice<'_>; 1]> = batch.iter().map(|octets| [IoSlice::new(octets)]).collect();
        let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> =
            batch.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let mut messages: Vec<MMsgHdr<'_>> =
            slices.iter().zip(&mut controls).map(|(slice, control)| MMsgHdr::new(slice, control)).collect();
        let sent = sendmmsg(&self.socket, &mut messages, SendFlags::empty()).unwrap_or(0);
        self.outstanding += sent;
        *next = start + sent;
    }

    fn receive(&mut self, outcome: &mut Outcome) -> usize {
        let mut buffer = [0; 4096];
        let mut received = 0;
        while let Ok(length) = self.socket.recv(&mut buffer) {
            received += 1;
            outcome.answers += 1;
            outcome.octets += length as u64;
            outcome.bad += u64::from(!matches!(buffer[3] & 15, 0 | 3));
        }
        self.outstanding = self.outstanding.saturating_sub(received);
        if received > 0 {
            self.heard = Instant::now();
        } else if self.outstanding > 0 && self.heard.elapsed() > LOST {
            outcome.lost += self.outstanding as u64;
            self.outstanding = 0;
            self.heard = Instant::now();
        }
        received
    }
}
