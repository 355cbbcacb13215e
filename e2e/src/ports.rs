//! Free ports, on loopback or in the test's own network.
//!
//! Taken from below the range from which the kernel serves outgoing connections: a port that it hands out for `bind(0)`
//! can be gone again, as the source port of any connection, before the server under test binds it.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::network;

const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port that nobody holds, neither for TCP nor for UDP, and that this process was not given before.
pub fn free_port() -> u16 {
    static GIVEN: OnceLock<Mutex<HashSet<u16>>> = OnceLock::new();
    let given = GIVEN.get_or_init(Mutex::default);
    let start = seed();
    (0..COUNT)
        .map(|step| FIRST + (start.wrapping_add(step.wrapping_mul(7919)) % COUNT))
        .find(|port| is_free(*port) && given.lock().expect("no holder panicked").insert(*port))
        .expect("some port is free")
}

/// A free port where parts of this test listen, see [`network::host`].
pub fn free_address() -> SocketAddr {
    (network::host(), free_port()).into()
}

fn is_free(port: u16) -> bool {
    let address = (network::host(), port);
    TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
}

/// Different in test processes that run side by side.
fn seed() -> u16 {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    (nanoseconds.wrapping_add(std::process::id().wrapping_mul(2_654_435_761)) >> 8) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ports_differ_and_can_be_bound() {
        let (one, other) = (free_port(), free_port());
        assert_ne!(one, other);
        TcpListener::bind(("127.0.0.1", one)).unwrap();
        UdpSocket::bind(("127.0.0.1", other)).unwrap();
    }
}
