//! The network of the host's operating system, through tokio.

use std::io;
use std::net::SocketAddr;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};
pub(super) use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Connections that wait for `accept`; the kernel may hold fewer.
const BACKLOG: u32 = 1024;

pub(super) async fn tcp_connect(peer: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(peer).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(super) fn tcp_listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    only_its_family(&socket, address)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

pub(super) async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(super) async fn udp_bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = udp_socket(address, SocketFlags::NONBLOCK)?;
    bind(&socket, &address)?;
    UdpSocket::from_std(socket.into())
}

pub(super) fn udp_bind_shared(mut address: SocketAddr, count: usize) -> io::Result<Vec<std::net::UdpSocket>> {
    let mut sockets: Vec<std::net::UdpSocket> = vec![];
    for _ in 0..count {
        let socket = udp_socket(address, SocketFlags::empty())?;
        sockopt::set_socket_reuseport(&socket, true)?;
        bind(&socket, &address)?;
        let socket = std::net::UdpSocket::from(socket);
        // Where the port was 0, the others take the one that the first was given.
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn udp_socket(address: SocketAddr, flags: SocketFlags) -> io::Result<std::os::fd::OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::DGRAM, flags | SocketFlags::CLOEXEC, None)?;
    only_its_family(&socket, address)?;
    Ok(socket)
}

/// `[::]` is every IPv6 address, whatever the host's default, so that `0.0.0.0` can be bound beside it.
fn only_its_family(socket: impl std::os::fd::AsFd, address: SocketAddr) -> io::Result<()> {
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(socket, true)?;
    }
    Ok(())
}

pub(super) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((bare, port)).await?.collect();
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address")));
    }
    Ok(addresses)
}
