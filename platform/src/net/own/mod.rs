//! A network stack of our own: smoltcp over a device that carries Ethernet frames, in one thread.
//!
//! [`engine`] is the state machine, [`drive`] the task that feeds it, the rest is what sockets look like from above. A
//! datagram that can be answered at once never becomes one: [`inspect`] finds it in the frame, and [`reply`] builds the
//! frame that goes back around the answer.

mod conflicts;
mod device;
mod drive;
mod engine;
pub mod fuzzing;
mod inspect;
#[cfg(test)]
mod leases;
mod listener;
#[cfg(test)]
mod pair;
mod reply;
mod stream;
#[cfg(test)]
mod tests;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};

use smoltcp::time::Instant;
use smoltcp::wire::IpListenEndpoint;
use tokio::sync::Notify;

pub use engine::Answer;
use engine::Engine;
pub(super) use stream::TcpStream;
pub(super) use udp::UdpSocket;

use crate::boot::Addresses;
use crate::entropy;

/// A handle to the stack; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Own(Arc<Shared>);

/// The stack, its clock, and how to tell its task that there is something to send.
#[derive(Debug)]
struct Shared {
    engine: Mutex<Engine>,
    kicked: Notify,
    addressed: Notify,
    started: std::time::Instant,
    mtu: usize,
}

impl Shared {
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().expect("no holder of the stack panics")
    }

    fn kick(&self) {
        self.kicked.notify_one();
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.started.elapsed().as_micros() as i64)
    }
}

impl Own {
    /// Starts a stack over a frame device, within a runtime; ready once it has an address.
    pub(super) async fn start(frames: OwnedFd, addresses: &Addresses) -> io::Result<Own> {
        let (frames, wire) = drive::open(frames)?;
        let started = std::time::Instant::now();
        let engine = Engine::new(Box::new(wire), addresses, entropy::u64(), Instant::ZERO);
        let shared = Arc::new(Shared {
            engine: Mutex::new(engine),
            kicked: Notify::new(),
            addressed: Notify::new(),
            started,
            mtu: addresses.mtu,
        });
        tokio::spawn(drive::drive(Arc::clone(&shared), frames));
        shared.kick();
        if !shared.engine().is_addressed() {
            tracing::info!("waiting for an address");
            shared.addressed.notified().await;
        }
        Ok(Own(shared))
    }

    pub(super) async fn tcp_connect(&self, peer: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(Arc::clone(&self.0), peer).await
    }

    pub(super) fn tcp_listen(&self, mut address: SocketAddr) -> io::Result<TcpListener> {
        let mut engine = self.0.engine();
        check_ours(&engine, address)?;
        if address.port() == 0 {
            address.set_port(engine.free_port());
        }
        let number = engine.listeners.listen(address).ok_or(io::ErrorKind::AddrInUse)?;
        Ok(TcpListener { shared: Arc::clone(&self.0), number, local: address })
    }

    pub(super) fn udp_bind(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        UdpSocket::bind(Arc::clone(&self.0), address)
    }

    /// The name servers to ask.
    pub(super) fn resolvers(&self) -> Vec<std::net::IpAddr> {
        self.0.engine().resolvers.clone()
    }
}

/// Accepts connections on one address.
#[derive(Debug)]
pub(super) struct TcpListener {
    shared: Arc<Shared>,
    number: usize,
    local: SocketAddr,
}

impl TcpListener {
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        let accepted = std::future::poll_fn(|cx| self.shared.engine().listeners.poll_accept(self.number, cx)).await;
        let socket = accepted.ok_or(io::ErrorKind::NotConnected)?;
        TcpStream::new(Arc::clone(&self.shared), socket)
    }

    pub(super) fn local_address(&self) -> SocketAddr {
        self.local
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        let mut engine = self.shared.engine();
        let Engine { listeners, sockets, .. } = &mut *engine;
        listeners.close(self.number, sockets);
    }
}

/// A socket's address as smoltcp has it; the unspecified address is every one of both kinds.
fn endpoint(address: SocketAddr) -> IpListenEndpoint {
    let addr = (!address.ip().is_unspecified()).then(|| address.ip().into());
    IpListenEndpoint { addr, port: address.port() }
}

fn check_ours(engine: &Engine, address: SocketAddr) -> io::Result<()> {
    if address.ip().is_unspecified() || engine.interface.has_ip_addr(address.ip()) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::AddrNotAvailable, format!("{} is not an address of ours", address.ip())))
}
