//! A look at a frame before the stack sees it: what it is to us, without a copy and without state.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use smoltcp::wire::{
    ArpPacket, EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet, IpProtocol, Ipv4Packet,
    Ipv6Packet, TcpPacket, UdpPacket,
};

/// What a frame is to us.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    /// A UDP datagram in one piece.
    Datagram(Datagram<'a>),
    /// Somebody wants a connection.
    Connect {
        /// Who.
        from: SocketAddr,
        /// To which of our addresses and ports.
        to: SocketAddr,
    },
    /// A piece of a packet. We put none together: whoever can only send in pieces has TCP.
    Fragment,
    /// Somebody says that an address is theirs.
    Claim {
        /// The address.
        address: IpAddr,
        /// Who.
        by: EthernetAddress,
    },
    /// Whatever else the stack may know what to do with.
    Other,
}

/// A UDP datagram whose lengths and header checksum are right; its own checksum has not been looked at.
#[derive(Debug)]
pub(super) struct Datagram<'a> {
    pub(super) link: Link,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) udp: UdpPacket<&'a [u8]>,
}

/// The Ethernet addresses of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: EthernetAddress,
    pub(super) to: EthernetAddress,
}

impl Datagram<'_> {
    /// Whether the octets are those that were sent (RFC 768; IPv6 has no datagrams without a checksum, RFC 8200 section
    /// 8.1).
    pub(super) fn is_intact(&self) -> bool {
        let unchecked = self.udp.checksum() == 0;
        let (from, to) = (self.from.ip().into(), self.to.ip().into());
        if unchecked { self.to.is_ipv4() } else { self.udp.verify_checksum(&from, &to) }
    }
}

/// Looks at a frame.
pub(super) fn look(frame: &[u8]) -> Frame<'_> {
    look_into(frame).unwrap_or(Frame::Other)
}

fn look_into(frame: &[u8]) -> Option<Frame<'_>> {
    let ethernet = EthernetFrame::new_checked(frame).ok()?;
    let link = Link { from: ethernet.src_addr(), to: ethernet.dst_addr() };
    let payload = frame.get(EthernetFrame::<&[u8]>::header_len()..)?;
    match ethernet.ethertype() {
        EthernetProtocol::Ipv4 => ipv4(link, payload),
        EthernetProtocol::Ipv6 => ipv6(link, payload),
        EthernetProtocol::Arp => arp(payload),
        _ => None,
    }
}

fn ipv4(link: Link, payload: &[u8]) -> Option<Frame<'_>> {
    let packet = Ipv4Packet::new_checked(payload).ok()?;
    if packet.version() != 4 || !packet.verify_checksum() {
        return None;
    }
    if packet.more_frags() || packet.frag_offset() != 0 {
        return Some(Frame::Fragment);
    }
    let (from, to) = (packet.src_addr(), packet.dst_addr());
    if !is_host(from.into()) {
        return None;
    }
    let content = payload.get(usize::from(packet.header_len())..usize::from(packet.total_len()))?;
    transport(link, packet.next_header(), from.into(), to.into(), content)
}

fn ipv6(link: Link, payload: &[u8]) -> Option<Frame<'_>> {
    let packet = Ipv6Packet::new_checked(payload).ok()?;
    if packet.version() != 6 {
        return None;
    }
    let (from, to): (Ipv6Addr, Ipv6Addr) = (packet.src_addr(), packet.dst_addr());
    if packet.next_header() == IpProtocol::Ipv6Frag {
        return Some(Frame::Fragment);
    }
    let content = payload.get(packet.header_len()..packet.header_len() + usize::from(packet.payload_len()))?;
    if packet.next_header() == IpProtocol::Icmpv6 {
        return advertisement(link, content);
    }
    if !is_host(from.into()) {
        return None;
    }
    transport(link, packet.next_header(), from.into(), to.into(), content)
}

fn transport(link: Link, protocol: IpProtocol, from: IpAddr, to: IpAddr, content: &[u8]) -> Option<Frame<'_>> {
    match protocol {
        IpProtocol::Udp => {
            let udp = UdpPacket::new_checked(content).ok()?;
            let from = SocketAddr::new(from, udp.src_port());
            // A reply to port 0 reaches nobody.
            let datagram = Datagram { link, from, to: SocketAddr::new(to, udp.dst_port()), udp };
            (from.port() != 0).then_some(Frame::Datagram(datagram))
        }
        IpProtocol::Tcp => {
            let tcp = TcpPacket::new_checked(content).ok()?;
            let opens = tcp.syn() && !tcp.ack() && !tcp.rst() && !tcp.fin();
            let (from, to) = (SocketAddr::new(from, tcp.src_port()), SocketAddr::new(to, tcp.dst_port()));
            opens.then_some(Frame::Connect { from, to })
        }
        _ => None,
    }
}

fn arp(payload: &[u8]) -> Option<Frame<'_>> {
    let packet = ArpPacket::new_checked(payload).ok()?;
    let address = <[u8; 4]>::try_from(packet.source_protocol_addr()).ok()?;
    let by = <[u8; 6]>::try_from(packet.source_hardware_addr()).ok()?;
    Some(Frame::Claim { address: Ipv4Addr::from(address).into(), by: EthernetAddress(by) })
}

/// A neighbour advertisement claims its target (RFC 4861 section 4.4).
fn advertisement(link: Link, content: &[u8]) -> Option<Frame<'_>> {
    let packet = Icmpv6Packet::new_checked(content).ok()?;
    (packet.msg_type() == Icmpv6Message::NeighborAdvert)
        .then(|| Frame::Claim { address: packet.target_addr().into(), by: link.from })
}

/// Whether an address may be that of somebody who gets a reply.
fn is_host(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || address.is_loopback() || broadcast)
}
