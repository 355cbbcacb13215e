//! A map from names that is cheap to clone and to change: a clone shares all parts, a change copies one.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dns::Name;

/// Parts: with tens of thousands of zones a part is a page or two.
const PARTS: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct Shards<V>(Vec<Arc<HashMap<Name, V>>>);

impl<V> Default for Shards<V> {
    fn default() -> Shards<V> {
        Shards(std::iter::repeat_with(Arc::default).take(PARTS).collect())
    }
}

impl<V: Clone> Shards<V> {
    pub(super) fn get(&self, name: &Name) -> Option<&V> {
        self.0[part_of(name)].get(name)
    }

    pub(super) fn insert(&mut self, name: Name, value: V) {
        Arc::make_mut(&mut self.0[part_of(&name)]).insert(name, value);
    }

    pub(super) fn remove(&mut self, name: &Name) {
        Arc::make_mut(&mut self.0[part_of(name)]).remove(name);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, &V)> {
        self.0.iter().flat_map(|part| part.iter())
    }
}

fn part_of(name: &Name) -> usize {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish() as usize % PARTS
}
