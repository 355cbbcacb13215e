//! Proofs of what is not there, from the NSEC (RFC 4035 section 3.1.3) or NSEC3 records (RFC 5155 section 7.2) that a
//! zone was signed with. Without the DO bit, or in a zone without them, nothing is written.

use sha1::{Digest, Sha1};

use super::compose::{Full, Section};
use super::lookup::InZone;
use super::resolve::{Resolution, owner_of};
use crate::record_type::RecordType;
use crate::zone::Zone;
use crate::zone::chain::{Key, KeyLabels};
use crate::zone::denial::{Denial, Nsec3};
use crate::zone::shard::RawNode;

/// Octets of base32hex of a SHA-1 hash, the length in front included.
const HASHED_LABEL: usize = 33;

/// Nodes whose NSEC or NSEC3 belong into the reply, those that were written first. They wait for the answer section to
/// be complete: a wildcard may have led to a CNAME.
#[derive(Default)]
pub struct Proofs<'z> {
    nodes: [Option<(&'z Zone, RawNode<'z>, RecordType)>; 12],
    count: usize,
    written: usize,
}

impl<'z> Proofs<'z> {
    fn add(&mut self, zone: &'z Zone, node: RawNode<'z>, rtype: RecordType) {
        let same = |(_, other, _): &(&Zone, RawNode<'_>, RecordType)| other.labels().as_ptr() == node.labels().as_ptr();
        if self.nodes[..self.count].iter().flatten().any(same) || self.count == self.nodes.len() {
            return;
        }
        self.nodes[self.count] = Some((zone, node, rtype));
        self.count += 1;
    }
}

/// Writes the proofs that wait into the authority section, which must not be followed by another yet.
pub fn write_proofs(to: &mut Resolution<'_, '_>) -> Result<(), Full> {
    while let Some((zone, node, rtype)) = to.proofs.nodes[..to.proofs.count].get(to.proofs.written).copied().flatten() {
        to.proofs.written += 1;
        if let Some(rrset) = node.rrset(rtype) {
            to.signed(Section::Authority, owner_of(zone, node), node, rrset, rrset.ttl())?;
        }
    }
    Ok(())
}

/// The name does not exist, and no wildcard below its closest encloser (RFC 5155 section 7.2.2).
pub fn name_error<'z>(to: &mut Resolution<'z, '_>, place: &InZone<'z, '_, '_>, encloser: usize) {
    let Some(proof) = Proof::wanted(to, place.zone) else { return };
    let mut wildcard = [0; 256];
    let wildcard = wildcard_below(place.target.labels_between(encloser, place.apex), &mut wildcard);
    match proof.denial {
        Denial::Nsec(_) => {
            proof.nsec(to, place.target.labels_before(place.apex));
            proof.nsec(to, wildcard)
        }
        Denial::Nsec3(nsec3) => {
            proof.enclosed(to, nsec3, place, encloser);
            proof.covering(to, nsec3, wildcard)
        }
    }
}

/// The name exists, or the wildcard that it is made from, and the type does not (RFC 5155 sections 7.2.3 to 7.2.5).
pub fn no_data<'z>(
    to: &mut Resolution<'z, '_>,
    place: &InZone<'z, '_, '_>,
    node: RawNode<'_>,
    encloser: Option<usize>,
) {
    let Some(proof) = Proof::wanted(to, place.zone) else { return };
    match (proof.denial, encloser) {
        (Denial::Nsec(_), None) => proof.nsec(to, node.labels()),
        (Denial::Nsec(_), Some(_)) => {
            proof.nsec(to, place.target.labels_before(place.apex));
            proof.nsec(to, node.labels())
        }
        (Denial::Nsec3(nsec3), None) => proof.matching_or_opted_out(to, nsec3, node.labels()),
        (Denial::Nsec3(nsec3), Some(encloser)) => {
            proof.enclosed(to, nsec3, place, encloser);
            proof.matching(to, nsec3, node.labels());
        }
    }
}

/// The delegation has no DS (RFC 4035 section 3.1.4, RFC 5155 section 7.2.7).
pub fn unsigned_delegation<'z>(to: &mut Resolution<'z, '_>, place: &InZone<'z, '_, '_>, cut: RawNode<'_>) {
    no_data(to, place, cut, None)
}

/// The answer was made from a wildcard; there is no closer name (RFC 5155 section 7.2.6).
pub fn wildcard_answer<'z>(to: &mut Resolution<'z, '_>, place: &InZone<'z, '_, '_>, encloser: usize) {
    let Some(proof) = Proof::wanted(to, place.zone) else { return };
    match proof.denial {
        Denial::Nsec(_) => proof.nsec(to, place.target.labels_before(place.apex)),
        Denial::Nsec3(nsec3) => proof.covering(to, nsec3, place.target.labels_between(encloser - 1, place.apex)),
    }
}

/// A zone and how it proves what is not there. All names are labels below its apex.
struct Proof<'z> {
    zone: &'z Zone,
    denial: &'z Denial,
}

impl<'z> Proof<'z> {
    fn wanted(to: &Resolution<'_, '_>, zone: &'z Zone) -> Option<Proof<'z>> {
        let denial = zone.denial().filter(|_| to.dnssec_ok())?;
        Some(Proof { zone, denial })
    }

    /// The NSEC of the name, or the one that covers it.
    fn nsec(&self, to: &mut Resolution<'z, '_>, labels: &[u8]) {
        let Denial::Nsec(chain) = self.denial else { return };
        if let Some(key) = chain.at_or_before(Key::new(labels).octets()) {
            self.add(to, self.zone.find_labels(KeyLabels::new(key).octets()), RecordType::NSEC);
        }
    }

    /// The closest encloser, and that the next closer name does not exist (RFC 5155 section 7.2.1).
    fn enclosed(&self, to: &mut Resolution<'z, '_>, nsec3: &Nsec3, place: &InZone<'z, '_, '_>, encloser: usize) {
        let closest = place.target.labels_between(encloser, place.apex);
        if self.matching(to, nsec3, closest) {
            return self.covering(to, nsec3, place.target.labels_between(encloser - 1, place.apex));
        }
        self.matching_or_opted_out(to, nsec3, closest)
    }

    /// The NSEC3 of the name; or when it was left out (RFC 5155 section 6), of its closest ancestor that has one, and
    /// the one that covers the next closer name.
    fn matching_or_opted_out(&self, to: &mut Resolution<'z, '_>, nsec3: &Nsec3, labels: &[u8]) {
        if self.matching(to, nsec3, labels) {
            return;
        }
        let mut next_closer = labels;
        while let Some(length) = next_closer.first() {
            let above = &next_closer[usize::from(*length) + 1..];
            if self.matching(to, nsec3, above) {
                return self.covering(to, nsec3, next_closer);
            }
            next_closer = above;
        }
    }

    /// Writes the NSEC3 of the name; false when there is none.
    fn matching(&self, to: &mut Resolution<'z, '_>, nsec3: &Nsec3, labels: &[u8]) -> bool {
        let node = self.zone.find_labels(&self.hashed(nsec3, labels));
        match node.filter(|node| node.rrset(RecordType::NSEC3).is_some()) {
            Some(node) => {
                self.add(to, Some(node), RecordType::NSEC3);
                true
            }
            None => false,
        }
    }

    /// Writes the NSEC3 that covers the name.
    fn covering(&self, to: &mut Resolution<'z, '_>, nsec3: &Nsec3, labels: &[u8]) {
        let key = Key::new(&self.hashed(nsec3, labels));
        if let Some(key) = nsec3.chain.at_or_before(key.octets()).or(nsec3.chain.last()) {
            self.add(to, self.zone.find_labels(KeyLabels::new(key).octets()), RecordType::NSEC3);
        }
    }

    fn add(&self, to: &mut Resolution<'z, '_>, node: Option<RawNode<'z>>, rtype: RecordType) {
        if let Some(node) = node {
            to.proofs.add(self.zone, node, rtype);
        }
    }

    /// The label of a name's hash (RFC 5155 section 5), its length in front.
    fn hashed(&self, nsec3: &Nsec3, labels: &[u8]) -> [u8; HASHED_LABEL] {
        let apex = self.zone.apex().as_octets();
        let mut name = [0; 256];
        let length = labels.len() + apex.len();
        name[..labels.len()].copy_from_slice(labels);
        name[labels.len()..length].copy_from_slice(apex);
        name[..length].make_ascii_lowercase();
        let mut hash = Sha1::new().chain_update(&name[..length]).chain_update(&nsec3.salt).finalize();
        for _ in 0..nsec3.iterations {
            hash = Sha1::new().chain_update(hash).chain_update(&nsec3.salt).finalize();
        }
        let mut label = [0; HASHED_LABEL];
        label[0] = HASHED_LABEL as u8 - 1;
        let (groups, _) = hash.as_slice().as_chunks::<5>();
        for (octets, digits) in groups.iter().zip(label[1..].chunks_exact_mut(8)) {
            base32hex(octets, digits);
        }
        label
    }
}

/// Eight digits from five octets (RFC 4648 section 7), in lower case.
fn base32hex(octets: &[u8; 5], digits: &mut [u8]) {
    let bits = octets.iter().fold(0u64, |bits, octet| bits << 8 | u64::from(*octet));
    for (place, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdefghijklmnopqrstuv"[(bits >> (35 - 5 * place)) as usize & 31];
    }
}

fn wildcard_below<'a>(labels: &[u8], wildcard: &'a mut [u8; 256]) -> &'a [u8] {
    wildcard[..2].copy_from_slice(b"\x01*");
    wildcard[2..2 + labels.len()].copy_from_slice(labels);
    &wildcard[..2 + labels.len()]
}
