//! The sockets of a service that answers over both, and those that it speaks first from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::arguments::Listening;
use super::datagrams;
use crate::net::{TcpListener, UdpSocket};
use crate::{BootError, Net};

/// The sockets of one address.
#[derive(Debug)]
pub struct Sockets {
    /// For datagrams.
    pub datagrams: datagrams::Sockets,
    /// For connections.
    pub streams: TcpListener,
}

impl Sockets {
    /// Binds every address of `--listen`. Where the port is 0, all its sockets get the same.
    pub async fn bind(net: &Net, listening: &Listening) -> Result<Vec<Sockets>, BootError> {
        let mut sockets = vec![];
        for address in &listening.addresses {
            let bound = Sockets::bind_one(net, *address, listening.threads).await;
            sockets.push(bound.map_err(|error| BootError::Surroundings(format!("--listen {address}: {error}")))?);
        }
        Ok(sockets)
    }

    async fn bind_one(net: &Net, address: SocketAddr, threads: usize) -> io::Result<Sockets> {
        // The listener first: the port of a server that runs already is then taken, while datagram sockets would share
        // it.
        let streams = net.tcp_listen(address).await?;
        let address = streams.local_address()?;
        let datagrams = match net.udp_bind_shared(address, threads) {
            Some(sockets) => datagrams::Sockets::Host(sockets?),
            None => datagrams::Sockets::Any(net.udp_bind(address).await?),
        };
        Ok(Sockets { datagrams, streams })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::streams::Limits;

    #[tokio::test]
    async fn replies_come_back_to_where_a_datagram_left_from() {
        let addresses = vec!["127.0.0.3:0".parse().unwrap()];
        let net = Net::host();
        let outgoing = Outgoing::bind(&net, &addresses).await.unwrap();
        let listening = Listening { addresses, threads: 1, limits: Limits::default() };
        let bound = Sockets::bind(&net, &listening).await.unwrap().remove(0);
        let datagrams::Sockets::Host(sockets) = bound.datagrams else { panic!("sockets of the host") };
        let address = sockets[0].local_addr().unwrap();
        assert_eq!(address, bound.streams.local_address().unwrap());
        outgoing.send(b"tell", address).await.unwrap();
        let mut buffer = [0; 16];
        let (length, peer) = sockets[0].recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], peer.ip()), (&b"tell"[..], address.ip()));
        sockets[0].send_to(b"told", peer).unwrap();
        let (told, mut came) = tokio::sync::mpsc::channel(1);
        let take = |octets: &[u8], _| told.try_send(octets.to_vec()).unwrap();
        tokio::select! { () = outgoing.receive(take) => (), octets = came.recv() => assert_eq!(octets.unwrap(), b"told") }
    }

    #[tokio::test]
    async fn a_port_that_a_server_has_is_not_shared() {
        let first = Sockets::bind_one(&Net::host(), "127.0.0.1:0".parse().unwrap(), 2).await.unwrap();
        let address = first.streams.local_address().unwrap();
        let error = Sockets::bind_one(&Net::host(), address, 2).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
