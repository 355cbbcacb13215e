//! Looks at the memory that many answers will be made of, before the first is made.
//!
//! In a large zone an answer waits for memory four times, one after the other: for the pointer to its shard, the slots,
//! the node, the end of the node. The queries of a burst do not depend on each other, so each step is done for all of
//! them before the next: the processor then waits for many at once.

use std::hint::black_box;

use super::query;
use crate::message::HEADER;
use crate::name_hash::{LabelStarts, NameHash};
use crate::zone::Zone;
use crate::zone::shard;
use crate::zone_set::ZoneSet;

/// Queries that are looked at together.
const TOGETHER: usize = 32;
/// Names of all zones from which on it is worth it: fewer stay in the processor's caches.
const MANY_NAMES: usize = 20_000;

/// Brings what `messages` ask for into the processor's caches, if there is so much that it cannot be there already.
pub fn warm<'q>(zones: &ZoneSet, messages: impl Iterator<Item = &'q [u8]>) {
    if zones.name_count() < MANY_NAMES {
        return;
    }
    let mut wanted = [None; TOGETHER];
    let mut count = 0;
    for found in messages.filter_map(|message| place(zones, message)).take(TOGETHER) {
        wanted[count] = Some(found);
        count += 1;
    }
    if count < 2 {
        return;
    }
    let wanted = &wanted[..count];
    let mut shards: [&[u8]; TOGETHER] = [&[]; TOGETHER];
    for (shard, (zone, hash)) in shards.iter_mut().zip(wanted.iter().flatten()) {
        *shard = zone.shard_of(*hash);
    }
    let mut nodes = [0; TOGETHER];
    for (node, (shard, (_, hash))) in nodes.iter_mut().zip(shards.iter().zip(wanted.iter().flatten())) {
        *node = shard::first_offset(shard, *hash);
    }
    let octet = |shard: &[u8], at: usize| shard.get(at).copied().unwrap_or(0);
    let touched = nodes.iter().zip(&shards).map(|(node, shard)| octet(shard, *node) ^ octet(shard, *node + LINE));
    black_box(touched.fold(0, |all, octet| all ^ octet));
}

/// Octets of a line of the processor's caches.
const LINE: usize = 64;

/// The zone of a query's name, and the name's hash.
fn place<'z>(zones: &'z ZoneSet, message: &[u8]) -> Option<(&'z Zone, NameHash)> {
    let name = &message[HEADER..query::name_end(message)?];
    let starts = LabelStarts::new(name);
    let (mut hash, mut zone) = (NameHash::root(), zones.get_hashed(0, NameHash::root(), &[0]));
    for label in (0..starts.count()).rev() {
        hash = hash.child(starts.label(name, label));
        zone = zones.get_hashed(starts.count() - label, hash, &name[starts.start(label)..]).or(zone);
    }
    Some((zone?, hash))
}
