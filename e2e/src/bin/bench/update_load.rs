//! A client that sends signed updates over UDP and keeps so many of them outstanding.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use e2e::message::{self, Signer};
use e2e::samples::Key;
use e2e::wire::Reply;

use crate::samples_of::Samples;

const PATIENCE: Duration = Duration::from_secs(30);

/// How it went.
#[derive(Debug)]
pub struct Outcome {
    /// From sending to the answer, in milliseconds.
    pub latency: Samples,
    /// Updates a second.
    pub rate: f64,
}

/// Sends `count` updates of `zone`, each of which adds a name that starts with `prefix`; panics when one is refused.
pub fn run(server: SocketAddr, zone: &str, key: Key, prefix: &str, count: usize, outstanding: usize) -> Outcome {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
    socket.connect(server).expect("a datagram socket can be connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    let mut waiting: HashMap<u16, Instant> = HashMap::new();
    let (mut latency, mut sent, mut buffer) = (Samples::default(), 0, [0; 4096]);
    let start = Instant::now();
    while sent < count || !waiting.is_empty() {
        if sent < count && waiting.len() < outstanding {
            let id = sent as u16;
            let record = message::a(&format!("{prefix}{sent}.{zone}"), 60, [192, 0, 2, 1]);
            let signed = Signer::new(key).sign(&message::update(id, zone, &[record]));
            waiting.insert(id, Instant::now());
            socket.send(&signed.octets).expect("a datagram can be sent");
            sent += 1;
            continue;
        }
        let length = socket.recv(&mut buffer).expect("an update is answered");
        let reply = Reply(buffer[..length].to_vec());
        assert_eq!(reply.rcode(), 0, "an update is accepted");
        // An answer to what was answered already does not count twice.
        if let Some(since) = waiting.remove(&reply.id()) {
            latency.add_time(since.elapsed());
        }
    }
    Outcome { latency, rate: count as f64 / start.elapsed().as_secs_f64() }
}
