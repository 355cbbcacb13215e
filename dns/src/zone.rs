//! One version of one zone: immutable, compact, shared between versions where they do not differ.
//!
//! Owner names are found by hash. Empty non-terminals (RFC 4592 section 2.2.2) are nodes like others, so that a name's
//! ancestors down from the apex always exist. There is no order in it, but for the NSEC and NSEC3 chains of a signed
//! zone.

mod apply;
mod builder;
pub(crate) mod chain;
pub(crate) mod denial;
mod problem;
pub(crate) mod shard;
#[cfg(test)]
mod tests;
pub(crate) mod walk;
mod warnings;

use std::fmt;
use std::sync::Arc;

use crate::name::Name;
use crate::name_hash::{LabelStarts, NameHash};
use crate::rdata::Rdata;
use crate::record::{Record, Serial, Soa};
use crate::record_type::RecordType;

pub use builder::{Finished, ZoneBuilder};
use denial::{Denial, Owners};
pub use problem::{ZoneProblem, ZoneProblemKind};
pub use shard::Rdatas;
use shard::{RawNode, RawRrset, Shard};

/// One version of one zone. A clone costs a reference count.
#[derive(Clone)]
pub struct Zone(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    apex: Name,
    apex_hash: NameHash,
    shards: Shards,
    /// The shard of the apex, at hand because every negative answer needs it.
    apex_shard: Shard,
    soa: Soa,
    soa_ttl: u32,
    names: usize,
    records: usize,
    /// How many nodes with NS or DNAME there are so many labels below the apex.
    barriers: Vec<u32>,
    outside_glue: Vec<Record>,
    owners: Owners,
    denial: Option<Denial>,
}

/// Shards in pages, so that replacing one copies the pointers of one page and those to the pages, not all.
#[derive(Clone)]
struct Shards {
    /// log2 of the number of shards.
    bits: u32,
    pages: Vec<Arc<[Shard]>>,
}

impl Shards {
    fn new(bits: u32, shards: Vec<Shard>) -> Shards {
        Shards { bits, pages: shards.chunks(1 << Shards::page_bits(bits)).map(Arc::from).collect() }
    }

    fn page_bits(bits: u32) -> u32 {
        bits / 2
    }

    fn index(&self, hash: NameHash) -> usize {
        (hash.0 >> 1 >> (63 - self.bits)) as usize
    }

    fn get(&self, index: usize) -> &Shard {
        let bits = Shards::page_bits(self.bits);
        &self.pages[index >> bits][index & ((1 << bits) - 1)]
    }

    fn find<'a>(&'a self, hash: NameHash, labels: &[u8]) -> Option<RawNode<'a>> {
        shard::find(self.get(self.index(hash)), hash, labels)
    }

    fn iter(&self) -> impl Iterator<Item = &Shard> {
        self.pages.iter().flat_map(|page| page.iter())
    }

    fn len(&self) -> usize {
        1 << self.bits
    }

    fn replace(&mut self, index: usize, shard: Shard) {
        let bits = Shards::page_bits(self.bits);
        Arc::make_mut(&mut self.pages[index >> bits])[index & ((1 << bits) - 1)] = shard;
    }
}

impl Inner {
    /// A zone of these shards whose numbers are still to be filled in; none without an SOA.
    fn new(apex: Name, apex_hash: NameHash, shards: Shards, owners: Owners) -> Option<Inner> {
        let apex_shard = shards.get(shards.index(apex_hash)).clone();
        let apex_node = shard::find(&apex_shard, apex_hash, &[])?;
        let soa = apex_node.rrset(RecordType::SOA)?;
        let denial = owners.clone().denial(apex_node);
        let soa_ttl = soa.ttl();
        let soa = Soa::decode(&Rdata::of_zone(soa.rdatas().next()?)).ok()?;
        let (names, records, barriers, outside_glue) = (0, 0, vec![], vec![]);
        Some(Inner {
            apex,
            apex_hash,
            shards,
            apex_shard,
            soa,
            soa_ttl,
            names,
            records,
            barriers,
            outside_glue,
            owners,
            denial,
        })
    }
}

impl Zone {
    /// Starts a zone with this apex.
    pub fn builder(apex: Name) -> ZoneBuilder {
        ZoneBuilder::new(apex)
    }

    /// The name of the zone.
    pub fn apex(&self) -> &Name {
        &self.0.apex
    }

    /// The fields of its SOA record.
    pub fn soa(&self) -> Soa {
        self.0.soa.clone()
    }

    /// Its serial number.
    pub fn serial(&self) -> Serial {
        self.0.soa.serial
    }

    /// Its SOA record.
    pub fn soa_record(&self) -> Record {
        Record { owner: self.0.apex.clone(), rtype: RecordType::SOA, ttl: self.0.soa_ttl, rdata: self.0.soa.encode() }
    }

    /// The node of `name`, when it owns RRsets or is an empty non-terminal. Data below cuts and DNAMEs is found too.
    pub fn node(&self, name: &Name) -> Option<Node<'_>> {
        let labels = self.labels_below_apex(name)?;
        let node = self.0.shards.find(self.0.apex_hash.descendant(labels), labels)?;
        Some(Node { zone: self, raw: node })
    }

    /// The RRset of `name` and `rtype`.
    pub fn rrset(&self, name: &Name, rtype: RecordType) -> Option<Rrset<'_>> {
        self.node(name)?.rrset(rtype)
    }

    /// All records, each once; the SOA comes first, the rest in no order.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let soa = self.rrset(self.apex(), RecordType::SOA).into_iter().flat_map(|soa| soa.records(self.apex()));
        let others = self.nodes().flat_map(|node| {
            let owner = node.name();
            node.rrsets().filter(|rrset| rrset.rtype() != RecordType::SOA).flat_map(move |rrset| rrset.records(&owner))
        });
        soa.chain(others)
    }

    /// All nodes, empty non-terminals included, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.0.shards.iter().flat_map(|shard| shard::nodes(shard)).map(|raw| Node { zone: self, raw })
    }

    /// How many records it has.
    pub fn record_count(&self) -> usize {
        self.0.records
    }

    /// How many names it has, empty non-terminals included.
    pub fn name_count(&self) -> usize {
        self.0.names
    }

    /// Addresses of name servers of the apex that are not in the zone: to send NOTIFY to, never answered or
    /// transferred.
    pub fn outside_glue(&self) -> &[Record] {
        &self.0.outside_glue
    }

    /// Octets of its compact form, for metrics.
    pub fn size(&self) -> usize {
        self.0.shards.iter().map(|shard| shard.len() + 32).sum()
    }

    /// Whether both are the same version in memory, or share everything.
    pub fn is_same(&self, other: &Zone) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Nodes of this version that may differ from those of `other`: those of shards that the two do not share.
    pub(crate) fn nodes_unlike<'a>(&'a self, other: &'a Zone) -> impl Iterator<Item = Node<'a>> {
        let alike = self.0.shards.bits == other.0.shards.bits;
        let shards = self.0.shards.iter().enumerate();
        let unlike = shards.filter(move |(index, shard)| !alike || !Arc::ptr_eq(shard, other.0.shards.get(*index)));
        unlike.flat_map(|(_, shard)| shard::nodes(shard)).map(|raw| Node { zone: self, raw })
    }

    /// The node with these labels below the apex, and this hash.
    pub(crate) fn find_hashed(&self, hash: NameHash, labels: &[u8]) -> Option<RawNode<'_>> {
        self.0.shards.find(hash, labels)
    }

    /// The shard of a name's hash.
    pub(crate) fn shard_of(&self, hash: NameHash) -> &[u8] {
        self.0.shards.get(self.0.shards.index(hash))
    }

    /// The node with these labels below the apex.
    pub(crate) fn find_labels(&self, labels: &[u8]) -> Option<RawNode<'_>> {
        self.find_hashed(self.0.apex_hash.descendant(labels), labels)
    }

    /// The node of a name in wire form.
    pub(crate) fn find_name(&self, name: &[u8]) -> Option<RawNode<'_>> {
        let apex = self.0.apex.as_octets();
        let below = name.len().checked_sub(apex.len())?;
        let mut at = 0;
        while at < below {
            at += usize::from(name[at]) + 1;
        }
        if at != below || !name[below..].eq_ignore_ascii_case(apex) {
            return None;
        }
        self.find_labels(&name[..below])
    }

    /// The node of the apex.
    pub(crate) fn apex_node(&self) -> RawNode<'_> {
        shard::find(&self.0.apex_shard, self.0.apex_hash, &[]).expect("a zone has a node at its apex")
    }

    /// How long a negative answer may be kept (RFC 2308 section 5).
    pub(crate) fn negative_ttl(&self) -> u32 {
        self.0.soa_ttl.min(self.0.soa.minimum)
    }

    /// How many labels below the apex there are zone cuts or DNAMEs, ascending.
    pub(crate) fn barrier_depths(&self) -> impl Iterator<Item = usize> {
        self.0.barriers.iter().enumerate().filter(|(_, count)| **count > 0).map(|(depth, _)| depth)
    }

    /// The hash of the apex.
    pub(crate) fn apex_hash(&self) -> NameHash {
        self.0.apex_hash
    }

    /// What it proves with that something is not there, when it is signed.
    pub(crate) fn denial(&self) -> Option<&Denial> {
        self.0.denial.as_ref()
    }

    /// The names of the NS records at the apex.
    fn apex_targets(&self) -> Vec<Name> {
        let rdatas = self.rrset(self.apex(), RecordType::NS).into_iter().flat_map(|rrset| rrset.rdatas());
        rdatas.filter_map(|rdata| Name::from_octets(rdata).ok()).collect()
    }

    fn labels_below_apex<'a>(&self, name: &'a Name) -> Option<&'a [u8]> {
        labels_below(name, &self.0.apex)
    }
}

/// The labels of `name` in front of `apex`, when it is at or below it.
fn labels_below<'a>(name: &'a Name, apex: &Name) -> Option<&'a [u8]> {
    let below = name.as_octets().len().checked_sub(apex.as_octets().len())?;
    name.is_at_or_below(apex).then(|| &name.as_octets()[..below])
}

/// A name of a zone: owner of RRsets, or an empty non-terminal.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    zone: &'a Zone,
    raw: RawNode<'a>,
}

impl<'a> Node<'a> {
    /// The name, in the case that it was written.
    pub fn name(&self) -> Name {
        name_below(self.raw.labels(), self.zone.apex())
    }

    /// Whether it is an empty non-terminal: it owns nothing, and names below it do.
    pub fn is_empty(&self) -> bool {
        self.raw.rrset_count() == 0
    }

    /// Whether there are names below it.
    pub fn has_children(&self) -> bool {
        self.raw.children() > 0
    }

    /// Whether it is a zone cut: NS below the apex.
    pub fn is_cut(&self) -> bool {
        self.raw.flags() & shard::CUT != 0
    }

    /// Its RRsets, in ascending order of type.
    pub fn rrsets(&self) -> impl Iterator<Item = Rrset<'a>> + use<'a> {
        self.raw.rrsets().map(Rrset)
    }

    /// Its RRset of type `rtype`.
    pub fn rrset(&self, rtype: RecordType) -> Option<Rrset<'a>> {
        self.raw.rrset(rtype).map(Rrset)
    }
}

/// Records of one owner and type.
#[derive(Clone, Copy)]
pub struct Rrset<'a>(RawRrset<'a>);

impl<'a> Rrset<'a> {
    /// Type.
    pub fn rtype(&self) -> RecordType {
        self.0.rtype()
    }

    /// Time to live, in seconds. That of RRSIG records is the one that they sign, each its own (RFC 4034 section 3):
    /// see [`Rrset::records`]; here it is 0.
    pub fn ttl(&self) -> u32 {
        self.0.ttl()
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.0.count()
    }

    /// Never: an RRset has records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The RDATA in uncompressed wire form, in canonical order (RFC 4034 section 6.3).
    pub fn rdatas(&self) -> Rdatas<'a> {
        self.0.rdatas()
    }

    /// The records, owned by `owner`.
    pub fn records(&self, owner: &Name) -> Vec<Record> {
        let rtype = self.rtype();
        let ttl = |octets| if rtype == RecordType::RRSIG { shard::signature_ttl(octets) } else { self.ttl() };
        let record = |octets| Record { owner: owner.clone(), rtype, ttl: ttl(octets), rdata: Rdata::of_zone(octets) };
        self.rdatas().map(record).collect()
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} records)", self.apex(), self.serial(), self.record_count())
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<RecordType> = self.rrsets().map(|rrset| rrset.rtype()).collect();
        write!(f, "{} {types:?}", self.name())
    }
}

impl fmt::Debug for Rrset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({} records)", self.ttl(), self.rtype(), self.len())
    }
}

/// What the types of a node mean for its flags; `WILDCARD_CHILD` is not among them.
fn flags_of(types: impl Iterator<Item = RecordType>, is_apex: bool) -> u8 {
    types.fold(0, |flags, rtype| match rtype {
        RecordType::NS if !is_apex => flags | shard::CUT,
        RecordType::DNAME => flags | shard::DNAME,
        RecordType::CNAME => flags | shard::CNAME,
        _ => flags,
    })
}

/// The name with `labels` in front of `apex`.
fn name_below(labels: &[u8], apex: &Name) -> Name {
    Name::from_octets(&[labels, apex.as_octets()].concat()).expect("the names of a zone are valid")
}

/// Counts a node with NS or DNAME in the table of how many there are at each depth.
fn count_barrier(barriers: &mut Vec<u32>, labels: &[u8], by: i32) {
    let depth = LabelStarts::new(labels).count();
    if barriers.len() <= depth {
        barriers.resize(depth + 1, 0);
    }
    barriers[depth] = barriers[depth].saturating_add_signed(by);
}

/// Problems of one node: what may not stand beside what.
fn node_problems(owner: impl Fn() -> Name, counts: &[(RecordType, usize)], problems: &mut Vec<ZoneProblem>) {
    let count = |rtype| counts.iter().find(|(other, _)| *other == rtype).map_or(0, |(_, count)| *count);
    let mut fatal = |rtype, kind| problems.push(ZoneProblem::fatal(owner(), Some(rtype), kind));
    if count(RecordType::SOA) > 1 {
        fatal(RecordType::SOA, ZoneProblemKind::SeveralSoas);
    }
    if count(RecordType::CNAME) > 1 {
        fatal(RecordType::CNAME, ZoneProblemKind::SeveralCnames);
    }
    if count(RecordType::DNAME) > 1 {
        fatal(RecordType::DNAME, ZoneProblemKind::SeveralDnames);
    }
    let beside_cname = |rtype: RecordType| {
        matches!(rtype, RecordType::CNAME | RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3)
    };
    if count(RecordType::CNAME) > 0 && counts.iter().any(|(rtype, _)| !beside_cname(*rtype)) {
        fatal(RecordType::CNAME, ZoneProblemKind::CnameBesideOtherData);
    }
}

/// The labels without the first; none for no labels.
fn parent(labels: &[u8]) -> Option<&[u8]> {
    labels.first().map(|length| &labels[usize::from(*length) + 1..])
}

fn is_wildcard(labels: &[u8]) -> bool {
    labels.starts_with(b"\x01*")
}
