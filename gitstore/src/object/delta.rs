//! Deltas: an object as copies from a base object and inserted octets (gitformat-pack(5), "Deltified representation").
//!
//! [`Pieces`] is the value: it can only describe what a base really has, it can be edited further, and it is encoded
//! once. [`apply`] reads foreign deltas, and trusts nothing in them.

use bytes::Bytes;

use crate::error::ObjectError;

/// The longest run that one copy instruction can name.
const MAX_COPY: usize = 0xff_ffff;
/// The longest run that one insert instruction can carry.
const MAX_INSERT: usize = 0x7f;

/// An object described by runs of a base object and new octets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
    length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Copy { offset: usize, length: usize },
    Insert(Bytes),
}

impl Pieces {
    /// The base object itself.
    pub(crate) fn whole(length: usize) -> Pieces {
        let mut pieces = Pieces::default();
        pieces.copy(0, length);
        pieces
    }

    /// The length of the object described.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Appends a run of the base.
    pub(crate) fn copy(&mut self, offset: usize, length: usize) {
        if length == 0 {
            return;
        }
        self.length += length;
        if let Some(Piece::Copy { offset: last, length: run }) = self.pieces.last_mut()
            && *last + *run == offset
        {
            *run += length;
            return;
        }
        self.pieces.push(Piece::Copy { offset, length });
    }

    /// Appends new octets.
    pub(crate) fn insert(&mut self, octets: Bytes) {
        if !octets.is_empty() {
            self.length += octets.len();
            self.pieces.push(Piece::Insert(octets));
        }
    }

    /// Replaces ranges (ascending, apart from each other, inside the object) and describes the result, still over the
    /// same base.
    pub(crate) fn splice(&self, splices: &[crate::Splice]) -> Pieces {
        let mut result = Pieces::default();
        let mut cursor = Cursor { pieces: &self.pieces, index: 0, within: 0 };
        let mut position = 0;
        for splice in splices {
            cursor.take(splice.range.start - position, Some(&mut result));
            cursor.take(splice.range.len(), None);
            result.insert(splice.replacement.clone());
            position = splice.range.end;
        }
        cursor.take(self.length - position, Some(&mut result));
        result
    }

    /// The delta as it stands in a packfile.
    pub(crate) fn encode(&self, base_length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        encode_size(&mut out, base_length);
        encode_size(&mut out, self.length);
        for piece in &self.pieces {
            match piece {
                Piece::Copy { offset, length } => encode_copy(&mut out, *offset, *length),
                Piece::Insert(octets) => {
                    for run in octets.chunks(MAX_INSERT) {
                        out.push(run.len() as u8);
                        out.extend_from_slice(run);
                    }
                }
            }
        }
        out
    }
}

/// A place in a list of pieces, counted in octets of the object described.
struct Cursor<'a> {
    pieces: &'a [Piece],
    index: usize,
    within: usize,
}

impl Cursor<'_> {
    /// Moves over the next `count` octets, and hands them on if somebody wants them.
    fn take(&mut self, mut count: usize, mut into: Option<&mut Pieces>) {
        while count > 0 {
            let Some(piece) = self.pieces.get(self.index) else { return };
            let length = match piece {
                Piece::Copy { length, .. } => *length,
                Piece::Insert(octets) => octets.len(),
            };
            let run = count.min(length - self.within);
            if let Some(result) = into.as_deref_mut() {
                match piece {
                    Piece::Copy { offset, .. } => result.copy(offset + self.within, run),
                    Piece::Insert(octets) => result.insert(octets.slice(self.within..self.within + run)),
                }
            }
            self.within += run;
            count -= run;
            if self.within == length {
                self.index += 1;
                self.within = 0;
            }
        }
    }
}

fn encode_size(out: &mut Vec<u8>, mut size: usize) {
    while size >= 0x80 {
        out.push(size as u8 | 0x80);
        size >>= 7;
    }
    out.push(size as u8);
}

fn encode_copy(out: &mut Vec<u8>, mut offset: usize, mut length: usize) {
    while length > 0 {
        let run = length.min(MAX_COPY);
        let at = out.len();
        let mut instruction = 0x80;
        out.push(instruction);
        for byte in 0..4 {
            let octet = (offset >> (8 * byte)) as u8;
            if octet != 0 {
                instruction |= 1 << byte;
                out.push(octet);
            }
        }
        for byte in 0..3 {
            let octet = (run >> (8 * byte)) as u8;
            if octet != 0 && run != 0x1_0000 {
                instruction |= 0x10 << byte;
                out.push(octet);
            }
        }
        out[at] = instruction;
        offset += run;
        length -= run;
    }
}

/// What a delta says of itself before its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) base: u64,
    pub(crate) result: u64,
    instructions_at: usize,
}

/// Reads the head of a delta.
pub(crate) fn sizes(delta: &[u8]) -> Result<Sizes, ObjectError> {
    let mut at = 0;
    let base = decode_size(delta, &mut at)?;
    let result = decode_size(delta, &mut at)?;
    Ok(Sizes { base, result, instructions_at: at })
}

fn decode_size(delta: &[u8], at: &mut usize) -> Result<u64, ObjectError> {
    let mut size = 0u64;
    for shift in (0..56).step_by(7) {
        let octet = next(delta, at)?;
        size |= u64::from(octet & 0x7f) << shift;
        if octet & 0x80 == 0 {
            return Ok(size);
        }
    }
    Err(ObjectError::Delta("a size is too long"))
}

fn next(delta: &[u8], at: &mut usize) -> Result<u8, ObjectError> {
    let octet = *delta.get(*at).ok_or(ObjectError::Delta("it is cut short"))?;
    *at += 1;
    Ok(octet)
}

/// Carries out a foreign delta; a result past `limit` octets is refused before memory is taken for it.
pub(crate) fn apply(base: &[u8], delta: &[u8], limit: usize) -> Result<Vec<u8>, ObjectError> {
    let sizes = sizes(delta)?;
    if sizes.base != base.len() as u64 {
        return Err(ObjectError::Delta("it is made for a base of another size"));
    }
    if sizes.result > limit as u64 {
        return Err(ObjectError::TooLarge { octets: sizes.result });
    }
    let length = sizes.result as usize;
    let mut result = Vec::with_capacity(length);
    let mut at = sizes.instructions_at;
    while at < delta.len() {
        let run = instruction(base, delta, &mut at)?;
        if run.len() > length - result.len() {
            return Err(ObjectError::Delta("its result is longer than it said"));
        }
        result.extend_from_slice(run);
    }
    if result.len() != length {
        return Err(ObjectError::Delta("its result is shorter than it said"));
    }
    Ok(result)
}

fn instruction<'a>(base: &'a [u8], delta: &'a [u8], at: &mut usize) -> Result<&'a [u8], ObjectError> {
    let code = next(delta, at)?;
    if code == 0 {
        return Err(ObjectError::Delta("it has a reserved instruction"));
    }
    if code & 0x80 == 0 {
        let end = *at + usize::from(code);
        let run = delta.get(*at..end).ok_or(ObjectError::Delta("it is cut short"))?;
        *at = end;
        return Ok(run);
    }
    let mut operand = |flags: u8, count: u8| -> Result<usize, ObjectError> {
        let mut value = 0;
        for byte in (0..count).filter(|byte| flags & (1 << byte) != 0) {
            value |= usize::from(next(delta, at)?) << (8 * byte);
        }
        Ok(value)
    };
    let offset = operand(code, 4)?;
    let length = match operand(code >> 4, 3)? {
        0 => 0x1_0000,
        length => length,
    };
    base.get(offset..offset + length).ok_or(ObjectError::Delta("it copies from outside its base"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Splice;

    fn spliced(text: &[u8], splices: &[Splice]) -> Vec<u8> {
        let mut result = Vec::new();
        let mut at = 0;
        for splice in splices {
            result.extend_from_slice(&text[at..splice.range.start]);
            result.extend_from_slice(&splice.replacement);
            at = splice.range.end;
        }
        result.extend_from_slice(&text[at..]);
        result
    }

    /// Cut points and replacements to splices that fit a text of `length` octets.
    fn splices(length: usize, cuts: Vec<(usize, usize, Vec<u8>)>) -> Vec<Splice> {
        let mut at = 0;
        let mut out = Vec::new();
        for (skip, take, replacement) in cuts {
            let start = (at + skip).min(length);
            let end = (start + take).min(length);
            out.push(Splice { range: start..end, replacement: replacement.into() });
            at = end;
        }
        out
    }

    type Cuts = Vec<(usize, usize, Vec<u8>)>;
    fn cuts() -> impl Strategy<Value = Cuts> {
        prop::collection::vec((0usize..90, 0usize..50, prop::collection::vec(any::<u8>(), 0..200)), 0..6)
    }

    proptest! {
        #[test]
        fn splices_of_splices_encode_and_apply(base in prop::collection::vec(any::<u8>(), 0..700), one in cuts(), two in cuts()) {
            let first = splices(base.len(), one);
            let middle = spliced(&base, &first);
            let second = splices(middle.len(), two);
            let end = spliced(&middle, &second);
            let pieces = Pieces::whole(base.len()).splice(&first).splice(&second);
            prop_assert_eq!(pieces.len(), end.len());
            prop_assert_eq!(apply(&base, &pieces.encode(base.len()), 1 << 20).unwrap(), end);
        }

        #[test]
        fn garbage_never_panics(base in prop::collection::vec(any::<u8>(), 0..100), delta in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = apply(&base, &delta, 1 << 16);
        }
    }

    #[test]
    fn long_copies_are_split_and_64_kib_is_spelt_right() {
        for length in [0x1_0000, 0x1_0001, 0xff_ffff, 0x100_0000, 0x200_0003] {
            let base: Vec<u8> = (0..length).map(|at: usize| (at % 251) as u8).collect();
            let delta = Pieces::whole(length).encode(length);
            assert!(delta.len() < 40);
            assert!(apply(&base, &delta, 1 << 26).unwrap() == base);
        }
    }

    #[test]
    fn a_bomb_is_refused_before_memory_is_taken() {
        let mut bomb = Vec::new();
        encode_size(&mut bomb, 3);
        encode_size(&mut bomb, 1 << 40);
        assert!(matches!(apply(b"abc", &bomb, 1 << 20), Err(ObjectError::TooLarge { .. })));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let base = b"the quick brown fox jumps over the lazy dog";
        let pieces = Pieces::whole(base.len()).splice(&[Splice { range: 4..9, replacement: "slow".into() }]);
        let delta = pieces.encode(base.len());
        for end in 0..delta.len() {
            assert!(apply(base, &delta[..end], 1 << 20).is_err(), "cut at {end}");
        }
    }
}
