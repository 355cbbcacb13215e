//! The octets of a tree: entries of mode, name and object ID, in git's own order.

use std::cmp::Ordering;

use gix_hash::ObjectId;

use super::tree::{MODE_DIRECTORY, MODE_SUBMODULE};
use crate::error::ObjectError;

/// An entry as it stands in a tree's octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawEntry<'a> {
    pub(crate) mode: u32,
    pub(crate) name: &'a [u8],
    pub(crate) id: ObjectId,
}

impl RawEntry<'_> {
    pub(crate) fn is_directory(&self) -> bool {
        self.mode & 0o170000 == MODE_DIRECTORY
    }

    pub(crate) fn is_submodule(&self) -> bool {
        self.mode & 0o170000 == MODE_SUBMODULE
    }
}

/// Reads a foreign tree: entries in git's order, each name once.
pub(crate) fn decode(id: ObjectId, octets: &[u8]) -> Result<Vec<RawEntry<'_>>, ObjectError> {
    let fault = |reason| ObjectError::Tree { id, reason };
    let mut entries: Vec<RawEntry<'_>> = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let (entry, after) = decode_entry(rest).map_err(fault)?;
        if let Some(last) = entries.last()
            && compare(last.name, last.is_directory(), entry.name, entry.is_directory()).is_ge()
        {
            return Err(fault("its entries are out of order"));
        }
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

fn decode_entry(octets: &[u8]) -> Result<(RawEntry<'_>, &[u8]), &'static str> {
    let space = octets.iter().take(8).position(|octet| *octet == b' ').ok_or("a mode is missing")?;
    let mut mode = 0u32;
    for digit in &octets[..space] {
        if !(b'0'..=b'7').contains(digit) {
            return Err("a mode is not octal");
        }
        mode = mode * 8 + u32::from(digit - b'0');
    }
    if !matches!(mode & 0o170000, 0o100000 | 0o040000 | 0o120000 | 0o160000) {
        return Err("a mode is unknown");
    }
    let rest = &octets[space + 1..];
    let end = memchr::memchr(0, rest).ok_or("a name has no end")?;
    let name = &rest[..end];
    if name.is_empty() || name.contains(&b'/') {
        return Err("a name is empty or has a slash");
    }
    let id: [u8; 20] = rest.get(end + 1..end + 21).and_then(|id| id.try_into().ok()).ok_or("it is cut short")?;
    Ok((RawEntry { mode, name, id: ObjectId::Sha1(id) }, &rest[end + 21..]))
}

/// Git's order: by octets, a directory as if its name ended in a slash.
pub(crate) fn compare(one: &[u8], one_directory: bool, other: &[u8], other_directory: bool) -> Ordering {
    let common = one.len().min(other.len());
    one[..common].cmp(&other[..common]).then_with(|| {
        let next = |name: &[u8], directory: bool| name.get(common).copied().or(directory.then_some(b'/'));
        next(one, one_directory).cmp(&next(other, other_directory)).then_with(|| one.len().cmp(&other.len()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn garbage_never_panics(octets in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = decode(ObjectId::null(gix_hash::Kind::Sha1), &octets);
        }
    }

    #[test]
    fn malformed_trees_are_refused() {
        let id = [7u8; 20];
        let entry = |head: &[u8]| [head, b"\0", &id].concat();
        for bad in
            [entry(b"100644 "), entry(b"100644 a/b"), entry(b"777 a"), entry(b"x a"), b"100644 a\0short".to_vec()]
        {
            assert!(decode(ObjectId::Sha1(id), &bad).is_err());
        }
        let twice = [entry(b"100644 a"), entry(b"100644 a")].concat();
        let unsorted = [entry(b"100644 b"), entry(b"100644 a")].concat();
        assert!(decode(ObjectId::Sha1(id), &twice).is_err());
        assert!(decode(ObjectId::Sha1(id), &unsorted).is_err());
    }
}
