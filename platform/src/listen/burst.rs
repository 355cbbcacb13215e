//! Datagrams that came together, and room for a reply to each: allocated once, used again and again.

use std::net::SocketAddr;

/// Longest datagram taken or sent.
pub(super) const MAX_DATAGRAM: usize = 65_535;
/// Octets from one slot to the next. Not a multiple of a page, or the starts of all slots would compete for the same
/// lines of the processor's caches; what is never written costs no memory.
const STRIDE: usize = 65_536 + 17 * 64;

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// So many octets of the reply buffer go back at once.
    Reply(usize),
    /// It needs more than a look at memory: it is passed on as a [`super::datagrams::Datagram`].
    PassOn,
    /// Nothing.
    Ignore,
}

/// Datagrams that came together.
#[derive(Debug)]
pub struct Burst {
    pub(super) requests: Slots,
    pub(super) replies: Slots,
    pub(super) arrived: Vec<Arrived>,
    pub(super) verdicts: Vec<Verdict>,
}

/// A request's length and sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived {
    pub length: usize,
    pub peer: SocketAddr,
}

impl Burst {
    /// Room for so many.
    pub(super) fn with_capacity(count: usize) -> Burst {
        let (arrived, verdicts) = (Vec::with_capacity(count), Vec::with_capacity(count));
        Burst { requests: Slots::new(count), replies: Slots::new(count), arrived, verdicts }
    }

    /// How many came.
    pub fn len(&self) -> usize {
        self.arrived.len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }

    /// What came.
    pub fn requests(&self) -> impl Iterator<Item = &[u8]> {
        self.arrived.iter().enumerate().map(|(index, arrived)| &self.requests.get(index)[..arrived.length])
    }

    /// Decides about each: `answer(request, peer, reply buffer)`. What is not asked about is not replied to.
    pub fn answer(&mut self, mut answer: impl FnMut(&[u8], SocketAddr, &mut [u8]) -> Verdict) {
        self.verdicts.clear();
        for (index, Arrived { length, peer }) in self.arrived.iter().enumerate() {
            let request = &self.requests.get(index)[..*length];
            self.verdicts.push(answer(request, *peer, self.replies.get_mut(index)));
        }
    }
}

/// Buffers of [`MAX_DATAGRAM`] octets.
#[derive(Debug)]
pub(super) struct Slots(Vec<u8>);

impl Slots {
    fn new(count: usize) -> Slots {
        Slots(vec![0; count * STRIDE])
    }

    pub fn get(&self, index: usize) -> &[u8] {
        &self.0[index * STRIDE..][..MAX_DATAGRAM]
    }

    pub fn get_mut(&mut self, index: usize) -> &mut [u8] {
        &mut self.0[index * STRIDE..][..MAX_DATAGRAM]
    }
}
