//! All records of a zone one after the other, with a place to stop at and go on from.

use super::Zone;
use super::shard;
use crate::record_type::RecordType;

/// A place among the records of one version of a zone; the default is the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    shard: usize,
    node: usize,
    rrset: usize,
    octet: usize,
}

/// A record where it stands.
#[derive(Clone, Copy)]
pub struct Owned<'a> {
    /// Labels of the owner below the apex.
    pub labels: &'a [u8],
    pub rtype: RecordType,
    pub ttl: u32,
    pub rdata: &'a [u8],
}

impl Zone {
    /// Hands all records from a place on to `take`, until it does not take one; returns the place of that one.
    pub(crate) fn walk(&self, from: Place, mut take: impl FnMut(Owned<'_>) -> bool) -> Option<Place> {
        let mut place = from;
        while place.shard < self.0.shards.len() {
            for node in shard::nodes(self.0.shards.get(place.shard)).skip(place.node) {
                for rrset in node.rrsets().skip(place.rrset) {
                    for rdata in shard::Rdatas::new(&rrset.body()[place.octet..]) {
                        let rtype = rrset.rtype();
                        let ttl = if rtype == RecordType::RRSIG { shard::signature_ttl(rdata) } else { rrset.ttl() };
                        if !take(Owned { labels: node.labels(), rtype, ttl, rdata }) {
                            return Some(place);
                        }
                        place.octet += 2 + rdata.len();
                    }
                    place = Place { rrset: place.rrset + 1, octet: 0, ..place };
                }
                place = Place { node: place.node + 1, rrset: 0, ..place };
            }
            place = Place { shard: place.shard + 1, ..Place::default() };
        }
        None
    }

    /// The SOA, as [`Zone::walk`] has it.
    pub(crate) fn soa_owned(&self) -> Owned<'_> {
        let soa = self.apex_node().rrset(RecordType::SOA);
        let rdata = soa.and_then(|soa| soa.rdatas().next()).expect("a zone has an SOA");
        Owned { labels: &[], rtype: RecordType::SOA, ttl: self.0.soa_ttl, rdata }
    }
}
