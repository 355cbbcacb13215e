//! Names that people write for the numbers of algorithms and certificate types (RFC 4034 appendix A.1, RFC 4398 section
//! 2.1).

use crate::record_type::RecordType;

/// The number of a DNSSEC algorithm where a field at `index` of `rtype` is one.
pub fn algorithm(rtype: RecordType, index: usize, raw: &[u8]) -> Option<u8> {
    let is_algorithm = match rtype {
        RecordType::DS | RecordType::CDS | RecordType::RRSIG => index == 1,
        RecordType::DNSKEY | RecordType::CDNSKEY | RecordType::CERT => index == 2,
        _ => false,
    };
    if is_algorithm { find(ALGORITHMS, raw) } else { None }
}

/// The number of a certificate type where a field at `index` of `rtype` is one.
pub fn certificate_type(rtype: RecordType, index: usize, raw: &[u8]) -> Option<u16> {
    if rtype == RecordType::CERT && index == 0 { find(CERTIFICATES, raw) } else { None }
}

fn find<T: Copy>(table: &[(&str, T)], raw: &[u8]) -> Option<T> {
    table.iter().find(|(text, _)| text.as_bytes().eq_ignore_ascii_case(raw)).map(|(_, number)| *number)
}

const ALGORITHMS: &[(&str, u8)] = &[
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3DSA", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("NSEC3RSASHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

const CERTIFICATES: &[(&str, u16)] = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];
