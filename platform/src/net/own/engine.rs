//! The stack as a state machine: frames and time in, frames out, and sockets that others read and write in between.

use std::io;
use std::net::{IpAddr, SocketAddr};

use smoltcp::iface::{Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::{dhcpv4, tcp, udp};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv6Address, Ipv6Cidr};

use super::conflicts::Conflicts;
use super::device::{Device, Wire};
use super::inspect::{self, Datagram, Frame};
use super::listener::{Admission, Listeners};
use super::reply;
use crate::boot::Addresses;

/// Frames taken in a row before other tasks get their turn.
const BURST: usize = 64;
/// How long a connection that nobody holds any more may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often connections that are being opened or closed are looked at.
const HOUSEKEEPING: Duration = Duration::from_millis(500);
/// Least time to wait when the stack says "now": what cannot be sent at once must not keep the processor busy.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// What answers datagrams in place: request, sender, space for the reply; how many octets go back.
pub type Answer = Box<dyn FnMut(&[u8], SocketAddr, &mut [u8]) -> Option<usize> + Send>;

/// Everything the stack knows.
pub(super) struct Engine {
    device: Device,
    pub(super) interface: Interface,
    pub(super) sockets: SocketSet<'static>,
    pub(super) listeners: Listeners,
    /// Name servers that `--resolver` or DHCP named.
    pub(super) resolvers: Vec<IpAddr>,
    answering: Vec<Answering>,
    /// Connections that nobody holds any more, and when they are forgotten.
    leaving: Vec<(SocketHandle, Instant)>,
    dhcp: Option<SocketHandle>,
    conflicts: Conflicts,
    hardware: EthernetAddress,
}

struct Answering {
    socket: SocketHandle,
    bound: SocketAddr,
    answer: Answer,
}

/// When to run again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    /// Nothing is left to read.
    pub(super) drained: bool,
    /// The device is full: also when it takes frames again.
    pub(super) full: bool,
    /// After so long.
    pub(super) after: Option<Duration>,
}

impl Engine {
    pub(super) fn new(wire: Box<dyn Wire>, addresses: &Addresses, seed: u64, now: Instant) -> Engine {
        let mut device = Device::new(wire, addresses.mtu);
        let hardware = EthernetAddress(addresses.mac);
        let mut config = smoltcp::iface::Config::new(HardwareAddress::Ethernet(hardware));
        config.random_seed = seed;
        config.slaac = addresses.router_advertisements;
        let mut interface = Interface::new(config, &mut device, now);
        set_addresses(&mut interface, addresses, hardware);
        let mut sockets = SocketSet::new(vec![]);
        let dhcp = addresses.dhcp.then(|| sockets.add(dhcpv4::Socket::new()));
        Engine {
            device,
            interface,
            sockets,
            listeners: Listeners::default(),
            resolvers: addresses.resolvers.clone(),
            answering: vec![],
            leaving: vec![],
            dhcp,
            conflicts: Conflicts::default(),
            hardware,
        }
    }

    /// Takes frames that have come, sends what is to be sent. An error is the device's end.
    pub(super) fn run(&mut self, now: Instant) -> io::Result<Next> {
        self.device.out.flush();
        self.interface.poll_maintenance(now);
        let drained = self.take_frames(now)?;
        self.follow_dhcp();
        self.listeners.settle(&mut self.sockets, now);
        while self.interface.poll_egress(now, &mut self.device, &mut self.sockets) == PollResult::SocketStateChanged {}
        self.forget_closed(now);
        let asked = self.interface.poll_delay(now, &self.sockets).map(|delay| delay.max(LEAST_WAIT));
        let busy = !self.leaving.is_empty() || self.listeners.are_opening();
        let housekeeping = busy.then_some(HOUSEKEEPING);
        let after = [asked, housekeeping].into_iter().flatten().min();
        Ok(Next { drained, full: self.device.out.is_full(), after })
    }

    /// Answers datagrams to a socket's address in place from now on; those that need an answer later are `answer`'s
    /// business.
    pub(super) fn answer(&mut self, socket: SocketHandle, bound: SocketAddr, answer: Answer) {
        self.answering.push(Answering { socket, bound, answer });
    }

    /// Forgets a UDP socket.
    pub(super) fn close_datagrams(&mut self, socket: SocketHandle) {
        self.answering.retain(|answering| answering.socket != socket);
        self.sockets.remove(socket);
    }

    /// Ends a connection that nobody holds any more, once what it was given has been sent.
    pub(super) fn leave(&mut self, socket: SocketHandle, now: Instant) {
        self.sockets.get_mut::<tcp::Socket>(socket).close();
        self.leaving.push((socket, now + FAREWELL));
    }

    /// Whether there is an address to speak from that is good beyond this link.
    pub(super) fn is_addressed(&self) -> bool {
        let beyond = |cidr: &IpCidr| match cidr {
            IpCidr::Ipv4(_) => true,
            IpCidr::Ipv6(cidr) => !cidr.address().is_unicast_link_local(),
        };
        self.interface.ip_addrs().iter().any(beyond)
    }

    /// A port that no socket of ours uses, from the range for that (RFC 6056 section 3.2).
    pub(super) fn free_port(&self) -> u16 {
        const FIRST: u16 = 49_152;
        loop {
            let port = FIRST | crate::entropy::u16();
            let taken = self.sockets.iter().any(|(_, socket)| match socket {
                smoltcp::socket::Socket::Tcp(socket) => socket.local_endpoint().is_some_and(|at| at.port == port),
                smoltcp::socket::Socket::Udp(socket) => socket.endpoint().port == port,
                _ => false,
            });
            if !taken {
                return port;
            }
        }
    }

    /// Whether a UDP socket other than ours is bound there.
    pub(super) fn datagrams_taken(&self, at: SocketAddr) -> bool {
        let endpoint = super::endpoint(at);
        self.sockets.iter().any(|(_, socket)| match socket {
            smoltcp::socket::Socket::Udp(socket) => socket.endpoint() == endpoint,
            _ => false,
        })
    }

    fn take_frames(&mut self, now: Instant) -> io::Result<bool> {
        for _ in 0..BURST {
            match self.device.read() {
                Ok(true) => self.take_frame(now),
                Ok(false) => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn take_frame(&mut self, now: Instant) {
        let (frame, out) = self.device.arrived();
        let mut opening = None;
        match inspect::look(frame) {
            Frame::Datagram(datagram) => {
                let here = datagram.link.to == self.hardware && self.interface.has_ip_addr(datagram.to.ip());
                let answering = self.answering.iter_mut().find(|answering| covers(answering.bound, datagram.to));
                if let Some(answering) = answering.filter(|_| here) {
                    answer_in_place(&mut answering.answer, &datagram, out);
                    return self.device.discard();
                }
            }
            Frame::Connect { from, to } => match self.listeners.admit(from, to, &mut self.sockets) {
                Admission::Drop => return self.device.discard(),
                Admission::Open(opens) => opening = Some(opens),
                Admission::Pass => (),
            },
            Frame::Fragment => return self.device.discard(),
            Frame::Claim { address, by } => {
                if by != self.hardware && self.interface.has_ip_addr(address) {
                    self.conflicts.defend(address, self.hardware, by, out, now);
                }
            }
            Frame::Other => (),
        }
        self.interface.poll_ingress_single(now, &mut self.device, &mut self.sockets);
        self.device.discard();
        if let Some(opening) = opening {
            self.listeners.opened(opening, &mut self.sockets, now);
        }
    }

    fn follow_dhcp(&mut self) {
        let Some(dhcp) = self.dhcp else { return };
        let ipv4 = |cidr: &IpCidr| matches!(cidr, IpCidr::Ipv4(_));
        match self.sockets.get_mut::<dhcpv4::Socket>(dhcp).poll() {
            None => (),
            Some(dhcpv4::Event::Deconfigured) => {
                self.interface.update_ip_addrs(|addresses| addresses.retain(|cidr| !ipv4(cidr)));
                self.interface.routes_mut().remove_default_ipv4_route();
            }
            Some(dhcpv4::Event::Configured(lease)) => {
                tracing::info!("DHCP gave us {} with gateway {:?}", lease.address, lease.router);
                self.interface.update_ip_addrs(|addresses| {
                    addresses.retain(|cidr| !ipv4(cidr));
                    // There is room: so many others cannot be asked for.
                    let _ = addresses.push(IpCidr::Ipv4(lease.address));
                });
                if let Some(router) = lease.router {
                    let _ = self.interface.routes_mut().add_default_ipv4_route(router);
                }
                if self.resolvers.is_empty() {
                    self.resolvers = lease.dns_servers.iter().map(|server| IpAddr::V4(*server)).collect();
                }
            }
        }
    }

    fn forget_closed(&mut self, now: Instant) {
        let sockets = &mut self.sockets;
        self.leaving.retain(|(handle, until)| {
            let socket = sockets.get_mut::<tcp::Socket>(*handle);
            match socket.state() {
                tcp::State::Closed | tcp::State::TimeWait => {
                    sockets.remove(*handle);
                    return false;
                }
                // The reset leaves with the next frames, then the socket is closed.
                _ if now >= *until => socket.abort(),
                _ => (),
            }
            true
        });
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("hardware", &self.hardware).finish_non_exhaustive()
    }
}

/// Whether a socket that is bound to `bound` takes what comes to `to`; the unspecified address stands for all of both
/// kinds.
pub(super) fn covers(bound: SocketAddr, to: SocketAddr) -> bool {
    bound.port() == to.port() && (bound.ip().is_unspecified() || bound.ip() == to.ip())
}

fn answer_in_place(answer: &mut Answer, datagram: &Datagram<'_>, out: &mut super::device::Out) {
    if !datagram.is_intact() {
        return;
    }
    let offset = reply::payload_offset(datagram.from);
    let frame = out.frame();
    let Some(length) = answer(datagram.udp.payload(), datagram.from, &mut frame[offset..]) else { return };
    let link = inspect::Link { from: datagram.link.to, to: datagram.link.from };
    let length = reply::address(frame, length, link, datagram.to, datagram.from);
    out.send(length);
}

fn set_addresses(interface: &mut Interface, addresses: &Addresses, hardware: EthernetAddress) {
    let speaks_ipv6 = addresses.ipv6.is_some() || addresses.router_advertisements;
    interface.update_ip_addrs(|list| {
        let ipv4 = addresses.ipv4.map(IpCidr::Ipv4);
        let ipv6 = addresses.ipv6.map(IpCidr::Ipv6);
        let link_local = speaks_ipv6.then(|| IpCidr::Ipv6(Ipv6Cidr::new(link_local(hardware), 64)));
        // Three fit: the stack is built with room for eight.
        list.extend([ipv4, ipv6, link_local].into_iter().flatten());
    });
    if let Some(gateway) = addresses.ipv4_gateway {
        let _ = interface.routes_mut().add_default_ipv4_route(gateway);
    }
    if let Some(gateway) = addresses.ipv6_gateway {
        let _ = interface.routes_mut().add_default_ipv6_route(gateway);
    }
}

/// The address that every IPv6 host has on its link (RFC 4291 appendix A).
fn link_local(EthernetAddress([a, b, c, d, e, f]): EthernetAddress) -> Ipv6Address {
    let pair = |high, low| u16::from_be_bytes([high, low]);
    Ipv6Address::new(0xfe80, 0, 0, 0, pair(a ^ 2, b), pair(c, 0xff), pair(0xfe, d), pair(e, f))
}

/// A UDP socket's buffers: so much may wait before datagrams are lost.
pub(super) fn datagram_socket(mtu: usize) -> udp::Socket<'static> {
    const WAITING: usize = 16;
    let buffer = || udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; WAITING], vec![0; WAITING * mtu]);
    udp::Socket::new(buffer(), buffer())
}
