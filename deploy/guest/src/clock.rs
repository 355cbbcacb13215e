//! Time since the start and time of day.
//!
//! Under KVM the host keeps a page from which both follow (kvm-clock). Elsewhere the time-stamp counter is measured
//! against the interval timer, and the time of day comes from the real-time clock, which is also looked at again every
//! minute: a measured counter is off by seconds a day.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use guest::calendar::Registers;
use guest::scale::{SECOND, Scale};

use crate::give_up;
use crate::machine::{cpuid, in8, out8, ticks, write_msr};
use crate::power::LACKING;

/// The clock.
#[derive(Debug)]
pub struct Clock {
    source: Source,
    /// Time of day when the clock was at zero, in nanoseconds.
    zero: u64,
    /// When the real-time clock was last looked at.
    looked: u64,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Kvm,
    Counter { scale: Scale, start: u64 },
}

const BETWEEN_LOOKS: u64 = 64 * SECOND;
/// The real-time clock counts whole seconds.
const LARGEST_DIFFERENCE: u64 = 3 * SECOND / 2;

/// Finds out what there is.
pub fn start() -> Clock {
    if let Some(zero) = start_kvm() {
        return Clock { source: Source::Kvm, zero, looked: 0 };
    }
    let Some(scale) = measure_counter() else {
        give_up!(LACKING, "no clock: neither a kvm-clock nor an interval timer");
    };
    let mut clock = Clock { source: Source::Counter { scale, start: ticks() }, zero: 0, looked: 0 };
    let Some(now) = time_of_day() else {
        give_up!(LACKING, "no time of day: neither a kvm-clock nor a real-time clock (QEMU: rtc=on)");
    };
    clock.zero = now - clock.monotonic();
    clock
}

impl Clock {
    /// Nanoseconds since the start.
    pub fn monotonic(&self) -> u64 {
        match self.source {
            Source::Kvm => KVM_TIME.now(),
            Source::Counter { scale, start } => scale.nanoseconds(ticks().wrapping_sub(start)),
        }
    }

    /// Nanoseconds since 1970.
    pub fn realtime(&mut self) -> u64 {
        let now = self.monotonic();
        if matches!(self.source, Source::Counter { .. }) && now - self.looked > BETWEEN_LOOKS {
            self.looked = now;
            let real = time_of_day().filter(|real| real.abs_diff(self.zero + now) > LARGEST_DIFFERENCE);
            self.zero = real.map_or(self.zero, |real| real - now);
        }
        self.zero + now
    }

    /// What it is read from.
    pub fn name(&self) -> &'static str {
        match self.source {
            Source::Kvm => "kvm-clock",
            Source::Counter { .. } => "TSC",
        }
    }
}

/// The page that KVM writes (`pvclock_vcpu_time_info`).
#[repr(C, align(64))]
struct KvmTime {
    version: AtomicU32,
    unused: u32,
    counter: AtomicU64,
    time: AtomicU64,
    multiplier: AtomicU32,
    shift_and_flags: AtomicU32,
}

/// `pvclock_wall_clock`.
#[repr(C, align(64))]
struct KvmWall {
    version: AtomicU32,
    seconds: AtomicU32,
    nanoseconds: AtomicU32,
}

static KVM_TIME: KvmTime = KvmTime {
    version: AtomicU32::new(0),
    unused: 0,
    counter: AtomicU64::new(0),
    time: AtomicU64::new(0),
    multiplier: AtomicU32::new(0),
    shift_and_flags: AtomicU32::new(0),
};
static KVM_WALL: KvmWall =
    KvmWall { version: AtomicU32::new(0), seconds: AtomicU32::new(0), nanoseconds: AtomicU32::new(0) };

impl KvmTime {
    fn now(&self) -> u64 {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let scale = Scale::kvm(
                self.multiplier.load(Ordering::Relaxed),
                self.shift_and_flags.load(Ordering::Relaxed) as u8 as i8,
            );
            let (then, at) = (self.time.load(Ordering::Relaxed), self.counter.load(Ordering::Relaxed));
            let now = then + scale.nanoseconds(ticks().saturating_sub(at));
            fence(Ordering::Acquire);
            // An odd version is being written.
            if version.is_multiple_of(2) && version == self.version.load(Ordering::Relaxed) {
                return now;
            }
        }
    }
}

/// The time of day at zero of the kvm-clock, if there is one.
fn start_kvm() -> Option<u64> {
    let [_, b, c, d] = cpuid(0x4000_0000, 0);
    if [b, c, d] != [u32::from_le_bytes(*b"KVMK"), u32::from_le_bytes(*b"VMKV"), u32::from_le_bytes(*b"M\0\0\0")] {
        return None;
    }
    if cpuid(0x4000_0001, 0)[0] & 8 == 0 {
        return None;
    }
    // SAFETY: KVM says that it has the registers; it writes the two statics, whose fields are all atomic.
    unsafe {
        write_msr(0x4b56_4d00, &raw const KVM_WALL as u64);
        write_msr(0x4b56_4d01, &raw const KVM_TIME as u64 | 1);
    }
    let seconds = u64::from(KVM_WALL.seconds.load(Ordering::Acquire));
    let written = KVM_TIME.multiplier.load(Ordering::Acquire) != 0 && seconds != 0;
    written.then(|| seconds * SECOND + u64::from(KVM_WALL.nanoseconds.load(Ordering::Relaxed)))
}

/// Ticks of the interval timer (1,193,182 a second) that a measurement takes: 20 ms.
const MEASURED: u64 = 23_864;
const MEASURED_NANOSECONDS: u64 = MEASURED * SECOND / 1_193_182;

/// Measures until it is known to a four-thousandth. A host that is busy may stop the machine at any moment: what a
/// measurement cannot tell apart is its uncertainty, and the least uncertain of several counts.
fn measure_counter() -> Option<Scale> {
    let mut best = (u64::MAX, 0);
    for _ in 0..16 {
        let Some((least, most)) = measure_once() else { continue };
        best = best.min((most - least, least + (most - least) / 2));
        if best.0 < best.1 / 4000 {
            break;
        }
    }
    Scale::measured(best.1, MEASURED_NANOSECONDS)
}

/// Least and most ticks of the counter that the interval can have taken; none if it was over before the first look.
fn measure_once() -> Option<(u64, u64)> {
    const COUNT: u16 = 0x40;
    const COMMAND: u16 = 0x43;
    /// Read back the state of channel 0: the highest bit says that it has counted down.
    const STATE: u8 = 0xe2;
    // Channel 0 counts down once; its interrupt goes nowhere.
    out8(COMMAND, 0x30);
    out8(COUNT, MEASURED as u8);
    let before = ticks();
    out8(COUNT, (MEASURED >> 8) as u8);
    let after = ticks();
    let mut running = after;
    loop {
        out8(COMMAND, STATE);
        let ended = in8(COUNT) & 0x80 != 0;
        let now = ticks();
        if ended {
            return running.checked_sub(after).filter(|least| *least > 0).map(|least| (least, now - before));
        }
        // Half a second at 4 GHz: nothing counts here.
        if now - after > 2_000_000_000 {
            return None;
        }
        running = now;
    }
}

/// Nanoseconds since 1970 by the real-time clock, in the middle of its second.
fn time_of_day() -> Option<u64> {
    let register = |number: u8| {
        out8(0x70, number);
        in8(0x71)
    };
    let read = || {
        // While it counts, which takes 2 ms at most, its registers are not to be trusted.
        while register(10) & 0x80 != 0 && register(11) != 0xff {}
        Registers { digits: [0, 2, 4, 7, 8, 9].map(register), mode: register(11) }
    };
    let mut last = read();
    for _ in 0..8 {
        let next = read();
        if next == last {
            return Some(next.seconds()? * SECOND + SECOND / 2);
        }
        last = next;
    }
    None
}
