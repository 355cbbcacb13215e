//! The compact form of a zone: names spread over shards by their hash, each shard one block of octets that is never
//! changed, only replaced.
//!
//! A shard is the number of its slots (a power of two), the slots (one octet of the hash, the offset of a node; 0 is
//! empty), and the nodes. A node is its header, its labels below the apex, and its RRsets in ascending order of type.
//! An RRset is type, TTL, number of RDATA and their length in octets, then each RDATA behind its two octets of length,
//! as it goes to the wire.

use std::sync::Arc;

use crate::name_hash::NameHash;
use crate::record_type::RecordType;

const SLOTS: usize = 4;
const SLOT: usize = 5;
const NODE: usize = 8;
const RRSET: usize = 14;

/// NS below the apex: a zone cut.
pub const CUT: u8 = 1;
/// Owns a DNAME.
pub const DNAME: u8 = 2;
/// Owns a CNAME.
pub const CNAME: u8 = 4;
/// Has a child `*`.
pub const WILDCARD_CHILD: u8 = 8;

/// Octets of one shard.
pub type Shard = Arc<[u8]>;

fn u16_at(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

/// A node where it stands in its shard.
#[derive(Clone, Copy)]
pub struct RawNode<'a>(&'a [u8]);

impl<'a> RawNode<'a> {
    /// Labels below the apex in wire form, without the root label.
    pub fn labels(self) -> &'a [u8] {
        &self.0[NODE..NODE + usize::from(self.0[0])]
    }

    pub fn flags(self) -> u8 {
        self.0[1]
    }

    pub fn rrset_count(self) -> usize {
        usize::from(u16_at(self.0, 2))
    }

    pub fn children(self) -> u32 {
        u32_at(self.0, 4)
    }

    pub fn rrsets(self) -> RawRrsets<'a> {
        RawRrsets { rest: &self.0[NODE + usize::from(self.0[0])..], left: self.rrset_count() }
    }

    pub fn rrset(self, rtype: RecordType) -> Option<RawRrset<'a>> {
        self.rrsets().find(|rrset| rrset.rtype() == rtype)
    }

    /// The octets of this node alone.
    pub fn octets(self) -> &'a [u8] {
        let rrsets: usize = self.rrsets().map(|rrset| rrset.0.len()).sum();
        &self.0[..NODE + usize::from(self.0[0]) + rrsets]
    }
}

/// The RRsets of a node, in ascending order of type.
#[derive(Clone)]
pub struct RawRrsets<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for RawRrsets<'a> {
    type Item = RawRrset<'a>;

    fn next(&mut self) -> Option<RawRrset<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (rrset, rest) = self.rest.split_at(RRSET + u32_at(self.rest, 10) as usize);
        self.rest = rest;
        Some(RawRrset(rrset))
    }
}

/// An RRset where it stands in its node.
#[derive(Clone, Copy)]
pub struct RawRrset<'a>(&'a [u8]);

impl<'a> RawRrset<'a> {
    pub fn rtype(self) -> RecordType {
        RecordType(u16_at(self.0, 0))
    }

    pub fn ttl(self) -> u32 {
        u32_at(self.0, 2)
    }

    pub fn count(self) -> usize {
        u32_at(self.0, 6) as usize
    }

    /// Each RDATA behind its length.
    pub fn body(self) -> &'a [u8] {
        &self.0[RRSET..]
    }

    pub fn rdatas(self) -> Rdatas<'a> {
        Rdatas(self.body())
    }
}

/// The RDATA of an RRset in uncompressed wire form.
#[derive(Clone, Debug)]
pub struct Rdatas<'a>(&'a [u8]);

impl<'a> Rdatas<'a> {
    /// Of the end of an RRset's octets.
    pub(super) fn new(body: &'a [u8]) -> Rdatas<'a> {
        Rdatas(body)
    }
}

impl<'a> Iterator for Rdatas<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (rdata, rest) = self.0[2..].split_at(usize::from(u16_at(self.0, 0)));
        self.0 = rest;
        Some(rdata)
    }
}

/// The TTL of an RRSIG record: that of the RRset that it signs (RFC 4034 section 3.1.4).
pub fn signature_ttl(rdata: &[u8]) -> u32 {
    u32_at(rdata, 4)
}

/// The node of the name that hashes to `hash` and has `labels` below the apex.
pub fn find<'a>(shard: &'a [u8], hash: NameHash, labels: &[u8]) -> Option<RawNode<'a>> {
    if shard.is_empty() {
        return None;
    }
    let mask = u32_at(shard, 0) as usize - 1;
    let mut slot = hash.0 as usize & mask;
    loop {
        let at = SLOTS + SLOT * slot;
        let offset = u32_at(shard, at + 1) as usize;
        if offset == 0 {
            return None;
        }
        if shard[at] == tag(hash) {
            let node = RawNode(&shard[offset..]);
            if node.labels().eq_ignore_ascii_case(labels) {
                return Some(node);
            }
        }
        slot = (slot + 1) & mask;
    }
}

/// Where the node of the first slot of this hash is, which is most often the one that is looked for; 0 for none.
pub fn first_offset(shard: &[u8], hash: NameHash) -> usize {
    if shard.is_empty() {
        return 0;
    }
    let slot = hash.0 as usize & (u32_at(shard, 0) as usize - 1);
    u32_at(shard, SLOTS + SLOT * slot + 1) as usize
}

/// All nodes of a shard, in the order of their slots.
pub fn nodes(shard: &[u8]) -> impl Iterator<Item = RawNode<'_>> {
    let slots = if shard.is_empty() { 0 } else { u32_at(shard, 0) as usize };
    (0..slots).filter_map(move |slot| match u32_at(shard, SLOTS + SLOT * slot + 1) as usize {
        0 => None,
        offset => Some(RawNode(&shard[offset..])),
    })
}

fn tag(hash: NameHash) -> u8 {
    (hash.0 >> 24) as u8
}

/// Writes a shard node by node.
#[derive(Default)]
pub struct ShardWriter {
    octets: Vec<u8>,
    starts: Vec<(NameHash, u32)>,
    node: usize,
    rrset: usize,
    slots: Vec<(u8, u32)>,
}

impl ShardWriter {
    /// Starts a node; its RRsets follow.
    pub fn node(&mut self, hash: NameHash, labels: &[u8], flags: u8, children: u32) {
        self.node = self.octets.len();
        self.starts.push((hash, self.node as u32));
        self.octets.extend_from_slice(&[labels.len() as u8, flags, 0, 0]);
        self.octets.extend_from_slice(&children.to_be_bytes());
        self.octets.extend_from_slice(labels);
    }

    /// Starts an RRset; its RDATA follow.
    pub fn rrset(&mut self, rtype: RecordType, ttl: u32) {
        let ttl = if rtype == RecordType::RRSIG { 0 } else { ttl };
        let count = u16_at(&self.octets, self.node + 2) + 1;
        self.octets[self.node + 2..self.node + 4].copy_from_slice(&count.to_be_bytes());
        self.rrset = self.octets.len();
        self.octets.extend_from_slice(&rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&ttl.to_be_bytes());
        self.octets.extend_from_slice(&[0; 8]);
    }

    /// Appends an RDATA to the RRset.
    pub fn rdata(&mut self, rdata: &[u8]) {
        self.octets.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.octets.extend_from_slice(rdata);
        let count = u32_at(&self.octets, self.rrset + 6) + 1;
        let length = (self.octets.len() - self.rrset - RRSET) as u32;
        self.octets[self.rrset + 6..self.rrset + 10].copy_from_slice(&count.to_be_bytes());
        self.octets[self.rrset + 10..self.rrset + 14].copy_from_slice(&length.to_be_bytes());
    }

    /// Copies a node of another shard.
    pub fn copy(&mut self, hash: NameHash, node: RawNode<'_>) {
        self.starts.push((hash, self.octets.len() as u32));
        self.octets.extend_from_slice(node.octets());
    }

    /// The shard; the writer is empty again.
    pub fn finish(&mut self) -> Shard {
        let shard = if self.starts.is_empty() { Arc::default() } else { self.assemble() };
        self.octets.clear();
        self.starts.clear();
        shard
    }

    fn assemble(&mut self) -> Shard {
        let count = (self.starts.len() * 4 / 3 + 1).next_power_of_two();
        let base = (SLOTS + SLOT * count) as u32;
        self.slots.clear();
        self.slots.resize(count, (0, 0));
        for (hash, start) in &self.starts {
            let mut slot = hash.0 as usize & (count - 1);
            while self.slots[slot].1 != 0 {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = (tag(*hash), base + start);
        }
        let mut shard = Vec::with_capacity(base as usize + self.octets.len());
        shard.extend_from_slice(&(count as u32).to_be_bytes());
        for (tag, offset) in &self.slots {
            shard.push(*tag);
            shard.extend_from_slice(&offset.to_be_bytes());
        }
        shard.extend_from_slice(&self.octets);
        shard.into()
    }
}
