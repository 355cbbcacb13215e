//! Problems that a zone can be served with, but that its operator should hear of.

use super::{Node, Zone, ZoneProblem, ZoneProblemKind, parent};
use crate::name::Name;
use crate::record_type::RecordType;

/// Appends the warnings about a whole zone.
pub fn add(zone: &Zone, problems: &mut Vec<ZoneProblem>) {
    if zone.rrset(zone.apex(), RecordType::NS).is_none() {
        problems.push(ZoneProblem::warning(zone.apex().clone(), None, ZoneProblemKind::NoNs));
    }
    let has_barriers = zone.0.barriers.iter().any(|count| *count > 0);
    for node in zone.nodes() {
        if has_barriers {
            add_occluded(zone, &node, problems);
        }
        add_targets(zone, &node, problems);
    }
}

/// RFC 6672 section 2.4 for DNAME; below a cut addresses may be glue, and at the cut NS, DS and their proofs belong.
fn add_occluded(zone: &Zone, node: &Node<'_>, problems: &mut Vec<ZoneProblem>) {
    let is_glue = |rtype| matches!(rtype, RecordType::A | RecordType::AAAA);
    let warning = match node.barrier_above(zone) {
        None => return,
        Some(barrier) if barrier.is_cut() => {
            let seen = node.rrsets().find(|rrset| !is_glue(rrset.rtype()));
            seen.map(|rrset| (rrset.rtype(), ZoneProblemKind::BelowCut))
        }
        Some(_) => node.rrsets().next().map(|rrset| (rrset.rtype(), ZoneProblemKind::BelowDname)),
    };
    problems.extend(warning.map(|(rtype, kind)| ZoneProblem::warning(node.name(), Some(rtype), kind)));
}

fn add_targets(zone: &Zone, node: &Node<'_>, problems: &mut Vec<ZoneProblem>) {
    for rtype in [RecordType::NS, RecordType::MX] {
        let Some(rrset) = node.rrset(rtype) else { continue };
        let before = if rtype == RecordType::MX { 2 } else { 0 };
        let targets = rrset.rdatas().filter_map(|rdata| Name::from_octets(&rdata[before..]).ok());
        if targets.into_iter().any(|target| lacks_address(zone, &target)) {
            let kind = ZoneProblemKind::TargetWithoutAddress;
            problems.push(ZoneProblem::warning(node.name(), Some(rtype), kind));
        }
    }
}

/// Whether the zone knows that `target` has no address. A wildcard or a delegation may give it one.
fn lacks_address(zone: &Zone, target: &Name) -> bool {
    let Some(mut labels) = zone.labels_below_apex(target) else { return false };
    if let Some(node) = zone.node(target) {
        let addressed = |node: &Node<'_>| node.rrset(RecordType::A).is_some() || node.rrset(RecordType::AAAA).is_some();
        let elsewhere = node.is_cut() || node.rrset(RecordType::CNAME).is_some();
        return !addressed(&node) && !elsewhere && node.barrier_above(zone).is_none();
    }
    while let Some(above) = parent(labels) {
        labels = above;
        if let Some(node) = zone.0.shards.find(zone.0.apex_hash.descendant(labels), labels) {
            let node = Node { zone, raw: node };
            let synthesized = node.has_wildcard_child() || node.is_barrier() || node.barrier_above(zone).is_some();
            return !synthesized;
        }
    }
    true
}

impl Node<'_> {
    fn is_barrier(&self) -> bool {
        self.raw.flags() & (super::shard::CUT | super::shard::DNAME) != 0
    }

    fn has_wildcard_child(&self) -> bool {
        self.raw.flags() & super::shard::WILDCARD_CHILD != 0
    }

    /// The nearest zone cut or DNAME above this node, when there is one.
    fn barrier_above<'z>(&self, zone: &'z Zone) -> Option<Node<'z>> {
        let mut labels = self.raw.labels();
        let mut depth = crate::name_hash::LabelStarts::new(labels).count();
        while let Some(above) = parent(labels) {
            (labels, depth) = (above, depth - 1);
            if zone.0.barriers.get(depth).is_none_or(|count| *count == 0) {
                continue;
            }
            let node = zone.0.shards.find(zone.0.apex_hash.descendant(labels), labels);
            let barrier = node.map(|raw| Node { zone, raw }).filter(Node::is_barrier);
            if barrier.is_some() {
                return barrier;
            }
        }
        None
    }
}
