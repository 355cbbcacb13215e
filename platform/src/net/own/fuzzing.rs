//! Any octets as what comes over the wire.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{Ipv4Cidr, Ipv6Cidr};

use super::device::Wire;
use super::engine::{Engine, datagram_socket};
use crate::boot::Addresses;

/// Frames, each behind two octets of length; whatever is sent is lost.
#[derive(Debug)]
struct Frames(VecDeque<Vec<u8>>);

impl Wire for Frames {
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<usize> {
        let next = self.0.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let length = next.len().min(frame.len());
        frame[..length].copy_from_slice(&next[..length]);
        Ok(length)
    }

    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the stack the frames that `octets` hold, a moment apart.
pub fn frames(mut octets: &[u8]) {
    let mut frames = VecDeque::new();
    while let Some((length, rest)) = octets.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length) % 1600).min(rest.len());
        let (frame, rest) = rest.split_at(length);
        frames.push_back(frame.to_vec());
        octets = rest;
    }
    let count = frames.len();
    let addresses = Addresses {
        mac: [2, 0, 0, 0, 0, 2],
        mtu: 1500,
        ipv4: Some(Ipv4Cidr::new(Ipv4Addr::new(10, 7, 0, 2), 24)),
        ipv4_gateway: Some(Ipv4Addr::new(10, 7, 0, 1)),
        ipv6: Some(Ipv6Cidr::new(Ipv6Addr::new(0xfd00, 7, 0, 0, 0, 0, 0, 2), 64)),
        ipv6_gateway: None,
        dhcp: true,
        router_advertisements: true,
        resolvers: vec![],
    };
    let mut engine = Engine::new(Box::new(Frames(frames)), &addresses, 1, Instant::ZERO);
    let at: SocketAddr = (Ipv4Addr::UNSPECIFIED, 53).into();
    let mut socket = datagram_socket(1500);
    if socket.bind(super::endpoint(at)).is_ok() {
        let socket = engine.sockets.add(socket);
        engine.answer(socket, at, Box::new(|request, _, reply| Some(request.len().min(reply.len()))));
    }
    engine.listeners.listen(at);
    let mut now = Instant::ZERO;
    for _ in 0..=count {
        let _ = engine.run(now);
        now += Duration::from_millis(700);
    }
}
