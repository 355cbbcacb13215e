//! The application's memory: anonymous pages, never both writable and executable, never executable once it runs.

use guest::areas::{Protection, pages};
use guest::paging::page_up;

use super::{Errno, Result};
use crate::kernel::Kernel;
use crate::space::{BOTTOM, MAPPINGS_TOP, STACK_TOP, TOP};

const SHARED: u64 = 1;
const FIXED: u64 = 0x10;
const ANONYMOUS: u64 = 0x20;
const NO_RESERVE: u64 = 0x4000;

/// madvise: forget what the pages hold.
const DONT_NEED: u64 = 4;
const FREE: u64 = 8;

pub fn mmap(kernel: &mut Kernel, address: u64, length: u64, protection: u64, flags: u64) -> Result<u64> {
    if flags & ANONYMOUS == 0 || flags & SHARED != 0 || length == 0 {
        return Err(Errno::Invalid);
    }
    let protection = data(protection)?;
    let at = (flags & FIXED != 0).then_some(address);
    if at.is_some_and(|at| at < BOTTOM || pages(at, length, MAPPINGS_TOP).is_none()) {
        return Err(Errno::Invalid);
    }
    Ok(kernel.space.map(at, length, protection, flags & NO_RESERVE == 0)?)
}

pub fn mprotect(kernel: &mut Kernel, address: u64, length: u64, protection: u64) -> Result<u64> {
    let protection = data(protection)?;
    if length == 0 {
        return Ok(0);
    }
    let (start, end) = range(address, length)?;
    kernel.space.protect(start, end, protection).map_err(|_| Errno::NoMemory)?;
    Ok(0)
}

pub fn munmap(kernel: &mut Kernel, address: u64, length: u64) -> Result<u64> {
    let (start, end) = range(address, length)?;
    kernel.space.unmap(start, end)?;
    Ok(0)
}

pub fn madvise(kernel: &mut Kernel, address: u64, length: u64, advice: u64) -> Result<u64> {
    if matches!(advice, DONT_NEED | FREE) && length > 0 {
        let (start, end) = range(address, length)?;
        kernel.space.discard(start, end);
    }
    Ok(0)
}

/// The heap's new end, or the old one if it cannot be.
pub fn brk(kernel: &mut Kernel, wanted: u64) -> Result<u64> {
    let (start, end) = kernel.heap;
    let (Some(old), Some(new)) = (page_up(end), page_up(wanted)) else { return Ok(end) };
    if wanted < start || new > TOP {
        return Ok(end);
    }
    let protection = Protection { read: true, write: true, execute: false };
    let changed = match new {
        new if new > old => kernel.space.map(Some(old), new - old, protection, true).map(|_| ()),
        new if new < old => kernel.space.unmap(new, old),
        _ => Ok(()),
    };
    if changed.is_ok() {
        kernel.heap.1 = wanted;
    }
    Ok(kernel.heap.1)
}

/// What may be asked for: anything but executable.
fn data(protection: u64) -> Result<Protection> {
    if protection & 4 != 0 {
        return Err(Errno::Access);
    }
    Ok(Protection { read: protection & 3 != 0, write: protection & 2 != 0, execute: false })
}

fn range(address: u64, length: u64) -> Result<(u64, u64)> {
    pages(address, length, STACK_TOP).filter(|(start, _)| *start >= BOTTOM).ok_or(Errno::Invalid)
}
