//! A reply on its way into the caller's buffer: whole RRsets or nothing of them, names compressed.
//!
//! Names are compressed in owner names and in the RDATA of the types of RFC 1035, and point only to names in these
//! places or in the question: MirageOS decodes no others.

use super::query::{self, Query};
use crate::message::{HEADER, Rcode};
use crate::name_hash::LabelStarts;
use crate::record_type::{Class, RecordType};
use crate::zone::shard::RawRrset;

/// There is no room for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The sections that records stand in; they are filled in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answer = 1,
    Authority = 2,
    Additional = 3,
}

/// An owner name.
#[derive(Clone, Copy)]
pub enum Owner<'a> {
    /// The name of the question.
    Question,
    /// A name in full wire form.
    Name(&'a [u8]),
    /// Labels below an apex, and the apex.
    Below(&'a [u8], &'a [u8]),
}

/// A message that grows.
pub struct Composer<'a> {
    out: &'a mut [u8],
    at: usize,
    limit: usize,
    counts: [u16; 4],
    names: Names,
}

/// A place to return to.
#[derive(Clone, Copy)]
pub struct Mark {
    at: usize,
    counts: [u16; 4],
    names: usize,
}

impl<'a> Composer<'a> {
    /// Starts the reply to `query`, of at most `limit` octets.
    pub fn new(out: &'a mut [u8], limit: usize, query: &Query<'_>) -> Result<Composer<'a>, Full> {
        let at = HEADER + query.question.len();
        if at > limit {
            return Err(Full);
        }
        out[..HEADER].copy_from_slice(query.header);
        out[HEADER..at].copy_from_slice(query.question);
        let mut names = Names::default();
        names.add(query.name, &LabelStarts::new(query.name), HEADER);
        let questions = u16::from(!query.question.is_empty());
        Ok(Composer { out, at, limit, counts: [questions, 0, 0, 0], names })
    }

    /// Where the message is now.
    pub fn mark(&self) -> Mark {
        Mark { at: self.at, counts: self.counts, names: self.names.count }
    }

    /// Takes back what was written since `mark`.
    pub fn roll_back(&mut self, mark: Mark) {
        self.at = mark.at;
        self.counts = mark.counts;
        self.names.count = mark.names;
    }

    /// Writes a whole RRset with this TTL, or nothing.
    pub fn rrset(&mut self, section: Section, owner: Owner<'_>, rrset: RawRrset<'_>, ttl: u32) -> Result<(), Full> {
        let rtype = rrset.rtype();
        self.whole(|composer| {
            let mut place = OwnerPlace::Unwritten(owner);
            rrset.rdatas().try_for_each(|rdata| composer.record(section, &mut place, rtype, ttl, rdata))
        })
    }

    /// Writes a record, or nothing.
    pub fn single(
        &mut self,
        section: Section,
        owner: Owner<'_>,
        rtype: RecordType,
        ttl: u32,
        rdata: &[u8],
    ) -> Result<(), Full> {
        self.whole(|composer| composer.record(section, &mut OwnerPlace::Unwritten(owner), rtype, ttl, rdata))
    }

    /// Writes a record of class CH and TTL 0.
    pub fn chaos(&mut self, rtype: RecordType, rdata: &[u8]) -> Result<(), Full> {
        let start = self.at;
        self.single(Section::Answer, Owner::Question, rtype, 0, rdata)?;
        let class = start + if self.out[HEADER] == 0 { 1 } else { 2 } + 2;
        self.out[class..class + 2].copy_from_slice(&Class::CH.0.to_be_bytes());
        Ok(())
    }

    /// Does all of `write`, or nothing.
    pub fn whole(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        let mark = self.mark();
        write(self).inspect_err(|_| self.roll_back(mark))
    }

    /// Fills in the header; `flags` are AA and TC. The octets behind the message and its length are for OPT.
    pub fn finish(&mut self, flags: u8, rcode: Rcode) {
        self.out[2] = query::QR | self.out[2] & query::RD | flags;
        self.out[3] = self.out[3] & query::CD | (rcode.0 & 15) as u8;
        for (section, count) in self.counts.iter().enumerate() {
            self.out[4 + 2 * section..6 + 2 * section].copy_from_slice(&count.to_be_bytes());
        }
    }

    /// Appends an OPT record that `write` puts into the octets up to `limit`; returns the length of the message.
    pub fn append(&mut self, limit: usize, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> Result<usize, Full> {
        let length = write(&mut self.out[self.at..limit]).ok_or(Full)?;
        self.counts[3] += 1;
        self.at += length;
        Ok(self.at)
    }

    /// How many records the answer section has.
    pub fn answers(&self) -> u16 {
        self.counts[Section::Answer as usize]
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.at
    }

    fn record(
        &mut self,
        section: Section,
        owner: &mut OwnerPlace<'_>,
        rtype: RecordType,
        ttl: u32,
        rdata: &[u8],
    ) -> Result<(), Full> {
        self.owner(owner)?;
        let mut head = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        head[..2].copy_from_slice(&rtype.0.to_be_bytes());
        head[4..8].copy_from_slice(&ttl.to_be_bytes());
        head[8..].copy_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.octets(&head)?;
        let start = self.at;
        match compressible(rtype) {
            None => self.octets(rdata)?,
            Some(names) => {
                self.names_in(rdata, names)?;
                let length = ((self.at - start) as u16).to_be_bytes();
                self.out[start - 2..start].copy_from_slice(&length);
            }
        }
        let count = &mut self.counts[section as usize];
        *count = count.checked_add(1).ok_or(Full)?;
        Ok(())
    }

    fn owner(&mut self, place: &mut OwnerPlace<'_>) -> Result<(), Full> {
        let pointer = match *place {
            OwnerPlace::Written(pointer) => return self.octets(&pointer.to_be_bytes()),
            OwnerPlace::Unwritten(Owner::Question) if self.out[HEADER] != 0 => {
                self.octets(&(POINTER | HEADER as u16).to_be_bytes())?;
                Some(POINTER | HEADER as u16)
            }
            OwnerPlace::Unwritten(Owner::Question) => self.name(&[0])?,
            OwnerPlace::Unwritten(Owner::Name(name)) => self.name(name)?,
            OwnerPlace::Unwritten(Owner::Below(labels, apex)) => {
                let mut name = [0; 256];
                let length = labels.len() + apex.len();
                name[..labels.len()].copy_from_slice(labels);
                name[labels.len()..length].copy_from_slice(apex);
                self.name(&name[..length])?
            }
        };
        if let Some(pointer) = pointer {
            *place = OwnerPlace::Written(pointer);
        }
        Ok(())
    }

    fn names_in(&mut self, rdata: &[u8], NamesInRdata { before, names }: NamesInRdata) -> Result<(), Full> {
        let (start, mut rest) = rdata.split_at(before);
        self.octets(start)?;
        for _ in 0..names {
            let starts = LabelStarts::new(rest);
            let (name, after) = rest.split_at(starts.end(rest) + 1);
            self.compressed(name, &starts)?;
            rest = after;
        }
        self.octets(rest)
    }

    fn name(&mut self, name: &[u8]) -> Result<Option<u16>, Full> {
        self.compressed(name, &LabelStarts::new(name))
    }

    /// Writes a name; returns a pointer to it, when one can be made.
    fn compressed(&mut self, name: &[u8], starts: &LabelStarts) -> Result<Option<u16>, Full> {
        let known = self.names.longest_known(name, starts, self.out);
        let place = self.at;
        if known.labels == starts.count() {
            let pointer = known.offset.map(|offset| POINTER | offset);
            self.tail(pointer)?;
            return Ok(pointer);
        }
        let written = starts.count() - known.labels;
        self.octets(&name[..starts.start_or_end(written, name)])?;
        self.tail(known.offset.map(|offset| POINTER | offset))?;
        self.names.extend(name, starts, known, place);
        Ok((place < MAX_POINTER).then_some(POINTER | place as u16))
    }

    fn tail(&mut self, pointer: Option<u16>) -> Result<(), Full> {
        match pointer {
            Some(pointer) => self.octets(&pointer.to_be_bytes()),
            None => self.octets(&[0]),
        }
    }

    #[inline(always)]
    fn octets(&mut self, octets: &[u8]) -> Result<(), Full> {
        let end = self.at + octets.len();
        self.out[..self.limit].get_mut(self.at..end).ok_or(Full)?.copy_from_slice(octets);
        self.at = end;
        Ok(())
    }
}

/// Where the owner of an RRset's records is in the message.
enum OwnerPlace<'a> {
    Unwritten(Owner<'a>),
    Written(u16),
}

const POINTER: u16 = 0xc000;
const MAX_POINTER: usize = 0x4000;

/// How many octets stand before how many names that may be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamesInRdata {
    pub before: usize,
    pub names: usize,
}

/// Which names are compressed: of the types that [`crate::rdata::layout`] allows it for, those in use today.
pub(crate) fn compressible(rtype: RecordType) -> Option<NamesInRdata> {
    match rtype {
        RecordType::NS | RecordType::CNAME | RecordType::PTR => Some(NamesInRdata { before: 0, names: 1 }),
        RecordType::SOA => Some(NamesInRdata { before: 0, names: 2 }),
        RecordType::MX => Some(NamesInRdata { before: 2, names: 1 }),
        _ => None,
    }
}

const TABLE: usize = 64;
const NONE: u8 = u8::MAX;

/// Labels that stand in the message, each with the one that follows it: a tree from the root of the name space. When it
/// is full, later names are not found again.
struct Names {
    offsets: [u16; TABLE],
    parents: [u8; TABLE],
    count: usize,
}

/// The ending of a name that stands in the message already.
#[derive(Clone, Copy)]
struct Known {
    labels: usize,
    entry: u8,
    offset: Option<u16>,
}

impl Default for Names {
    fn default() -> Names {
        Names { offsets: [0; TABLE], parents: [NONE; TABLE], count: 0 }
    }
}

impl Names {
    /// Adds all of a name that stands in full at `place`.
    fn add(&mut self, name: &[u8], starts: &LabelStarts, place: usize) {
        self.extend(name, starts, Known { labels: 0, entry: NONE, offset: None }, place);
    }

    /// Adds what stands before the known ending of a name that was written at `place`.
    fn extend(&mut self, _name: &[u8], starts: &LabelStarts, known: Known, place: usize) {
        let mut parent = known.entry;
        for label in (0..starts.count() - known.labels).rev() {
            let offset = place + starts.start(label);
            if self.count == TABLE || offset >= MAX_POINTER {
                return;
            }
            self.offsets[self.count] = offset as u16;
            self.parents[self.count] = parent;
            parent = self.count as u8;
            self.count += 1;
        }
    }

    fn longest_known(&self, name: &[u8], starts: &LabelStarts, out: &[u8]) -> Known {
        let mut known = Known { labels: 0, entry: NONE, offset: None };
        for index in (0..starts.count()).rev() {
            let label = &name[starts.start(index)..starts.start_or_end(index + 1, name)];
            let Some(entry) = self.child(known.entry, label, out) else { break };
            let offset = Some(self.offsets[usize::from(entry)]);
            known = Known { labels: known.labels + 1, entry, offset };
        }
        known
    }

    /// The entry of `label`, with its length, directly below `parent`.
    fn child(&self, parent: u8, label: &[u8], out: &[u8]) -> Option<u8> {
        let same = |entry: &usize| {
            let offset = usize::from(self.offsets[*entry]);
            out[offset] == label[0] && out[offset + 1..offset + label.len()].eq_ignore_ascii_case(&label[1..])
        };
        let mut below = (0..self.count).filter(|entry| self.parents[*entry] == parent);
        below.find(same).map(|entry| entry as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdata::{Field, layout};

    #[test]
    fn names_in_rdata_are_where_the_layout_has_them() {
        for rtype in (0..=300).map(RecordType) {
            let Some(found) = compressible(rtype) else { continue };
            let fields = layout(rtype).unwrap_or_default();
            let names = fields.iter().filter(|field| **field == Field::CompressibleName).count();
            let before = fields.iter().take_while(|field| **field == Field::U16).count() * 2;
            assert_eq!(found, NamesInRdata { before, names }, "{rtype}");
        }
    }
}
