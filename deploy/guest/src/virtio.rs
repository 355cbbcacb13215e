//! A virtio device's registers (virtio 1.2, 4.2): finding it, agreeing on features, handing over queues.

use guest::cmdline::Device as Place;
use guest::ring::{Ring, SIZE};

use crate::say;
use crate::space::device;

/// A network device.
pub const NET: u32 = 1;
/// A source of random octets.
pub const ENTROPY: u32 = 4;

/// Where QEMU's microvm has its devices.
const QEMU: u64 = 0xfeb0_0000;
const QEMU_DEVICES: u64 = 32;
const QEMU_DISTANCE: u64 = 512;

const MAGIC: u32 = 0x7472_6976;
/// A device that conforms to version 1 of the specification: bit 32.
const VERSION_1: u64 = 1 << 32;

/// What drives a device: acknowledged, a driver is there, features are agreed upon, all is set up.
const ACKNOWLEDGE: u32 = 1;
const DRIVER: u32 = 2;
const DRIVER_OK: u32 = 4;
const FEATURES_OK: u32 = 8;

/// A device's registers.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    registers: u64,
    /// What it is.
    pub kind: u32,
}

/// Devices where the command line says; if it says nothing, where QEMU has them.
pub fn devices(places: impl Iterator<Item = Place> + Clone) -> impl Iterator<Item = Device> {
    let known = places.clone().next().is_some();
    let usual = (0..if known { 0 } else { QEMU_DEVICES }).map(|number| QEMU + number * QEMU_DISTANCE);
    places.map(|place| place.address).chain(usual).filter_map(Device::at)
}

impl Device {
    fn at(address: u64) -> Option<Device> {
        let mut found = Device { registers: device(address), kind: 0 };
        found.kind = found.read(0x08);
        if found.read(0) != MAGIC || found.kind == 0 {
            return None;
        }
        if found.read(4) != 2 {
            say!("the device at {address:#x} is of the old kind: QEMU needs -global virtio-mmio.force-legacy=false");
            return None;
        }
        Some(found)
    }

    /// Resets it and agrees on those of `wanted` that it offers. Returns them; `None` if it will not.
    pub fn negotiate(&self, wanted: u64) -> Option<u64> {
        self.write(0x70, 0);
        self.write(0x70, ACKNOWLEDGE | DRIVER);
        let offered = [0, 1].map(|half| {
            self.write(0x14, half);
            u64::from(self.read(0x10))
        });
        let agreed = (offered[0] | offered[1] << 32) & (wanted | VERSION_1);
        for half in [0, 1] {
            self.write(0x24, half);
            self.write(0x20, (agreed >> (32 * half)) as u32);
        }
        self.write(0x70, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        (agreed & VERSION_1 != 0 && self.read(0x70) & FEATURES_OK != 0).then_some(agreed)
    }

    /// Hands over a queue. Says whether the device takes one of that size.
    pub fn set_queue(&self, number: u32, ring: &'static Ring) -> bool {
        self.write(0x30, number);
        if (self.read(0x34) as usize) < SIZE {
            return false;
        }
        self.write(0x38, SIZE as u32);
        // The kernel's statics lie where their addresses say, also for a device.
        let parts = [&raw const ring.descriptors as u64, &raw const ring.available as u64, &raw const ring.used as u64];
        for (register, part) in [0x80, 0x90, 0xa0].into_iter().zip(parts) {
            self.write(register, part as u32);
            self.write(register + 4, (part >> 32) as u32);
        }
        self.write(0x44, 1);
        true
    }

    /// All queues are there: it may begin.
    pub fn begin(&self) {
        self.write(0x70, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }

    /// Says that there is something new in a queue.
    pub fn notify(&self, queue: u32) {
        self.write(0x50, queue);
    }

    /// Takes back its interrupt.
    pub fn acknowledge(&self) {
        let raised = self.read(0x60);
        if raised != 0 {
            self.write(0x64, raised);
        }
    }

    fn read(&self, offset: u64) -> u32 {
        // SAFETY: `registers` came from `device`; reading there changes at most the device.
        unsafe { ((self.registers + offset) as *const u32).read_volatile() }
    }

    fn write(&self, offset: u64, value: u32) {
        // SAFETY: as in `read`; the only memory that the device is given are rings and the buffers that they name.
        unsafe { ((self.registers + offset) as *mut u32).write_volatile(value) }
    }
}
