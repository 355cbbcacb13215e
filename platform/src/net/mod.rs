//! The network as a value: what a service is given instead of the operating system's sockets.
//!
//! [`Net`] is chosen once, in [`crate::run`], and passed down. It admits several implementations (the host's sockets, a
//! stack of our own over a frame device), and nobody who holds one can tell which it is.

mod host;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A handle to the network; cheap to clone.
#[derive(Clone, Debug)]
pub struct Net(Stack);

#[derive(Clone, Debug)]
enum Stack {
    Host,
}

impl Net {
    /// The sockets of the host's operating system.
    pub fn host() -> Net {
        Net(Stack::Host)
    }

    /// Opens a TCP connection; no time limit of its own beyond the stack's.
    pub async fn tcp_connect(&self, peer: SocketAddr) -> io::Result<TcpStream> {
        match self.0 {
            Stack::Host => host::tcp_connect(peer).await.map(TcpStream),
        }
    }

    /// Listens for TCP connections; port 0 takes a free one, see [`TcpListener::local_address`].
    pub async fn tcp_listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        match self.0 {
            Stack::Host => host::tcp_listen(address).map(TcpListener),
        }
    }

    /// Binds a UDP socket; port 0 takes a free one, see [`UdpSocket::local_address`].
    pub async fn udp_bind(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        match self.0 {
            Stack::Host => host::udp_bind(address).await.map(UdpSocket),
        }
    }

    /// Binds so many sockets to one address, among which the host's kernel divides what comes (SO_REUSEPORT), for threads that
    /// answer on their own; none on a stack without such sockets.
    pub fn udp_bind_shared(&self, address: SocketAddr, count: usize) -> Option<io::Result<Vec<std::net::UdpSocket>>> {
        match self.0 {
            Stack::Host => Some(host::udp_bind_shared(address, count)),
        }
    }

    /// The addresses of `host`, a name or an address in text, in the order they should be tried; never empty.
    pub async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self.0 {
            Stack::Host => host::resolve(host, port).await,
        }
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

/// One TCP connection. Dropping it closes it.
#[derive(Debug)]
pub struct TcpStream(host::TcpStream);

impl TcpStream {
    /// The other side's address.
    pub fn peer_address(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// Our side's address.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

/// Accepts TCP connections on one address.
#[derive(Debug)]
pub struct TcpListener(host::TcpListener);

impl TcpListener {
    /// The next connection. An error says that one connection was lost or a limit was met; accepting may go on.
    pub async fn accept(&self) -> io::Result<TcpStream> {
        host::accept(&self.0).await.map(TcpStream)
    }

    /// The address that was bound.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A bound UDP socket.
#[derive(Debug)]
pub struct UdpSocket(host::UdpSocket);

impl UdpSocket {
    /// Waits for a datagram; octets past `buffer` are lost.
    pub async fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await
    }

    /// Takes a datagram that has already arrived, if there is one.
    pub fn try_receive_from(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.0.try_recv_from(buffer).ok()
    }

    /// Sends one datagram.
    pub async fn send_to(&self, datagram: &[u8], peer: SocketAddr) -> io::Result<()> {
        self.0.send_to(datagram, peer).await.map(|_| ())
    }

    /// The address that was bound.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
