//! Physical memory through the window at `DIRECT`: the one place where an address becomes a reference.

use guest::paging::{PAGE, Table};

use crate::start::{DIRECT, DIRECT_SIZE};

/// Octets of physical memory.
///
/// # Safety
/// The range must be memory below [`DIRECT_SIZE`], and nobody else may write it (or for `slice_mut` use it) meanwhile.
pub unsafe fn slice(address: u64, length: usize) -> &'static [u8] {
    assert!(address + length as u64 <= DIRECT_SIZE);
    // SAFETY: mapped below DIRECT_SIZE; the rest is the caller's promise.
    unsafe { core::slice::from_raw_parts((DIRECT + address) as *const u8, length) }
}

/// As [`slice`], to be written.
///
/// # Safety
/// As for [`slice`].
pub unsafe fn slice_mut(address: u64, length: usize) -> &'static mut [u8] {
    assert!(address + length as u64 <= DIRECT_SIZE);
    // SAFETY: as in `slice`.
    unsafe { core::slice::from_raw_parts_mut((DIRECT + address) as *mut u8, length) }
}

/// A frame as octets.
///
/// # Safety
/// The frame must be one of ours: taken, and reached by one reference at a time.
pub unsafe fn frame<'a>(address: u64) -> &'a mut [u8; PAGE as usize] {
    assert!(address + PAGE <= DIRECT_SIZE);
    // SAFETY: mapped, aligned for octets; the rest is the caller's promise.
    unsafe { &mut *((DIRECT + address) as *mut [u8; PAGE as usize]) }
}

/// A frame as a page table.
///
/// # Safety
/// As for [`frame`]; the frame must start on a page boundary.
pub unsafe fn table<'a>(address: u64) -> &'a mut Table {
    assert!(address + PAGE <= DIRECT_SIZE && address.is_multiple_of(PAGE));
    // SAFETY: mapped and aligned; the rest is the caller's promise.
    unsafe { &mut *((DIRECT + address) as *mut Table) }
}
