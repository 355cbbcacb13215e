//! Records, and the serial number arithmetic of their zones.

use std::cmp::Ordering;
use std::fmt;

use crate::name::Name;
use crate::rdata::Rdata;
use crate::record_type::RecordType;
use crate::wire::{Cursor, WireError};

/// A record of class IN. Equality is exact but for the case of the owner name; see [`Rdata::same`] for UPDATE's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record {
    /// Owner name.
    pub owner: Name,
    /// Type.
    pub rtype: RecordType,
    /// Time to live, in seconds; at most 2^31 - 1 (RFC 2181 section 8).
    pub ttl: u32,
    /// Data.
    pub rdata: Rdata,
}

/// The fields of an SOA record (RFC 1035 section 3.3.13), times in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soa {
    /// Host name of the primary.
    pub mname: Name,
    /// Mailbox of the person responsible.
    pub rname: Name,
    /// Version of the zone.
    pub serial: Serial,
    /// How often a secondary asks.
    pub refresh: u32,
    /// How soon it asks again when there was no answer.
    pub retry: u32,
    /// When it stops answering.
    pub expire: u32,
    /// How long a negative answer may be kept (RFC 2308 section 4).
    pub minimum: u32,
}

impl Soa {
    /// Decodes the RDATA of an SOA record.
    pub fn decode(rdata: &Rdata) -> Result<Soa, WireError> {
        let mut cursor = Cursor::new(rdata.as_octets(), 0);
        Ok(Soa {
            mname: cursor.name()?,
            rname: cursor.name()?,
            serial: Serial(cursor.u32()?),
            refresh: cursor.u32()?,
            retry: cursor.u32()?,
            expire: cursor.u32()?,
            minimum: cursor.u32()?,
        })
    }

    /// The RDATA of this SOA.
    pub fn encode(&self) -> Rdata {
        let mut octets = [self.mname.as_octets(), self.rname.as_octets()].concat();
        for number in [self.serial.0, self.refresh, self.retry, self.expire, self.minimum] {
            octets.extend_from_slice(&number.to_be_bytes());
        }
        Rdata::from_octets(RecordType::SOA, &octets).expect("two names and five numbers are an SOA")
    }
}

/// A zone's serial number, compared as RFC 1982 says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Serial(pub u32);

impl Serial {
    /// The next one; 0 is left out, since some software takes it for "none".
    pub fn next(self) -> Serial {
        match self.0.wrapping_add(1) {
            0 => Serial(1),
            next => Serial(next),
        }
    }

    /// Whether this one comes after `other`. Two serials exactly 2^31 apart are neither before nor after each other.
    pub fn is_after(self, other: Serial) -> bool {
        self.partial_cmp(&other) == Some(Ordering::Greater)
    }
}

impl PartialOrd for Serial {
    fn partial_cmp(&self, other: &Serial) -> Option<Ordering> {
        match self.0.wrapping_sub(other.0) {
            0 => Some(Ordering::Equal),
            0x8000_0000 => None,
            1..0x8000_0000 => Some(Ordering::Greater),
            _ => Some(Ordering::Less),
        }
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_arithmetic() {
        assert!(Serial(1).is_after(Serial(0)));
        assert!(Serial(0).is_after(Serial(u32::MAX)));
        assert!(!Serial(u32::MAX).is_after(Serial(0)));
        assert!(!Serial(5).is_after(Serial(5)));
        assert!(!Serial(0x8000_0000).is_after(Serial(0)) && !Serial(0).is_after(Serial(0x8000_0000)));
        assert_eq!(Serial(u32::MAX).next(), Serial(1));
    }

    #[test]
    fn soa_both_ways() {
        let soa = Soa {
            mname: "ns.example".parse().unwrap(),
            rname: "root.example".parse().unwrap(),
            serial: Serial(7),
            refresh: 1,
            retry: 2,
            expire: 3,
            minimum: 4,
        };
        assert_eq!(Soa::decode(&soa.encode()), Ok(soa));
    }
}
