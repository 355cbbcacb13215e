//! What was removed and added between two versions of a zone: the content of an incremental transfer (RFC 1995 section
//! 4).
//!
//! A change of TTL is a record removed and one added. The SOA is in both halves when it changes.

use crate::record::Record;
use crate::zone::{Node, Zone};

/// A change of a zone's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Records of the older version that the newer one does not have.
    pub removed: Vec<Record>,
    /// Records of the newer version that the older one did not have.
    pub added: Vec<Record>,
}

impl Difference {
    /// What turns `older` into `newer`; both are versions of one zone. In canonical order of owners.
    ///
    /// Versions made by [`Zone::apply`] share most of their memory, and only the rest is looked at.
    pub fn between(older: &Zone, newer: &Zone) -> Difference {
        if older.is_same(newer) {
            return Difference::default();
        }
        Difference { removed: only_in(older, newer), added: only_in(newer, older) }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

fn only_in(zone: &Zone, other: &Zone) -> Vec<Record> {
    let mut records = Vec::new();
    for node in zone.nodes_unlike(other) {
        node_only_in(&node, other, &mut records);
    }
    records.sort_by(|a, b| a.owner.cmp(&b.owner).then_with(|| a.rtype.cmp(&b.rtype)));
    records
}

fn node_only_in(node: &Node<'_>, other: &Zone, records: &mut Vec<Record>) {
    if node.is_empty() {
        return;
    }
    let name = node.name();
    let counterpart = other.node(&name);
    for rrset in node.rrsets() {
        let theirs = counterpart.and_then(|node| node.rrset(rrset.rtype()));
        match theirs {
            Some(theirs) if theirs.ttl() == rrset.ttl() => {
                let (mut mine, mut theirs) = (rrset.records(&name), theirs.records(&name));
                theirs.sort_unstable();
                mine.retain(|record| theirs.binary_search(record).is_err());
                records.append(&mut mine);
            }
            _ => records.append(&mut rrset.records(&name)),
        }
    }
}
