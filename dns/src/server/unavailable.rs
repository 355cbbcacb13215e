//! Zones that are ours and cannot be served: not come yet, or expired. Questions below them are answered SERVFAIL.

use std::collections::HashSet;
use std::sync::Arc;

use crate::message::HEADER;
use crate::name::Name;
use crate::wire::Cursor;
use crate::zone_set::ZoneSet;

/// A set of apexes. A clone costs a reference count; a change costs as much as there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unavailable(Arc<HashSet<Name>>);

impl Unavailable {
    /// Whether everything can be served.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the zone of this apex is among them.
    pub fn contains(&self, apex: &Name) -> bool {
        self.0.contains(apex)
    }

    /// Adds or takes away one.
    pub fn set(&mut self, apex: &Name, unavailable: bool) {
        if self.contains(apex) == unavailable {
            return;
        }
        let names = Arc::make_mut(&mut self.0);
        match unavailable {
            true => names.insert(apex.clone()),
            false => names.remove(apex),
        };
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
