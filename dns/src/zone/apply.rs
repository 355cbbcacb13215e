//! A new version of a zone from a change: only the shards of names that change, or whose children do, are written anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::builder::NAMES_PER_SHARD;
use super::shard::{self, RawNode, ShardWriter};
use super::{Inner, Shards, Zone, ZoneProblem, ZoneProblemKind, count_barrier, flags_of, is_wildcard, labels_below};
use super::{name_below, node_problems, parent};
use crate::name_hash::{LabelStarts, NameHash};
use crate::rdata::canonical_cmp;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;

/// How many times as many names as in a new zone a shard has on average before all are divided.
const CROWDED: usize = 4;

impl Zone {
    /// The zone after `difference`. Costs as much as the change is large, whatever the size of the zone.
    ///
    /// Records to be removed must be there (TTLs do not matter), those to be added may be there already; an RRset that
    /// keeps a record keeps its TTL.
    pub fn apply(&self, difference: &Difference) -> Result<Zone, Vec<ZoneProblem>> {
        let mut change = Change { zone: self, nodes: HashMap::new(), problems: Vec::new() };
        for record in &difference.removed {
            change.remove(record);
        }
        for record in &difference.added {
            change.add(record);
        }
        change.check();
        if !change.problems.is_empty() {
            return Err(change.problems);
        }
        change.update_parents();
        change.finish().ok_or_else(|| vec![ZoneProblem::fatal(self.apex().clone(), None, ZoneProblemKind::NoSoa)])
    }
}

/// A node that may be changed.
#[derive(Clone, Default)]
struct Draft {
    hash: NameHash,
    labels: Vec<u8>,
    children: u32,
    wildcard_child: bool,
    rrsets: BTreeMap<RecordType, DraftRrset>,
    /// Whether it was there before the change.
    existed: bool,
    barred: bool,
    /// Whether it owned NSEC or NSEC3 before the change.
    in_chain: bool,
    records_before: usize,
}

#[derive(Clone)]
struct DraftRrset {
    ttl: u32,
    /// In canonical order.
    rdatas: Vec<Box<[u8]>>,
}

impl Default for NameHash {
    fn default() -> NameHash {
        NameHash::root()
    }
}

/// A zone and the nodes of it that change, by their labels below the apex in lower case.
struct Change<'a> {
    zone: &'a Zone,
    nodes: HashMap<Box<[u8]>, Draft>,
    problems: Vec<ZoneProblem>,
}

impl Change<'_> {
    fn remove(&mut self, record: &Record) {
        let removed = match labels_below(&record.owner, self.zone.apex()) {
            Some(labels) => self.draft(labels).remove(record),
            None => false,
        };
        if !removed {
            self.refuse(record, ZoneProblemKind::NotThere);
        }
    }

    fn add(&mut self, record: &Record) {
        match labels_below(&record.owner, self.zone.apex()) {
            None => self.refuse(record, ZoneProblemKind::OutOfZone),
            Some(labels) if record.rtype == RecordType::SOA && !labels.is_empty() => {
                self.refuse(record, ZoneProblemKind::SoaBelowApex);
            }
            Some(_) if record.rtype.is_meta() => self.refuse(record, ZoneProblemKind::MetaType),
            Some(labels) => self.draft(labels).add(record),
        }
    }

    fn refuse(&mut self, record: &Record, kind: ZoneProblemKind) {
        self.problems.push(ZoneProblem::fatal(record.owner.clone(), Some(record.rtype), kind));
    }

    fn draft(&mut self, labels: &[u8]) -> &mut Draft {
        let zone = self.zone;
        self.nodes.entry(labels.to_ascii_lowercase().into()).or_insert_with(|| {
            let hash = zone.0.apex_hash.descendant(labels);
            match zone.0.shards.find(hash, labels) {
                Some(node) => Draft::of(hash, node),
                None => Draft { hash, labels: labels.to_vec(), ..Draft::default() },
            }
        })
    }

    fn check(&mut self) {
        for draft in self.nodes.values() {
            let counts: Vec<_> = draft.rrsets.iter().map(|(rtype, rrset)| (*rtype, rrset.rdatas.len())).collect();
            node_problems(|| name_below(&draft.labels, self.zone.apex()), &counts, &mut self.problems);
        }
    }

    /// Names that come and go change the number of their parent's children, and may make it come and go too.
    fn update_parents(&mut self) {
        let mut by_depth: BTreeMap<usize, Vec<Box<[u8]>>> = BTreeMap::new();
        for labels in self.nodes.keys() {
            by_depth.entry(LabelStarts::new(labels).count()).or_default().push(labels.clone());
        }
        while let Some((depth, names)) = by_depth.pop_last() {
            for labels in names {
                let (existed, exists) = (self.nodes[&labels].existed, self.nodes[&labels].exists());
                let Some(above) = parent(&labels).filter(|_| existed != exists) else { continue };
                if !self.nodes.contains_key(above) {
                    by_depth.entry(depth - 1).or_default().push(above.into());
                }
                let original = self.nodes[&labels].labels.clone();
                let draft = self.draft(parent(&original).unwrap_or_default());
                draft.children = if exists { draft.children + 1 } else { draft.children - 1 };
                if is_wildcard(&labels) {
                    draft.wildcard_child = exists;
                }
            }
        }
    }

    fn finish(self) -> Option<Zone> {
        let old = &self.zone.0;
        let mut shards = old.shards.clone();
        let (mut names, mut records, mut barriers) = (old.names, old.records, old.barriers.clone());
        let mut owners = old.owners.clone();
        let mut by_shard: BTreeMap<usize, Vec<&Draft>> = BTreeMap::new();
        for draft in self.nodes.values() {
            by_shard.entry(shards.index(draft.hash)).or_default().push(draft);
            names = names + usize::from(draft.exists()) - usize::from(draft.existed);
            records = records + draft.record_count() - draft.records_before;
            count_barrier(&mut barriers, &draft.labels, i32::from(draft.is_barrier()) - i32::from(draft.barred));
            if draft.in_chain || draft.is_in_chain() {
                owners.update(&draft.labels, |rtype| draft.rrsets.contains_key(&rtype));
            }
        }
        for (index, drafts) in by_shard {
            let shard = rewritten(old, old.shards.get(index), &drafts);
            shards.replace(index, shard);
        }
        if names > shards.len() * NAMES_PER_SHARD * CROWDED {
            shards = divided(old, &shards);
        }
        let inner = Inner::new(old.apex.clone(), old.apex_hash, shards, owners)?;
        let mut zone = Zone(Arc::new(Inner { names, records, barriers, ..inner }));
        keep_outside_glue(&mut zone, &old.outside_glue);
        Some(zone)
    }
}

/// The shard without the old form of `drafts`, and with the new one of those that exist.
fn rewritten(zone: &Inner, old: &[u8], drafts: &[&Draft]) -> shard::Shard {
    let mut writer = ShardWriter::default();
    for node in shard::nodes(old) {
        if !drafts.iter().any(|draft| draft.labels.eq_ignore_ascii_case(node.labels())) {
            writer.copy(zone.apex_hash.descendant(node.labels()), node);
        }
    }
    for draft in drafts.iter().filter(|draft| draft.exists()) {
        draft.write(&mut writer);
    }
    writer.finish()
}

/// Each shard in two.
fn divided(zone: &Inner, shards: &Shards) -> Shards {
    let bits = shards.bits + 1;
    let mut all = Vec::with_capacity(1 << bits);
    for old in shards.iter() {
        let mut halves = [ShardWriter::default(), ShardWriter::default()];
        for node in shard::nodes(old) {
            let hash = zone.apex_hash.descendant(node.labels());
            let half = (hash.0 >> (64 - bits)) as usize & 1;
            halves[half].copy(hash, node);
        }
        all.extend(halves.iter_mut().map(ShardWriter::finish));
    }
    Shards::new(bits, all)
}

fn keep_outside_glue(zone: &mut Zone, glue: &[Record]) {
    if glue.is_empty() {
        return;
    }
    let targets = zone.apex_targets();
    if let Some(inner) = Arc::get_mut(&mut zone.0) {
        inner.outside_glue = glue.iter().filter(|record| targets.contains(&record.owner)).cloned().collect();
    }
}

impl Draft {
    fn of(hash: NameHash, node: RawNode<'_>) -> Draft {
        let rrset = |rrset: shard::RawRrset<'_>| {
            (rrset.rtype(), DraftRrset { ttl: rrset.ttl(), rdatas: rrset.rdatas().map(Box::from).collect() })
        };
        let mut draft = Draft {
            hash,
            labels: node.labels().to_vec(),
            children: node.children(),
            wildcard_child: node.flags() & shard::WILDCARD_CHILD != 0,
            rrsets: node.rrsets().map(rrset).collect(),
            existed: true,
            ..Draft::default()
        };
        draft.barred = draft.is_barrier();
        draft.in_chain = draft.is_in_chain();
        draft.records_before = draft.record_count();
        draft
    }

    fn remove(&mut self, record: &Record) -> bool {
        let Some(rrset) = self.rrsets.get_mut(&record.rtype) else { return false };
        let Ok(place) = rrset.place(record) else { return false };
        rrset.rdatas.remove(place);
        if rrset.rdatas.is_empty() {
            self.rrsets.remove(&record.rtype);
        }
        true
    }

    fn add(&mut self, record: &Record) {
        if self.rrsets.is_empty() && self.children == 0 {
            self.labels = record.owner.as_octets()[..self.labels.len()].to_vec();
        }
        let new = || DraftRrset { ttl: record.ttl, rdatas: Vec::new() };
        let rrset = self.rrsets.entry(record.rtype).or_insert_with(new);
        if let Err(place) = rrset.place(record) {
            rrset.rdatas.insert(place, record.rdata.as_octets().into());
        }
    }

    fn exists(&self) -> bool {
        self.children > 0 || !self.rrsets.is_empty()
    }

    fn record_count(&self) -> usize {
        self.rrsets.values().map(|rrset| rrset.rdatas.len()).sum()
    }

    fn flags(&self) -> u8 {
        flags_of(self.rrsets.keys().copied(), self.labels.is_empty())
    }

    fn is_barrier(&self) -> bool {
        self.flags() & (shard::CUT | shard::DNAME) != 0
    }

    fn is_in_chain(&self) -> bool {
        self.rrsets.contains_key(&RecordType::NSEC) || self.rrsets.contains_key(&RecordType::NSEC3)
    }

    fn write(&self, writer: &mut ShardWriter) {
        let wildcard_child = if self.wildcard_child { shard::WILDCARD_CHILD } else { 0 };
        writer.node(self.hash, &self.labels, self.flags() | wildcard_child, self.children);
        for (rtype, rrset) in &self.rrsets {
            writer.rrset(*rtype, rrset.ttl);
            for rdata in &rrset.rdatas {
                writer.rdata(rdata);
            }
        }
    }
}

impl DraftRrset {
    /// Where the record is, or where it belongs.
    fn place(&self, record: &Record) -> Result<usize, usize> {
        self.rdatas.binary_search_by(|rdata| canonical_cmp(record.rtype, rdata, record.rdata.as_octets()))
    }
}
