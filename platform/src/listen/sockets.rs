//! The sockets of a service that answers over both, and those that it speaks first from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::net::{TcpListener, UdpSocket};
use crate::{ArgumentError, Net};

/// The sockets of one address.
#[derive(Debug)]
pub struct Sockets {
    /// For datagrams.
    pub datagrams: UdpSocket,
    /// For connections.
    pub streams: TcpListener,
}

impl Sockets {
    /// Binds every address of `--listen`. Where the port is 0, both sockets get the same.
    pub async fn bind(net: &Net, addresses: &[SocketAddr]) -> Result<Vec<Sockets>, ArgumentError> {
        let mut sockets = vec![];
        for address in addresses {
            let failed = |error| ArgumentError(format!("--listen {address}: {error}"));
            let datagrams = net.udp_bind(*address).await.map_err(failed)?;
            let address = datagrams.local_address().map_err(failed)?;
            sockets.push(Sockets { datagrams, streams: net.tcp_listen(address).await.map_err(failed)? });
        }
        Ok(sockets)
    }
}

/// Sockets to speak first from, one for each kind of address; replies come back to the one that a datagram left from.
#[derive(Debug)]
pub struct Outgoing {
    ipv4: Option<UdpSocket>,
    ipv6: Option<UdpSocket>,
}

impl Outgoing {
    /// Binds to the first address of `listen` of each kind, since peers may look at it.
    pub async fn bind(net: &Net, listen: &[SocketAddr]) -> io::Result<Outgoing> {
        let own = |ipv6: bool| listen.iter().map(SocketAddr::ip).find(|address| address.is_ipv6() == ipv6);
        let ipv4 = own(false).unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let ipv6 = own(true).unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        // A host may lack one kind of address; what cannot be reached is then not spoken to.
        let sockets = Outgoing {
            ipv4: net.udp_bind((ipv4, 0).into()).await.ok(),
            ipv6: net.udp_bind((ipv6, 0).into()).await.ok(),
        };
        match sockets {
            Outgoing { ipv4: None, ipv6: None } => Err(io::ErrorKind::AddrNotAvailable.into()),
            sockets => Ok(sockets),
        }
    }

    /// Sends a datagram.
    pub async fn send(&self, datagram: &[u8], peer: SocketAddr) -> io::Result<()> {
        let socket = match peer.ip() {
            IpAddr::V4(_) => self.ipv4.as_ref(),
            IpAddr::V6(_) => self.ipv6.as_ref(),
        };
        socket.ok_or(io::ErrorKind::AddrNotAvailable)?.send_to(datagram, peer).await
    }

    /// Hands every datagram that comes to `take`, for ever.
    pub async fn receive(&self, take: impl Fn(&[u8], SocketAddr)) {
        tokio::join!(receive(self.ipv4.as_ref(), &take), receive(self.ipv6.as_ref(), &take));
    }
}

async fn receive(socket: Option<&UdpSocket>, take: &impl Fn(&[u8], SocketAddr)) {
    let Some(socket) = socket else { return };
    let mut buffer = [0; 4096];
    loop {
        // An error here is an earlier datagram's that bounced (ICMP), never the socket's own end.
        let Ok((length, peer)) = socket.receive_from(&mut buffer).await else { continue };
        take(&buffer[..length], peer);
    }
}
