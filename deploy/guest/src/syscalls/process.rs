//! The one process: its time, its thread, its randomness, its end. Signals do not exist here.

use guest::scale::SECOND;

use super::{Errno, Result, numbers};
use crate::give_up;
use crate::kernel::Kernel;
use crate::machine::write_msr;
use crate::power::{self, FAULT};
use crate::space::{STACK_BOTTOM, STACK_TOP};
use crate::wait;

/// Process and thread.
pub const ID: u64 = 1;

const SET_FS: u64 = 0x1002;
const REALTIME: u64 = 0;
const REALTIME_COARSE: u64 = 5;
/// CLOCK_MONOTONIC and those that differ from it only when a machine sleeps or its clock is adjusted.
const MONOTONIC: [u64; 4] = [1, 4, 6, 7];
const STACK_LIMIT: u64 = 3;
const FILE_LIMIT: u64 = 7;
const TERMINATED_BY_SIGNAL: u64 = 234;

pub fn exit(code: u64) -> ! {
    power::exit(code as u8)
}

/// A signal to oneself is how C's `abort` ends.
pub fn kill(second: u64, third: u64, number: u64) -> ! {
    let signal = if number == TERMINATED_BY_SIGNAL { third } else { second };
    give_up!(FAULT, "the application ended itself with signal {signal}")
}

pub fn arch_prctl(code: u64, address: u64) -> Result<u64> {
    if code != SET_FS || address >= STACK_TOP {
        return Err(Errno::Invalid);
    }
    // SAFETY: an address of the application's half, which only the application uses, by way of FS.
    unsafe { write_msr(0xc000_0100, address) }
    Ok(0)
}

/// No new privileges: there are none to be had.
pub fn prctl(option: u64) -> Result<u64> {
    const NO_NEW_PRIVILEGES: u64 = 38;
    if option == NO_NEW_PRIVILEGES { Ok(0) } else { Err(Errno::Invalid) }
}

/// A filter is not read but taken for what a service means by it: from now on the calls of its steady state, no others.
pub fn seccomp(kernel: &mut Kernel, operation: u64) -> Result<u64> {
    const SET_FILTER: u64 = 1;
    if operation != SET_FILTER {
        return Err(Errno::Invalid);
    }
    kernel.sealed = true;
    Ok(0)
}

pub fn clock_gettime(kernel: &mut Kernel, clock: u64, out: u64) -> Result<u64> {
    let nanoseconds = match clock {
        REALTIME | REALTIME_COARSE => kernel.clock.realtime(),
        clock if MONOTONIC.contains(&clock) => kernel.clock.monotonic(),
        _ => return Err(Errno::Invalid),
    };
    put(kernel, out, [nanoseconds / SECOND, nanoseconds % SECOND])
}

pub fn getrandom(kernel: &mut Kernel, buffer: u64, length: u64) -> Result<u64> {
    let mut piece = [0; 256];
    let mut filled = 0;
    while filled < length {
        let part = &mut piece[..(length - filled).min(256) as usize];
        kernel.entropy.fill(part);
        kernel.space.write(buffer.wrapping_add(filled), part)?;
        filled += part.len() as u64;
    }
    Ok(length)
}

/// With one thread nobody waits when somebody is woken, and who waits without an end waits for ever.
pub fn futex(kernel: &mut Kernel, [address, operation, value, timeout]: [u64; 4]) -> Result<u64> {
    const WAIT: u64 = 0;
    const WAKE: [u64; 2] = [1, 10];
    const WAIT_UNTIL: u64 = 9;
    const BY_TIME_OF_DAY: u64 = 256;
    let command = operation & 127;
    if WAKE.contains(&command) {
        return Ok(0);
    }
    if command != WAIT && command != WAIT_UNTIL {
        return Err(Errno::NoSuchCall);
    }
    let mut now = [0; 4];
    kernel.space.read(address, &mut now)?;
    if u32::from_le_bytes(now) != value as u32 {
        return Err(Errno::Again);
    }
    if timeout == 0 {
        give_up!(FAULT, "the application waits for another thread, and there is none");
    }
    let mut octets = [0; 16];
    kernel.space.read(timeout, &mut octets)?;
    let [seconds, nanoseconds] = numbers(&octets);
    let mut length = seconds.saturating_mul(SECOND).saturating_add(nanoseconds);
    if command == WAIT_UNTIL {
        let by_day = operation & BY_TIME_OF_DAY != 0;
        let now = if by_day { kernel.clock.realtime() } else { kernel.clock.monotonic() };
        length = length.saturating_sub(now);
    }
    wait::until(kernel, Some(length), |_| None::<()>);
    Err(Errno::TimedOut)
}

pub fn sched_getaffinity(kernel: &mut Kernel, size: u64, out: u64) -> Result<u64> {
    if size < 8 {
        return Err(Errno::Invalid);
    }
    put(kernel, out, [1])?;
    Ok(8)
}

pub fn prlimit(kernel: &mut Kernel, resource: u64, out: u64) -> Result<u64> {
    let limit = match resource {
        STACK_LIMIT => STACK_TOP - STACK_BOTTOM,
        FILE_LIMIT => guest::files::MOST as u64,
        _ => u64::MAX,
    };
    if out != 0 { put(kernel, out, [limit, limit]) } else { Ok(0) }
}

/// No signal ever comes, so that any handler is as good as installed.
pub fn sigaction(kernel: &mut Kernel, old: u64) -> Result<u64> {
    if old != 0 { put(kernel, old, [0; 4]) } else { Ok(0) }
}

pub fn sigprocmask(kernel: &mut Kernel, old: u64) -> Result<u64> {
    if old != 0 { put(kernel, old, [0]) } else { Ok(0) }
}

pub fn sigaltstack(kernel: &mut Kernel, old: u64) -> Result<u64> {
    const DISABLED: u64 = 2;
    if old != 0 { put(kernel, old, [0, DISABLED, 0]) } else { Ok(0) }
}

fn put<const N: usize>(kernel: &mut Kernel, out: u64, fields: [u64; N]) -> Result<u64> {
    for (index, field) in fields.into_iter().enumerate() {
        kernel.space.write(out.wrapping_add(8 * index as u64), &field.to_le_bytes())?;
    }
    Ok(0)
}
