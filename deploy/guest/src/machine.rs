//! Single instructions that Rust has no name for.
//!
//! All of them are privileged and safe to call where noted: the kernel runs in ring 0 on one processor.

use core::arch::asm;
use core::arch::x86_64::{__cpuid_count, _rdtsc};

/// Writes a port.
pub fn out8(port: u16, value: u8) {
    // SAFETY: a port changes a device, never this program's memory: no device here is given an address by port.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags)) }
}

/// Reads a port.
pub fn in8(port: u16) -> u8 {
    let value;
    // SAFETY: as for `out8`.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags)) }
    value
}

/// EAX, EBX, ECX, EDX of a leaf.
pub fn cpuid(leaf: u32, part: u32) -> [u32; 4] {
    let result = __cpuid_count(leaf, part);
    [result.eax, result.ebx, result.ecx, result.edx]
}

/// Whether the processor has `leaf` and in it the bit.
pub fn has(leaf: u32, register: usize, bit: u32) -> bool {
    cpuid(leaf & 0xffff_0000, 0)[0] >= leaf && cpuid(leaf, 0)[register] & (1 << bit) != 0
}

/// The time-stamp counter.
pub fn ticks() -> u64 {
    // SAFETY: every processor in long mode has the counter, and ring 0 may read it.
    unsafe { _rdtsc() }
}

/// Reads a model-specific register.
///
/// # Safety
/// The processor must have the register.
pub unsafe fn read_msr(register: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: the caller knows that it is there; reading changes nothing.
    unsafe {
        asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high, options(nomem, nostack, preserves_flags))
    }
    u64::from(high) << 32 | u64::from(low)
}

/// Writes a model-specific register.
///
/// # Safety
/// The processor must have the register, and the value must leave this program's memory and code as they are.
pub unsafe fn write_msr(register: u32, value: u64) {
    let (low, high) = (value as u32, (value >> 32) as u32);
    // SAFETY: as the caller promises.
    unsafe { asm!("wrmsr", in("ecx") register, in("eax") low, in("edx") high, options(nostack, preserves_flags)) }
}

/// Forgets what the processor remembers of the page at `address`.
pub fn forget_page(address: u64) {
    // SAFETY: it costs time, nothing else.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) }
}

/// The address of the last page fault.
pub fn fault_address() -> u64 {
    let address;
    // SAFETY: reading the register changes nothing.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) }
    address
}

/// Sleeps until an interrupt; the only moment at which interrupts are let in.
pub fn sleep() {
    // SAFETY: `sti` takes effect after `hlt` has begun, so that none is missed; the handlers run on a stack of their
    // own and change no register.
    unsafe { asm!("sti", "hlt", "cli", options(nostack)) }
}

/// A random number from the processor: RDSEED, or else RDRAND; `None` if it has neither or is out of them.
pub fn random() -> Option<u64> {
    let (seed, rand) = (has(7, 1, 18), has(1, 2, 30));
    for _ in 0..64 {
        let (mut value, mut good): (u64, u8) = (0, 0);
        if seed {
            // SAFETY: the processor says that it has the instruction.
            unsafe { asm!("rdseed {}", "setc {}", out(reg) value, out(reg_byte) good, options(nomem, nostack)) }
        }
        if good == 0 && rand {
            // SAFETY: as above.
            unsafe { asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) good, options(nomem, nostack)) }
        }
        if good != 0 {
            return Some(value);
        }
    }
    None
}
