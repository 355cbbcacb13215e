//! Free ports, on loopback or in the test's own network.
//!
//! Taken from below the range from which the kernel serves outgoing connections: a port that it hands out for `bind(0)`
//! can be gone again, as the source port of any connection, before the server under test binds it.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::network;

const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port that nobody holds, neither for TCP nor for UDP, and that was given to no test that is still running.
pub fn free_port() -> u16 {
    let start = seed();
    (0..COUNT)
        .map(|step| FIRST + (start.wrapping_add(step.wrapping_mul(7919)) % COUNT))
        .find(|port| reserve(*port) && is_free(*port))
        .expect("some port is free")
}

/// Whether no other test, nor this one, has the port: between the choice and the start of a server it looks free to all.
fn reserve(port: u16) -> bool {
    static RESERVED: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join("gitstead-ports");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = File::create(folder.join(port.to_string())).expect("a file can be made");
    // Until this process ends.
    let is_ours = file.try_lock().is_ok();
    if is_ours {
        RESERVED.lock().expect("no holder panicked").push(file);
    }
    is_ours
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
