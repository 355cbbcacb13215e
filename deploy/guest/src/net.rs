//! The network device behind file descriptor 3: a read is a frame, a write is a frame.

use core::cell::UnsafeCell;

use guest::cmdline::Device as Place;
use guest::epoll::State;
use guest::ring::{DEVICE_WRITES, Queue, Ring, SIZE};

use crate::virtio::{self, Device};

const RECEIVE: u32 = 0;
const TRANSMIT: u32 = 1;
/// What virtio puts before a frame (5.1.6): nothing that is used here.
const HEADER: usize = 12;
const BUFFER: usize = 2048;
/// The longest frame: 1,500 octets behind an Ethernet header, and a VLAN tag.
pub const LONGEST: usize = 1518;

/// Memory that a device reads or writes while it has the buffer.
struct Buffers(UnsafeCell<[[u8; BUFFER]; SIZE]>);

// SAFETY: there is one processor, and no handler of an interrupt looks here.
unsafe impl Sync for Buffers {}

static RECEIVE_RING: Ring = Ring::new();
static TRANSMIT_RING: Ring = Ring::new();
static RECEIVE_BUFFERS: Buffers = Buffers(UnsafeCell::new([[0; BUFFER]; SIZE]));
static TRANSMIT_BUFFERS: Buffers = Buffers(UnsafeCell::new([[0; BUFFER]; SIZE]));

impl Buffers {
    fn address(&self, buffer: usize) -> u64 {
        self.0.get() as u64 + (buffer % SIZE * BUFFER) as u64
    }

    /// # Safety
    /// The device must be done with the buffer, and no other reference to it be in use.
    #[expect(clippy::mut_from_ref, reason = "the caller has the buffer to itself")]
    unsafe fn get(&self, buffer: usize) -> &mut [u8; BUFFER] {
        // SAFETY: inside the static; the rest is the caller's promise.
        unsafe { &mut *(self.address(buffer) as *mut [u8; BUFFER]) }
    }
}

/// Devices that are of use.
#[derive(Debug)]
pub struct Found {
    /// The first network device.
    pub net: Option<Net>,
    /// The first source of random octets.
    pub entropy: Option<Device>,
}

/// Looks for devices.
pub fn find(places: impl Iterator<Item = Place> + Clone) -> Found {
    let first = |kind| virtio::devices(places.clone()).find(|device| device.kind == kind);
    Found { net: first(virtio::NET).and_then(Net::start), entropy: first(virtio::ENTROPY) }
}

/// A running network device.
#[derive(Debug)]
pub struct Net {
    device: Device,
    receive: Queue,
    transmit: Queue,
    /// The application was told that there is no room.
    blocked: bool,
    /// How often there was room again.
    unblocked: u16,
    /// What was there when sleep was last allowed.
    slept_on: (u16, bool),
}

impl Net {
    fn start(device: Device) -> Option<Net> {
        device.negotiate(0)?;
        let (receive, transmit) = (Queue::new(&RECEIVE_RING), Queue::new(&TRANSMIT_RING));
        if !device.set_queue(RECEIVE, receive.ring()) || !device.set_queue(TRANSMIT, transmit.ring()) {
            return None;
        }
        transmit.interrupts(false);
        device.begin();
        let mut net = Net { device, receive, transmit, blocked: false, unblocked: 0, slept_on: (0, false) };
        while let Some(buffer) = net.receive.take() {
            net.offer(buffer);
        }
        net.device.notify(RECEIVE);
        Some(net)
    }

    /// Lets `take` look at the next frame, if there is one.
    pub fn receive<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let done = self.receive.done()?;
        // SAFETY: the device is done with it, and gets it back only below.
        let buffer = unsafe { RECEIVE_BUFFERS.get(done.buffer) };
        let result = take(&buffer[HEADER..done.length.clamp(HEADER, BUFFER)]);
        if self.offer(done.buffer) {
            self.device.notify(RECEIVE);
        }
        Some(result)
    }

    /// Sends the frame that `fill` writes, if there is room; what `fill` refuses is not sent.
    pub fn send<E>(&mut self, length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Option<Result<(), E>> {
        self.collect();
        let Some(number) = self.transmit.take() else {
            self.blocked = true;
            return None;
        };
        // SAFETY: `collect` got it back from the device, or it never was there.
        let buffer = unsafe { TRANSMIT_BUFFERS.get(number) };
        buffer[..HEADER].fill(0);
        let filled = fill(&mut buffer[HEADER..HEADER + length.min(LONGEST)]);
        if filled.is_err() {
            self.transmit.give_back(number);
            return Some(filled);
        }
        let length = HEADER + length.min(LONGEST);
        if self.transmit.offer(number, TRANSMIT_BUFFERS.address(number), length as u32, 0) {
            self.device.notify(TRANSMIT);
        }
        Some(filled)
    }

    /// What `epoll_wait` may report.
    pub fn state(&mut self) -> State {
        self.collect();
        if self.blocked && self.transmit.has_free() {
            self.blocked = false;
            self.unblocked = self.unblocked.wrapping_add(1);
        }
        State {
            readable: self.receive.is_done(),
            writable: self.transmit.has_free(),
            changes: u32::from(self.unblocked) << 16 | u32::from(self.receive.done_count()),
        }
    }

    /// Sees to it that the next interrupt comes: for room only if somebody waits for it. Says whether sleep can wait,
    /// since something may have come in the meantime.
    pub fn before_sleep(&mut self) -> bool {
        self.transmit.interrupts(self.blocked);
        self.device.acknowledge();
        let count = (self.receive.done_count(), self.transmit.is_done() && self.blocked);
        core::mem::replace(&mut self.slept_on, count) != count
    }

    /// Takes back what was sent.
    fn collect(&mut self) {
        while let Some(done) = self.transmit.done() {
            self.transmit.give_back(done.buffer);
        }
    }

    fn offer(&mut self, buffer: usize) -> bool {
        self.receive.offer(buffer, RECEIVE_BUFFERS.address(buffer), BUFFER as u32, DEVICE_WRITES)
    }
}
