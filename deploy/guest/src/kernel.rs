//! Everything that the kernel knows while the application runs.

use guest::epoll::Interests;
use guest::files::Files;

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::interrupts::Timer;
use crate::net::Net;
use crate::space::Space;

/// The state behind the system calls.
#[derive(Debug)]
pub struct Kernel {
    /// The application's memory.
    pub space: Space,
    /// What time it is.
    pub clock: Clock,
    /// What wakes the processor.
    pub timer: Timer,
    /// The network device.
    pub net: Net,
    /// Random octets.
    pub entropy: Entropy,
    /// File descriptors.
    pub files: Files,
    /// What `epoll_wait` waits for.
    pub interests: Interests,
    /// The heap: where it starts and ends (`brk`).
    pub heap: (u64, u64),
    /// The application has given up all calls but those of its steady state.
    pub sealed: bool,
    /// A bit for each system call that was said to be missing.
    pub missed: [u64; 8],
}

static mut KERNEL: Option<Kernel> = None;

/// Keeps the state where the ways into the kernel find it.
pub fn start(kernel: Kernel) {
    // SAFETY: the application does not run yet, so that nobody else looks.
    unsafe { (&raw mut KERNEL).write(Some(kernel)) }
}

/// The state.
///
/// # Safety
/// Only one way into the kernel at a time: there is one processor, interrupts do not come here, and the kernel does not
/// fault.
pub unsafe fn get() -> &'static mut Kernel {
    let kernel = &raw mut KERNEL;
    // SAFETY: as the caller promises.
    let kernel = unsafe { &mut *kernel };
    kernel.as_mut().expect("the application runs only after `start`")
}
