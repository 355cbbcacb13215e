//! Pieces of a text with something else in their place; the rest stays octet for octet.

use std::ops::Range;

use bytes::Bytes;

/// Changes of a text, in any order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Splices(Vec<(Range<usize>, Vec<u8>)>);

impl Splices {
    pub fn remove(&mut self, range: Range<usize>) {
        self.0.push((range, Vec::new()));
    }

    pub fn replace(&mut self, range: Range<usize>, text: Vec<u8>) {
        self.0.push((range, text));
    }

    pub fn insert(&mut self, at: usize, text: Vec<u8>) {
        self.0.push((at..at, text));
    }

    /// The text after the changes. Of two that overlap, the one that begins first counts.
    pub fn apply(mut self, text: &Bytes) -> Bytes {
        if self.0.is_empty() {
            return text.clone();
        }
        self.0.sort_by_key(|(range, _)| (range.start, !range.is_empty()));
        let mut out = Vec::with_capacity(text.len() + self.0.iter().map(|(_, text)| text.len()).sum::<usize>());
        let mut at = 0;
        for (range, replacement) in self.0 {
            if range.start >= at {
                out.extend_from_slice(&text[at..range.start]);
                out.extend_from_slice(&replacement);
                at = range.end;
            }
        }
        out.extend_from_slice(&text[at..]);
        out.into()
    }
}

/// How lines end in a text: as the first one does.
pub(crate) fn newline(text: &[u8]) -> &'static str {
    match memchr::memchr(b'\n', text) {
        Some(at) if at == 0 || text[at - 1] != b'\r' => "\n",
        _ => "\r\n",
    }
}
