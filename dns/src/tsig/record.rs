//! The TSIG record (RFC 8945 section 4.2): its fields, its errors, and putting it at the end of a message.

use crate::keys::Key;
use crate::name::Name;
use crate::record_type::{Class, RecordType};
use crate::wire::{Cursor, WireError};

use super::{FUDGE, Policy};

/// What is wrong with a message's signature. At fault: the peer, or who set up the keys or clocks of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TsigError {
    /// FORMERR: the message or the TSIG record does not hold together.
    #[error("the signed message is malformed: {0}")]
    Malformed(#[from] WireError),
    /// FORMERR: a TSIG record that is not the last one.
    #[error("a TSIG record is not the last record of the message")]
    Misplaced,
    /// FORMERR: a TSIG record of a class other than ANY, or with a TTL.
    #[error("a TSIG record has a class or TTL that it must not have")]
    Shape,
    /// FORMERR: longer than the hash, or shorter than RFC 8945 ever allows.
    #[error("the MAC has a length that its algorithm does not allow")]
    MacLength,
    /// 16.
    #[error("the MAC is wrong (BADSIG): the secrets differ, or the message was changed")]
    BadSig,
    /// 17.
    #[error("the key or its algorithm is not known (BADKEY)")]
    BadKey,
    /// 18.
    #[error("the time signed is too far from the time here (BADTIME)")]
    BadTime,
    /// 22.
    #[error("the MAC is cut shorter than is accepted here (BADTRUNC)")]
    BadTrunc,
}

impl TsigError {
    /// The error field of a TSIG record; 0 for what is told by FORMERR.
    pub fn code(self) -> u16 {
        match self {
            TsigError::BadSig => 16,
            TsigError::BadKey => 17,
            TsigError::BadTime => 18,
            TsigError::BadTrunc => 22,
            _ => 0,
        }
    }
}

/// Octets that a TSIG record by `key` adds to a message.
pub fn room(key: &Key) -> usize {
    key.name.as_octets().len() + 10 + key.algorithm.name_octets().len() + 16 + key.algorithm.mac_length()
}

/// A TSIG record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tsig {
    pub(super) key: Name,
    pub(super) algorithm: Name,
    /// Seconds since 1970; 48 bits.
    pub(super) time: u64,
    pub(super) fudge: u16,
    pub(super) mac: Vec<u8>,
    pub(super) original_id: u16,
    pub(super) error: u16,
    pub(super) other: Vec<u8>,
}

impl Tsig {
    /// A record by `key` that still lacks its MAC.
    pub(super) fn new(key: &Key, original_id: u16, time: u64, fudge: u16) -> Tsig {
        let algorithm = Name::from_octets(key.algorithm.name_octets()).expect("the table holds names in wire form");
        let (mac, other) = (Vec::new(), Vec::new());
        Tsig {
            key: key.name.clone(),
            algorithm,
            time: time & 0xffff_ffff_ffff,
            fudge,
            mac,
            original_id,
            error: 0,
            other,
        }
    }

    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Tsig, TsigError> {
        let key = cursor.name()?;
        cursor.u16()?;
        let (class, ttl, length) = (Class(cursor.u16()?), cursor.u32()?, cursor.u16()?);
        if class != Class::ANY || ttl != 0 {
            return Err(TsigError::Shape);
        }
        let mut data = cursor.split(usize::from(length))?;
        let (algorithm, time, fudge) = (data.name()?, data.u48()?, data.u16()?);
        let mac = counted(&mut data)?;
        let (original_id, error, other) = (data.u16()?, data.u16()?, counted(&mut data)?);
        match data.remaining() {
            0 => Ok(Tsig { key, algorithm, time, fudge, mac, original_id, error, other }),
            _ => Err(WireError::Rdata.into()),
        }
    }

    /// The record of an error reply to a request with this one: its time stays, and BADTIME says ours (section 5.2.3).
    pub(super) fn error(&self, id: u16, error: TsigError, now: Option<u64>) -> Tsig {
        let other = now.map(|now| now.to_be_bytes()[2..].to_vec()).unwrap_or_default();
        Tsig { mac: Vec::new(), original_id: id, error: error.code(), other, ..self.clone() }
    }

    /// Whether this names `key` and its algorithm.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        self.key == key.name && self.algorithm.as_octets().eq_ignore_ascii_case(key.algorithm.name_octets())
    }

    /// RFC 8945 section 5.2.3.
    pub(super) fn in_time(&self, now: u64, policy: &Policy) -> bool {
        now.abs_diff(self.time) <= u64::from(self.fudge.min(policy.max_fudge))
    }

    /// The peer's time in a BADTIME reply.
    pub(super) fn peer_time(&self) -> Option<u64> {
        let octets: [u8; 6] = self.other.as_slice().try_into().ok()?;
        Some(octets.iter().fold(0, |time, octet| time << 8 | u64::from(*octet)))
    }

    /// Section 4.3.3, in canonical form.
    pub(super) fn variables(&self) -> Vec<u8> {
        let mut octets = self.key.as_octets().to_ascii_lowercase();
        octets.extend_from_slice(&Class::ANY.0.to_be_bytes());
        octets.extend_from_slice(&[0; 4]);
        octets.extend(self.algorithm.as_octets().to_ascii_lowercase());
        octets.extend_from_slice(&self.timers());
        octets.extend_from_slice(&self.error.to_be_bytes());
        push_counted(&mut octets, &self.other);
        octets
    }

    /// Section 5.3.1.
    pub(super) fn timers(&self) -> [u8; 8] {
        let mut octets = [0; 8];
        octets[..6].copy_from_slice(&self.time.to_be_bytes()[2..]);
        octets[6..].copy_from_slice(&self.fudge.to_be_bytes());
        octets
    }

    /// Puts the record at the end of a message.
    pub(super) fn append(&self, message: &mut Vec<u8>) {
        message.extend_from_slice(self.key.as_octets());
        message.extend_from_slice(&RecordType::TSIG.0.to_be_bytes());
        message.extend_from_slice(&Class::ANY.0.to_be_bytes());
        message.extend_from_slice(&[0; 4]);
        let mut data = self.algorithm.as_octets().to_vec();
        data.extend_from_slice(&self.timers());
        push_counted(&mut data, &self.mac);
        data.extend_from_slice(&self.original_id.to_be_bytes());
        data.extend_from_slice(&self.error.to_be_bytes());
        push_counted(&mut data, &self.other);
        push_counted(message, &data);
        add_to_arcount(message, 1);
    }

    /// A record for a message of ours, now.
    pub(super) fn ours(key: &Key, id: u16, now: u64) -> Tsig {
        Tsig::new(key, id, now, FUDGE)
    }
}

/// Changes ARCOUNT.
pub(super) fn add_to_arcount(message: &mut [u8], by: i16) {
    let count = u16::from_be_bytes([message[10], message[11]]).wrapping_add_signed(by);
    message[10..12].copy_from_slice(&count.to_be_bytes());
}

fn counted(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, WireError> {
    let length = usize::from(cursor.u16()?);
    Ok(cursor.take(length)?.to_vec())
}

fn push_counted(octets: &mut Vec<u8>, part: &[u8]) {
    octets.extend_from_slice(&(part.len() as u16).to_be_bytes());
    octets.extend_from_slice(part);
}
