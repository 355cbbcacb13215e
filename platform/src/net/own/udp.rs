//! A UDP socket over the stack.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use smoltcp::iface::SocketHandle;
use smoltcp::socket::udp::{self, RecvError, SendError};

use super::engine::{Answer, datagram_socket};
use super::{Shared, endpoint};

/// A bound socket.
#[derive(Debug)]
pub(in crate::net) struct UdpSocket {
    shared: Arc<Shared>,
    socket: SocketHandle,
    local: SocketAddr,
}

impl UdpSocket {
    pub(super) fn bind(shared: Arc<Shared>, address: SocketAddr) -> io::Result<UdpSocket> {
        let mut engine = shared.engine();
        super::check_ours(&engine, address)?;
        let mut local = address;
        if local.port() == 0 {
            local.set_port(engine.free_port());
        }
        if engine.datagrams_taken(local) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let mut socket = datagram_socket(shared.mtu);
        socket.bind(endpoint(local)).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let socket = engine.sockets.add(socket);
        drop(engine);
        Ok(UdpSocket { shared, socket, local })
    }

    pub(in crate::net) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Answers in place from now on; nothing comes to [`UdpSocket::receive_from`] any more.
    pub(in crate::net) fn answer(&self, answer: Answer) {
        self.shared.engine().answer(self.socket, self.local, answer);
    }

    pub(in crate::net) async fn receive_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        std::future::poll_fn(|cx| self.poll_receive(buffer, Some(cx))).await
    }

    pub(in crate::net) fn try_receive_from(&self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        match self.poll_receive(buffer, None) {
            Poll::Ready(received) => received.ok(),
            Poll::Pending => None,
        }
    }

    pub(in crate::net) async fn send_to(&self, datagram: &[u8], peer: SocketAddr) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_send(datagram, peer, cx)).await?;
        self.shared.kick();
        Ok(())
    }

    fn poll_receive(&self, buffer: &mut [u8], cx: Option<&mut Context<'_>>) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut engine = self.shared.engine();
        let socket = engine.sockets.get_mut::<udp::Socket>(self.socket);
        match socket.recv() {
            Ok((octets, metadata)) => {
                // Octets past the buffer are lost, as with every socket.
                let length = octets.len().min(buffer.len());
                buffer[..length].copy_from_slice(&octets[..length]);
                Poll::Ready(Ok((length, metadata.endpoint.into())))
            }
            Err(RecvError::Exhausted | RecvError::Truncated) => {
                if let Some(cx) = cx {
                    socket.register_recv_waker(cx.waker());
                }
                Poll::Pending
            }
        }
    }

    fn poll_send(&self, datagram: &[u8], peer: SocketAddr, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut engine = self.shared.engine();
        // Without an address of the peer's kind it would wait for ever.
        let kind = |cidr: &smoltcp::wire::IpCidr| std::net::IpAddr::from(cidr.address()).is_ipv4() == peer.is_ipv4();
        if !engine.interface.ip_addrs().iter().any(kind) {
            return Poll::Ready(Err(io::ErrorKind::NetworkUnreachable.into()));
        }
        let socket = engine.sockets.get_mut::<udp::Socket>(self.socket);
        if datagram.len() > socket.payload_send_capacity().min(self.shared.mtu - 48) {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        match socket.send_slice(datagram, peer) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(SendError::Unaddressable) => Poll::Ready(Err(io::ErrorKind::InvalidInput.into())),
            Err(SendError::BufferFull) => {
                socket.register_send_waker(cx.waker());
                drop(engine);
                self.shared.kick();
                Poll::Pending
            }
        }
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        self.shared.engine().close_datagrams(self.socket);
    }
}
