//! All zones that are served, found by hash; one version of the set is never changed, and shares with the next what
//! does not differ.

use std::fmt;
use std::sync::Arc;

use crate::name::Name;
use crate::name_hash::{LabelStarts, NameHash};
use crate::zone::Zone;

/// Zones by their apex. A clone costs a reference count.
#[derive(Clone)]
pub struct ZoneSet(Arc<Inner>);

type Bucket = Arc<[(NameHash, Zone)]>;

#[derive(Clone)]
struct Inner {
    /// A power of two of them.
    buckets: Vec<Bucket>,
    count: usize,
    /// Names of all zones.
    names: usize,
    /// How many zones have so many labels in their apex.
    depths: Vec<u32>,
}

/// Zones of a bucket on average, when their number doubles.
const FULL: usize = 8;

impl ZoneSet {
    /// A set without zones.
    pub fn new() -> ZoneSet {
        ZoneSet::default()
    }

    /// The zone with this apex.
    pub fn get(&self, apex: &Name) -> Option<&Zone> {
        self.0.get(NameHash::root().descendant(apex.as_octets()), apex.as_octets())
    }

    /// The zone with the deepest apex at or above `name`.
    pub fn find(&self, name: &Name) -> Option<&Zone> {
        let octets = name.as_octets();
        let path = LabelStarts::new(octets);
        let mut hashes = vec![NameHash::root(); path.count() + 1];
        for label in (0..path.count()).rev() {
            hashes[label] = hashes[label + 1].child(path.label(octets, label));
        }
        let start = |label| if label == path.count() { octets.len() - 1 } else { path.start(label) };
        (0..=path.count())
            .find_map(|label| self.get_hashed(path.count() - label, hashes[label], &octets[start(label)..]))
    }

    /// The set with `zone` in it, in the place of one with the same apex.
    pub fn with(&self, zone: Zone) -> ZoneSet {
        let hash = NameHash::root().descendant(zone.apex().as_octets());
        let mut inner = Inner::clone(&self.0);
        let index = inner.index(hash);
        let mut bucket = inner.buckets[index].to_vec();
        inner.names += zone.name_count();
        match bucket.iter_mut().find(|(_, other)| other.apex() == zone.apex()) {
            Some(place) => {
                inner.names -= place.1.name_count();
                place.1 = zone;
            }
            None => {
                inner.count_depth(zone.apex(), 1);
                bucket.push((hash, zone));
            }
        }
        inner.buckets[index] = bucket.into();
        ZoneSet(Arc::new(inner.grown()))
    }

    /// The set without the zone of this apex.
    pub fn without(&self, apex: &Name) -> ZoneSet {
        let Some(zone) = self.get(apex) else { return self.clone() };
        let mut inner = Inner::clone(&self.0);
        inner.names -= zone.name_count();
        let index = inner.index(NameHash::root().descendant(apex.as_octets()));
        let kept = inner.buckets[index].iter().filter(|(_, zone)| zone.apex() != apex);
        inner.buckets[index] = kept.cloned().collect();
        inner.count_depth(apex, -1);
        ZoneSet(Arc::new(inner))
    }

    /// All zones, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.0.buckets.iter().flat_map(|bucket| bucket.iter()).map(|(_, zone)| zone)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.count
    }

    /// How many names all of them have.
    pub fn name_count(&self) -> usize {
        self.0.names
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }

    /// The zone whose apex has `depth` labels, hashes to `hash` and is `apex` in wire form.
    pub(crate) fn get_hashed(&self, depth: usize, hash: NameHash, apex: &[u8]) -> Option<&Zone> {
        match self.0.depths.get(depth) {
            None | Some(0) => None,
            Some(_) => self.0.get(hash, apex),
        }
    }
}

impl Default for ZoneSet {
    fn default() -> ZoneSet {
        ZoneSet(Arc::new(Inner { buckets: vec![Arc::default()], count: 0, names: 0, depths: Vec::new() }))
    }
}

impl FromIterator<Zone> for ZoneSet {
    fn from_iter<I: IntoIterator<Item = Zone>>(zones: I) -> ZoneSet {
        zones.into_iter().fold(ZoneSet::new(), |set, zone| set.with(zone))
    }
}

impl fmt::Debug for ZoneSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Inner {
    fn index(&self, hash: NameHash) -> usize {
        hash.0 as usize & (self.buckets.len() - 1)
    }

    fn get(&self, hash: NameHash, apex: &[u8]) -> Option<&Zone> {
        let bucket = &self.buckets[self.index(hash)];
        let same = |zone: &Zone| zone.apex().as_octets().eq_ignore_ascii_case(apex);
        bucket.iter().find(|(other, zone)| *other == hash && same(zone)).map(|(_, zone)| zone)
    }

    fn count_depth(&mut self, apex: &Name, by: i32) {
        let depth = apex.label_count();
        if self.depths.len() <= depth {
            self.depths.resize(depth + 1, 0);
        }
        self.depths[depth] = self.depths[depth].saturating_add_signed(by);
        self.count = self.count.saturating_add_signed(by as isize);
    }

    fn grown(mut self) -> Inner {
        if self.count <= self.buckets.len() * FULL {
            return self;
        }
        let mut buckets = vec![Vec::new(); self.buckets.len() * 2];
        for (hash, zone) in self.buckets.iter().flat_map(|bucket| bucket.iter()) {
            buckets[hash.0 as usize & (self.buckets.len() * 2 - 1)].push((*hash, zone.clone()));
        }
        self.buckets = buckets.into_iter().map(Bucket::from).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdata::Rdata;
    use crate::record::{Record, Serial, Soa};
    use crate::record_type::RecordType;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn zone(apex: &str, serial: u32) -> Zone {
        let host = name("ns.example");
        let soa = Soa {
            mname: host.clone(),
            rname: host,
            serial: Serial(serial),
            refresh: 1,
            retry: 1,
            expire: 1,
            minimum: 1,
        };
        let mut builder = Zone::builder(name(apex));
        let rdata: Rdata = soa.encode();
        builder.add(Record { owner: name(apex), rtype: RecordType::SOA, ttl: 60, rdata }).unwrap();
        builder.finish().zone.unwrap()
    }

    #[test]
    fn the_deepest_apex_wins() {
        let zones: ZoneSet = ["example.com", "a.b.example.com", "org"].map(|apex| zone(apex, 1)).into_iter().collect();
        for (asked, found) in [
            ("example.com", Some("example.com.")),
            ("EXAMPLE.com", Some("example.com.")),
            ("b.example.com", Some("example.com.")),
            ("x.A.b.example.com", Some("a.b.example.com.")),
            ("x.y.org", Some("org.")),
            ("com", None),
            (".", None),
        ] {
            assert_eq!(zones.find(&name(asked)).map(|zone| zone.apex().to_string()).as_deref(), found, "{asked}");
        }
        assert!(zones.get(&name("b.example.com")).is_none());
        assert!(zones.with(zone(".", 1)).find(&name("com")).is_some());
    }

    #[test]
    fn a_thousand_zones_come_and_go() {
        let mut zones = ZoneSet::new();
        for number in 0..1000 {
            zones = zones.with(zone(&format!("z{number}.example"), 1));
        }
        let before = zones.clone();
        zones = zones.with(zone("z7.example", 2)).without(&name("z8.example")).without(&name("z8.example"));
        assert_eq!((before.len(), zones.len(), zones.iter().count()), (1000, 999, 999));
        assert_eq!((before.name_count(), zones.name_count()), (1000, 999));
        assert_eq!(before.get(&name("z7.example")).unwrap().serial(), Serial(1));
        assert_eq!(zones.get(&name("z7.example")).unwrap().serial(), Serial(2));
        assert!(zones.find(&name("www.z8.example")).is_none());
    }
}
