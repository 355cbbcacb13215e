//! The memory of a service: one arena, reserved at once, used up to a limit.
//!
//! A global allocator ([`Arena`], which each service's `main.rs` installs) that asks the kernel for addresses once and
//! for nothing after that, so that a sealed service needs no system call for memory. What lies beyond the limit is
//! never touched. [talc] finds the places; it is told of more as they are needed, and merges what is freed.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use talc::base::Talc;
use talc::base::binning::{Binning, DefaultBinning};
use talc::lock_api::{GuardNoSend, RawMutex};
use talc::source::Source;
use talc::sync::TalcLock;

/// Addresses to ask for; where there are not so many, less and less until there are.
const ADDRESSES: usize = 64 << 30;
/// What is of no use any more.
const LEAST: usize = 1 << 20;
/// The arena grows by so much, so that pages that nobody needs stay untouched.
const STEP: usize = 256 << 10;
/// What talc may need beside the block that it was asked for.
const OVERHEAD: usize = 256;

static TALC: TalcLock<Spin, Growing, DefaultBinning> = TalcLock::new(Growing { start: 0, end: 0, reserved: 0 });
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The allocator, for `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arena;

/// How the arena stands, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What the service holds.
    pub(crate) used: usize,
    /// What it may hold more.
    pub(crate) left: usize,
    /// The limit.
    pub(crate) limit: usize,
}

/// From now on at most so many octets are used; those in use stay.
pub(crate) fn set_limit(octets: usize) {
    LIMIT.store(octets, Ordering::Relaxed);
}

/// How the arena stands; none when this program has another allocator, or no limit.
pub(crate) fn standing() -> Option<Standing> {
    let talc = TALC.lock();
    let limit = LIMIT.load(Ordering::Relaxed).min(talc.source.reserved);
    let counters = talc.counters();
    let grown = talc.source.end - talc.source.start;
    let left = limit.saturating_sub(grown) + counters.available_bytes;
    (LIMIT.load(Ordering::Relaxed) != usize::MAX).then_some(Standing { used: counters.allocated_bytes, left, limit })
}

#[expect(unsafe_code, reason = "what an allocator is")]
// SAFETY: every call is passed on as it came to an allocator that promises the same.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callee's condition; so in all of these.
        unsafe { TALC.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { TALC.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        unsafe { TALC.realloc(pointer, layout, size) }
    }
}

/// Where the arena lies, and how much of it is in use.
#[derive(Debug)]
struct Growing {
    /// The first address; 0 before anything was reserved.
    start: usize,
    /// Behind the last address that talc may use; 0 before there was one.
    end: usize,
    /// Octets of the addresses that the kernel gave.
    reserved: usize,
}

#[expect(unsafe_code, reason = "what an allocator's source is")]
// SAFETY: `acquire` allocates nothing and touches no lock.
unsafe impl Source for Growing {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if talc.source.reserved == 0 {
            let (start, reserved) = reserve().ok_or(())?;
            (talc.source.start, talc.source.reserved) = (start, reserved);
        }
        let (start, limit) = (talc.source.start, LIMIT.load(Ordering::Relaxed).min(talc.source.reserved));
        let grown = talc.source.end.saturating_sub(start);
        let least = layout.size().checked_add(layout.align()).and_then(|size| size.checked_add(OVERHEAD)).ok_or(())?;
        let least = grown.checked_add(least).ok_or(())?;
        let most = least.checked_next_multiple_of(STEP).ok_or(())?.min(limit);
        if most < least {
            return Err(());
        }
        let base = std::ptr::with_exposed_provenance_mut::<u8>(start);
        let end = NonNull::new(std::ptr::with_exposed_provenance_mut::<u8>(talc.source.end));
        // SAFETY: the addresses were reserved for reading and writing, talc is told of each once, and nobody else knows
        // them.
        let end = unsafe {
            match end {
                None => talc.claim(base, most).ok_or(())?,
                Some(end) => talc.extend(end, base.add(most)),
            }
        };
        // Talc rounds; if nothing came of it, asking again would bring nothing.
        let end = end.as_ptr().expose_provenance();
        let grew = std::mem::replace(&mut talc.source.end, end) != end;
        if grew { Ok(()) } else { Err(()) }
    }
}

/// As many addresses as there are to be had, without memory behind them yet.
#[expect(unsafe_code, reason = "the kernel's interface for memory")]
fn reserve() -> Option<(usize, usize)> {
    let mut size = ADDRESSES;
    while size >= LEAST {
        let (protection, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
        // SAFETY: a new mapping at an address of the kernel's choice overlaps nothing.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0) };
        if start != libc::MAP_FAILED {
            return Some((start.expose_provenance(), size));
        }
        size -= size / 8;
        size &= !(STEP - 1);
    }
    None
}

/// A lock that makes no system call where there is one thread, and on a host only when another thread was interrupted
/// in it.
struct Spin(AtomicBool);

impl Spin {
    #[cold]
    fn wait(&self) {
        const ROUNDS: usize = 64;
        loop {
            for _ in 0..ROUNDS {
                if !self.0.load(Ordering::Relaxed) && self.try_lock() {
                    return;
                }
                std::hint::spin_loop();
            }
            std::thread::yield_now();
        }
    }
}

#[expect(unsafe_code, reason = "what a lock is")]
// SAFETY: whoever changes false to true has the lock, and only that one changes it back.
unsafe impl RawMutex for Spin {
    const INIT: Spin = Spin(AtomicBool::new(false));
    type GuardMarker = GuardNoSend;

    fn lock(&self) {
        if !self.try_lock() {
            self.wait();
        }
    }

    fn try_lock(&self) -> bool {
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    unsafe fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}
