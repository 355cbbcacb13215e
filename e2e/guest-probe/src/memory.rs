//! Memory that is there, memory that is not, and memory that is nobody's business.

use std::io::Error;
use std::ptr::{null, null_mut};

const MEGABYTE: usize = 1 << 20;

/// Fills and drops blocks of all sizes, `megabytes` at most at once, ten times over. Returns how much it was in all.
pub fn allocate_and_free(megabytes: usize) -> usize {
    let mut total = 0;
    for round in 0..10 {
        let mut blocks = Vec::new();
        let mut left = megabytes * MEGABYTE;
        let mut size = 16 << round;
        while left >= size {
            let block = vec![size as u8; size];
            assert_eq!(block[size / 2], size as u8);
            total += block.len();
            left -= size;
            size = (size * 2).clamp(64, 4 * MEGABYTE);
            blocks.push(block);
        }
    }
    total / MEGABYTE
}

/// Reserves a range of `gigabytes` without memory behind it, and uses a page in each. Returns how many held what was
/// written.
pub fn reserve(gigabytes: usize) -> usize {
    let start = map(gigabytes << 30, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_NORESERVE).unwrap();
    let page = |index: usize| start.wrapping_add(index << 30).cast::<u64>();
    // SAFETY: inside the range that was just mapped.
    let zero = (0..gigabytes).all(|index| unsafe { page(index).read_volatile() } == 0);
    assert!(zero);
    // SAFETY: as above.
    (0..gigabytes).for_each(|index| unsafe { page(index).write_volatile(index as u64) });
    // SAFETY: as above.
    (0..gigabytes).filter(|index| unsafe { page(*index).read_volatile() } == *index as u64).count()
}

/// More memory than there is, reserved: refused in a way that Rust can handle.
pub fn is_refused(megabytes: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(megabytes * MEGABYTE).is_err()
}

/// What is said to memory that is to be executed.
pub fn executable_memory() -> String {
    let at_once = map(4096, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, 0);
    let page = map(4096, libc::PROT_READ | libc::PROT_WRITE, 0).unwrap();
    // SAFETY: a page of our own.
    let later = unsafe { libc::mprotect(page.cast(), 4096, libc::PROT_READ | libc::PROT_EXEC) };
    format!("{:?} {later}", at_once.err())
}

/// System calls with addresses that are the kernel's, nobody's, or not to be written: all must fail with EFAULT.
pub fn wrong_pointers() -> String {
    let text = wrong_pointers as fn() -> String as *mut u8;
    let addresses =
        [null_mut(), 0x10_0000 as *mut u8, 0xffff_8000_0020_0000u64 as *mut u8, (1u64 << 63) as *mut u8, text];
    let errno = |result: isize| if result < 0 { Error::last_os_error().raw_os_error().unwrap_or(0) } else { 0 };
    let into = addresses.map(|address| {
        // SAFETY: the kernel is to find out that there is nothing to write to.
        errno(unsafe { libc::getrandom(address.cast(), 16, 0) })
    });
    let from = addresses[..4].iter().map(|address| {
        // SAFETY: the kernel is to find out that there is nothing to read.
        errno(unsafe { libc::write(1, address.cast_const().cast(), 16) })
    });
    // SAFETY: as above; the range goes round the end of the address space.
    let round = errno(unsafe { libc::write(1, null::<u8>().wrapping_sub(8).cast(), 16) });
    format!("{into:?} {:?} {round}", from.collect::<Vec<_>>())
}

fn map(length: usize, protection: i32, flags: i32) -> Result<*mut u8, i32> {
    let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new range; nothing that exists is replaced.
    let start = unsafe { libc::mmap(null_mut(), length, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED { Err(Error::last_os_error().raw_os_error().unwrap_or(0)) } else { Ok(start.cast()) }
}
