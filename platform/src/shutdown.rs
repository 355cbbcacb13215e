//! When to end: SIGTERM and SIGINT as something to read.
//!
//! The signals are blocked and read from a file descriptor, so that a sealed service needs no signal handler and no
//! system call for one. A guest kernel has no signals; there nobody asks.

use std::io;
use std::os::fd::OwnedFd;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use crate::descriptor;

/// Resolves once somebody asked the service to end (SIGTERM, SIGINT).
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Waits until the service is asked to end.
    pub async fn requested(&mut self) {
        // The sender lives as long as the process; were it gone, the end would be near as well.
        let _ = self.0.wait_for(|requested| *requested).await;
    }
}

/// The signals that ask for the end, held back until somebody reads them.
#[derive(Debug)]
pub(crate) struct Signals(Option<SignalFd>);

impl Signals {
    /// Holds the signals back in this thread and those it starts from now on.
    pub(crate) fn hold() -> io::Result<Signals> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGTERM);
        signals.add(Signal::SIGINT);
        signals.thread_block()?;
        match SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC) {
            Ok(descriptor) => Ok(Signals(Some(descriptor))),
            Err(nix::Error::ENOSYS) => Ok(Signals(None)),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts reading them, within a runtime.
    pub(crate) fn listen(self) -> io::Result<Shutdown> {
        let (sender, receiver) = watch::channel(false);
        let arriving = self.0.map(|signals| descriptor::watch(signals, Interest::READABLE)).transpose()?;
        tokio::spawn(async move {
            if let Some(arriving) = &arriving {
                while !came(arriving).await {}
                let _ = sender.send(true);
            }
            // Keeps the channel open, so that later waiters see the value.
            sender.closed().await;
            // Not before: a sealed process cannot close a descriptor.
            drop(arriving);
        });
        Ok(Shutdown(receiver))
    }
}

async fn came(signals: &AsyncFd<OwnedFd>) -> bool {
    let Ok(mut ready) = signals.readable().await else { return false };
    // A struct signalfd_siginfo, which is read whole or not at all.
    let mut signal = [0; 128];
    let read = ready.try_io(|signals| Ok(rustix::io::read(signals.get_ref(), &mut signal)?));
    matches!(read, Ok(Ok(_)))
}
