//! The frame that goes back to whoever sent a datagram: put together in place around its payload.

use std::net::{IpAddr, SocketAddr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv4Repr, Ipv6Packet, Ipv6Repr, UdpPacket,
};

use super::device::HEADER;
use super::inspect::Link;

const IPV4: usize = 20;
const IPV6: usize = 40;
const UDP: usize = 8;
const HOP_LIMIT: u8 = 64;

/// Where in the frame the payload of a datagram to `peer` begins.
pub(super) fn payload_offset(peer: SocketAddr) -> usize {
    HEADER + UDP + if peer.is_ipv4() { IPV4 } else { IPV6 }
}

/// Writes the headers around a payload of `length` octets that stands at [`payload_offset`]; the length of the frame.
pub(super) fn address(frame: &mut [u8], length: usize, link: Link, from: SocketAddr, to: SocketAddr) -> usize {
    let mut ethernet = EthernetFrame::new_unchecked(&mut *frame);
    ethernet.set_src_addr(link.from);
    ethernet.set_dst_addr(link.to);
    let packet = UDP + length;
    let (protocol, header) = match (from.ip(), to.ip()) {
        (IpAddr::V4(src_addr), IpAddr::V4(dst_addr)) => {
            let header = Ipv4Repr {
                src_addr,
                dst_addr,
                next_header: IpProtocol::Udp,
                payload_len: packet,
                hop_limit: HOP_LIMIT,
            };
            header.emit(&mut Ipv4Packet::new_unchecked(&mut frame[HEADER..]), &ChecksumCapabilities::default());
            (EthernetProtocol::Ipv4, IPV4)
        }
        (IpAddr::V6(src_addr), IpAddr::V6(dst_addr)) => {
            let header = Ipv6Repr {
                src_addr,
                dst_addr,
                next_header: IpProtocol::Udp,
                payload_len: packet,
                hop_limit: HOP_LIMIT,
            };
            header.emit(&mut Ipv6Packet::new_unchecked(&mut frame[HEADER..]));
            (EthernetProtocol::Ipv6, IPV6)
        }
        // A reply goes from the address that was asked.
        _ => return 0,
    };
    EthernetFrame::new_unchecked(&mut *frame).set_ethertype(protocol);
    let end = HEADER + header + packet;
    let mut udp = UdpPacket::new_unchecked(&mut frame[HEADER + header..end]);
    udp.set_src_port(from.port());
    udp.set_dst_port(to.port());
    udp.set_len(packet as u16);
    udp.set_checksum(0);
    udp.fill_checksum(&from.ip().into(), &to.ip().into());
    end
}
