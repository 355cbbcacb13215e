//! One zone for many calendars: equal VTIMEZONEs, and equal names, give the same zone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Zone;
use crate::document::Component;

/// The zones that calendars in memory use. A clone is the same set; a zone goes when nobody holds it.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the octets of a VTIMEZONE, or by a name.
    zones: HashMap<Box<[u8]>, Weak<Zone>>,
    /// With more entries than that, those of zones that are gone are removed.
    full: usize,
}

impl Zones {
    /// An empty set.
    pub fn new() -> Zones {
        Zones::default()
    }

    /// The zone that a VTIMEZONE describes.
    pub(crate) fn of_component(&self, component: Component<'_>) -> Result<Arc<Zone>, String> {
        self.intern(component.octets(), || Zone::of_component(component))
    }

    /// The zone of a name, if it can be known.
    pub fn named(&self, name: &str) -> Option<Arc<Zone>> {
        self.intern(name.as_bytes(), || Zone::named(name).ok_or(())).ok()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.zones.values().filter(|zone| zone.strong_count() > 0).count()
    }

    fn intern<E>(&self, key: &[u8], make: impl FnOnce() -> Result<Zone, E>) -> Result<Arc<Zone>, E> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known.zones.get(key).and_then(Weak::upgrade) {
            return Ok(zone);
        }
        let zone = Arc::new(make()?);
        if known.zones.len() >= known.full {
            known.zones.retain(|_, zone| zone.strong_count() > 0);
            known.full = (known.zones.len() * 2).max(64);
        }
        known.zones.insert(key.into(), Arc::downgrade(&zone));
        Ok(zone)
    }
}
