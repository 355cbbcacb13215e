//! A keyed hash of domain names, label by label from the root, so that one pass over a name gives the hash of each of
//! its ancestors.
//!
//! Case does not count (RFC 4343). The key is one for the process, since zones and zone sets share hashes; whoever
//! starts the process gives it once, before the first zone, so that nobody can choose names that fall together.

use std::sync::OnceLock;

static SEED: OnceLock<u64> = OnceLock::new();

const FOLD: u64 = 0x9e37_79b9_7f4a_7c15;
const LENGTH: u64 = 0xd6e8_feb8_6659_fd93;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Sets the key; false when it was set or used before, and then nothing changes.
pub fn set_seed(seed: u64) -> bool {
    SEED.set(seed).is_ok()
}

/// The hash of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameHash(pub u64);

impl NameHash {
    /// The hash of the root.
    pub fn root() -> NameHash {
        NameHash(*SEED.get_or_init(|| 0x2545_f491_4f6c_dd1d))
    }

    /// The hash of the name that has `label` in front of this one.
    pub fn child(self, label: &[u8]) -> NameHash {
        let mut state = self.0 ^ (label.len() as u64).wrapping_mul(LENGTH);
        let (chunks, rest) = label.as_chunks::<8>();
        for chunk in chunks {
            state = fold(state ^ lower(u64::from_le_bytes(*chunk)));
        }
        let mut last = 0;
        for octet in rest {
            last = last << 8 | u64::from(*octet);
        }
        NameHash(fold(state ^ lower(last)))
    }

    /// The hash of the name whose labels, in wire form without the root label, stand in front of this one.
    pub fn descendant(self, labels: &[u8]) -> NameHash {
        let path = LabelStarts::new(labels);
        (0..path.count()).rev().fold(self, |hash, label| hash.child(path.label(labels, label)))
    }
}

fn fold(value: u64) -> u64 {
    let product = u128::from(value) * u128::from(FOLD);
    (product as u64) ^ ((product >> 64) as u64)
}

/// ASCII lower case of eight octets at once.
fn lower(octets: u64) -> u64 {
    let low = octets & (0x7f * ONES);
    let above_z = low + (0x7f - b'Z' as u64) * ONES;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let upper = !octets & (0x80 * ONES) & (from_a ^ above_z);
    octets | upper >> 2
}

/// Where the labels of a name start, from the left.
#[derive(Clone, Copy, Debug)]
pub struct LabelStarts {
    starts: [u8; 128],
    count: u8,
}

impl LabelStarts {
    /// Walks a valid name in wire form, with or without the root label at its end.
    pub fn new(name: &[u8]) -> LabelStarts {
        let mut path = LabelStarts { starts: [0; 128], count: 0 };
        let mut at = 0;
        while let Some(length) = name.get(at).filter(|length| **length != 0) {
            path.starts[usize::from(path.count)] = at as u8;
            path.count += 1;
            at += usize::from(*length) + 1;
        }
        path
    }

    /// How many there are, without the root.
    pub fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// The offset of label `index`.
    pub fn start(&self, index: usize) -> usize {
        usize::from(self.starts[index])
    }

    /// The offset of label `index`, or for the number of labels that of the root label or of the end.
    pub fn start_or_end(&self, index: usize, name: &[u8]) -> usize {
        if index < self.count() { self.start(index) } else { self.end(name) }
    }

    /// The offset of the root label of `name`, or where it should be.
    pub fn end(&self, name: &[u8]) -> usize {
        match self.count() {
            0 => 0,
            count => self.start(count - 1) + 1 + usize::from(name[self.start(count - 1)]),
        }
    }

    /// The octets of label `index` of `name`, without its length.
    pub fn label<'a>(&self, name: &'a [u8], index: usize) -> &'a [u8] {
        let start = self.start(index);
        &name[start + 1..start + 1 + usize::from(name[start])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count_and_everything_else_does() {
        let hash = |labels: &[&[u8]]| labels.iter().fold(NameHash::root(), |hash, label| hash.child(label));
        assert_eq!(hash(&[b"CoM", b"eXample-NAMEs"]), hash(&[b"com", b"Example-names"]));
        let all = [
            hash(&[]),
            hash(&[b"a"]),
            hash(&[b"\0"]),
            hash(&[b"\0\0"]),
            hash(&[b"a", b"b"]),
            hash(&[b"b", b"a"]),
            hash(&[b"ab"]),
            hash(&[b"["]),
            hash(&[b"{"]),
            hash(&[b"@"]),
            hash(&[b"`"]),
            hash(&[b"\xc1"]),
            hash(&[b"\xe1"]),
        ];
        let distinct: std::collections::HashSet<NameHash> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(NameHash::root().descendant(b"\x01b\x01a"), hash(&[b"a", b"b"]));
    }
}
