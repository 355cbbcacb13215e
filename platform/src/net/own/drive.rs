//! The task that runs the stack: when frames have come, when somebody has something to send, when time has passed.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Shared;
use super::device::Wire;
use crate::descriptor;

/// How long a wait is at most, so that nothing depends on a deadline that was computed wrongly.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How a process ends whose network is gone: with an error, so that whoever runs it starts it again.
const NETWORK_GONE: i32 = 1;

/// The descriptor to wait for, and the same as something to read and write.
pub(super) fn open(frames: OwnedFd) -> io::Result<(Arc<AsyncFd<OwnedFd>>, Descriptor)> {
    let watched = Arc::new(descriptor::watch(frames, Interest::READABLE | Interest::WRITABLE)?);
    Ok((Arc::clone(&watched), Descriptor(watched)))
}

/// A file descriptor of which each read is one frame, and each write.
#[derive(Debug)]
pub(super) struct Descriptor(Arc<AsyncFd<OwnedFd>>);

impl Wire for Descriptor {
    fn receive(&mut self, frame: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0.get_ref(), frame)?)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        Ok(rustix::io::write(self.0.get_ref(), frame).map(|_| ())?)
    }
}

/// Runs the stack for ever. Without a device there is no network, and the process ends.
pub(super) async fn drive(shared: Arc<Shared>, frames: Arc<AsyncFd<OwnedFd>>) {
    let mut full = false;
    let mut wait = Duration::ZERO;
    loop {
        let mut arrived = None;
        tokio::select! {
            biased;
            ready = frames.readable() => arrived = ready.ok(),
            ready = frames.writable(), if full => ready.into_iter().for_each(|mut ready| ready.clear_ready()),
            () = shared.kicked.notified() => (),
            () = tokio::time::sleep(wait) => (),
        }
        let next = {
            let mut engine = shared.engine();
            let next = engine.run(shared.now());
            if engine.is_addressed() {
                shared.addressed.notify_waiters();
            }
            next
        };
        match next {
            Ok(next) => {
                if next.drained
                    && let Some(mut arrived) = arrived
                {
                    arrived.clear_ready();
                }
                full = next.full;
                wait = next.after.map_or(LONGEST_WAIT, |after| Duration::from(after).min(LONGEST_WAIT));
            }
            Err(error) => {
                tracing::error!("the frame device is gone: {error}");
                std::process::exit(NETWORK_GONE);
            }
        }
        tokio::task::yield_now().await;
    }
}
