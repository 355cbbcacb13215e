//! Where a name leads in a zone: to a node, a wildcard, out through a cut or a DNAME, or nowhere (RFC 1034 section
//! 4.3.2 step 3, RFC 4592 section 3.3, RFC 6672 section 3.2).
//!
//! All ancestors of a name that exists do exist, down from the apex; so the node itself is asked for first, and before
//! it only those ancestors at whose depth the zone has cuts or DNAMEs at all.

use crate::name_hash::{LabelStarts, NameHash};
use crate::zone::Zone;
use crate::zone::shard::{self, RawNode};

/// A name that is looked up, with the hashes of all its ancestors.
pub struct Target<'a> {
    /// Wire form, with the root label.
    pub name: &'a [u8],
    starts: LabelStarts,
    hashes: [NameHash; 128],
}

/// Where a name leads.
pub enum Found<'z> {
    /// Below, or at, the zone cut `node`.
    Cut { node: RawNode<'z> },
    /// Below the DNAME of `node`, whose name starts at label `label` of the target.
    Dname { node: RawNode<'z>, label: usize },
    /// The node of the name.
    Exact { node: RawNode<'z> },
    /// No node; the wildcard below the closest encloser, which starts at label `encloser` of the target.
    Wildcard { node: RawNode<'z>, encloser: usize },
    /// No node, no wildcard.
    Nothing { encloser: usize },
}

impl<'z> Found<'z> {
    /// The labels below the apex of the node that was found.
    pub fn labels(&self) -> &'z [u8] {
        match self {
            Found::Cut { node } | Found::Dname { node, .. } | Found::Exact { node } | Found::Wildcard { node, .. } => {
                node.labels()
            }
            Found::Nothing { .. } => &[],
        }
    }
}

impl<'a> Target<'a> {
    /// Hashes a valid name.
    pub fn new(name: &'a [u8]) -> Target<'a> {
        let starts = LabelStarts::new(name);
        let mut hashes = [NameHash(0); 128];
        let mut hash = NameHash::root();
        for label in (0..starts.count()).rev() {
            hash = hash.child(starts.label(name, label));
            hashes[label] = hash;
        }
        Target { name, starts, hashes }
    }

    /// How many labels it has.
    pub fn label_count(&self) -> usize {
        self.starts.count()
    }

    /// The hash of the ancestor that starts at `label`.
    pub fn hash(&self, label: usize) -> NameHash {
        if label < self.label_count() { self.hashes[label] } else { NameHash::root() }
    }

    /// The ancestor that starts at `label`, in full.
    pub fn ancestor(&self, label: usize) -> &'a [u8] {
        &self.name[self.start(label)..]
    }

    /// The labels in front of the ancestor that starts at `label`.
    pub fn labels_before(&self, label: usize) -> &'a [u8] {
        &self.name[..self.start(label)]
    }

    /// The labels from `from` to before `to`.
    pub fn labels_between(&self, from: usize, to: usize) -> &'a [u8] {
        &self.name[self.start(from)..self.start(to)]
    }

    fn start(&self, label: usize) -> usize {
        self.starts.start_or_end(label, self.name)
    }
}

/// A target in one zone, whose apex starts at a label of it.
pub struct InZone<'z, 'a, 't> {
    pub zone: &'z Zone,
    pub target: &'t Target<'a>,
    pub apex: usize,
}

impl<'z> InZone<'z, '_, '_> {
    /// Where the target leads.
    pub fn find(&self) -> Found<'z> {
        let mut missing = None;
        for depth in self.zone.barrier_depths().take_while(|depth| *depth <= self.apex) {
            let label = self.apex - depth;
            let Some(node) = self.node(label) else {
                missing = Some(label);
                break;
            };
            if node.flags() & shard::CUT != 0 {
                return Found::Cut { node };
            }
            if label == 0 {
                return Found::Exact { node };
            }
            if node.flags() & shard::DNAME != 0 {
                return Found::Dname { node, label };
            }
        }
        if missing.is_none()
            && let Some(node) = self.node(0)
        {
            return Found::Exact { node };
        }
        self.closest(missing.unwrap_or(0))
    }

    /// The closest encloser, between the apex and the label `missing`, which is not there; and its wildcard.
    fn closest(&self, mut missing: usize) -> Found<'z> {
        let (mut encloser, mut node) = (self.apex, self.zone.apex_node());
        while encloser - missing > 1 {
            let middle = missing + (encloser - missing) / 2;
            match self.node(middle) {
                Some(found) => (encloser, node) = (middle, found),
                None => missing = middle,
            }
        }
        let wildcard = if node.flags() & shard::WILDCARD_CHILD != 0 { self.wildcard(encloser) } else { None };
        match wildcard {
            Some(node) => Found::Wildcard { node, encloser },
            None => Found::Nothing { encloser },
        }
    }

    fn node(&self, label: usize) -> Option<RawNode<'z>> {
        self.zone.find_hashed(self.target.hash(label), self.target.labels_between(label, self.apex))
    }

    fn wildcard(&self, encloser: usize) -> Option<RawNode<'z>> {
        let above = self.target.labels_between(encloser, self.apex);
        let mut labels = [0; 256];
        labels[..2].copy_from_slice(b"\x01*");
        let labels = &mut labels[..2 + above.len()];
        labels[2..].copy_from_slice(above);
        self.zone.find_hashed(self.target.hash(encloser).child(b"*"), labels)
    }
}
