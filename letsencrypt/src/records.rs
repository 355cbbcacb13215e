//! How requests and certificates lie in DNS, as MirageOS has it: TLSA records at `_letsencrypt._tcp.HOST`.
//!
//! | content | usage | selector | matching | data |
//! |---|---|---|---|---|
//! | signing request (PKCS#10) | 3 | 255 | 0 | DER |
//! | certificate | 3 | 0 | 0 | DER |
//! | certificate of an issuer | 0 | 0 | 0 | DER, a record each |

use dns::name::NameError;
use dns::{Name, Rdata, RecordType};

/// Seconds; as MirageOS writes them.
pub const TTL: u32 = 3600;

const LABELS: [&[u8]; 2] = [b"_letsencrypt", b"_tcp"];

/// What such a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signing request.
    Request,
    /// A certificate.
    Leaf,
    /// The certificate of an issuer.
    Issuer,
}

impl Kind {
    /// Usage, selector, matching type.
    fn octets(self) -> [u8; 3] {
        match self {
            Kind::Request => [3, 255, 0],
            Kind::Leaf => [3, 0, 0],
            Kind::Issuer => [0, 0, 0],
        }
    }

    fn of(octets: &[u8]) -> Option<(Kind, &[u8])> {
        let (head, der) = octets.split_first_chunk::<3>()?;
        let kind = [Kind::Request, Kind::Leaf, Kind::Issuer].into_iter().find(|kind| kind.octets() == *head)?;
        Some((kind, der))
    }
}

/// The RDATA of a record that holds `der`.
pub fn rdata(kind: Kind, der: &[u8]) -> Rdata {
    let octets = [&kind.octets(), der].concat();
    Rdata::from_octets(RecordType::TLSA, &octets).expect("three octets and any others are TLSA data")
}

/// Where the records of `host` lie; an error when that name would be too long.
pub fn owner(host: &Name) -> Result<Name, NameError> {
    LABELS.iter().rev().try_fold(host.clone(), |name, label| name.prepend(label))
}

/// The host whose records lie at `owner`; none if it is another name.
pub fn host(owner: &Name) -> Option<Name> {
    let mut labels = owner.labels();
    let ours = LABELS.iter().all(|label| labels.next().is_some_and(|own| own.eq_ignore_ascii_case(label)));
    ours.then(|| owner.parent()?.parent()).flatten()
}

/// All that lies at one owner name. Records of other kinds are not ours and are left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// DER of the requests.
    pub requests: Vec<Vec<u8>>,
    /// DER of the certificates.
    pub leaves: Vec<Vec<u8>>,
    /// DER of the issuers' certificates.
    pub issuers: Vec<Vec<u8>>,
}

impl Contents {
    /// Sorts the data of TLSA records.
    pub fn read<'a>(rdatas: impl IntoIterator<Item = &'a [u8]>) -> Contents {
        let mut contents = Contents::default();
        for (kind, der) in rdatas.into_iter().filter_map(Kind::of) {
            let list = match kind {
                Kind::Request => &mut contents.requests,
                Kind::Leaf => &mut contents.leaves,
                Kind::Issuer => &mut contents.issuers,
            };
            list.push(der.to_vec());
        }
        contents
    }

    /// Whether nothing of ours is there.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.leaves.is_empty() && self.issuers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_hosts() {
        let host_name: Name = "www.example.com".parse().unwrap();
        let at = owner(&host_name).unwrap();
        assert_eq!(at, "_letsencrypt._tcp.www.example.com".parse().unwrap());
        assert_eq!(host(&"_LetsEncrypt._TCP.www.example.com".parse().unwrap()), Some(host_name));
        assert_eq!(host(&"_tcp.www.example.com".parse().unwrap()), None);
        assert_eq!(host(&Name::root()), None);
    }

    #[test]
    fn records_are_told_apart_by_their_first_octets() {
        let records = [rdata(Kind::Request, b"csr"), rdata(Kind::Leaf, b"leaf"), rdata(Kind::Issuer, b"ca")];
        let foreign: [&[u8]; 3] = [&[3, 1, 1, 9], &[2, 0, 0, 9], &[]];
        let contents = Contents::read(records.iter().map(Rdata::as_octets).chain(foreign));
        assert_eq!(contents.requests, [b"csr"]);
        assert_eq!(contents.leaves, [b"leaf"]);
        assert_eq!(contents.issuers, [b"ca"]);
        assert_eq!(records[0].as_octets(), b"\x03\xff\x00csr");
    }
}
