//! A TCP connection over the stack, as something to read and write.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{self, CongestionControl, RecvError};
use smoltcp::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Shared;

/// Octets of a connection that a peer opened which may wait for us: requests are short.
const SERVER_RECEIVE: usize = 8 * 1024;
/// Octets of a connection that we opened which may wait for us.
const CLIENT_RECEIVE: usize = 64 * 1024 - 1;
/// Octets that may wait for the peer.
const SEND: usize = 32 * 1024;
/// A peer that is silent is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// A peer that does not even answer that is gone.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A connection.
#[derive(Debug)]
pub(in crate::net) struct TcpStream {
    shared: Arc<Shared>,
    socket: SocketHandle,
    local: SocketAddr,
    peer: SocketAddr,
}

/// A socket for a connection that a peer opens.
pub(super) fn server_socket() -> tcp::Socket<'static> {
    socket(SERVER_RECEIVE)
}

fn socket(receive: usize) -> tcp::Socket<'static> {
    let buffer = |length| tcp::SocketBuffer::new(vec![0; length]);
    let mut socket = tcp::Socket::new(buffer(receive), buffer(SEND));
    socket.set_nagle_enabled(false);
    socket.set_keep_alive(Some(KEEP_ALIVE));
    socket.set_timeout(Some(TIMEOUT));
    socket.set_congestion_control(CongestionControl::Reno);
    socket
}

impl TcpStream {
    /// Opens a connection.
    pub(super) async fn connect(shared: Arc<Shared>, peer: SocketAddr) -> io::Result<TcpStream> {
        let stream = {
            let mut engine = shared.engine();
            if crate::memory::is_scarce() {
                return Err(io::Error::new(io::ErrorKind::OutOfMemory, "too little memory is left for a connection"));
            }
            let port = engine.free_port();
            let mut socket = socket(CLIENT_RECEIVE);
            let unreachable = |_| io::Error::new(io::ErrorKind::NetworkUnreachable, "no address of ours leads there");
            socket.connect(engine.interface.context(), peer, port).map_err(unreachable)?;
            let socket = engine.sockets.add(socket);
            drop(engine);
            TcpStream::new(Arc::clone(&shared), socket)?
        };
        shared.kick();
        std::future::poll_fn(|cx| stream.poll_connected(cx)).await?;
        Ok(stream)
    }

    /// Around a socket that has a peer.
    pub(super) fn new(shared: Arc<Shared>, socket: SocketHandle) -> io::Result<TcpStream> {
        let (local, peer) = {
            let mut engine = shared.engine();
            let tcp = engine.sockets.get::<tcp::Socket>(socket);
            match (tcp.local_endpoint(), tcp.remote_endpoint()) {
                (Some(local), Some(peer)) => (local.into(), peer.into()),
                // It was reset while it waited.
                _ => {
                    engine.sockets.remove(socket);
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
        };
        Ok(TcpStream { shared, socket, local, peer })
    }

    pub(in crate::net) fn peer_address(&self) -> SocketAddr {
        self.peer
    }

    pub(in crate::net) fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn poll_connected(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut engine = self.shared.engine();
        let socket = engine.sockets.get_mut::<tcp::Socket>(self.socket);
        match socket.state() {
            tcp::State::SynSent | tcp::State::SynReceived => {
                socket.register_send_waker(cx.waker());
                Poll::Pending
            }
            tcp::State::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut engine = self.shared.engine();
        let socket = engine.sockets.get_mut::<tcp::Socket>(self.socket);
        match socket.recv_slice(buffer.initialize_unfilled()) {
            Ok(0) => {
                socket.register_recv_waker(cx.waker());
                return Poll::Pending;
            }
            Ok(length) => buffer.advance(length),
            Err(RecvError::Finished) => (),
            Err(RecvError::InvalidState) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        drop(engine);
        // There is room again, which the peer may have to be told.
        self.shared.kick();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let mut engine = self.shared.engine();
        let socket = engine.sockets.get_mut::<tcp::Socket>(self.socket);
        match socket.send_slice(octets) {
            Ok(0) if !octets.is_empty() => {
                socket.register_send_waker(cx.waker());
                Poll::Pending
            }
            Ok(length) => {
                drop(engine);
                self.shared.kick();
                Poll::Ready(Ok(length))
            }
            Err(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.engine().sockets.get_mut::<tcp::Socket>(self.socket).close();
        self.shared.kick();
        Poll::Ready(Ok(()))
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let now = self.shared.now();
        self.shared.engine().leave(self.socket, now);
        self.shared.kick();
    }
}
