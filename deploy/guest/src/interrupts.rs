//! What wakes the processor from `hlt`: the local APIC's timer and the devices' interrupts by way of the I/O APIC.

use guest::cmdline::Device;
use guest::scale::Scale;

use crate::clock::Clock;
use crate::give_up;
use crate::machine::{self, out8, read_msr, write_msr};
use crate::power::LACKING;
use crate::space::device;
use crate::traps::{DEVICE, INTERRUPT_END, SPURIOUS, TIMER};

const IO_APICS: [u64; 2] = [0xfec0_0000, 0xfec1_0000];
/// Pins of a PC's own devices, none of which is used.
const LEGACY_PINS: u32 = 5;

/// The local APIC.
#[derive(Debug)]
pub struct Timer {
    registers: u64,
    scale: Scale,
}

/// Routes interrupts, and measures how fast the timer counts. Without a list of devices any pin may be theirs.
pub fn start(devices: impl Iterator<Item = Device> + Clone, clock: &Clock) -> Timer {
    // The old interrupt controllers are moved out of the way of faults, then silenced.
    for (port, value) in
        [(0x20, 0x11), (0xa0, 0x11), (0x21, 0x30), (0xa1, 0x38), (0x21, 4), (0xa1, 2), (0x21, 1), (0xa1, 1)]
    {
        out8(port, value);
    }
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    // SAFETY: every processor in long mode has the register; bit 11 turns the local APIC on where it is.
    let base = unsafe {
        let base = read_msr(0x1b);
        write_msr(0x1b, base | 1 << 11);
        base & 0xffff_f000
    };
    let registers = device(base);
    // SAFETY: interrupts are off, so that no handler reads it meanwhile.
    unsafe { (&raw mut INTERRUPT_END).write(registers + 0xb0) }
    write(registers, 0x80, 0);
    write(registers, 0xf0, 0x100 | u32::from(SPURIOUS));
    write(registers, 0x3e0, 3);
    write(registers, 0x320, u32::from(TIMER));
    route(devices, read(registers, 0x20) & 0xff00_0000);
    let Some(scale) = measure(registers, clock) else {
        give_up!(LACKING, "no timer: the local APIC does not count");
    };
    Timer { registers, scale }
}

impl Timer {
    /// Sleeps until a device has something, or for `nanoseconds`; or shorter, when it cannot count as far.
    pub fn sleep(&self, nanoseconds: Option<u64>) {
        let ticks = nanoseconds.map_or(0, |nanoseconds| self.scale.ticks(nanoseconds).clamp(1, u64::from(u32::MAX)));
        // Zero stops it.
        write(self.registers, 0x380, ticks as u32);
        machine::sleep();
    }
}

/// Sends the pins of devices to [`DEVICE`], all others nowhere.
fn route(devices: impl Iterator<Item = Device> + Clone, destination: u32) {
    let known = devices.clone().next().is_some();
    let mut first = 0;
    for registers in IO_APICS.map(device) {
        let read_register = |number: u32| {
            write(registers, 0, number);
            read(registers, 0x10)
        };
        let version = read_register(1);
        if version == 0 || version == u32::MAX {
            continue;
        }
        for pin in 0..(version >> 16 & 0xff) + 1 {
            let wanted = if known {
                devices.clone().any(|device| device.interrupt == first + pin)
            } else {
                first + pin >= LEGACY_PINS && first + pin != 8
            };
            let masked = if wanted { 0 } else { 1 << 16 };
            write(registers, 0, 0x11 + 2 * pin);
            write(registers, 0x10, destination);
            write(registers, 0, 0x10 + 2 * pin);
            write(registers, 0x10, u32::from(DEVICE) | masked);
        }
        first += (version >> 16 & 0xff) + 1;
    }
}

/// Counts for two milliseconds.
fn measure(registers: u64, clock: &Clock) -> Option<Scale> {
    write(registers, 0x320, 1 << 16 | u32::from(TIMER));
    write(registers, 0x380, u32::MAX);
    let start = clock.monotonic();
    while clock.monotonic() - start < 2_000_000 {}
    let (counted, took) = (u32::MAX - read(registers, 0x390), clock.monotonic() - start);
    write(registers, 0x380, 0);
    write(registers, 0x320, u32::from(TIMER));
    Scale::measured(u64::from(counted), took)
}

fn read(registers: u64, offset: u64) -> u32 {
    // SAFETY: `registers` came from `device`: registers of an APIC, mapped, aligned.
    unsafe { ((registers + offset) as *const u32).read_volatile() }
}

fn write(registers: u64, offset: u64, value: u32) {
    // SAFETY: as in `read`; what is written makes it interrupt, which the gates are there for.
    unsafe { ((registers + offset) as *mut u32).write_volatile(value) }
}
