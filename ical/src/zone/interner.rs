//! One zone for many calendars: equal VTIMEZONEs, and equal names, give the same zone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
        self.lock().zones.values().filter(|zone| zone.strong_count() > 0).count()
    }

    /// The zone of a key, made where there is none: without the lock, since to make one takes long and others are waiting.
    fn intern<E>(&self, key: &[u8], make: impl FnOnce() -> Result<Zone, E>) -> Result<Arc<Zone>, E> {
        let known = self.lock().find(key);
        match known {
            Some(zone) => Ok(zone),
            None => {
                let zone = Arc::new(make()?);
                Ok(self.lock().find_or_keep(key, zone))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn find(&self, key: &[u8]) -> Option<Arc<Zone>> {
        self.zones.get(key).and_then(Weak::upgrade)
    }

    /// Keeps a zone; gives the one that is there where somebody else was faster.
    fn find_or_keep(&mut self, key: &[u8], zone: Arc<Zone>) -> Arc<Zone> {
        if let Some(known) = self.find(key) {
            return known;
        }
        if self.zones.len() >= self.full {
            self.zones.retain(|_, zone| zone.strong_count() > 0);
            self.full = (self.zones.len() * 2).max(64);
        }
        self.zones.insert(key.into(), Arc::downgrade(&zone));
        zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_do_not_wait_while_a_zone_is_made() {
        let zones = Zones::new();
        let made = zones.intern(b"X", || {
            assert!(zones.known.try_lock().is_ok(), "the set is free");
            zones.intern(b"X", || Ok::<_, ()>(Zone::utc()))?;
            Ok::<_, ()>(Zone::utc())
        });
        assert!(made.is_ok() && zones.count() == 1);
    }

    #[test]
    fn whoever_is_faster_makes_the_zone_of_both() {
        let zones = Zones::new();
        let mut first = None;
        let second = zones.intern(b"X", || {
            first = zones.intern(b"X", || Ok::<_, ()>(Zone::utc())).ok();
            Ok::<_, ()>(Zone::utc())
        });
        assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()));
    }
}
