//! RDATA in uncompressed wire form, and the layout of each type that says where its names are.
//!
//! One table, [`layout`], serves decoding and decompression, equality, the canonical form (RFC 4034 section 6.2),
//! compression of answers and the presentation format. A type without a layout is opaque octets (RFC 3597).

use std::cmp::Ordering;

use crate::name::{Name, wire_length};
use crate::record_type::RecordType;
use crate::wire::{Cursor, WireError};

/// One part of a type's RDATA, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A name that may be compressed on the wire: the types of RFC 1035 (RFC 3597 section 4).
    CompressibleName,
    /// A name that is sent in full, and compared in lower case (RFC 4034 section 6.2, RFC 6840 section 5.1).
    Name,
    /// A name that is sent in full and compared as it is.
    ExactName,
    /// One octet, decimal.
    U8,
    /// Two octets, decimal.
    U16,
    /// Four octets, decimal.
    U32,
    /// Four octets: a duration in seconds, written as a number or with units (`1h30m`).
    Duration,
    /// Four octets: a time, written as `YYYYMMDDHHmmSS` or as a number (RFC 4034 section 3.2).
    Time,
    /// Two octets: a record type's mnemonic.
    Type,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// One character-string (RFC 1035 section 3.3).
    Text,
    /// Character-strings to the end, at least one.
    Texts,
    /// One length octet and so many octets, in hexadecimal, `-` for none (the salt of RFC 5155 section 3.3).
    Salt,
    /// One length octet and so many octets, in base32hex without padding (RFC 5155 section 3.3).
    HashedName,
    /// Octets to the end, in hexadecimal; may be empty only where the layout has other fields.
    Hex,
    /// Octets to the end, in base64.
    Base64,
    /// A type bit map to the end (RFC 4034 section 4.1.2).
    TypeBitmap,
    /// Octets to the end, as one quoted string without a length (RFC 8659 section 4.1, RFC 7553 section 4.4).
    QuotedRest,
    /// Service parameters to the end, in ascending order of their keys (RFC 9460 section 2).
    ServiceParameters,
    /// The sixteen octets of a place on earth (RFC 1876 section 2).
    Location,
    /// Six octets, hexadecimal with hyphens (RFC 7043 section 3).
    Eui48,
    /// Eight octets, hexadecimal with hyphens (RFC 7043 section 4).
    Eui64,
}

/// The fields of a type's RDATA; none for a type that is opaque.
pub fn layout(rtype: RecordType) -> Option<&'static [Field]> {
    use Field::*;
    Some(match rtype {
        RecordType::A => &[Ipv4],
        RecordType::NS | RecordType::MD | RecordType::MF | RecordType::CNAME => &[CompressibleName],
        RecordType::MB | RecordType::MG | RecordType::MR | RecordType::PTR => &[CompressibleName],
        RecordType::SOA => &[CompressibleName, CompressibleName, U32, Duration, Duration, Duration, Duration],
        RecordType::HINFO => &[Text, Text],
        RecordType::MINFO => &[CompressibleName, CompressibleName],
        RecordType::MX => &[U16, CompressibleName],
        RecordType::TXT | RecordType::SPF => &[Texts],
        RecordType::RP => &[Name, Name],
        RecordType::AFSDB | RecordType::RT | RecordType::KX => &[U16, Name],
        RecordType::X25 => &[Text],
        RecordType::PX => &[U16, Name, Name],
        RecordType::AAAA => &[Ipv6],
        RecordType::LOC => &[Location],
        RecordType::SRV => &[U16, U16, U16, Name],
        RecordType::NAPTR => &[U16, U16, Text, Text, Text, Name],
        RecordType::CERT => &[U16, U16, U8, Base64],
        RecordType::DNAME => &[Name],
        RecordType::DS | RecordType::CDS => &[U16, U8, U8, Hex],
        RecordType::SSHFP => &[U8, U8, Hex],
        RecordType::RRSIG | RecordType::SIG => &[Type, U8, U8, U32, Time, Time, U16, Name, Base64],
        RecordType::NSEC => &[ExactName, TypeBitmap],
        RecordType::DNSKEY | RecordType::CDNSKEY | RecordType::KEY => &[U16, U8, U8, Base64],
        RecordType::DHCID | RecordType::OPENPGPKEY => &[Base64],
        RecordType::NSEC3 => &[U8, U8, U16, Salt, HashedName, TypeBitmap],
        RecordType::NSEC3PARAM => &[U8, U8, U16, Salt],
        RecordType::TLSA | RecordType::SMIMEA => &[U8, U8, U8, Hex],
        RecordType::CSYNC => &[U32, U16, TypeBitmap],
        RecordType::ZONEMD => &[U32, U8, U8, Hex],
        RecordType::SVCB | RecordType::HTTPS => &[U16, ExactName, ServiceParameters],
        RecordType::EUI48 => &[Eui48],
        RecordType::EUI64 => &[Eui64],
        RecordType::URI => &[U16, U16, QuotedRest],
        RecordType::CAA => &[U8, Text, QuotedRest],
        _ => return None,
    })
}

/// RDATA in uncompressed wire form; at most 65,535 octets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Rdata(Box<[u8]>);

impl Rdata {
    /// Takes octets that have `rtype`'s shape: names in full, lengths right, nothing left over.
    pub fn from_octets(rtype: RecordType, octets: &[u8]) -> Result<Rdata, WireError> {
        let decoded = Rdata::decode(rtype, Cursor::new(octets, 0))?;
        if *decoded.0 == *octets { Ok(decoded) } else { Err(WireError::Rdata) }
    }

    /// Takes octets that their maker has already given the type's shape.
    pub(crate) fn from_shaped(octets: &[u8]) -> Rdata {
        Rdata(octets.into())
    }

    /// Decodes the RDATA of a message, following compression, and checks its shape.
    pub fn decode(rtype: RecordType, mut cursor: Cursor<'_>) -> Result<Rdata, WireError> {
        let Some(fields) = layout(rtype) else {
            return Ok(Rdata(cursor.rest().into()));
        };
        let mut octets = Vec::with_capacity(cursor.remaining());
        for field in fields {
            decode_field(*field, &mut cursor, &mut octets)?;
        }
        match cursor.remaining() {
            0 if octets.len() <= usize::from(u16::MAX) => Ok(Rdata(octets.into())),
            _ => Err(WireError::Rdata),
        }
    }

    /// Takes octets that were checked when they went into a zone.
    pub(crate) fn of_zone(octets: &[u8]) -> Rdata {
        Rdata(octets.into())
    }

    /// Wire form.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// The names in it, in order.
    pub fn names(&self, rtype: RecordType) -> Vec<Name> {
        let named = |part: &Part| part.field.is_name();
        parts(rtype, &self.0).filter(named).filter_map(|part| Name::from_octets(part.octets).ok()).collect()
    }

    /// Canonical form: names in lower case where RFC 4034 section 6.2 and RFC 6840 section 5.1 say so.
    pub fn to_canonical(&self, rtype: RecordType) -> Rdata {
        let mut octets = Vec::with_capacity(self.0.len());
        for part in parts(rtype, &self.0) {
            match part.field {
                Field::CompressibleName | Field::Name => octets.extend(part.octets.to_ascii_lowercase()),
                _ => octets.extend_from_slice(part.octets),
            }
        }
        Rdata(octets.into())
    }

    /// Whether two RDATA of one type are the same record to UPDATE (RFC 2136 section 1.1: names compare without case).
    pub fn same(&self, other: &Rdata, rtype: RecordType) -> bool {
        self == other
            || (self.0.eq_ignore_ascii_case(&other.0) && self.to_canonical(rtype) == other.to_canonical(rtype))
    }
}

/// The canonical order of the RDATA of an RRset (RFC 4034 section 6.3), of octets in uncompressed wire form.
pub fn canonical_cmp(rtype: RecordType, a: &[u8], b: &[u8]) -> Ordering {
    let lowered = |field: &Field| matches!(field, Field::CompressibleName | Field::Name);
    if a == b || !layout(rtype).is_some_and(|fields| fields.iter().any(lowered)) {
        return a.cmp(b);
    }
    Rdata(a.into()).to_canonical(rtype).cmp(&Rdata(b.into()).to_canonical(rtype))
}

impl Field {
    /// Whether the field is a domain name.
    pub fn is_name(self) -> bool {
        matches!(self, Field::CompressibleName | Field::Name | Field::ExactName)
    }
}

/// A field of an RDATA with its octets.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What it is.
    pub field: Field,
    /// Its wire form, a length octet included where it has one.
    pub octets: &'a [u8],
}

/// Walks the fields of an RDATA in uncompressed wire form that was checked by [`Rdata::decode`]. An opaque type is one
/// [`Field::Hex`].
pub fn parts(rtype: RecordType, octets: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = octets;
    layout(rtype).unwrap_or(&[Field::Hex]).iter().map_while(move |field| {
        let (octets, after) = rest.split_at_checked(field_length(*field, rest)?)?;
        rest = after;
        Some(Part { field: *field, octets })
    })
}

fn field_length(field: Field, octets: &[u8]) -> Option<usize> {
    Some(match field {
        Field::CompressibleName | Field::Name | Field::ExactName => wire_length(octets).ok()?,
        Field::U8 => 1,
        Field::U16 | Field::Type => 2,
        Field::U32 | Field::Duration | Field::Time | Field::Ipv4 => 4,
        Field::Ipv6 | Field::Location => 16,
        Field::Text | Field::Salt | Field::HashedName => usize::from(*octets.first()?) + 1,
        Field::Eui48 => 6,
        Field::Eui64 => 8,
        Field::Texts | Field::Hex | Field::Base64 | Field::TypeBitmap => octets.len(),
        Field::QuotedRest | Field::ServiceParameters => octets.len(),
    })
}

fn decode_field(field: Field, cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    match field {
        Field::CompressibleName | Field::Name | Field::ExactName => out.extend_from_slice(cursor.name()?.as_octets()),
        Field::Texts => decode_texts(cursor, out)?,
        Field::TypeBitmap => decode_type_bitmap(cursor, out)?,
        Field::ServiceParameters => decode_service_parameters(cursor, out)?,
        Field::Text | Field::Salt | Field::HashedName => copy_counted(cursor, out)?,
        Field::Hex | Field::Base64 | Field::QuotedRest => out.extend_from_slice(cursor.rest()),
        fixed => out.extend_from_slice(cursor.take(field_length(fixed, &[]).ok_or(WireError::Rdata)?)?),
    }
    Ok(())
}

fn copy_counted(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let length = cursor.u8()?;
    out.push(length);
    out.extend_from_slice(cursor.take(usize::from(length))?);
    Ok(())
}

fn decode_texts(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    copy_counted(cursor, out)?;
    while cursor.remaining() > 0 {
        copy_counted(cursor, out)?;
    }
    Ok(())
}

/// Windows ascend, each has 1 to 32 octets (RFC 4034 section 4.1.2).
fn decode_type_bitmap(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let mut last = None;
    while cursor.remaining() > 0 {
        let (window, length) = (cursor.u8()?, cursor.u8()?);
        if last >= Some(window) || !(1..=32).contains(&length) {
            return Err(WireError::Rdata);
        }
        last = Some(window);
        out.extend([window, length]);
        out.extend_from_slice(cursor.take(usize::from(length))?);
    }
    Ok(())
}

/// Keys ascend strictly (RFC 9460 section 2.2).
fn decode_service_parameters(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), WireError> {
    let mut last = None;
    while cursor.remaining() > 0 {
        let (key, length) = (cursor.u16()?, cursor.u16()?);
        if last >= Some(key) {
            return Err(WireError::Rdata);
        }
        last = Some(key);
        out.extend_from_slice(&key.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(cursor.take(usize::from(length))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decompression_and_shape() {
        let message = b"\x07example\x00\x00\x0a\x04mail\xc0\x00";
        let mx = Rdata::decode(RecordType::MX, Cursor::new(message, 9)).unwrap();
        assert_eq!(mx.as_octets(), b"\x00\x0a\x04mail\x07example\x00");
        assert_eq!(mx.names(RecordType::MX)[0].to_string(), "mail.example.");
        for (rtype, octets) in [
            (RecordType::A, b"\x01\x02\x03".as_slice()),
            (RecordType::A, b"\x01\x02\x03\x04\x05"),
            (RecordType::TXT, b""),
            (RecordType::TXT, b"\x05abc"),
            (RecordType::NSEC, b"\x00\x01\x01\x80\x00\x01\x80"),
            (RecordType::NSEC, b"\x00\x00\x00"),
            (RecordType::SVCB, b"\x00\x01\x00\x00\x03\x00\x00\x00\x01\x00\x00"),
        ] {
            assert!(Rdata::from_octets(rtype, octets).is_err(), "{rtype} {octets:x?}");
        }
    }

    #[test]
    fn sameness_ignores_case_in_names_only() {
        let rdata = |rtype, octets: &[u8]| Rdata::from_octets(rtype, octets).unwrap();
        let (upper, lower) = (b"\x01A\x00".as_slice(), b"\x01a\x00".as_slice());
        assert!(rdata(RecordType::NS, upper).same(&rdata(RecordType::NS, lower), RecordType::NS));
        assert!(!rdata(RecordType::TXT, b"\x01A").same(&rdata(RecordType::TXT, b"\x01a"), RecordType::TXT));
    }
}
