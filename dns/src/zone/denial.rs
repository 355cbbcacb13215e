//! What a signed zone proves with: its NSEC or its NSEC3 records in their order.

use super::chain::{Chain, Key};
use super::shard::RawNode;
use crate::record_type::RecordType;

/// The chain of a signed zone.
#[derive(Clone)]
pub enum Denial {
    /// Owners of NSEC (RFC 4034 section 4).
    Nsec(Chain),
    /// Owners of NSEC3 (RFC 5155).
    Nsec3(Nsec3),
}

/// The chain of NSEC3 and how names are hashed into it.
#[derive(Clone)]
pub struct Nsec3 {
    pub chain: Chain,
    pub iterations: u16,
    pub salt: Box<[u8]>,
}

/// Owners of NSEC and of NSEC3, as keys of a chain.
#[derive(Clone, Default)]
pub struct Owners {
    pub nsec: Chain,
    pub nsec3: Chain,
}

impl Owners {
    /// Notes what a node became.
    pub fn update(&mut self, labels: &[u8], owns: impl Fn(RecordType) -> bool) {
        for (rtype, chain) in [(RecordType::NSEC, &mut self.nsec), (RecordType::NSEC3, &mut self.nsec3)] {
            match owns(rtype) {
                true => chain.insert(Key::new(labels).octets()),
                false => chain.remove(Key::new(labels).octets()),
            }
        }
    }

    /// The chain that counts: NSEC3 when the apex says how names are hashed with SHA-1 (RFC 5155 section 4).
    pub fn denial(self, apex: RawNode<'_>) -> Option<Denial> {
        let mut parameters = apex.rrset(RecordType::NSEC3PARAM).into_iter().flat_map(|rrset| rrset.rdatas());
        if let Some(&[1, 0, a, b, length, ref salt @ ..]) = parameters.find(|rdata| rdata.starts_with(&[1, 0]))
            && !self.nsec3.is_empty()
        {
            let salt = salt.get(..usize::from(length)).unwrap_or_default().into();
            return Some(Denial::Nsec3(Nsec3 { chain: self.nsec3, iterations: u16::from_be_bytes([a, b]), salt }));
        }
        (!self.nsec.is_empty()).then_some(Denial::Nsec(self.nsec))
    }
}
