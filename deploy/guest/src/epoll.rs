//! The set of interests behind `epoll_wait`: level and edge triggered.
//!
//! An edge is seen by counting: every file counts what happened to it, and an edge-triggered interest remembers the
//! count that it reported last.

/// Something can be read.
pub const IN: u32 = 1;
/// Something can be written.
pub const OUT: u32 = 4;
/// Report once for each change, not as long as it is so.
pub const EDGE: u32 = 1 << 31;

const MOST: usize = 16;

/// How a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// A read would return something.
    pub readable: bool,
    /// A write would be taken.
    pub writable: bool,
    /// Counts what may have made it so.
    pub changes: u32,
}

impl State {
    /// What of `events` is so.
    pub fn events(&self, events: u32) -> u32 {
        events & (if self.readable { IN } else { 0 } | if self.writable { OUT } else { 0 })
    }
}

/// What is reported: events that are so, and the application's own mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// [`IN`], [`OUT`].
    pub events: u32,
    /// As it was registered.
    pub data: u64,
}

#[derive(Clone, Copy, Debug)]
struct Interest {
    descriptor: u64,
    wanted: Event,
    /// The count of changes that was reported last, if any was.
    seen: Option<u32>,
}

/// Why an interest cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterestError {
    /// There is one for that file already.
    Exists,
    /// There is none.
    Missing,
    /// There are too many.
    TooMany,
}

/// All interests.
#[derive(Debug)]
pub struct Interests([Option<Interest>; MOST]);

impl Interests {
    /// None.
    pub const fn new() -> Interests {
        Interests([None; MOST])
    }

    /// A further interest.
    pub fn add(&mut self, descriptor: u64, wanted: Event) -> Result<(), InterestError> {
        if self.find(descriptor).is_ok() {
            return Err(InterestError::Exists);
        }
        let free = self.0.iter_mut().find(|place| place.is_none()).ok_or(InterestError::TooMany)?;
        *free = Some(Interest { descriptor, wanted, seen: None });
        Ok(())
    }

    /// Another interest in the same file; what is so is reported again.
    pub fn modify(&mut self, descriptor: u64, wanted: Event) -> Result<(), InterestError> {
        *self.find(descriptor)? = Some(Interest { descriptor, wanted, seen: None });
        Ok(())
    }

    /// No interest any more.
    pub fn remove(&mut self, descriptor: u64) -> Result<(), InterestError> {
        *self.find(descriptor)? = None;
        Ok(())
    }

    /// Events to report, as many as fit. Edge-triggered ones count as reported.
    pub fn ready(&mut self, mut state: impl FnMut(u64) -> State, out: &mut [Event]) -> usize {
        let mut count = 0;
        for interest in self.0.iter_mut().flatten() {
            let Some(place) = out.get_mut(count) else { break };
            let state = state(interest.descriptor);
            let events = state.events(interest.wanted.events);
            let old_news = interest.wanted.events & EDGE != 0 && interest.seen == Some(state.changes);
            if events == 0 || old_news {
                continue;
            }
            interest.seen = Some(state.changes);
            *place = Event { events, data: interest.wanted.data };
            count += 1;
        }
        count
    }

    fn find(&mut self, descriptor: u64) -> Result<&mut Option<Interest>, InterestError> {
        let same = |place: &&mut Option<Interest>| place.is_some_and(|interest| interest.descriptor == descriptor);
        self.0.iter_mut().find(same).ok_or(InterestError::Missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(interests: &mut Interests, state: State) -> Vec<Event> {
        let mut out = [Event::default(); 4];
        let count = interests.ready(|_| state, &mut out);
        out[..count].to_vec()
    }

    const READABLE: State = State { readable: true, writable: false, changes: 1 };

    #[test]
    fn a_level_is_reported_as_long_as_it_lasts() {
        let mut interests = Interests::new();
        interests.add(3, Event { events: IN, data: 9 }).unwrap();
        for _ in 0..2 {
            assert_eq!(ready(&mut interests, READABLE), [Event { events: IN, data: 9 }]);
        }
        assert_eq!(ready(&mut interests, State { readable: false, ..READABLE }), []);
    }

    #[test]
    fn an_edge_is_reported_once() {
        let mut interests = Interests::new();
        interests.add(3, Event { events: IN | OUT | EDGE, data: 9 }).unwrap();
        assert_eq!(ready(&mut interests, State { writable: true, ..READABLE })[0].events, IN | OUT);
        assert_eq!(ready(&mut interests, READABLE), []);
        assert_eq!(ready(&mut interests, State { changes: 2, ..READABLE })[0].events, IN);
        assert_eq!(ready(&mut interests, State { changes: 2, ..READABLE }), []);
        interests.modify(3, Event { events: IN | EDGE, data: 8 }).unwrap();
        assert_eq!(ready(&mut interests, State { changes: 2, ..READABLE })[0].data, 8);
    }

    #[test]
    fn an_edge_that_was_not_reported_is_kept() {
        let mut interests = Interests::new();
        for descriptor in [3, 4] {
            interests.add(descriptor, Event { events: IN | EDGE, data: descriptor }).unwrap();
        }
        let mut out = [Event::default(); 1];
        assert_eq!(interests.ready(|_| READABLE, &mut out), 1);
        assert_eq!(out[0].data, 3);
        assert_eq!(interests.ready(|_| READABLE, &mut out), 1);
        assert_eq!(out[0].data, 4);
    }

    #[test]
    fn interests_are_added_changed_and_removed_in_order() {
        let mut interests = Interests::new();
        let wanted = Event { events: IN, data: 0 };
        assert_eq!(interests.modify(3, wanted), Err(InterestError::Missing));
        assert_eq!(interests.add(3, wanted), Ok(()));
        assert_eq!(interests.add(3, wanted), Err(InterestError::Exists));
        assert_eq!(interests.remove(3), Ok(()));
        assert_eq!(interests.remove(3), Err(InterestError::Missing));
        for descriptor in 0..MOST as u64 {
            interests.add(descriptor, wanted).unwrap();
        }
        assert_eq!(interests.add(99, wanted), Err(InterestError::TooMany));
    }
}
