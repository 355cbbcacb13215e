//! Many datagrams with one system call (recvmmsg, sendmmsg), on a socket of the host that blocks.
//!
//! On a socket that is bound to every address the kernel says which one a datagram was sent to (IP_PKTINFO, RFC 3542
//! section 6.2), and the reply leaves from it: who asked one address would not take an answer from another.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

use libc::{c_int, c_void, iovec, mmsghdr, msghdr};

use super::burst::{Arrived, Burst, MAX_DATAGRAM, Verdict};

/// Room for one control message with an in_pktinfo or an in6_pktinfo, the larger of the two.
const CONTROL: usize = 40;

/// Asks the kernel to say which of our addresses each datagram was sent to.
pub fn tell_destinations(socket: &UdpSocket) -> io::Result<()> {
    let (level, option) = match socket.local_addr()? {
        SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_PKTINFO),
        SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
    };
    let on: c_int = 1;
    // SAFETY: the value is an int that lives during the call, and its size is given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            (&raw const on).cast(),
            size_of::<c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Who sent a datagram, and which of our addresses it was sent to.
#[derive(Clone, Copy)]
pub struct Address {
    name: Name,
    name_length: u32,
    control: Control,
    control_length: usize,
}

/// A sockaddr_in, or a sockaddr_in6.
#[derive(Clone, Copy)]
#[repr(C)]
union Name {
    ipv4: libc::sockaddr_in,
    ipv6: libc::sockaddr_in6,
}

/// A control message; as aligned as its header must be.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

impl Address {
    fn unknown() -> Address {
        // SAFETY: octets of 0 are a value of both plain structures.
        let name = unsafe { zeroed() };
        Address { name, name_length: 0, control: Control([0; CONTROL]), control_length: 0 }
    }

    /// The sender.
    fn peer(&self) -> SocketAddr {
        // SAFETY: the family stands at the same place in both structures; all octets of either are initialised and any
        // value is a valid one of their integers.
        unsafe {
            if i32::from(self.name.ipv4.sin_family) == libc::AF_INET {
                let name = self.name.ipv4;
                let address = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
                return SocketAddrV4::new(address, u16::from_be(name.sin_port)).into();
            }
            let name = self.name.ipv6;
            let (address, port) = (Ipv6Addr::from(name.sin6_addr.s6_addr), u16::from_be(name.sin6_port));
            SocketAddrV6::new(address, port, name.sin6_flowinfo, name.sin6_scope_id).into()
        }
    }

    /// Makes of what the kernel said about a datagram what it is told about the reply: the same address, any interface,
    /// since the way back need not be the way here.
    fn turn_round(&mut self) {
        // struct cmsghdr is a length and two ints; then in_pktinfo: interface, local address, destination; in6_pktinfo:
        // address, interface.
        let header = size_of::<libc::cmsghdr>();
        let interface = match self.control_length {
            0 => return,
            _ if self.is_ipv6() => header + size_of::<libc::in6_addr>(),
            _ => header,
        };
        self.control.0[interface..interface + 4].fill(0);
    }

    fn is_ipv6(&self) -> bool {
        self.peer().is_ipv6()
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.peer())
    }
}

/// What the kernel is given: one header for each datagram. Stays in the thread that made it.
pub struct Batch {
    addresses: Vec<Address>,
    slices: Vec<iovec>,
    receiving: Vec<mmsghdr>,
    sending: Vec<mmsghdr>,
    with_destinations: bool,
}

impl Batch {
    /// For as many datagrams as the bursts have room for.
    pub fn new(capacity: usize, with_destinations: bool) -> Batch {
        let mut addresses = vec![Address::unknown(); capacity];
        let mut slices = vec![iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; capacity];
        let receiving = addresses.iter_mut().zip(&mut slices).map(|(address, slice)| header(address, slice)).collect();
        Batch { addresses, slices, receiving, sending: Vec::with_capacity(capacity), with_destinations }
    }

    /// Where the datagram came from, and to.
    pub fn address(&self, index: usize) -> Address {
        self.addresses[index]
    }

    /// Waits for datagrams, and takes as many as there are.
    pub fn receive(&mut self, socket: &UdpSocket, burst: &mut Burst) -> io::Result<()> {
        let control_length = if self.with_destinations { CONTROL } else { 0 };
        for (index, (address, slice)) in self.addresses.iter_mut().zip(&mut self.slices).enumerate() {
            let buffer = burst.requests.get_mut(index);
            *slice = iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: MAX_DATAGRAM };
            let message = &mut self.receiving[index].msg_hdr;
            message.msg_name = (&raw mut address.name).cast();
            message.msg_namelen = size_of::<Name>() as u32;
            message.msg_iov = slice;
            message.msg_control = (&raw mut address.control).cast();
            message.msg_controllen = control_length;
        }
        // SAFETY: every header points to one address, one control buffer and one slice of `self`, and the slice to a
        // slot of `burst`, each with its true length; none of them moves or is used otherwise before the call returns.
        let count = unsafe {
            let (headers, count) = (self.receiving.as_mut_ptr(), self.receiving.len() as u32);
            libc::recvmmsg(socket.as_raw_fd(), headers, count, libc::MSG_WAITFORONE, std::ptr::null_mut())
        };
        burst.arrived.clear();
        burst.verdicts.clear();
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (address, header) in self.addresses.iter_mut().zip(&self.receiving).take(count) {
            address.name_length = header.msg_hdr.msg_namelen;
            address.control_length = header.msg_hdr.msg_controllen;
            address.turn_round();
            burst.arrived.push(Arrived { length: header.msg_len as usize, peer: address.peer() });
        }
        Ok(())
    }

    /// Sends the replies of a burst that was received last. What cannot be sent is lost, as datagrams are.
    pub fn send(&mut self, socket: &UdpSocket, burst: &mut Burst) {
        self.sending.clear();
        for (index, verdict) in burst.verdicts.iter().enumerate() {
            let Verdict::Reply(length) = *verdict else { continue };
            let buffer = &mut burst.replies.get_mut(index)[..length];
            self.slices[index] = iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: length };
            self.sending.push(header(&mut self.addresses[index], &mut self.slices[index]));
        }
        let mut sent = 0;
        while sent < self.sending.len() {
            let rest = &mut self.sending[sent..];
            // SAFETY: every header points to an address and a control message as the kernel wrote them and to one slice
            // of `self`, which points to the first octets of a slot of `burst`; all of it stays where it is during the
            // call.
            let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0) };
            sent += match usize::try_from(count) {
                Ok(count) => count.max(1),
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => 0,
                // The first of them cannot be sent; the others can perhaps.
                Err(_) => 1,
            };
        }
    }
}

/// Sends one reply to where a datagram came from.
pub fn send_one(socket: &UdpSocket, octets: &[u8], mut address: Address) -> io::Result<()> {
    let mut slice = iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
    let message = header(&mut address, &mut slice).msg_hdr;
    // SAFETY: the header points to `address` and `slice`, and the slice to `octets`, which the kernel only reads; all
    // of them live during the call.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_DONTWAIT) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A header that points to both.
fn header(address: &mut Address, slice: &mut iovec) -> mmsghdr {
    let control =
        if address.control_length == 0 { std::ptr::null_mut() } else { (&raw mut address.control).cast::<c_void>() };
    // SAFETY: octets of 0 are a value of this structure of integers and pointers; on some systems it has padding
    // fields, so that it cannot be written down as a whole.
    let mut message: msghdr = unsafe { zeroed() };
    message.msg_name = (&raw mut address.name).cast();
    message.msg_namelen = address.name_length;
    message.msg_iov = slice;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = address.control_length;
    mmsghdr { msg_hdr: message, msg_len: 0 }
}
