//! A file's text in chunks of whole entries, each with what its first entry takes from those before it, and whose
//! records it holds.
//!
//! The owners are kept as 24 bits of a hash each: a chunk that seems to hold a name is read, one that does not is not.

use std::sync::Arc;

use bytes::Bytes;

use super::entry::State;

/// Octets from which on a chunk ends with its entry.
const CHUNK: usize = 24 * 1024;

/// Some entries of a file.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// Its text.
    pub text: Bytes,
    /// What its first entry takes from those before it.
    pub state: State,
    /// Hashes of owner names, ascending.
    owners: Arc<[[u8; 3]]>,
    /// The files that its `$INCLUDE` entries name, in order, by their index in the document.
    pub includes: Box<[usize]>,
}

impl Chunk {
    /// Whether it may hold a record of the owner with this hash. Looks first where the hash would be if all were evenly
    /// spread.
    pub fn may_hold(&self, hash: [u8; 3]) -> bool {
        let wanted = number(hash);
        let guess = ((u64::from(wanted) * self.owners.len() as u64) >> 24) as usize;
        let (below, above) = self.owners.split_at(guess);
        let mut near = above.iter().map(|owner| number(*owner)).take_while(|owner| *owner <= wanted);
        let mut under = below.iter().rev().map(|owner| number(*owner)).take_while(|owner| *owner >= wanted);
        near.any(|owner| owner == wanted) || under.any(|owner| owner == wanted)
    }

    /// The same chunk on another copy of its text.
    pub fn sharing(&self, text: Bytes) -> Chunk {
        Chunk { text, ..self.clone() }
    }

    /// Octets that it takes beside its text.
    pub fn overhead(&self) -> usize {
        let state = self.state.owner.len() + self.state.origin.as_octets().len();
        size_of::<Chunk>() + 3 * self.owners.len() + 8 * self.includes.len() + state
    }
}

fn number([a, b, c]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, a, b, c])
}

/// 24 bits of a name in wire form, whatever its case.
pub(crate) fn owner_hash(octets: &[u8]) -> [u8; 3] {
    let mix = |hash: u32, octet: &u8| (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
    let hash = octets.iter().fold(0x811c_9dc5, mix);
    let [_, a, b, c] = (hash ^ hash >> 24).to_be_bytes();
    [a, b, c]
}

/// Cuts a text while it is parsed.
#[derive(Debug)]
pub(crate) struct Chunker {
    text: Bytes,
    start: usize,
    state: State,
    owners: Vec<[u8; 3]>,
    includes: Vec<usize>,
    chunks: Vec<Arc<Chunk>>,
}

impl Chunker {
    pub fn new(text: Bytes, state: State) -> Chunker {
        Chunker { text, start: 0, state, owners: Vec::new(), includes: Vec::new(), chunks: Vec::new() }
    }

    /// The entry being read has a record of this owner, in wire form.
    pub fn owner(&mut self, octets: &[u8]) {
        let hash = owner_hash(octets);
        if self.owners.last() != Some(&hash) {
            self.owners.push(hash);
        }
    }

    /// The entry being read includes this file.
    pub fn include(&mut self, file: usize) {
        self.includes.push(file);
    }

    /// An entry ended at `end`, and the next one starts with `state`.
    pub fn entry_end(&mut self, end: usize, state: &State) {
        if end - self.start >= CHUNK {
            self.cut(end, state);
        }
    }

    /// All chunks; at least one, also of an empty text.
    pub fn finish(mut self, state: &State) -> Vec<Arc<Chunk>> {
        if self.start < self.text.len() || self.chunks.is_empty() {
            self.cut(self.text.len(), state);
        }
        self.chunks
    }

    fn cut(&mut self, end: usize, next: &State) {
        self.owners.sort_unstable();
        self.owners.dedup();
        let state = std::mem::replace(&mut self.state, next.clone());
        self.chunks.push(Arc::new(Chunk {
            text: self.text.slice(self.start..end),
            state,
            owners: self.owners.as_slice().into(),
            includes: std::mem::take(&mut self.includes).into(),
        }));
        self.owners.clear();
        self.start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn chunks_know_their_owners() {
        for count in [0, 1, 2, 3, 10, 500] {
            let mut chunker = Chunker::new(Bytes::new(), State::new(Name::root()));
            let names: Vec<[u8; 3]> =
                (0..count * 2).map(|number| owner_hash(format!("name{number}").as_bytes())).collect();
            for number in 0..count {
                chunker.owner(format!("NAME{}", 2 * number).as_bytes());
            }
            let chunks = chunker.finish(&State::new(Name::root()));
            let even: Vec<[u8; 3]> = names.iter().copied().step_by(2).collect();
            for name in names {
                assert_eq!(chunks[0].may_hold(name), even.contains(&name));
            }
        }
    }
}
