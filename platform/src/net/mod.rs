//! The network as a value: what a service is given instead of the operating system's sockets.
//!
//! [`Net`] is chosen once, in [`crate::run`], and passed down. It admits several implementations (the host's sockets, a
//! stack of our own over a frame device), and nobody who holds one can tell which it is.

mod host;
mod host_names;
mod own;
mod resolver;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::boot::Addresses;
use host_names::HostNames;
pub(crate) use own::Answer;
#[doc(hidden)]
pub use own::fuzzing;

/// A handle to the network; cheap to clone.
#[derive(Clone, Debug)]
pub struct Net(Stack);

#[derive(Clone, Debug)]
enum Stack {
    /// With what is known of names; without it the C library is asked.
    Host(Option<Arc<HostNames>>),
    Own(own::Own),
}

impl Net {
    /// The sockets of the host's operating system.
    pub fn host() -> Net {
        Net(Stack::Host(None))
    }

    /// The sockets of the host's operating system, with name servers of our choice, if there are any, or for a process
    /// that will be sealed, and will not be able to ask the C library.
    pub(crate) fn host_with(is_to_be_sealed: bool, resolvers: Vec<IpAddr>) -> Net {
        let names = match resolvers.is_empty() {
            false => Some(HostNames::of_servers(resolvers)),
            true => is_to_be_sealed.then(HostNames::read),
        };
        Net(Stack::Host(names.map(Arc::new)))
    }

    /// A stack of our own over a descriptor of which each read and each write is an Ethernet frame, and which does not
    /// block; within a runtime. Ready once there is an address to speak from.
    pub async fn own(frames: OwnedFd, addresses: &Addresses) -> io::Result<Net> {
        Ok(Net(Stack::Own(own::Own::start(frames, addresses).await?)))
    }

    /// Whether this is a stack of our own.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.0, Stack::Own(_))
    }

    /// Opens a TCP connection; no time limit of its own beyond the stack's.
    pub async fn tcp_connect(&self, peer: SocketAddr) -> io::Result<TcpStream> {
        Ok(TcpStream(match &self.0 {
            Stack::Host(_) => Either::Host(host::tcp_connect(peer).await?),
            Stack::Own(own) => Either::Own(own.tcp_connect(peer).await?),
        }))
    }

    /// Listens for TCP connections; port 0 takes a free one, see [`TcpListener::local_address`].
    pub async fn tcp_listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        Ok(TcpListener(match &self.0 {
            Stack::Host(_) => Either::Host(host::tcp_listen(address)?),
            Stack::Own(own) => Either::Own(own.tcp_listen(address)?),
        }))
    }

    /// Binds a UDP socket; port 0 takes a free one, see [`UdpSocket::local_address`].
    pub async fn udp_bind(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        Ok(UdpSocket(match &self.0 {
            Stack::Host(_) => Either::Host(host::udp_bind(address).await?),
            Stack::Own(own) => Either::Own(own.udp_bind(address)?),
        }))
    }

    /// Binds so many sockets to one address, among which the host's kernel divides what comes (SO_REUSEPORT), for
    /// threads that answer on their own; none on a stack without such sockets.
    pub fn udp_bind_shared(&self, address: SocketAddr, count: usize) -> Option<io::Result<Vec<std::net::UdpSocket>>> {
        match self.0 {
            Stack::Host(_) => Some(host::udp_bind_shared(address, count)),
            Stack::Own(_) => None,
        }
    }

    /// The addresses of `host`, a name or an address in text, in the order they should be tried; never empty.
    pub async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let addresses = match &self.0 {
            Stack::Host(None) => return host::resolve(host, port).await,
            Stack::Host(Some(names)) => match names.addresses(host) {
                known if known.is_empty() => resolver::resolve(self, &names.servers, host).await?,
                known => known,
            },
            Stack::Own(own) => resolver::resolve(self, &own.resolvers(), host).await?,
        };
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// Connects to the first address of `host` that accepts; the error is the last address's.
    pub async fn tcp_connect_name(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in self.resolve(host, port).await? {
            match self.tcp_connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// What both stacks have.
#[derive(Debug)]
enum Either<H, O> {
    Host(H),
    Own(O),
}

/// One TCP connection. Dropping it closes it.
#[derive(Debug)]
pub struct TcpStream(Either<host::TcpStream, own::TcpStream>);

impl TcpStream {
    /// The other side's address.
    pub fn peer_address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Either::Host(stream) => stream.peer_addr(),
            Either::Own(stream) => Ok(stream.peer_address()),
        }
    }

    /// Our side's address.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Either::Host(stream) => stream.local_addr(),
            Either::Own(stream) => Ok(stream.local_address()),
        }
    }
}

/// Does the same with either stream.
macro_rules! either {
    ($stream:expr, $inner:ident => $do:expr) => {
        match &mut $stream.get_mut().0 {
            Either::Host($inner) => $do,
            Either::Own($inner) => $do,
        }
    };
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}

/// Accepts TCP connections on one address.
#[derive(Debug)]
pub struct TcpListener(Either<host::TcpListener, own::TcpListener>);

impl TcpListener {
    /// The next connection. An error says that one connection was lost or a limit was met; accepting may go on.
    pub async fn accept(&self) -> io::Result<TcpStream> {
        Ok(TcpStream(match &self.0 {
            Either::Host(listener) => Either::Host(host::accept(listener).await?),
            Either::Own(listener) => Either::Own(listener.accept().await?),
        }))
    }

    /// The address that was bound.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Either::Host(listener) => listener.local_addr(),
            Either::Own(listener) => Ok(listener.local_address()),
        }
    }
}

/// A bound UDP socket.
#[derive(Debug)]
pub struct UdpSocket(Either<host::UdpSocket, own::UdpSocket>);

impl UdpSocket {
    /// Waits for a datagram; octets past `buffer` are lost.
    pub async fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        match &self.0 {
            Either::Host(socket) => socket.recv_from(buffer).await,
            Either::Own(socket) => socket.receive_from(buffer).await,
        }
    }

    /// Takes a datagram that has already arrived, if there is one.
    pub fn try_receive_from(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        match &self.0 {
            Either::Host(socket) => socket.try_recv_from(buffer).ok(),
            Either::Own(socket) => socket.try_receive_from(buffer),
        }
    }

    /// Sends one datagram.
    pub async fn send_to(&self, datagram: &[u8], peer: SocketAddr) -> io::Result<()> {
        match &self.0 {
            Either::Host(socket) => socket.send_to(datagram, peer).await.map(|_| ()),
            Either::Own(socket) => socket.send_to(datagram, peer).await,
        }
    }

    /// The address that was bound.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        match &self.0 {
            Either::Host(socket) => socket.local_addr(),
            Either::Own(socket) => Ok(socket.local_address()),
        }
    }

    /// Whether [`UdpSocket::answer_in_place`] can be had.
    pub(crate) fn answers_in_place(&self) -> bool {
        matches!(self.0, Either::Own(_))
    }

    /// Lets `answer` answer datagrams where they arrive, in the frame, for as long as there is the socket.
    pub(crate) fn answer_in_place(&self, answer: Answer) {
        if let Either::Own(socket) = &self.0 {
            socket.answer(answer);
        }
    }
}
