//! A zone from its records in any order.
//!
//! Records wait in one block of octets, numbered by the hash of their owner; sorted by it they fall into shards.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::chain::{Chain, Key};
use super::denial::Owners;
use super::shard::{self, ShardWriter};
use super::{Inner, Shards, Zone, ZoneProblem, ZoneProblemKind, count_barrier, flags_of, is_wildcard, labels_below};
use super::{node_problems, parent, warnings};
use crate::name::Name;
use crate::name_hash::NameHash;
use crate::rdata::canonical_cmp;
use crate::record::Record;
use crate::record_type::RecordType;

/// Names of a shard on average in a new zone, at most.
pub const NAMES_PER_SHARD: usize = 12;

/// Gathers the records of a zone.
pub struct ZoneBuilder {
    apex: Name,
    apex_hash: NameHash,
    octets: Vec<u8>,
    entries: Vec<Entry>,
    outside: Vec<Record>,
    refused: bool,
}

/// What became of the records.
#[derive(Debug)]
pub struct Finished {
    /// The zone; none when one of the problems is fatal, or one was that [`ZoneBuilder::add`] returned.
    pub zone: Option<Zone>,
    /// All problems but those that [`ZoneBuilder::add`] returned.
    pub problems: Vec<ZoneProblem>,
}

/// A record that waits: the hash of its owner, and where it is.
#[derive(Clone, Copy)]
struct Entry {
    hash: NameHash,
    at: u32,
    /// Whether the owner is directly below the apex, as most are; then its labels need not be looked at for its
    /// parents.
    is_child: bool,
    is_wildcard: bool,
}

/// A record as it waits: one octet of length, labels below the apex, type, TTL, length of RDATA, RDATA.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    labels: &'a [u8],
    rtype: RecordType,
    ttl: u32,
    rdata: &'a [u8],
    at: u32,
}

impl ZoneBuilder {
    pub(super) fn new(apex: Name) -> ZoneBuilder {
        let apex_hash = NameHash::root().descendant(apex.as_octets());
        ZoneBuilder { apex, apex_hash, octets: vec![], entries: vec![], outside: vec![], refused: false }
    }

    /// Takes a record, or says what is wrong with it alone; then it is left out.
    pub fn add(&mut self, record: Record) -> Result<(), ZoneProblem> {
        let Some(labels) = labels_below(&record.owner, &self.apex) else {
            return self.add_outside(record);
        };
        let kind = match record.rtype {
            RecordType::SOA if !labels.is_empty() => ZoneProblemKind::SoaBelowApex,
            rtype if rtype.is_meta() => ZoneProblemKind::MetaType,
            _ if self.octets.len() > u32::MAX as usize - 0x2_0000 => ZoneProblemKind::TooLarge,
            _ => {
                self.keep(labels, &record);
                return Ok(());
            }
        };
        self.refused = true;
        Err(ZoneProblem::fatal(record.owner, Some(record.rtype), kind))
    }

    /// Makes the zone.
    pub fn finish(mut self) -> Finished {
        let mut problems = Vec::new();
        let octets = std::mem::take(&mut self.octets);
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|a, b| {
            let labels = |entry: &Entry| Waiting::read(&octets, entry.at).labels.to_ascii_lowercase();
            a.hash.cmp(&b.hash).then_with(|| match Waiting::same_owner(&octets, a.at, b.at) {
                true => a.at.cmp(&b.at),
                false => labels(a).cmp(&labels(b)),
            })
        });
        let assembly = Assembly::new(&self, &octets, &entries);
        let zone = assembly.zone(&mut problems);
        let fatal = self.refused || problems.iter().any(|problem| problem.fatal);
        let zone = zone.filter(|_| !fatal);
        Finished { zone, problems }
    }

    /// Addresses may turn out to be those of a name server of the apex.
    fn add_outside(&mut self, record: Record) -> Result<(), ZoneProblem> {
        if matches!(record.rtype, RecordType::A | RecordType::AAAA) {
            self.outside.push(record);
            return Ok(());
        }
        Err(ZoneProblem::warning(record.owner, Some(record.rtype), ZoneProblemKind::OutOfZone))
    }

    fn keep(&mut self, labels: &[u8], record: &Record) {
        let rdata = record.rdata.as_octets();
        self.entries.push(Entry {
            hash: self.apex_hash.descendant(labels),
            at: self.octets.len() as u32,
            is_child: parent(labels).is_some_and(<[u8]>::is_empty),
            is_wildcard: is_wildcard(labels),
        });
        self.octets.push(labels.len() as u8);
        self.octets.extend_from_slice(labels);
        self.octets.extend_from_slice(&record.rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&record.ttl.to_be_bytes());
        self.octets.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
        self.octets.extend_from_slice(rdata);
    }
}

impl<'a> Waiting<'a> {
    fn read(octets: &'a [u8], at: u32) -> Waiting<'a> {
        let (labels, rest) = octets[at as usize + 1..].split_at(usize::from(octets[at as usize]));
        let rtype = RecordType(u16::from_be_bytes([rest[0], rest[1]]));
        let ttl = u32::from_be_bytes([rest[2], rest[3], rest[4], rest[5]]);
        let rdata = &rest[8..8 + usize::from(u16::from_be_bytes([rest[6], rest[7]]))];
        Waiting { labels, rtype, ttl, rdata, at }
    }

    fn same_owner(octets: &[u8], a: u32, b: u32) -> bool {
        let labels = |at| Waiting::read(octets, at).labels;
        labels(a).eq_ignore_ascii_case(labels(b))
    }
}

/// A name below the apex; case does not count.
#[derive(Clone, Copy)]
struct Place<'a> {
    hash: NameHash,
    labels: &'a [u8],
}

impl PartialEq for Place<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.labels.eq_ignore_ascii_case(other.labels)
    }
}

impl Eq for Place<'_> {}

impl Hash for Place<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash.0);
    }
}

/// What is known of a name because of the names below it.
#[derive(Clone, Copy, Default)]
struct Parent {
    children: u32,
    wildcard_child: bool,
}

impl Parent {
    fn count(&mut self, is_wildcard: bool) {
        self.children += 1;
        self.wildcard_child |= is_wildcard;
    }

    fn flag(self) -> u8 {
        if self.wildcard_child { shard::WILDCARD_CHILD } else { 0 }
    }
}

/// The names of a zone with their records, on the way into shards.
struct Assembly<'a> {
    builder: &'a ZoneBuilder,
    octets: &'a [u8],
    entries: &'a [Entry],
    /// Where the records of each name end in `entries`.
    ends: Vec<u32>,
    apex: Parent,
    parents: HashMap<Place<'a>, Parent>,
    /// Empty non-terminals, by hash.
    empty: Vec<Place<'a>>,
    barriers: Vec<u32>,
    records: usize,
    nsec: Vec<Box<[u8]>>,
    nsec3: Vec<Box<[u8]>>,
}

impl<'a> Assembly<'a> {
    fn new(builder: &'a ZoneBuilder, octets: &'a [u8], entries: &'a [Entry]) -> Assembly<'a> {
        let mut assembly = Assembly {
            builder,
            octets,
            entries,
            ends: Vec::with_capacity(entries.len()),
            apex: Parent::default(),
            parents: HashMap::new(),
            empty: Vec::new(),
            barriers: Vec::new(),
            records: 0,
            nsec: Vec::new(),
            nsec3: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            let same = |next: &Entry| next.hash == entry.hash && Waiting::same_owner(octets, entry.at, next.at);
            if !entries.get(index + 1).is_some_and(same) {
                assembly.ends.push(index as u32 + 1);
                match entry.is_child {
                    true => assembly.apex.count(entry.is_wildcard),
                    false => assembly.add_to_parents(Waiting::read(octets, entry.at).labels),
                }
            }
        }
        assembly.empty.sort_unstable_by_key(|key| key.hash);
        assembly
    }

    /// Counts the name with its parent, and makes its ancestors exist.
    fn add_to_parents(&mut self, mut labels: &'a [u8]) {
        while let Some(above) = parent(labels) {
            if above.is_empty() {
                return self.apex.count(is_wildcard(labels));
            }
            let key = Place { hash: self.builder.apex_hash.descendant(above), labels: above };
            let known = self.parents.contains_key(&key);
            self.parents.entry(key).or_default().count(is_wildcard(labels));
            if known || self.owns_records(key) {
                return;
            }
            self.empty.push(key);
            labels = above;
        }
    }

    fn owns_records(&self, key: Place<'_>) -> bool {
        let first = self.entries.partition_point(|entry| entry.hash < key.hash);
        let mut same = self.entries[first..].iter().take_while(|entry| entry.hash == key.hash);
        same.any(|entry| Waiting::read(self.octets, entry.at).labels.eq_ignore_ascii_case(key.labels))
    }

    fn zone(mut self, problems: &mut Vec<ZoneProblem>) -> Option<Zone> {
        let names = self.ends.len() + self.empty.len();
        let bits = (names / NAMES_PER_SHARD).next_power_of_two().trailing_zeros();
        let mut shards = Vec::with_capacity(1 << bits);
        let mut writer = ShardWriter::default();
        let (mut owner, mut empty) = (0, 0);
        for index in 0..1usize << bits {
            let here = |hash: NameHash| hash.0 >> 1 >> (63 - bits) == index as u64;
            while owner < self.ends.len() && here(self.entries[self.ends[owner] as usize - 1].hash) {
                self.write_owner(owner, &mut writer, problems);
                owner += 1;
            }
            while let Some(key) = self.empty.get(empty).filter(|key| here(key.hash)) {
                let Parent { children, .. } = self.parents[key];
                writer.node(key.hash, key.labels, self.parents[key].flag(), children);
                empty += 1;
            }
            shards.push(writer.finish());
        }
        let shards = Shards::new(bits, shards);
        self.finish(names, shards, problems)
    }

    fn write_owner(&mut self, owner: usize, writer: &mut ShardWriter, problems: &mut Vec<ZoneProblem>) {
        let first = if owner == 0 { 0 } else { self.ends[owner - 1] };
        let entries = &self.entries[first as usize..self.ends[owner] as usize];
        let hash = entries[0].hash;
        let mut records: Vec<Waiting<'_>> = entries.iter().map(|entry| Waiting::read(self.octets, entry.at)).collect();
        let labels = records[0].labels;
        let of_children = match labels.is_empty() {
            true => self.apex,
            false => self.parents.get(&Place { hash, labels }).copied().unwrap_or_default(),
        };
        if records.len() > 1 {
            records.sort_by(|a, b| a.rtype.cmp(&b.rtype).then_with(|| canonical_cmp(a.rtype, a.rdata, b.rdata)));
        }
        let flags = flags_of(records.iter().map(|record| record.rtype), labels.is_empty());
        if flags & (shard::CUT | shard::DNAME) != 0 {
            count_barrier(&mut self.barriers, labels, 1);
        }
        writer.node(hash, labels, flags | of_children.flag(), of_children.children);
        let mut counts = Vec::new();
        for rrset in records.chunk_by(|a, b| a.rtype == b.rtype) {
            match rrset[0].rtype {
                RecordType::NSEC => self.nsec.push(Key::new(labels).octets().into()),
                RecordType::NSEC3 => self.nsec3.push(Key::new(labels).octets().into()),
                _ => {}
            }
            counts.push((rrset[0].rtype, self.write_rrset(rrset, writer, problems)));
        }
        self.records += counts.iter().map(|(_, count)| count).sum::<usize>();
        if counts.len() > 1 || counts[0].1 > 1 {
            node_problems(|| self.builder.owner(labels), &counts, problems);
        }
    }

    /// Writes the records of one RRset without those that stand there twice; returns how many.
    fn write_rrset(&self, rrset: &[Waiting<'_>], writer: &mut ShardWriter, problems: &mut Vec<ZoneProblem>) -> usize {
        let Waiting { labels, rtype, .. } = rrset[0];
        let ttl = rrset.iter().min_by_key(|record| record.at).map_or(0, |record| record.ttl);
        let mut warn = |kind| problems.push(ZoneProblem::warning(self.builder.owner(labels), Some(rtype), kind));
        if rtype != RecordType::RRSIG && rrset.iter().any(|record| record.ttl != ttl) {
            warn(ZoneProblemKind::TtlsDiffer);
        }
        writer.rrset(rtype, ttl);
        let mut last: Option<&[u8]> = None;
        let mut count = 0;
        for record in rrset {
            if last.is_some_and(|last| canonical_cmp(rtype, last, record.rdata).is_eq()) {
                warn(ZoneProblemKind::Duplicate);
                continue;
            }
            writer.rdata(record.rdata);
            last = Some(record.rdata);
            count += 1;
        }
        count
    }

    fn finish(self, names: usize, shards: Shards, problems: &mut Vec<ZoneProblem>) -> Option<Zone> {
        let ZoneBuilder { apex, apex_hash, outside, .. } = self.builder;
        let owners = Owners { nsec: Chain::new(self.nsec), nsec3: Chain::new(self.nsec3) };
        let inner = Inner::new(apex.clone(), *apex_hash, shards, owners);
        let Some(mut inner) = inner else {
            problems.push(ZoneProblem::fatal(apex.clone(), None, ZoneProblemKind::NoSoa));
            return None;
        };
        inner.names = names;
        inner.records = self.records;
        inner.barriers = self.barriers;
        let mut zone = Zone(Arc::new(inner));
        keep_outside_glue(&mut zone, outside, problems);
        warnings::add(&zone, problems);
        Some(zone)
    }
}

impl ZoneBuilder {
    fn owner(&self, labels: &[u8]) -> Name {
        super::name_below(labels, &self.apex)
    }
}

/// Addresses outside the zone are kept when they are those of its name servers.
fn keep_outside_glue(zone: &mut Zone, outside: &[Record], problems: &mut Vec<ZoneProblem>) {
    let targets = zone.apex_targets();
    let (glue, others): (Vec<&Record>, Vec<&Record>) =
        outside.iter().partition(|record| targets.contains(&record.owner));
    for record in others {
        let (owner, rtype) = (record.owner.clone(), Some(record.rtype));
        problems.push(ZoneProblem::warning(owner, rtype, ZoneProblemKind::OutOfZone));
    }
    if let Some(inner) = Arc::get_mut(&mut zone.0) {
        inner.outside_glue = glue.into_iter().cloned().collect();
    }
}
