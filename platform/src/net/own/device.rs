//! The frame device as smoltcp sees it: one frame in, frames out, and a bounded queue for when the device is full.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;

use smoltcp::phy::{DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// Octets of an Ethernet header.
pub(super) const HEADER: usize = 14;
/// Frames that wait while the device takes none; more are lost, as on any full ring.
const QUEUE: usize = 64;

/// Something that carries Ethernet frames and never blocks.
pub trait Wire: Debug + Send {
    /// Takes the next frame; [`io::ErrorKind::WouldBlock`] when there is none.
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<usize>;

    /// Sends a frame; [`io::ErrorKind::WouldBlock`] when the device is full.
    fn send(&mut self, frame: &[u8]) -> io::Result<()>;
}

/// The frame that has come and the frames that go.
#[derive(Debug)]
pub(super) struct Device {
    incoming: Vec<u8>,
    /// Length of the frame in `incoming`.
    arrived: Option<usize>,
    pub(super) out: Out,
    mtu: usize,
}

/// The way out.
#[derive(Debug)]
pub(super) struct Out {
    wire: Box<dyn Wire>,
    frame: Vec<u8>,
    waiting: VecDeque<Vec<u8>>,
}

impl Device {
    /// `mtu` counts the octets behind the Ethernet header.
    pub(super) fn new(wire: Box<dyn Wire>, mtu: usize) -> Device {
        let longest = mtu + HEADER;
        let out = Out { wire, frame: vec![0; longest], waiting: VecDeque::with_capacity(QUEUE) };
        // One octet more shows that a frame is too long.
        Device { incoming: vec![0; longest + 1], arrived: None, out, mtu }
    }

    /// Reads the next frame, if there is one; none too when it is longer than it may be.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        let length = self.out.wire.receive(&mut self.incoming)?;
        self.arrived = (length <= self.mtu + HEADER).then_some(length);
        Ok(self.arrived.is_some())
    }

    /// The frame that has come, and the way out for a reply to it.
    pub(super) fn arrived(&mut self) -> (&[u8], &mut Out) {
        (&self.incoming[..self.arrived.unwrap_or(0)], &mut self.out)
    }

    /// Forgets the frame that has come.
    pub(super) fn discard(&mut self) {
        self.arrived = None;
    }
}

impl Out {
    /// Where a frame is put together before [`Out::send`]; as long as a frame may be.
    pub(super) fn frame(&mut self) -> &mut [u8] {
        &mut self.frame
    }

    /// Sends the first `length` octets of [`Out::frame`], or keeps them until the device takes them.
    pub(super) fn send(&mut self, length: usize) {
        if self.waiting.is_empty() {
            match self.wire.send(&self.frame[..length]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                // An error: the device is down, and frames may be lost.
                Ok(()) | Err(_) => return,
            }
        }
        if self.waiting.len() < QUEUE {
            self.waiting.push_back(self.frame[..length].to_vec());
        }
    }

    /// Sends what waits, as far as the device takes it.
    pub(super) fn flush(&mut self) {
        while let Some(frame) = self.waiting.front() {
            match self.wire.send(frame) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(()) | Err(_) => (),
            }
            self.waiting.pop_front();
        }
    }

    /// Whether the device takes no more frames for now.
    pub(super) fn is_full(&self) -> bool {
        !self.waiting.is_empty()
    }
}

impl smoltcp::phy::Device for Device {
    type RxToken<'a> = Arrived<'a>;
    type TxToken<'a> = Space<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Arrived<'_>, Space<'_>)> {
        let length = self.arrived.take()?;
        Some((Arrived(&self.incoming[..length]), Space(&mut self.out)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Space<'_>> {
        (!self.out.is_full()).then_some(Space(&mut self.out))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.mtu + HEADER;
        capabilities
    }
}

/// The frame that has come.
pub(super) struct Arrived<'a>(&'a [u8]);

impl RxToken for Arrived<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}

/// Space for a frame to send.
pub(super) struct Space<'a>(&'a mut Out);

impl TxToken for Space<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        // The stack keeps to the device's limit.
        let result = fill(&mut self.0.frame[..length]);
        self.0.send(length);
        result
    }
}
