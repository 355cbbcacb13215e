//! File descriptors that the runtime watches: the frame device and the signals.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a file descriptor that does not block, within a runtime.
#[expect(unsafe_code, reason = "tokio asks for a promise that the type of the argument already gives")]
pub(crate) fn watch(descriptor: impl Into<OwnedFd>, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd is open, stays so, and always is the same descriptor, for as long as the AsyncFd owns it.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor.into(), interest) }?)
}
