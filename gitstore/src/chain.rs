//! Commits that stand on one another and go to the remote in one push; and the thin packfile that carries them.

use std::collections::HashSet;
use std::sync::Arc;

use gix_hash::ObjectId;

use crate::edit::{DeltaSource, NewObject};
use crate::object::commit::Commit;
use crate::object::database::Database;
use crate::object::delta_search;
use crate::object::pack_writer::PackWriter;
use crate::object::tree::Child;
use crate::object::{Blob, Kind};
use crate::snapshot::Snapshot;

/// Prepared commits, the oldest first, over what the remote has.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) base: Snapshot,
    pub(crate) links: Vec<Link>,
}

/// One prepared commit.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) snapshot: Snapshot,
    pub(crate) commit: Arc<Commit>,
    pub(crate) objects: Vec<NewObject>,
}

impl Chain {
    pub(crate) fn new(base: Snapshot) -> Chain {
        Chain { base, links: Vec::new() }
    }

    /// What the branch will be once the remote has taken the chain.
    pub(crate) fn tip(&self) -> &Snapshot {
        self.links.last().map_or(&self.base, |link| &link.snapshot)
    }

    /// The packfile. Without `known`, only the tree of the base is taken for granted on the far side.
    pub(crate) fn pack(&self, known: Option<&Database>) -> Vec<u8> {
        let mut pack = PackWriter::new();
        let mut packed = Packed::default();
        for link in &self.links {
            for object in &link.objects {
                packed.add(&mut pack, object, known);
            }
            pack.whole(Kind::Commit, &link.commit.octets);
        }
        pack.finish()
    }
}

/// What a packfile holds so far, and what its deltas expect on the far side.
#[derive(Default)]
struct Packed {
    written: HashSet<ObjectId>,
    /// To write one of these as well could close a circle of deltas.
    expected: HashSet<ObjectId>,
}

impl Packed {
    fn add(&mut self, pack: &mut PackWriter, object: &NewObject, known: Option<&Database>) {
        let id = object.child.id();
        if self.expected.contains(&id) || known.is_some_and(|known| known.contains(&id)) || !self.written.insert(id) {
            return;
        }
        match object.delta.as_ref().and_then(|source| delta(source, &object.child)) {
            Some(delta) => {
                if !self.written.contains(&delta.base) {
                    self.expected.insert(delta.base);
                }
                pack.delta(delta.base, &delta.octets);
            }
            None => match &object.child {
                Child::Directory(directory) => pack.whole(Kind::Tree, &directory.octets()),
                Child::Blob(blob) => pack.whole(Kind::Blob, blob.octets().map_or(&[], |octets| &octets[..])),
                Child::Submodule(_) => {}
            },
        }
    }
}

struct Delta {
    base: ObjectId,
    octets: Vec<u8>,
}

/// The delta, where it is worth it.
fn delta(source: &DeltaSource, target: &Child) -> Option<Delta> {
    let (base, octets, length) = match source {
        DeltaSource::Pieces { base, base_length, pieces } => (*base, pieces.encode(*base_length), pieces.len()),
        DeltaSource::Search { base } => {
            let Child::Blob(blob) = target else { return None };
            let (old, new) = (base.octets()?, Blob::octets(blob)?);
            (base.id, delta_search::search(old, new).encode(old.len()), new.len())
        }
    };
    (octets.len() < length / 4 * 3).then_some(Delta { base, octets })
}
