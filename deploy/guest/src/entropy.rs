//! Where randomness comes from: the processor (RDSEED, RDRAND) and a virtio-rng device, all of them mixed.

use core::sync::atomic::{AtomicU64, Ordering};

use guest::generator::Generator;
use guest::ring::{DEVICE_WRITES, Queue, Ring};

use crate::give_up;
use crate::machine::{random, ticks};
use crate::power::LACKING;
use crate::virtio::Device;

/// How many octets are given out before the processor is asked again.
const BETWEEN_FEEDS: usize = 1 << 16;

static RING: Ring = Ring::new();
/// What the device writes: 64 octets.
static BUFFER: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];

/// Random octets for the application.
#[derive(Debug)]
pub struct Entropy {
    generator: Generator,
    given: usize,
}

/// Asks every source there is. One must be.
pub fn start(device: Option<Device>) -> Entropy {
    let mut entropy = Entropy { generator: Generator::new(), given: 0 };
    let from_processor = entropy.feed();
    let from_device = device.and_then(ask);
    if let Some(octets) = &from_device {
        entropy.generator.feed(octets);
    }
    if !from_processor && from_device.is_none() {
        give_up!(LACKING, "no randomness: neither RDRAND (QEMU: -cpu max) nor a virtio-rng device");
    }
    entropy
}

impl Entropy {
    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.given += out.len();
        if self.given > BETWEEN_FEEDS {
            self.given = 0;
            self.feed();
        }
        self.generator.fill(out);
    }

    /// Mixes in what the processor has. Says whether it had any.
    fn feed(&mut self) -> bool {
        let numbers = [(); 4].map(|()| random());
        for number in numbers {
            self.generator.feed(&number.unwrap_or_else(ticks).to_le_bytes());
        }
        numbers.iter().all(Option::is_some)
    }
}

/// 64 octets of the device, if it has them within some seconds.
fn ask(device: Device) -> Option<[u8; 64]> {
    device.negotiate(0)?;
    let mut queue = Queue::new(&RING);
    queue.interrupts(false);
    if !device.set_queue(0, queue.ring()) {
        return None;
    }
    device.begin();
    let buffer = queue.take()?;
    queue.offer(buffer, &raw const BUFFER as u64, 64, DEVICE_WRITES);
    device.notify(0);
    let start = ticks();
    while !queue.is_done() && ticks() - start < 10_000_000_000 {
        core::hint::spin_loop();
    }
    let done = queue.done().filter(|done| done.length >= 32)?;
    let mut octets = [0; 64];
    for (part, number) in octets.chunks_mut(8).zip(&BUFFER) {
        part.copy_from_slice(&number.swap(0, Ordering::Acquire).to_le_bytes());
    }
    let _ = done;
    Some(octets)
}
