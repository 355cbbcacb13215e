//! The frame device that whoever started us has opened: file descriptor 3, of which each read and each write is one
//! Ethernet frame, and which does not block. A tap in the sandbox, a virtio device behind the guest kernel.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

const DESCRIPTOR: RawFd = 3;

/// Takes the descriptor, once. Before anything else opens files, or it may be somebody else's.
#[expect(unsafe_code, reason = "a descriptor that was inherited has no owner yet")]
pub(crate) fn take() -> io::Result<OwnedFd> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    // SAFETY: F_GETFL takes no pointer, and looks only whether the number is that of an open file.
    let flags = unsafe { libc::fcntl(DESCRIPTOR, libc::F_GETFL) };
    if flags == -1 {
        return Err(io::Error::last_os_error());
    }
    if flags & libc::O_NONBLOCK == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it blocks"));
    }
    // SAFETY: it is open, as was just seen, and nobody else in this process owns it: it was there before main, and the
    // flag above lets one caller through.
    Ok(unsafe { OwnedFd::from_raw_fd(DESCRIPTOR) })
}
