//! Zones that are ours and cannot be served: not come yet, or expired. Questions below them are answered SERVFAIL.

use std::collections::HashSet;
use std::sync::Arc;

use crate::message::HEADER;
use crate::name::Name;
use crate::name_hash::NameHash;
use crate::wire::Cursor;
use crate::zone_set::ZoneSet;

/// Parts of the set; a change copies one of them, and the pointers to the others.
const SHARDS: usize = 256;

/// A set of apexes. A clone or a change costs a few hundred reference counts at most, even when there are thousands of
/// names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unavailable {
    /// None while the set never held anything.
    shards: Vec<Arc<HashSet<Name>>>,
    count: usize,
}

impl Unavailable {
    /// Whether everything can be served.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the zone of this apex is among them.
    pub fn contains(&self, apex: &Name) -> bool {
        self.shards.get(shard_of(apex)).is_some_and(|shard| shard.contains(apex))
    }

    /// Adds or takes away one.
    pub fn set(&mut self, apex: &Name, unavailable: bool) {
        if self.contains(apex) == unavailable {
            return;
        }
        self.shards.resize(SHARDS, Arc::default());
        let shard = Arc::make_mut(&mut self.shards[shard_of(apex)]);
        match unavailable {
            true => {
                shard.insert(apex.clone());
                self.count += 1;
            }
            false => {
                shard.remove(apex);
                self.count -= 1;
            }
        }
    }

    /// Whether a query's name is in one of them, and not in a zone below it that is served.
    pub(super) fn covers(&self, query: &[u8], zones: &ZoneSet) -> bool {
        let Ok(name) = Cursor::new(query, HEADER).name() else { return false };
        let mut at = Some(name);
        while let Some(name) = at {
            if zones.get(&name).is_some() {
                return false;
            }
            if self.contains(&name) {
                return true;
            }
            at = name.parent();
        }
        false
    }
}

fn shard_of(apex: &Name) -> usize {
    NameHash::root().descendant(apex.as_octets()).0 as usize % SHARDS
}
