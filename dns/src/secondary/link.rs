//! The one connection to a primary: who waits for it, what was asked on it and not answered yet.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::name::Name;
use crate::transfer::incoming::Awaiting;

/// A primary's address and what goes on there.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) connection: Connection,
    /// Zones that wait for their turn; each at most once.
    pub(super) waiting: VecDeque<Name>,
    /// Zones whose question here is a subscription (MirageOS): the connection is kept for them.
    pub(super) subscribers: BTreeSet<Name>,
    /// By the ID of their messages.
    pub(super) asked: HashMap<u16, Asked>,
    /// Octets that nobody awaited, since the connection was opened.
    pub(super) stray: usize,
    /// Exchanges that ended well on this connection.
    pub(super) answered: usize,
    /// Connections in a row that a subscription lost soon.
    pub(super) lost: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Connection {
    #[default]
    None,
    Opening {
        number: u64,
        deadline: Duration,
    },
    Open {
        number: u64,
        since: Duration,
        /// When an answer last moved on, or a question was asked while there were none.
        heard: Duration,
    },
}

/// A zone whose answer is awaited.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) apex: Name,
    pub(super) awaiting: Awaiting,
    pub(super) since: Duration,
}

impl Link {
    pub(super) fn number(&self) -> Option<u64> {
        match self.connection {
            Connection::None => None,
            Connection::Opening { number, .. } | Connection::Open { number, .. } => Some(number),
        }
    }

    pub(super) fn heard_at(&mut self, now: Duration) {
        if let Connection::Open { heard, .. } = &mut self.connection {
            *heard = now;
        }
    }

    /// An ID that no open question has.
    pub(super) fn free_id(&self, random: &mut dyn FnMut() -> u32) -> u16 {
        loop {
            let id = random() as u16;
            if !self.asked.contains_key(&id) {
                return id;
            }
        }
    }

    /// Everybody who hoped for this connection.
    pub(super) fn abandon(&mut self) -> Vec<Name> {
        self.connection = Connection::None;
        (self.stray, self.answered) = (0, 0);
        let asked = std::mem::take(&mut self.asked).into_values().map(|asked| asked.apex);
        asked.chain(std::mem::take(&mut self.waiting)).collect()
    }
}
