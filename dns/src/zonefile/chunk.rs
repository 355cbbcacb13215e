//! A file's text in chunks of whole entries, each with what its first entry takes from those before it, and whose records it holds.
//!
//! The owners are kept as 24 bits of a hash each: a chunk that seems to hold a name is read, one that does not is not.

use std::sync::Arc;

use bytes::Bytes;

use super::entry::State;

/// Octets from which on a chunk ends with its entry.
const CHUNK: usize = 32 * 1024;

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
    /// Whether it may hold a record of the owner with this hash.
    pub fn may_hold(&self, hash: [u8; 3]) -> bool {
        self.owners.binary_search(&hash).is_ok()
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
