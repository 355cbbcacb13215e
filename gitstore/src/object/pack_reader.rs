//! Reads a packfile as it arrives, in pieces of any size (gitformat-pack(5)).
//!
//! Whole objects are inflated and hashed at once. Deltas wait for [`Resolver`], which takes over when the last octet
//! is there and the checksum is right. Blobs past the limit on objects are hashed while they stream by, and not kept.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gix_hash::ObjectId;
use zlib_rs::{Inflate, InflateFlush, Status};

use super::resolver::{Delta, DeltaBase, Resolver};
use super::{ForeignHasher, Kind};
use crate::Limits;
use crate::error::ObjectError;

const SCRATCH: usize = 1 << 16;

/// What of a packfile is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Everything,
    /// The history only: trees and blobs are passed over.
    Commits,
}

/// What a packfile held.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    pub(crate) objects: HashMap<ObjectId, (Kind, Bytes)>,
    /// Blobs past the limit on objects.
    pub(crate) too_large: HashSet<ObjectId>,
    /// Some objects stand on a blob that is too large, so that not even their IDs are known.
    pub(crate) lost: bool,
}

/// A packfile on its way in.
pub(crate) struct PackReader {
    limits: Limits,
    keep: Keep,
    checksum: ForeignHasher,
    /// Octets that are not yet a whole header.
    pending: Vec<u8>,
    state: State,
    entries_left: u32,
    received: u64,
    consumed: u64,
    inflated: u64,
    kept: u64,
    inflate: Inflate,
    scratch: Box<[u8]>,
    unpacked: Unpacked,
    contents: Contents,
}

/// What lies where in the packfile.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) whole: HashMap<u64, ObjectId>,
    pub(crate) deltas: Vec<Delta>,
    /// Offsets of what is not wanted, or cannot be kept.
    pub(crate) passed_over: HashSet<u64>,
    pub(crate) lost: HashSet<u64>,
}

enum State {
    Header,
    EntryHeader,
    Inflating(Entry),
    Trailer,
    Done,
}

struct Entry {
    offset: u64,
    stored: Stored,
    size: u64,
    produced: u64,
    output: Option<Vec<u8>>,
    hasher: Option<ForeignHasher>,
}

#[derive(Clone, Copy)]
enum Stored {
    Whole(Kind),
    Delta(DeltaBase),
}

struct EntryHeader {
    stored: Stored,
    size: u64,
    length: usize,
}

impl PackReader {
    pub(crate) fn new(limits: Limits, keep: Keep) -> PackReader {
        PackReader {
            limits,
            keep,
            checksum: ForeignHasher::plain(),
            pending: Vec::new(),
            state: State::Header,
            entries_left: 0,
            received: 0,
            consumed: 0,
            inflated: 0,
            kept: 0,
            inflate: Inflate::new(true, 15),
            scratch: vec![0; SCRATCH].into(),
            unpacked: Unpacked::default(),
            contents: Contents::default(),
        }
    }

    /// Takes the next octets.
    pub(crate) fn push(&mut self, octets: &[u8]) -> Result<(), ObjectError> {
        self.received += octets.len() as u64;
        if self.received > self.limits.pack_octets {
            return Err(ObjectError::Limit("the size of a packfile"));
        }
        if self.pending.is_empty() {
            let used = self.advance(octets)?;
            self.pending.extend_from_slice(&octets[used..]);
        } else {
            let mut all = std::mem::take(&mut self.pending);
            all.extend_from_slice(octets);
            let used = self.advance(&all)?;
            all.drain(..used);
            self.pending = all;
        }
        Ok(())
    }

    /// No more octets will come: checks that the packfile is whole, and goes on to its deltas.
    pub(crate) fn finish(self) -> Result<Resolver, ObjectError> {
        match self.state {
            State::Done if self.pending.is_empty() => {
                Ok(Resolver::new(self.limits, self.keep, self.unpacked, self.contents, self.kept))
            }
            State::Done => Err(ObjectError::Pack("octets follow its checksum")),
            _ => Err(ObjectError::Truncated),
        }
    }

    /// Reads as far as the octets go; what is returned has been used.
    fn advance(&mut self, octets: &[u8]) -> Result<usize, ObjectError> {
        let mut used = 0;
        loop {
            let step = match std::mem::replace(&mut self.state, State::Done) {
                State::Header => self.header(&octets[used..])?,
                State::EntryHeader => self.entry_header(&octets[used..])?,
                State::Inflating(entry) => self.inflating(entry, &octets[used..])?,
                State::Trailer => {
                    let Some(trailer) = octets.get(used..used + 20) else {
                        self.state = State::Trailer;
                        return Ok(used);
                    };
                    let checksum = std::mem::replace(&mut self.checksum, ForeignHasher::plain());
                    if checksum.finish()?.as_slice() != trailer {
                        return Err(ObjectError::Checksum);
                    }
                    return Ok(used + 20);
                }
                State::Done => return Ok(used),
            };
            self.checksum.update(&octets[used..used + step.used]);
            self.consumed += step.used as u64;
            used += step.used;
            if step.waits {
                return Ok(used);
            }
        }
    }

    fn header(&mut self, octets: &[u8]) -> Result<Step, ObjectError> {
        let Some(header) = octets.get(..12) else {
            return Ok(self.wait(State::Header));
        };
        if &header[..8] != b"PACK\0\0\0\x02" {
            return Err(ObjectError::Pack("it is not a packfile of version 2"));
        }
        self.entries_left = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
        if self.entries_left > self.limits.objects {
            return Err(ObjectError::Limit("the number of objects"));
        }
        self.state = self.between_entries();
        Ok(Step::on(12))
    }

    fn between_entries(&self) -> State {
        if self.entries_left == 0 { State::Trailer } else { State::EntryHeader }
    }

    fn entry_header(&mut self, octets: &[u8]) -> Result<Step, ObjectError> {
        let Some(header) = decode_entry_header(octets, self.consumed)? else {
            return Ok(self.wait(State::EntryHeader));
        };
        self.entries_left -= 1;
        let limit = self.limits.object_octets as u64;
        let (wanted, kind) = match header.stored {
            Stored::Whole(kind) => (self.keep == Keep::Everything || kind == Kind::Commit, Some(kind)),
            Stored::Delta(DeltaBase::Offset(base)) => (!self.contents.passed_over.contains(&base), None),
            Stored::Delta(DeltaBase::Id(_)) => (true, None),
        };
        if header.size > limit && wanted && !matches!(kind, Some(Kind::Blob) | None) {
            return Err(ObjectError::TooLarge { octets: header.size });
        }
        let keep = wanted && header.size <= limit;
        if keep {
            self.take(header.size)?;
        }
        self.inflate.reset(true);
        self.state = State::Inflating(Entry {
            offset: self.consumed,
            stored: header.stored,
            size: header.size,
            produced: 0,
            output: keep.then(|| Vec::with_capacity(header.size as usize)),
            hasher: kind.filter(|_| wanted).map(|kind| ForeignHasher::object(kind, header.size)),
        });
        Ok(Step::on(header.length))
    }

    fn take(&mut self, octets: u64) -> Result<(), ObjectError> {
        self.kept += octets;
        if self.kept > self.limits.unpacked_octets {
            return Err(ObjectError::Limit("the sum of all objects"));
        }
        Ok(())
    }

    fn inflating(&mut self, mut entry: Entry, octets: &[u8]) -> Result<Step, ObjectError> {
        let mut used = 0;
        loop {
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(&octets[used..], &mut self.scratch, InflateFlush::NoFlush);
            let consumed = (self.inflate.total_in() - before_in) as usize;
            let produced = (self.inflate.total_out() - before_out) as usize;
            used += consumed;
            self.produce(&mut entry, produced)?;
            match status.map_err(|_| ObjectError::Inflate)? {
                Status::StreamEnd => {
                    self.end_entry(entry)?;
                    self.state = self.between_entries();
                    return Ok(Step::on(used));
                }
                Status::Ok | Status::BufError if consumed == 0 && produced == 0 => {
                    self.state = State::Inflating(entry);
                    return Ok(Step { used, waits: true });
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }

    fn produce(&mut self, entry: &mut Entry, produced: usize) -> Result<(), ObjectError> {
        entry.produced += produced as u64;
        self.inflated += produced as u64;
        if entry.produced > entry.size {
            return Err(ObjectError::Pack("an object is longer than it said"));
        }
        if self.inflated > self.limits.inflated_octets {
            return Err(ObjectError::Limit("the work of inflating"));
        }
        if let Some(output) = &mut entry.output {
            output.extend_from_slice(&self.scratch[..produced]);
        }
        if let Some(hasher) = &mut entry.hasher {
            hasher.update(&self.scratch[..produced]);
        }
        Ok(())
    }

    fn end_entry(&mut self, entry: Entry) -> Result<(), ObjectError> {
        if entry.produced != entry.size {
            return Err(ObjectError::Pack("an object is shorter than it said"));
        }
        let offset = entry.offset;
        match (entry.stored, entry.hasher, entry.output) {
            (Stored::Whole(kind), Some(hasher), output) => {
                let id = hasher.finish()?;
                self.contents.whole.insert(offset, id);
                match output {
                    Some(output) => drop(self.unpacked.objects.insert(id, (kind, output.into()))),
                    None => drop(self.unpacked.too_large.insert(id)),
                }
            }
            (Stored::Delta(base), _, Some(octets)) => self.contents.deltas.push(Delta { offset, base, octets }),
            (Stored::Delta(DeltaBase::Offset(base)), _, None) if self.contents.passed_over.contains(&base) => {
                self.contents.passed_over.insert(offset);
            }
            (Stored::Delta(_), _, None) => drop(self.contents.lost.insert(offset)),
            (Stored::Whole(_), None, _) => drop(self.contents.passed_over.insert(offset)),
        }
        Ok(())
    }

    fn wait(&mut self, state: State) -> Step {
        self.state = state;
        Step { used: 0, waits: true }
    }
}

struct Step {
    used: usize,
    waits: bool,
}

impl Step {
    fn on(used: usize) -> Step {
        Step { used, waits: false }
    }
}

/// Reads what stands before an object's compressed octets; nothing if that is not all there yet.
fn decode_entry_header(octets: &[u8], offset: u64) -> Result<Option<EntryHeader>, ObjectError> {
    let Some((&first, _)) = octets.split_first() else { return Ok(None) };
    let mut size = u64::from(first & 0x0f);
    let (mut length, mut shift, mut more) = (1, 4, first & 0x80 != 0);
    while more {
        let Some(octet) = octets.get(length) else { return Ok(None) };
        if shift > 53 {
            return Err(ObjectError::Pack("a size is too long"));
        }
        size |= u64::from(octet & 0x7f) << shift;
        (length, shift, more) = (length + 1, shift + 7, octet & 0x80 != 0);
    }
    let stored = match first >> 4 & 7 {
        1 => Stored::Whole(Kind::Commit),
        2 => Stored::Whole(Kind::Tree),
        3 => Stored::Whole(Kind::Blob),
        4 => Stored::Whole(Kind::Tag),
        6 => {
            let Some(distance) = decode_distance(&octets[length..], &mut length)? else { return Ok(None) };
            let base = offset.checked_sub(distance).filter(|_| distance > 0);
            Stored::Delta(DeltaBase::Offset(base.ok_or(ObjectError::Pack("a delta's base lies outside"))?))
        }
        7 => {
            let Some(id) = octets.get(length..length + 20).and_then(|id| <[u8; 20]>::try_from(id).ok()) else {
                return Ok(None);
            };
            length += 20;
            Stored::Delta(DeltaBase::Id(ObjectId::Sha1(id)))
        }
        _ => return Err(ObjectError::Pack("an object is of no known type")),
    };
    Ok(Some(EntryHeader { stored, size, length }))
}

fn decode_distance(octets: &[u8], length: &mut usize) -> Result<Option<u64>, ObjectError> {
    let mut distance = 0u64;
    for (at, octet) in octets.iter().enumerate() {
        if at > 8 {
            return Err(ObjectError::Pack("a distance is too long"));
        }
        distance = (distance << 7) + u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            *length += at + 1;
            return Ok(Some(distance));
        }
        distance += 1;
    }
    Ok(None)
}

#[cfg(test)]
#[path = "pack_tests.rs"]
mod tests;
