//! Addresses that the network gives: by DHCP, and by router advertisements.

use std::net::{Ipv4Addr, Ipv6Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::Duration;
use smoltcp::wire::*;

use super::device::HEADER;
use super::tests::{OUR_MAC, OURS, Scene, THEIR_MAC, THEIRS, addresses, datagram, query};
use crate::boot::Addresses;

const DHCP: usize = HEADER + 20 + 8;

/// What the server answers to the first DHCP message among `frames`.
fn answer(frames: &[Vec<u8>], message_type: DhcpMessageType, lease: u32) -> Vec<u8> {
    let asked = |frame: &&Vec<u8>| frame.len() > DHCP && frame[34..38] == [0, 68, 0, 67];
    let question = frames.iter().find(asked).expect("a DHCP message");
    let question = DhcpPacket::new_checked(&question[DHCP..]).unwrap();
    let question = DhcpRepr::parse(&question).unwrap();
    let answer = DhcpRepr {
        message_type,
        your_ip: OURS,
        server_ip: THEIRS,
        server_identifier: Some(THEIRS),
        router: Some(THEIRS),
        subnet_mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
        lease_duration: Some(lease),
        requested_ip: None,
        client_identifier: None,
        parameter_request_list: None,
        max_size: None,
        ..question
    };
    let mut octets = vec![0; answer.buffer_len()];
    answer.emit(&mut DhcpPacket::new_unchecked(&mut octets[..])).unwrap();
    datagram((THEIRS, 67).into(), (Ipv4Addr::BROADCAST, 68).into(), &octets)
}

#[test]
fn a_lease_is_taken_and_lost() {
    let addresses = Addresses { ipv4: None, ipv4_gateway: None, ipv6: None, dhcp: true, ..addresses() };
    let mut scene = Scene::with(&addresses);
    scene.wait(Duration::from_secs(1));
    assert!(!scene.engine.is_addressed());
    let offer = answer(&scene.sent(), DhcpMessageType::Offer, 60);
    let request = scene.give(offer);
    assert!(!scene.engine.is_addressed(), "an offer is not a lease");
    scene.give(answer(&request, DhcpMessageType::Ack, 60));
    assert!(scene.engine.is_addressed());
    assert_eq!(scene.give(query()).len(), 1);
    for _ in 0..70 {
        scene.wait(Duration::from_secs(1));
    }
    assert!(!scene.engine.is_addressed(), "nobody renews the lease, so it ends");
    scene.sent();
    assert!(scene.give(query()).is_empty());
}

#[test]
fn a_router_gives_an_address() {
    let addresses =
        Addresses { ipv4: None, ipv4_gateway: None, ipv6: None, router_advertisements: true, ..addresses() };
    let mut scene = Scene::with(&addresses);
    scene.wait(Duration::from_secs(1));
    assert!(scene.sent().iter().any(|frame| frame.get(54) == Some(&133)), "a router is asked for");
    assert!(!scene.engine.is_addressed());
    scene.give(advertisement());
    scene.wait(Duration::from_secs(1));
    assert!(scene.engine.is_addressed());
    let ours = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0xff, 0xfe00, 2);
    assert!(scene.engine.interface.has_ip_addr(ours), "{:?}", scene.engine.interface.ip_addrs());
    let from = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    assert_eq!(scene.give(datagram((from, 4000).into(), (ours, 53).into(), b"x")).len(), 1);
}

fn advertisement() -> Vec<u8> {
    let (from, to) = (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));
    let lifetime = Duration::from_secs(3600);
    let message = Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
        hop_limit: 64,
        flags: NdiscRouterFlags::empty(),
        router_lifetime: lifetime,
        reachable_time: Duration::ZERO,
        retrans_time: Duration::ZERO,
        lladdr: Some(EthernetAddress(THEIR_MAC).into()),
        mtu: None,
        prefix_info: Some(NdiscPrefixInformation {
            prefix_len: 64,
            flags: NdiscPrefixInfoFlags::ON_LINK | NdiscPrefixInfoFlags::ADDRCONF,
            valid_lifetime: lifetime,
            preferred_lifetime: lifetime,
            prefix: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        }),
    });
    let ip = Ipv6Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: 255,
    };
    let mut frame = vec![0; HEADER + 40 + message.buffer_len()];
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_src_addr(EthernetAddress(THEIR_MAC));
    ethernet.set_dst_addr(EthernetAddress([0x33, 0x33, 0, 0, 0, 1]));
    ethernet.set_ethertype(EthernetProtocol::Ipv6);
    ip.emit(&mut Ipv6Packet::new_unchecked(&mut frame[HEADER..]));
    let mut packet = Icmpv6Packet::new_unchecked(&mut frame[HEADER + 40..]);
    message.emit(&from, &to, &mut packet, &ChecksumCapabilities::default());
    assert_eq!(OUR_MAC[5], 2, "the address that is expected follows from it");
    frame
}
