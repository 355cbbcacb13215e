//! Resolves the deltas of a packfile, in steps, so that nobody else has to wait for the whole of it.
//!
//! It goes from bases to what stands on them, never the other way: a cycle is then simply a set of deltas that nothing
//! leads to, and depth costs no stack.

use std::collections::HashMap;

use bytes::Bytes;
use gix_hash::ObjectId;

use super::pack_reader::{Contents, Keep, Unpacked};
use super::{Kind, delta, hash_foreign};
use crate::Limits;
use crate::error::ObjectError;

/// A delta of the packfile, inflated.
pub(crate) struct Delta {
    pub(crate) offset: u64,
    pub(crate) base: DeltaBase,
    pub(crate) octets: Vec<u8>,
}

/// What a delta stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DeltaBase {
    Offset(u64),
    Id(ObjectId),
}

/// What we have of an object that a thin packfile refers to.
pub(crate) enum Known {
    Object(Kind, Bytes),
    TooLarge,
    Unknown,
}

/// Where a thin packfile finds its bases.
pub(crate) trait Bases {
    fn look_up(&self, id: &ObjectId) -> Known;
}

/// The deltas of a packfile whose whole objects have been read.
pub(crate) struct Resolver {
    limits: Limits,
    keep: Keep,
    unpacked: Unpacked,
    waiting: HashMap<DeltaBase, Vec<Delta>>,
    ready: Vec<Ready>,
    kept: u64,
    /// Small objects that stand on one that is not kept.
    unresolvable: usize,
    started: bool,
}

struct Ready {
    id: Option<ObjectId>,
    offset: Option<u64>,
    depth: u32,
    object: Option<(Kind, Bytes)>,
}

impl Resolver {
    pub(crate) fn new(limits: Limits, keep: Keep, unpacked: Unpacked, contents: Contents, kept: u64) -> Resolver {
        let mut waiting: HashMap<DeltaBase, Vec<Delta>> = HashMap::new();
        for delta in contents.deltas {
            waiting.entry(delta.base).or_default().push(delta);
        }
        let mut ready = Vec::new();
        for (offset, id) in contents.whole {
            let awaited = [DeltaBase::Offset(offset), DeltaBase::Id(id)].iter().any(|base| waiting.contains_key(base));
            if awaited {
                let object = unpacked.objects.get(&id).cloned();
                ready.push(Ready { id: Some(id), offset: Some(offset), depth: 0, object });
            }
        }
        ready.extend(contents.lost.iter().map(|offset| Ready {
            id: None,
            offset: Some(*offset),
            depth: 0,
            object: None,
        }));
        let mut resolver = Resolver { limits, keep, unpacked, waiting, ready, kept, unresolvable: 0, started: false };
        resolver.unpacked.lost = !contents.lost.is_empty();
        resolver
    }

    /// Resolves what stands on one object; `false` when nothing is left.
    pub(crate) fn step(&mut self, bases: &dyn Bases) -> Result<bool, ObjectError> {
        if !self.started {
            self.started = true;
            self.look_outside(bases);
        }
        let Some(base) = self.ready.pop() else { return Ok(false) };
        let mut deltas = Vec::new();
        for key in [base.offset.map(DeltaBase::Offset), base.id.map(DeltaBase::Id)].into_iter().flatten() {
            deltas.append(&mut self.waiting.remove(&key).unwrap_or_default());
        }
        for delta in deltas {
            self.resolve(&base, &delta)?;
        }
        Ok(true)
    }

    /// What the packfile held. `tolerant`: small objects that stand on one too large to keep count as too large, too.
    pub(crate) fn finish(mut self, tolerant: bool) -> Result<Unpacked, ObjectError> {
        let orphans: usize = self.waiting.values().map(Vec::len).sum();
        let missing = orphans + if tolerant { 0 } else { self.unresolvable };
        if missing > 0 && self.keep == Keep::Everything {
            return Err(ObjectError::BaseMissing { count: missing });
        }
        self.unpacked.lost |= self.unresolvable > 0;
        Ok(self.unpacked)
    }

    fn look_outside(&mut self, bases: &dyn Bases) {
        for key in self.waiting.keys() {
            let DeltaBase::Id(id) = key else { continue };
            if self.unpacked.objects.contains_key(id) || self.unpacked.too_large.contains(id) {
                continue;
            }
            let object = match bases.look_up(id) {
                Known::Object(kind, octets) => Some((kind, octets)),
                Known::TooLarge => None,
                Known::Unknown => continue,
            };
            self.ready.push(Ready { id: Some(*id), offset: None, depth: 0, object });
        }
    }

    fn resolve(&mut self, base: &Ready, delta: &Delta) -> Result<(), ObjectError> {
        let depth = base.depth + 1;
        if depth > self.limits.delta_depth {
            return Err(ObjectError::Limit("the depth of deltas"));
        }
        let size = delta::sizes(&delta.octets)?.result;
        let too_large = size > self.limits.object_octets as u64;
        let Some((kind, octets)) = base.object.as_ref().filter(|_| !too_large) else {
            self.lose(base, delta, too_large);
            return Ok(());
        };
        if self.keep == Keep::Commits && *kind != Kind::Commit {
            return Ok(());
        }
        self.kept += size;
        if self.kept > self.limits.unpacked_octets {
            return Err(ObjectError::Limit("the sum of all objects"));
        }
        let result: Bytes = delta::apply(octets, &delta.octets, self.limits.object_octets)?.into();
        let id = hash_foreign(*kind, &result)?;
        let awaited =
            [DeltaBase::Offset(delta.offset), DeltaBase::Id(id)].iter().any(|base| self.waiting.contains_key(base));
        if awaited {
            let object = Some((*kind, result.clone()));
            self.ready.push(Ready { id: Some(id), offset: Some(delta.offset), depth, object });
        }
        self.unpacked.objects.insert(id, (*kind, result));
        Ok(())
    }

    fn lose(&mut self, base: &Ready, delta: &Delta, too_large: bool) {
        if too_large {
            self.unpacked.lost = true;
        } else {
            self.unresolvable += 1;
        }
        self.ready.push(Ready { id: None, offset: Some(delta.offset), depth: base.depth + 1, object: None });
    }
}
