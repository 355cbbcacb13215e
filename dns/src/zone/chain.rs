//! Names in canonical order (RFC 4034 section 6.1): the owners of NSEC or NSEC3 of a signed zone.
//!
//! A name is kept as a key whose octets sort as the name does: labels from the root's side, in lower case, each ended
//! by a zero. Keys are in blocks that versions of a zone share.

use std::sync::Arc;

use crate::name_hash::LabelStarts;

/// A block is divided in two when it has more keys.
const FULL: usize = 256;
/// Octets of a key at most: each of a name's may be escaped.
const MAX_KEY: usize = 512;

/// A sorted set of names below one apex.
#[derive(Clone, Default)]
pub struct Chain(Vec<Arc<[Box<[u8]>]>>);

/// A name as octets that sort in canonical order.
pub struct Key {
    octets: [u8; MAX_KEY],
    length: usize,
}

impl Key {
    /// The key of labels below the apex.
    pub fn new(labels: &[u8]) -> Key {
        let starts = LabelStarts::new(labels);
        let mut key = Key { octets: [0; MAX_KEY], length: 0 };
        for label in (0..starts.count()).rev() {
            for octet in starts.label(labels, label) {
                match octet.to_ascii_lowercase() {
                    octet @ 0..=1 => {
                        key.push(1);
                        key.push(octet + 1);
                    }
                    octet => key.push(octet),
                }
            }
            key.push(0);
        }
        key
    }

    pub fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }

    fn push(&mut self, octet: u8) {
        self.octets[self.length] = octet;
        self.length += 1;
    }
}

/// Labels that a key was made of, in lower case.
pub struct KeyLabels {
    octets: [u8; 256],
    start: usize,
}

impl KeyLabels {
    /// Undoes [`Key::new`].
    pub fn new(key: &[u8]) -> KeyLabels {
        let mut labels = KeyLabels { octets: [0; 256], start: 256 };
        let mut rest = key;
        while let Some(end) = rest.iter().position(|octet| *octet == 0) {
            labels.prepend(&rest[..end]);
            rest = &rest[end + 1..];
        }
        labels
    }

    pub fn octets(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    fn prepend(&mut self, escaped: &[u8]) {
        let mut label = [0; 64];
        let mut length = 0;
        let mut octets = escaped.iter();
        while let Some(octet) = octets.next() {
            label[length] = if *octet == 1 { octets.next().map_or(0, |escaped| escaped - 1) } else { *octet };
            length += 1;
        }
        let end = self.start;
        self.start -= length + 1;
        self.octets[self.start] = length as u8;
        self.octets[self.start + 1..end].copy_from_slice(&label[..length]);
    }
}

impl Chain {
    /// A chain of keys in any order.
    pub fn new(mut keys: Vec<Box<[u8]>>) -> Chain {
        keys.sort_unstable();
        keys.dedup();
        Chain(keys.chunks(FULL / 2).map(Arc::from).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The greatest key that is not greater than `key`.
    pub fn at_or_before(&self, key: &[u8]) -> Option<&[u8]> {
        let block = &self.0[self.block(key)?];
        let place = block.partition_point(|other| **other <= *key);
        Some(&block[place.checked_sub(1)?])
    }

    /// The greatest key.
    pub fn last(&self) -> Option<&[u8]> {
        self.0.last()?.last().map(|key| &**key)
    }

    pub fn insert(&mut self, key: &[u8]) {
        let Some(index) = self.block(key).or(if self.is_empty() { None } else { Some(0) }) else {
            self.0.push(Arc::from([Box::from(key)]));
            return;
        };
        let mut keys = self.0[index].to_vec();
        if let Err(place) = keys.binary_search_by(|other| (**other).cmp(key)) {
            keys.insert(place, key.into());
        }
        let divided = if keys.len() > FULL { keys.len() / 2 } else { keys.len() };
        let blocks: Vec<Arc<[Box<[u8]>]>> = keys.chunks(divided.max(1)).map(Arc::from).collect();
        self.0.splice(index..=index, blocks);
    }

    pub fn remove(&mut self, key: &[u8]) {
        let Some(index) = self.block(key) else { return };
        let keys: Vec<Box<[u8]>> = self.0[index].iter().filter(|other| ***other != *key).cloned().collect();
        match keys.is_empty() {
            true => drop(self.0.remove(index)),
            false => self.0[index] = keys.into(),
        }
    }

    /// The block that has the key, or would have it; none when the key is before all.
    fn block(&self, key: &[u8]) -> Option<usize> {
        self.0.partition_point(|block| *block[0] <= *key).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    fn key(text: &str) -> Box<[u8]> {
        let name: Name = text.parse().unwrap();
        Key::new(name.as_octets()).octets().into()
    }

    #[test]
    fn keys_sort_as_names_and_lead_back() {
        let sorted = [".", "a", "yljkjljk.a", "Z.a", "zABC.a", "z", "\\000", "\\001.z", "\\002.z", "*.z", "\\200.z"];
        for pair in sorted.windows(2).skip(5) {
            let names: [Name; 2] = [pair[0].parse().unwrap(), pair[1].parse().unwrap()];
            assert_eq!(key(pair[0]).cmp(&key(pair[1])), names[0].cmp(&names[1]), "{pair:?}");
        }
        for text in sorted.iter().chain(&["\\001\\001\\000\\002", "\\000\\001", "\\002\\001"]) {
            let name: Name = text.parse().unwrap();
            let labels = KeyLabels::new(&key(text));
            assert_eq!([labels.octets(), &[0]].concat(), name.to_lowercase().as_octets(), "{text}");
        }
    }

    #[test]
    fn keys_come_and_go() {
        let all: Vec<Box<[u8]>> = (0..2000).map(|number| key(&format!("n{number}"))).collect();
        let mut chain = Chain::default();
        for added in &all {
            chain.insert(added);
        }
        let built = Chain::new(all.clone());
        let mut sorted = all.clone();
        sorted.sort();
        for pair in sorted.windows(2) {
            let between = [&pair[0][..], b"x"].concat();
            for chain in [&chain, &built] {
                assert_eq!(chain.at_or_before(&pair[1]), Some(&*pair[1]));
                assert_eq!(chain.at_or_before(&between), Some(&*pair[0]));
            }
            chain.remove(&pair[0]);
            assert_eq!(chain.at_or_before(&between), None);
        }
        assert_eq!(chain.last(), sorted.last().map(|key| &**key));
    }
}
