//! The servers that are asked, each over UDP and over a TCP connection that stays open.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use e2e::bind::Bind;
use e2e::folder::{Folder, ZoneFile};
use e2e::knot::Knot;
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::wait;
use e2e::wire::{Connection, Reply, answers, serves};

/// The foreign servers; they end when this value is dropped.
#[derive(Debug)]
pub struct Peers {
    nsd: Nsd,
    knot: Knot,
    bind: Bind,
}

impl Peers {
    /// All of them with the same files.
    pub fn start(folder: &Folder, zones: &[ZoneFile]) -> Peers {
        let nsd = Nsd::authority(folder, free_address(), zones);
        let knot = Knot::authority(folder, free_address(), zones);
        let bind = Bind::authority(folder, free_address(), zones);
        for address in [nsd.address(), knot.address(), bind.address()] {
            wait::until("a peer answers", || answers(address));
        }
        Peers { nsd, knot, bind }
    }

    /// Where each listens, by name.
    pub fn addresses(&self) -> [(&'static str, SocketAddr); 3] {
        [("NSD", self.nsd.address()), ("Knot", self.knot.address()), ("BIND", self.bind.address())]
    }

    /// What they logged about a zone.
    pub fn complaints(&self, zone: &str) -> String {
        let logs = [self.nsd.log(), self.knot.log(), self.bind.log()].concat();
        logs.lines().filter(|line| line.contains(zone)).map(|line| format!("{line}\n")).collect()
    }
}

/// A server to ask.
#[derive(Debug)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    address: SocketAddr,
    datagrams: UdpSocket,
    connection: Connection,
}

impl Asked {
    /// Opens a socket and a connection to it.
    pub fn new(name: &'static str, address: SocketAddr) -> Asked {
        let datagrams = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
        datagrams.connect(address).expect("a datagram socket can be connected");
        datagrams.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit can be set");
        Asked { name, address, datagrams, connection: Connection::open(address) }
    }

    /// Whether it serves a zone, now or soon.
    pub fn serves(&self, zone: &str) -> bool {
        (0..30).any(|_| serves(self.address, zone) || !pause())
    }

    /// Sends a query over UDP; the reply is taken by [`Asked::datagram`].
    pub fn send_datagram(&self, octets: &[u8]) {
        self.datagrams.send(octets).expect("a datagram can be sent");
    }

    /// The reply with that id.
    pub fn datagram(&self, id: u16) -> Option<Reply> {
        let mut buffer = vec![0; 65_535];
        loop {
            let length = self.datagrams.recv(&mut buffer).ok()?;
            let reply = Reply(buffer[..length].to_vec());
            if length >= 12 && reply.id() == id {
                return Some(reply);
            }
        }
    }

    /// Sends a query over TCP; the reply is taken by [`Asked::message`].
    pub fn send_message(&mut self, octets: &[u8]) {
        self.connection.send(octets);
    }

    /// The next reply over TCP.
    pub fn message(&mut self) -> Option<Reply> {
        self.connection.receive()
    }
}

/// Between two looks at whether a zone is loaded.
fn pause() -> bool {
    std::thread::sleep(Duration::from_millis(50));
    true
}
