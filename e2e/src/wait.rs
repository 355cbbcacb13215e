//! Waiting for something to become true: by looking at it again and again until a deadline, never by a fixed pause.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take that is not expected to take long.
pub const PATIENCE: Duration = Duration::from_secs(20);

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks until there is something, and returns it. Panics after [`PATIENCE`] with `what` was awaited.
pub fn find<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    find_within(PATIENCE, what, look)
}

/// As [`find`], with a deadline of its own.
pub fn find_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain: {what}");
        sleep(BETWEEN_LOOKS);
    }
}

/// Looks until it is so.
pub fn until(what: &str, mut look: impl FnMut() -> bool) {
    find(what, || look().then_some(()));
}

/// Looks until `look` returns `expected`; the complaint shows what it returned last.
pub fn until_equal<T: PartialEq + std::fmt::Debug>(expected: T, mut look: impl FnMut() -> T) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if seen == expected {
            return;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {expected:?}, last seen {seen:?}");
        sleep(BETWEEN_LOOKS);
    }
}
