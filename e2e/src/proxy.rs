//! A line between a client and a TCP server that can be cut: after so many octets, or now.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes TCP connections on to a server until it is told to cut them.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    server: SocketAddr,
    /// How many octets each connection may still carry from now on, both ways together.
    allowance: AtomicU64,
    connections: Mutex<Vec<(TcpStream, TcpStream)>>,
    carried: AtomicU64,
    uploaded: AtomicU64,
    opened: AtomicU64,
}

impl Proxy {
    /// A line to `server` that passes everything.
    pub fn to(server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port can be bound");
        let address = listener.local_addr().expect("a bound socket has an address");
        let line = Arc::new(Line {
            server,
            allowance: AtomicU64::new(u64::MAX),
            connections: Mutex::default(),
            carried: AtomicU64::new(0),
            uploaded: AtomicU64::new(0),
            opened: AtomicU64::new(0),
        });
        let accepting = Arc::clone(&line);
        thread::spawn(move || listener.incoming().flatten().for_each(|client| accepting.open(client)));
        Proxy { address, line }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes everything from now on.
    pub fn mend(&self) {
        self.line.allowance.store(u64::MAX, Ordering::SeqCst);
    }

    /// Cuts connections as soon as `octets` more were carried, and refuses new ones after that.
    pub fn cut_after(&self, octets: u64) {
        self.line.allowance.store(octets, Ordering::SeqCst);
        if octets == 0 {
            self.line.cut();
        }
    }

    /// Octets carried so far, both ways together.
    pub fn carried(&self) -> u64 {
        self.line.carried.load(Ordering::SeqCst)
    }

    /// Octets that clients sent so far.
    pub fn uploaded(&self) -> u64 {
        self.line.uploaded.load(Ordering::SeqCst)
    }

    /// Connections opened so far.
    pub fn opened(&self) -> u64 {
        self.line.opened.load(Ordering::SeqCst)
    }
}

impl Line {
    fn open(self: &Arc<Line>, client: TcpStream) {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.allowance.load(Ordering::SeqCst) == 0 {
            return;
        }
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let both = |stream: &TcpStream| stream.try_clone().expect("a socket can be held twice");
        let ways = [(both(&client), both(&server)), (both(&server), both(&client))];
        // Known before it carries anything, so that a cut cannot miss it.
        self.connections.lock().expect("no holder panicked").push((client, server));
        for (way, (from, to)) in ways.into_iter().enumerate() {
            let line = Arc::clone(self);
            thread::spawn(move || line.carry(from, to, way == 0));
        }
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, is_upload: bool) {
        let mut buffer = [0; 16_384];
        while let Ok(length) = from.read(&mut buffer) {
            let granted = self.take(length as u64) as usize;
            self.carried.fetch_add(granted as u64, Ordering::SeqCst);
            self.uploaded.fetch_add(if is_upload { granted as u64 } else { 0 }, Ordering::SeqCst);
            if length == 0 || to.write_all(&buffer[..granted]).is_err() {
                break;
            }
            if granted < length {
                return self.cut();
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    /// Takes up to `wanted` octets from the allowance; an endless one stays endless.
    fn take(&self, wanted: u64) -> u64 {
        let lessen = |left| (left != u64::MAX).then(|| u64::saturating_sub(left, wanted));
        let before = self.allowance.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lessen);
        before.map_or(wanted, |left| left.min(wanted))
    }

    fn cut(&self) {
        for (client, server) in self.connections.lock().expect("no holder panicked").drain(..) {
            // Either may be gone already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_after_the_octets_it_was_told() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::to(server.local_addr().unwrap());
        proxy.cut_after(3);
        let mut client = TcpStream::connect(proxy.address()).unwrap();
        client.write_all(b"abcdef").unwrap();
        let mut received = Vec::new();
        server.accept().unwrap().0.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"abc");
    }
}
