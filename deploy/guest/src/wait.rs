//! Waiting: look, sleep until an interrupt, look again. An idle application costs the host nothing.

use guest::epoll::{Event, State};
use guest::files::File;

use crate::kernel::Kernel;

/// Looks until `look` returns something or the time is over. `None` waits for ever.
pub fn until<T>(
    kernel: &mut Kernel,
    nanoseconds: Option<u64>,
    mut look: impl FnMut(&mut Kernel) -> Option<T>,
) -> Option<T> {
    let end = nanoseconds.map(|nanoseconds| kernel.clock.monotonic().saturating_add(nanoseconds));
    loop {
        if let Some(found) = look(kernel) {
            return Some(found);
        }
        let left = end.map(|end| end.saturating_sub(kernel.clock.monotonic()));
        if left == Some(0) {
            return None;
        }
        // Interrupts are off: what comes after this ends the sleep.
        if !kernel.net.before_sleep() {
            kernel.timer.sleep(left);
        }
    }
}

/// Events of interest that are so now.
pub fn events(kernel: &mut Kernel, out: &mut [Event]) -> Option<usize> {
    let Kernel { interests, files, net, .. } = kernel;
    let mut state = |descriptor| match files.get(descriptor) {
        Some(File::Net) => net.state(),
        other => other.map_or(State::default(), |file| state_of(*file)),
    };
    Some(interests.ready(&mut state, out)).filter(|count| *count > 0)
}

/// How a file is.
pub fn state(kernel: &mut Kernel, descriptor: u64) -> Option<State> {
    match *kernel.files.get(descriptor)? {
        File::Net => Some(kernel.net.state()),
        other => Some(state_of(other)),
    }
}

fn state_of(file: File) -> State {
    match file {
        File::Console => State { readable: false, writable: true, changes: 0 },
        File::Event { value, changes } => State { readable: value > 0, writable: true, changes },
        File::Epoll | File::Net | File::Signals => State::default(),
    }
}
