//! The stack over a device that the test holds: every frame in and out is in its hands.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::{tcp, udp};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::*;

use super::device::{HEADER, Wire};
use super::engine::{Engine, Next, datagram_socket};
use super::inspect::Link;
use super::reply;
use crate::boot::Addresses;

pub(super) const OUR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];
pub(super) const THEIR_MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(super) const OURS: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 2);
pub(super) const THEIRS: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 1);
const OURS6: Ipv6Addr = Ipv6Addr::new(0xfd00, 7, 0, 0, 0, 0, 0, 2);
const THEIRS6: Ipv6Addr = Ipv6Addr::new(0xfd00, 7, 0, 0, 0, 0, 0, 1);

/// What lies on the wire.
#[derive(Debug, Default)]
struct Line {
    to_us: VecDeque<Vec<u8>>,
    from_us: Vec<Vec<u8>>,
    full: bool,
    down: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Arc<Mutex<Line>>);

impl Wire for Tape {
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<usize> {
        let next = self.0.lock().unwrap().to_us.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let length = next.len().min(frame.len());
        frame[..length].copy_from_slice(&next[..length]);
        Ok(length)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut line = self.0.lock().unwrap();
        if line.down {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        if line.full {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        line.from_us.push(frame.to_vec());
        Ok(())
    }
}

pub(super) fn addresses() -> Addresses {
    Addresses {
        mac: OUR_MAC,
        mtu: 1500,
        ipv4: Some(Ipv4Cidr::new(OURS, 24)),
        ipv4_gateway: Some(THEIRS),
        ipv6: Some(Ipv6Cidr::new(OURS6, 64)),
        ipv6_gateway: None,
        dhcp: false,
        router_advertisements: false,
        resolvers: vec![],
    }
}

/// A stack with somebody who echoes datagrams at port 53 and a listener there.
pub(super) struct Scene {
    pub(super) engine: Engine,
    tape: Tape,
    now: Instant,
    listener: usize,
}

impl Scene {
    fn new() -> Scene {
        Scene::with(&addresses())
    }

    pub(super) fn with(addresses: &Addresses) -> Scene {
        let tape = Tape::default();
        let mut engine = Engine::new(Box::new(tape.clone()), addresses, 1, Instant::ZERO);
        let at: SocketAddr = (Ipv4Addr::UNSPECIFIED, 53).into();
        let mut socket = datagram_socket(1500);
        socket.bind(super::endpoint(at)).unwrap();
        let socket = engine.sockets.add(socket);
        let echo = |request: &[u8], _: SocketAddr, reply: &mut [u8]| {
            let reply = reply.get_mut(..request.len())?;
            reply.copy_from_slice(request);
            Some(request.len())
        };
        engine.answer(socket, at, Box::new(echo));
        let listener = engine.listeners.listen(at).unwrap();
        Scene { engine, tape, now: Instant::ZERO, listener }
    }

    /// Lets a frame come and the stack run; what it sent.
    pub(super) fn give(&mut self, frame: Vec<u8>) -> Vec<Vec<u8>> {
        self.tape.0.lock().unwrap().to_us.push_back(frame);
        self.run();
        self.sent()
    }

    fn run(&mut self) -> Next {
        loop {
            let next = self.engine.run(self.now).unwrap();
            if next.drained {
                return next;
            }
        }
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.run();
    }

    pub(super) fn sent(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.tape.0.lock().unwrap().from_us)
    }

    fn tcp_sockets(&self) -> usize {
        self.engine.sockets.iter().filter(|(_, socket)| matches!(socket, smoltcp::socket::Socket::Tcp(_))).count()
    }

    /// The neighbour says who has its address.
    fn introduce(&mut self) {
        self.give(arp(ArpOperation::Reply, THEIRS, THEIR_MAC));
    }
}

fn link() -> Link {
    Link { from: EthernetAddress(THEIR_MAC), to: EthernetAddress(OUR_MAC) }
}

/// A datagram to us.
pub(super) fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 1514];
    let offset = reply::payload_offset(from);
    frame[offset..offset + payload.len()].copy_from_slice(payload);
    let length = reply::address(&mut frame, payload.len(), link(), from, to);
    frame.truncate(length);
    frame
}

pub(super) fn query() -> Vec<u8> {
    datagram((THEIRS, 4000).into(), (OURS, 53).into(), b"who is there")
}

fn query6() -> Vec<u8> {
    datagram((THEIRS6, 4000).into(), (OURS6, 53).into(), b"who is there")
}

fn arp(operation: ArpOperation, source: Ipv4Addr, mac: [u8; 6]) -> Vec<u8> {
    let mut frame = vec![0; HEADER + 28];
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_src_addr(EthernetAddress(mac));
    ethernet.set_dst_addr(EthernetAddress::BROADCAST);
    ethernet.set_ethertype(EthernetProtocol::Arp);
    let message = ArpRepr::EthernetIpv4 {
        operation,
        source_hardware_addr: EthernetAddress(mac),
        source_protocol_addr: source,
        target_hardware_addr: EthernetAddress(OUR_MAC),
        target_protocol_addr: OURS,
    };
    message.emit(&mut ArpPacket::new_unchecked(&mut frame[HEADER..]));
    frame
}

/// A TCP segment to our port 53.
fn segment(from: SocketAddr, control: TcpControl, sequence: i32, acknowledged: Option<i32>) -> Vec<u8> {
    let IpAddr::V4(source) = from.ip() else { panic!("the tests speak TCP over IPv4") };
    let tcp = TcpRepr {
        src_port: from.port(),
        dst_port: 53,
        control,
        seq_number: TcpSeqNumber(sequence),
        ack_number: acknowledged.map(TcpSeqNumber),
        window_len: 1000,
        window_scale: None,
        max_seg_size: None,
        sack_permitted: false,
        sack_ranges: [None, None, None],
        timestamp: None,
        payload: &[],
    };
    let ip = Ipv4Repr {
        src_addr: source,
        dst_addr: OURS,
        next_header: IpProtocol::Tcp,
        payload_len: tcp.buffer_len(),
        hop_limit: 64,
    };
    let mut frame = vec![0; HEADER + 20 + tcp.buffer_len()];
    let mut ethernet = EthernetFrame::new_unchecked(&mut frame[..]);
    ethernet.set_src_addr(EthernetAddress(THEIR_MAC));
    ethernet.set_dst_addr(EthernetAddress(OUR_MAC));
    ethernet.set_ethertype(EthernetProtocol::Ipv4);
    let checksums = ChecksumCapabilities::default();
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut frame[HEADER..]), &checksums);
    let (source, destination) = (source.into(), IpAddress::from(OURS));
    tcp.emit(&mut TcpPacket::new_unchecked(&mut frame[HEADER + 20..]), &source, &destination, &checksums);
    frame
}

/// The segment in a frame.
fn read_segment(frame: &[u8]) -> Option<(TcpControl, i32, Option<i32>)> {
    let packet = Ipv4Packet::new_checked(frame.get(HEADER..)?).ok()?;
    let tcp = TcpPacket::new_checked(packet.payload()).ok().filter(|_| packet.next_header() == IpProtocol::Tcp)?;
    let checksums = ChecksumCapabilities::default();
    let tcp = TcpRepr::parse(&tcp, &packet.src_addr().into(), &packet.dst_addr().into(), &checksums).ok()?;
    Some((tcp.control, tcp.seq_number.0, tcp.ack_number.map(|number| number.0)))
}

/// Opens a connection from `from`; whether it came about.
fn shake_hands(scene: &mut Scene, from: SocketAddr) -> bool {
    let replies = scene.give(segment(from, TcpControl::Syn, 100, None));
    let Some((TcpControl::Syn, theirs, Some(101))) = replies.first().and_then(|frame| read_segment(frame)) else {
        return false;
    };
    scene.give(segment(from, TcpControl::None, 101, Some(theirs.wrapping_add(1))));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match scene.engine.listeners.poll_accept(scene.listener, &mut cx) {
        std::task::Poll::Ready(Some(socket)) => {
            let socket = scene.engine.sockets.get::<tcp::Socket>(socket);
            socket.remote_endpoint() == Some(from.into())
        }
        _ => false,
    }
}

#[test]
fn a_datagram_is_answered_from_where_it_went_to() {
    let mut scene = Scene::new();
    for (question, from) in [(query(), SocketAddr::from((THEIRS, 4000))), (query6(), (THEIRS6, 4000).into())] {
        let replies = scene.give(question.clone());
        let [reply] = &replies[..] else { panic!("one reply: {replies:?}") };
        assert_eq!((&reply[..6], &reply[6..12]), (&THEIR_MAC[..], &OUR_MAC[..]));
        assert!(reply.ends_with(b"who is there"));
        let swapped = datagram_of(reply);
        assert_eq!((swapped.1, swapped.0.port()), (from, 53));
        assert_eq!(reply.len(), question.len());
    }
}

/// From, to, of an intact datagram.
fn datagram_of(frame: &[u8]) -> (SocketAddr, SocketAddr) {
    match super::inspect::look(frame) {
        super::inspect::Frame::Datagram(datagram) => {
            assert!(datagram.is_intact());
            (datagram.from, datagram.to)
        }
        other => panic!("{other:?} is no datagram"),
    }
}

#[test]
fn what_is_not_for_us_or_not_whole_gets_no_answer() {
    let mut scene = Scene::new();
    let mut other_mac = query();
    other_mac[5] = 9;
    let other_address = datagram((THEIRS, 4000).into(), (Ipv4Addr::new(10, 7, 0, 9), 53).into(), b"x");
    let mut broken = query();
    *broken.last_mut().unwrap() ^= 1;
    let mut broken6 = query6();
    *broken6.last_mut().unwrap() ^= 1;
    let mut unsummed6 = query6();
    unsummed6[HEADER + 40 + 6..HEADER + 40 + 8].fill(0);
    let from_port_0 = datagram((THEIRS, 0).into(), (OURS, 53).into(), b"x");
    let from_all = datagram((Ipv4Addr::BROADCAST, 4000).into(), (OURS, 53).into(), b"x");
    let from_group = datagram((Ipv4Addr::new(224, 0, 0, 1), 4000).into(), (OURS, 53).into(), b"x");
    let from_here = datagram((Ipv4Addr::LOCALHOST, 4000).into(), (OURS, 53).into(), b"x");
    let too_long = vec![0; 1515];
    let cases =
        [other_mac, other_address, broken, broken6, unsummed6, from_port_0, from_all, from_group, from_here, too_long];
    for (number, frame) in cases.into_iter().enumerate() {
        assert_eq!(scene.give(frame), Vec::<Vec<u8>>::new(), "case {number}");
    }
    assert_eq!(scene.give(query()).len(), 1);
}

#[test]
fn pieces_are_refused_and_nothing_is_kept_of_them() {
    let mut scene = Scene::new();
    for (flags, offset) in [(0x20, 0), (0x20, 185), (0, 185)] {
        let mut frame = query();
        (frame[HEADER + 6], frame[HEADER + 7]) = (flags, offset);
        Ipv4Packet::new_unchecked(&mut frame[HEADER..]).fill_checksum();
        assert!(scene.give(frame).is_empty());
    }
    let mut frame = query6();
    frame[HEADER + 6] = 44;
    assert!(scene.give(frame).is_empty());
}

#[test]
fn neighbours_find_us_and_can_ping_us() {
    let mut scene = Scene::new();
    let replies = scene.give(arp(ArpOperation::Request, THEIRS, THEIR_MAC));
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0][6..12], OUR_MAC);
    let echo = Icmpv4Repr::EchoRequest { ident: 1, seq_no: 1, data: b"ping" };
    let ip = Ipv4Repr {
        src_addr: THEIRS,
        dst_addr: OURS,
        next_header: IpProtocol::Icmp,
        payload_len: echo.buffer_len(),
        hop_limit: 64,
    };
    let mut frame = vec![0; HEADER + 20 + echo.buffer_len()];
    frame[..6].copy_from_slice(&OUR_MAC);
    frame[6..12].copy_from_slice(&THEIR_MAC);
    frame[12..14].copy_from_slice(&[8, 0]);
    ip.emit(&mut Ipv4Packet::new_unchecked(&mut frame[HEADER..]), &ChecksumCapabilities::default());
    echo.emit(&mut Icmpv4Packet::new_unchecked(&mut frame[HEADER + 20..]), &ChecksumCapabilities::default());
    let replies = scene.give(frame);
    assert!(replies.len() == 1 && replies[0].ends_with(b"ping"), "{replies:?}");
}

#[test]
fn who_else_claims_our_address_is_contradicted_now_and_then() {
    let mut scene = Scene::new();
    let claim = || arp(ArpOperation::Request, OURS, THEIR_MAC);
    let announcement = |frame: &Vec<u8>| frame[..6] == [0xff; 6] && frame[6..12] == OUR_MAC;
    assert!(scene.give(claim()).iter().any(announcement));
    assert!(!scene.give(claim()).iter().any(announcement), "not each time");
    scene.wait(Duration::from_secs(11));
    assert!(scene.give(claim()).iter().any(announcement));
    assert_eq!(scene.give(query()).len(), 1, "and it stays ours");
}

#[test]
fn a_full_device_loses_what_does_not_fit_and_goes_on() {
    let mut scene = Scene::new();
    scene.tape.0.lock().unwrap().full = true;
    for number in 0..100_u8 {
        let frame = datagram((THEIRS, 4000).into(), (OURS, 53).into(), &[number]);
        assert!(scene.give(frame).is_empty());
    }
    assert!(scene.run().full);
    scene.tape.0.lock().unwrap().full = false;
    assert!(!scene.run().full);
    let sent: Vec<u8> = scene.sent().iter().map(|frame| frame[frame.len() - 1]).collect();
    assert_eq!(sent, (0..64).collect::<Vec<u8>>(), "in order, as many as there is room for");
    assert_eq!(scene.give(query()).len(), 1);
}

#[test]
fn a_device_that_goes_down_and_up_is_used_again() {
    let mut scene = Scene::new();
    scene.tape.0.lock().unwrap().down = true;
    assert!(scene.give(query()).is_empty());
    scene.tape.0.lock().unwrap().down = false;
    assert_eq!(scene.give(query()).len(), 1);
}

#[test]
fn a_burst_of_connections_is_not_refused() {
    let mut scene = Scene::new();
    scene.introduce();
    let from = |number: u16| SocketAddr::from((THEIRS, 10_000 + number));
    for number in 0..64 {
        scene.tape.0.lock().unwrap().to_us.push_back(segment(from(number), TcpControl::Syn, 100, None));
    }
    scene.run();
    let accepted =
        scene.sent().iter().filter(|frame| matches!(read_segment(frame), Some((TcpControl::Syn, ..)))).count();
    assert_eq!(accepted, 64);
}

#[test]
fn a_flood_of_syns_holds_so_much_and_no_more() {
    let mut scene = Scene::new();
    scene.introduce();
    for number in 0..10_000_u32 {
        let from = SocketAddr::from((Ipv4Addr::from(0x0a07_0100 + number), 1000));
        scene.give(segment(from, TcpControl::Syn, 1, None));
    }
    assert!(scene.tcp_sockets() <= 129, "{}", scene.tcp_sockets());
    assert!(shake_hands(&mut scene, (THEIRS, 4000).into()), "an honest one still comes through");
    scene.wait(Duration::from_secs(8));
    assert!(scene.tcp_sockets() <= 2, "those that never answer are forgotten: {}", scene.tcp_sockets());
}

#[test]
fn a_syn_that_comes_again_opens_one_connection() {
    let mut scene = Scene::new();
    scene.introduce();
    let from = (THEIRS, 4000).into();
    for _ in 0..3 {
        scene.give(segment(from, TcpControl::Syn, 100, None));
    }
    assert_eq!(scene.tcp_sockets(), 1);
}

#[test]
fn nobody_listens_at_other_ports() {
    let mut scene = Scene::new();
    scene.introduce();
    let mut frame = segment((THEIRS, 4000).into(), TcpControl::Syn, 100, None);
    let mut tcp = TcpPacket::new_unchecked(&mut frame[HEADER + 20..]);
    tcp.set_dst_port(54);
    tcp.fill_checksum(&THEIRS.into(), &OURS.into());
    let replies = scene.give(frame);
    assert!(matches!(read_segment(&replies[0]), Some((TcpControl::Rst, ..))), "{replies:?}");
    assert_eq!(scene.tcp_sockets(), 0);
}

#[test]
fn a_gateway_that_vanishes_is_waited_for_without_haste() {
    let mut scene = Scene::new();
    let mut socket = datagram_socket(1500);
    socket.bind(4711).unwrap();
    let socket = scene.engine.sockets.add(socket);
    let far: SocketAddr = "192.0.2.1:514".parse().unwrap();
    scene.engine.sockets.get_mut::<udp::Socket>(socket).send_slice(b"far away", far).unwrap();
    let mut runs = 0;
    while scene.now < Instant::from_secs(10) {
        let after = scene.run().after.expect("it is asked again");
        assert!(after >= Duration::from_millis(1));
        scene.now += after;
        runs += 1;
    }
    assert!(runs < 100, "{runs} runs in ten seconds");
    assert!(scene.sent().iter().all(|frame| frame[12..14] == [8, 6]), "nothing but questions who the gateway is");
    let mut sent = scene.give(arp(ArpOperation::Reply, THEIRS, THEIR_MAC));
    scene.wait(Duration::from_secs(2));
    sent.extend(scene.sent());
    assert!(sent.iter().any(|frame| frame.ends_with(b"far away")), "and when it is back, it gets what waited");
}

/// Every header field of every kind of frame with every octet in it, every length: nothing panics, and what comes after
/// is answered.
#[test]
fn frames_of_every_length_with_every_field_wrong() {
    let mut scene = Scene::new();
    scene.introduce();
    let frames = [
        query(),
        query6(),
        arp(ArpOperation::Request, THEIRS, THEIR_MAC),
        segment((THEIRS, 4001).into(), TcpControl::Syn, 100, None),
        segment((THEIRS, 4001).into(), TcpControl::Fin, 100, Some(1)),
    ];
    for frame in frames {
        for length in 0..=frame.len() {
            scene.give(frame[..length].to_vec());
        }
        for at in 0..frame.len().min(74) {
            for octet in 0..=255 {
                let mut changed = frame.clone();
                changed[at] = octet;
                scene.give(changed.clone());
                mend(&mut changed);
                scene.give(changed);
            }
        }
    }
    scene.wait(Duration::from_secs(30));
    scene.sent();
    assert_eq!(scene.give(query()).len(), 1);
    assert!(scene.tcp_sockets() <= 130, "{}", scene.tcp_sockets());
}

/// Makes the checksum of an IPv4 header right again, so that what stands behind is looked at.
fn mend(frame: &mut [u8]) {
    if frame[12..14] == [8, 0] {
        let mut packet = Ipv4Packet::new_unchecked(&mut frame[HEADER..]);
        if packet.check_len().is_ok() {
            packet.fill_checksum();
        }
    }
}
