//! Leaving room for other writers of the same branch.
//!
//! A push is a compare-and-swap on what was fetched before. Whoever pushes without a pause always wins, since everybody
//! else has to fetch first; the others would wait for ever. So there is a pause after a push for as long as another
//! writer takes to fetch and push, when one was seen lately, and now and then when none was, since one that always
//! loses is never seen.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// How long another writer is remembered.
const LATELY: Duration = Duration::from_secs(10);
/// Pushes that follow each other this closely leave no room.
const GAP: Duration = Duration::from_millis(50);
/// How long there may be no room at all.
const WITHOUT_ROOM: Duration = Duration::from_secs(2);
/// The longest pause; a push may take long for reasons of its own.
const LONGEST: Duration = Duration::from_millis(400);

/// When pushes left no room for others.
#[derive(Debug, Default)]
pub(crate) struct Courtesy {
    busy_since: Option<Instant>,
    last_end: Option<Instant>,
}

impl Courtesy {
    /// How long to wait after a push from `start` to `end`; `foreign` is when somebody else was last seen to push.
    pub(crate) fn pause(&mut self, start: Instant, end: Instant, foreign: Option<Instant>) -> Duration {
        let follows = self.last_end.is_some_and(|last| start.saturating_duration_since(last) < GAP);
        self.last_end = Some(end);
        let since = *self.busy_since.get_or_insert(start);
        let pause = ((end - start) * 2).mul_f64(1.0 + chance()).min(LONGEST);
        if foreign.is_some_and(|seen| end.saturating_duration_since(seen) < LATELY) {
            return pause;
        }
        if !follows {
            self.busy_since = Some(start);
        } else if end - since > WITHOUT_ROOM {
            self.busy_since = None;
            return pause;
        }
        Duration::ZERO
    }
}

/// From 0 to 1: two writers must not go in step.
fn chance() -> f64 {
    (RandomState::new().hash_one(0) >> 33) as f64 / (1u64 << 31) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSH: Duration = Duration::from_millis(20);

    #[test]
    fn a_lone_writer_pauses_now_and_then() {
        let (mut courtesy, mut now, mut paused) = (Courtesy::default(), Instant::now(), 0);
        for _ in 0..300 {
            let pause = courtesy.pause(now, now + PUSH, None);
            paused += u32::from(!pause.is_zero());
            now += PUSH + pause;
        }
        assert!((2..=3).contains(&paused), "{paused} pauses in six seconds");
    }

    #[test]
    fn a_writer_that_is_not_busy_never_waits() {
        let (mut courtesy, mut now) = (Courtesy::default(), Instant::now());
        for _ in 0..300 {
            assert_eq!(courtesy.pause(now, now + PUSH, None), Duration::ZERO);
            now += PUSH + GAP;
        }
    }

    #[test]
    fn another_writer_gets_time_to_fetch_and_push() {
        let (mut courtesy, now) = (Courtesy::default(), Instant::now());
        let pause = courtesy.pause(now, now + PUSH, Some(now));
        assert!((PUSH * 2..=PUSH * 4).contains(&pause), "{pause:?}");
        assert_eq!(courtesy.pause(now + LATELY, now + LATELY + PUSH, Some(now)), Duration::ZERO);
    }
}
