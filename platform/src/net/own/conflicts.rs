//! Somebody else uses our address: said in the log, and the address is defended (RFC 5227 section 2.4).

use std::net::IpAddr;

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, Ipv4Address};

use super::device::{HEADER, Out};

/// How often an address is defended at most, which also bounds what a neighbour can write into our log.
const INTERVAL: Duration = Duration::from_secs(10);
const ARP: usize = 28;

/// When we last said that an address is ours.
#[derive(Debug, Default)]
pub(super) struct Conflicts(Option<Instant>);

impl Conflicts {
    /// Complains, and tells the link that the address is ours.
    pub(super) fn defend(
        &mut self,
        address: IpAddr,
        ours: EthernetAddress,
        other: EthernetAddress,
        out: &mut Out,
        now: Instant,
    ) {
        if self.0.is_some_and(|last| now < last + INTERVAL) {
            return;
        }
        self.0 = Some(now);
        tracing::error!("{other} on this network says that our address {address} is its own");
        if let IpAddr::V4(address) = address {
            announce(address, ours, out);
        }
    }
}

fn announce(address: Ipv4Address, ours: EthernetAddress, out: &mut Out) {
    let frame = out.frame();
    let mut ethernet = EthernetFrame::new_unchecked(&mut *frame);
    ethernet.set_src_addr(ours);
    ethernet.set_dst_addr(EthernetAddress::BROADCAST);
    ethernet.set_ethertype(EthernetProtocol::Arp);
    let announcement = ArpRepr::EthernetIpv4 {
        operation: ArpOperation::Request,
        source_hardware_addr: ours,
        source_protocol_addr: address,
        target_hardware_addr: EthernetAddress([0; 6]),
        target_protocol_addr: address,
    };
    announcement.emit(&mut ArpPacket::new_unchecked(&mut frame[HEADER..HEADER + ARP]));
    out.send(HEADER + ARP);
}
