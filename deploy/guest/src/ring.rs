//! A split virtqueue (virtio 1.2, 2.7) whose descriptors each stand for one buffer of their own, as the driver sees it.
//!
//! The device reads and writes the same memory at any time, so that every field is atomic. What the device says is
//! checked: it can spoil its own buffers, nothing else.

use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

/// Descriptors of a queue.
pub const SIZE: usize = 128;

/// The buffer is for the device to write into.
pub const DEVICE_WRITES: u32 = 2;

const NO_INTERRUPT: u16 = 1;
const NO_NOTIFY: u16 = 1;

/// The three parts that driver and device share.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct Ring {
    /// Where the buffers are.
    pub descriptors: [Descriptor; SIZE],
    /// What the device may use.
    pub available: Available,
    /// What it has used.
    pub used: Used,
}

/// A buffer: address, length, flags.
#[derive(Debug)]
#[repr(C)]
pub struct Descriptor(AtomicU64, AtomicU32, AtomicU32);

/// From the driver to the device.
#[derive(Debug)]
#[repr(C)]
pub struct Available {
    flags: AtomicU16,
    index: AtomicU16,
    ring: [AtomicU16; SIZE],
    event: AtomicU16,
}

/// From the device to the driver.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Used {
    flags: AtomicU16,
    index: AtomicU16,
    ring: [[AtomicU32; 2]; SIZE],
    event: AtomicU16,
}

impl Ring {
    /// An empty one.
    pub const fn new() -> Ring {
        Ring {
            descriptors: [const { Descriptor(AtomicU64::new(0), AtomicU32::new(0), AtomicU32::new(0)) }; SIZE],
            available: Available {
                flags: AtomicU16::new(0),
                index: AtomicU16::new(0),
                ring: [const { AtomicU16::new(0) }; SIZE],
                event: AtomicU16::new(0),
            },
            used: Used {
                flags: AtomicU16::new(0),
                index: AtomicU16::new(0),
                ring: [const { [AtomicU32::new(0), AtomicU32::new(0)] }; SIZE],
                event: AtomicU16::new(0),
            },
        }
    }
}

/// A buffer that the device is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub buffer: usize,
    /// How many octets it wrote, if the device may be believed.
    pub length: usize,
}

/// The driver's end of a queue.
#[derive(Debug)]
pub struct Queue {
    ring: &'static Ring,
    /// Entries of `used` that were seen.
    seen: u16,
    free: [u16; SIZE],
    free_count: usize,
}

impl Queue {
    /// A queue all of whose buffers are the driver's.
    pub fn new(ring: &'static Ring) -> Queue {
        Queue { ring, seen: 0, free: core::array::from_fn(|index| index as u16), free_count: SIZE }
    }

    /// The memory that is shared with the device.
    pub fn ring(&self) -> &'static Ring {
        self.ring
    }

    /// A buffer that the device does not have.
    pub fn take(&mut self) -> Option<usize> {
        self.free_count = self.free_count.checked_sub(1)?;
        Some(usize::from(self.free[self.free_count]))
    }

    /// A buffer is the driver's again.
    pub fn give_back(&mut self, buffer: usize) {
        if self.free_count < SIZE {
            self.free[self.free_count] = buffer as u16;
            self.free_count += 1;
        }
    }

    /// Whether [`Queue::take`] would find one.
    pub fn has_free(&self) -> bool {
        self.free_count > 0
    }

    /// Hands a buffer to the device. Says whether the device wants to be told.
    pub fn offer(&mut self, buffer: usize, address: u64, length: u32, flags: u32) -> bool {
        let Descriptor(address_field, length_field, flags_field) = &self.ring.descriptors[buffer % SIZE];
        address_field.store(address, Ordering::Relaxed);
        length_field.store(length, Ordering::Relaxed);
        flags_field.store(flags, Ordering::Relaxed);
        let index = self.ring.available.index.load(Ordering::Relaxed);
        self.ring.available.ring[usize::from(index) % SIZE].store(buffer as u16, Ordering::Relaxed);
        self.ring.available.index.store(index.wrapping_add(1), Ordering::Release);
        // The index must be out before the flag is read (2.7.13.4.1).
        fence(Ordering::SeqCst);
        self.ring.used.flags.load(Ordering::Relaxed) & NO_NOTIFY == 0
    }

    /// Whether the device is done with a buffer.
    pub fn is_done(&self) -> bool {
        self.ring.used.index.load(Ordering::Acquire) != self.seen
    }

    /// The device's count of buffers that it is done with.
    pub fn done_count(&self) -> u16 {
        self.ring.used.index.load(Ordering::Acquire)
    }

    /// The next buffer that the device is done with.
    pub fn done(&mut self) -> Option<Done> {
        while self.is_done() {
            let [buffer, length] = &self.ring.used.ring[usize::from(self.seen) % SIZE];
            self.seen = self.seen.wrapping_add(1);
            let (buffer, length) = (buffer.load(Ordering::Relaxed) as usize, length.load(Ordering::Relaxed) as usize);
            if buffer < SIZE {
                return Some(Done { buffer, length });
            }
        }
        None
    }

    /// Whether the device is to interrupt when it is done with a buffer.
    pub fn interrupts(&self, wanted: bool) {
        self.ring.available.flags.store(if wanted { 0 } else { NO_INTERRUPT }, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue::new(Box::leak(Box::new(Ring::new())))
    }

    /// What a device would do: takes the buffer offered at `place`, says it is done.
    fn device_uses(queue: &Queue, place: u16, length: u32) {
        let buffer = queue.ring.available.ring[usize::from(place) % SIZE].load(Ordering::Relaxed);
        device_says(queue, place, u32::from(buffer), length);
    }

    fn device_says(queue: &Queue, place: u16, buffer: u32, length: u32) {
        let entry = &queue.ring.used.ring[usize::from(place) % SIZE];
        entry[0].store(buffer, Ordering::Relaxed);
        entry[1].store(length, Ordering::Relaxed);
        queue.ring.used.index.store(place.wrapping_add(1), Ordering::Release);
    }

    #[test]
    fn the_layout_is_that_of_the_specification() {
        assert_eq!(core::mem::offset_of!(Ring, available), 16 * SIZE);
        assert_eq!(size_of::<Available>(), 6 + 2 * SIZE);
        assert_eq!(core::mem::offset_of!(Used, ring), 4);
        assert_eq!(core::mem::offset_of!(Ring, used) % 4, 0);
    }

    #[test]
    fn buffers_go_round_for_longer_than_the_index() {
        let mut queue = queue();
        for round in 0..70_000u32 {
            let place = (round & 0xffff) as u16;
            let buffer = queue.take().unwrap();
            queue.offer(buffer, 0x1000, 60, 0);
            assert!(!queue.is_done());
            device_uses(&queue, place, 60);
            assert_eq!(queue.done(), Some(Done { buffer, length: 60 }));
            queue.give_back(buffer);
        }
    }

    #[test]
    fn a_full_queue_has_no_buffer_left() {
        let mut queue = queue();
        for _ in 0..SIZE {
            let buffer = queue.take().unwrap();
            queue.offer(buffer, 0, 0, 0);
        }
        assert!(!queue.has_free());
        assert_eq!(queue.take(), None);
        device_uses(&queue, 0, 0);
        let done = queue.done().unwrap();
        queue.give_back(done.buffer);
        assert_eq!(queue.take(), Some(done.buffer));
    }

    #[test]
    fn a_device_that_names_no_buffer_is_not_believed() {
        let mut queue = queue();
        device_says(&queue, 0, 5_000_000, 1);
        assert_eq!(queue.done(), None);
        device_says(&queue, 1, 3, u32::MAX);
        assert_eq!(queue.done().map(|done| done.buffer), Some(3));
        for _ in 0..3 {
            queue.give_back(3);
        }
        assert!(queue.free_count <= SIZE);
    }

    #[test]
    fn the_device_says_whether_to_tell_it() {
        let mut queue = queue();
        assert!(queue.offer(0, 0, 0, 0));
        queue.ring.used.flags.store(NO_NOTIFY, Ordering::Relaxed);
        assert!(!queue.offer(1, 0, 0, 0));
    }
}
