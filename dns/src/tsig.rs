//! Transaction signatures (RFC 8945): any octets → [`SignedMessage`] → [`VerifiedMessage`]; signing; chains of
//! messages.
//!
//! The surprising thing: a MAC is tried with the message ID that the TSIG record names (Original ID) and, where that
//! fails, with the ID of the header. MirageOS clients write 0 into the record and sign the ID of the header; Original
//! ID is under no MAC. There is no memory of past messages: what a fudge allows can be replayed that long, hence its
//! limit in [`Policy`].

mod chain;
mod mac;
mod record;
mod reply;
mod request;

use std::borrow::Cow;

use crate::keys::{Key, KeySet};
use crate::message::{HEADER, Rcode};
use crate::name::Name;
use crate::record_type::RecordType;
use crate::wire::{Cursor, WireError};

pub use chain::{AnswerChain, ChainError, Chaining, TransferChain};
pub use record::{TsigError, room};
pub use reply::{sign_reply, sign_reply_within};
pub use request::{ReplyError, SentRequest, SignedRequest, sign_request};

use mac::{Digest, Mac};
use record::Tsig;

/// Seconds that clocks may differ, as RFC 8945 section 10 recommends; what our own messages say.
pub const FUDGE: u16 = 300;

/// What is accepted beyond what the RFC demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Seconds: the sender's fudge counts up to here. Who sends more is still heard, within this many seconds.
    pub max_fudge: u16,
    /// Whether a MAC cut to half its length and no less than 10 octets is enough (RFC 8945 section 5.2.2.1).
    pub accept_truncated: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { max_fudge: FUDGE, accept_truncated: false }
    }
}

/// A message that came, with or without a signature. Any signature was verified.
#[derive(Clone, Debug)]
pub struct Opened<'a> {
    /// The message without the TSIG record.
    pub message: Cow<'a, [u8]>,
    /// Who signed it; none for an unsigned message.
    pub verification: Option<Verification>,
}

/// Opens a request: no TSIG record, or one that holds. `now` is in seconds since 1970.
pub fn open<'a>(octets: &'a [u8], keys: &KeySet, now: u64, policy: &Policy) -> Result<Opened<'a>, TsigFailure> {
    match SignedMessage::find(octets).map_err(TsigFailure::malformed)? {
        None => Ok(Opened { message: Cow::Borrowed(octets), verification: None }),
        Some(signed) => {
            let verified = signed.verify(keys, now, policy)?;
            Ok(Opened { message: Cow::Owned(verified.octets), verification: Some(verified.verification) })
        }
    }
}

/// A message with a TSIG record where it belongs. Nothing is known yet about the MAC.
#[derive(Clone, Debug)]
pub struct SignedMessage<'a> {
    octets: &'a [u8],
    /// Where the TSIG record starts.
    end: usize,
    tsig: Tsig,
}

/// A message whose MAC and time are right.
#[derive(Clone, Debug)]
pub struct VerifiedMessage {
    /// Without the TSIG record; ARCOUNT says so; the ID is that of the header as it came.
    pub octets: Vec<u8>,
    /// What the reply is signed with.
    pub verification: Verification,
}

/// Proof that a request was signed with a key, and what its reply's signature builds on.
#[derive(Clone, PartialEq, Eq)]
pub struct Verification {
    key: Key,
    /// As it came, truncated or not.
    mac: Vec<u8>,
    /// ID of the header.
    id: u16,
    original_id: u16,
}

impl Verification {
    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Whether a MirageOS server or client signed it: they leave Original ID 0, whatever the ID of the header is.
    pub fn is_of_mirage(&self) -> bool {
        self.original_id == 0 && self.id != 0
    }

    /// Octets that signing the reply adds.
    pub fn room(&self) -> usize {
        room(&self.key)
    }
}

impl std::fmt::Debug for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "verified({:?})", self.key)
    }
}

/// Why a request is not accepted. At fault: the peer. [`TsigFailure::reply`] is what it is told.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct TsigFailure {
    /// What is wrong.
    pub error: TsigError,
    /// The name of the key that the peer claims to have.
    pub key: Option<Name>,
    told: Told,
}

/// With what TSIG record a failure is told (RFC 8945 section 5.3.2).
#[derive(Clone, Debug)]
enum Told {
    /// None: FORMERR.
    Nothing,
    /// One without a MAC.
    Unsigned(Box<Tsig>),
    /// One with a MAC, since the request's was right.
    Signed(Box<(Tsig, Verification)>),
}

impl TsigFailure {
    /// RCODE of the reply.
    pub fn rcode(&self) -> Rcode {
        match self.told {
            Told::Nothing => Rcode::FORMERR,
            Told::Unsigned(_) | Told::Signed(_) => Rcode::NOTAUTH,
        }
    }

    fn malformed(error: TsigError) -> TsigFailure {
        TsigFailure { error, key: None, told: Told::Nothing }
    }

    fn formerr(self) -> TsigFailure {
        TsigFailure { told: Told::Nothing, ..self }
    }
}

impl<'a> SignedMessage<'a> {
    /// Finds the TSIG record; it must be the last of the additional section, and the only one (RFC 8945 section 5.1).
    pub fn find(octets: &'a [u8]) -> Result<Option<SignedMessage<'a>>, TsigError> {
        let Some(end) = last_record(octets)? else { return Ok(None) };
        let tsig = Tsig::decode(&mut Cursor::new(octets, end))?;
        Ok(Some(SignedMessage { octets, end, tsig }))
    }

    /// The name of the key that it claims to be signed with.
    pub fn key_name(&self) -> &Name {
        &self.tsig.key
    }

    /// Checks key, MAC, time and truncation in that order (RFC 8945 section 5.2).
    pub fn verify(&self, keys: &KeySet, now: u64, policy: &Policy) -> Result<VerifiedMessage, TsigFailure> {
        let key = self.key(keys)?;
        self.check_length(key).map_err(|error| self.unsigned(error).formerr())?;
        let octets = self.without_tsig();
        let mac = self.matching_mac(&octets, |id| {
            let mut digest = Digest::new(key);
            digest.message(id, &octets).variables(&self.tsig);
            digest.finish()
        });
        mac.map_err(|error| self.unsigned(error))?;
        let (mac, original_id) = (self.tsig.mac.clone(), self.tsig.original_id);
        let verification = Verification { key: key.clone(), mac, id: self.id(), original_id };
        if !self.tsig.in_time(now, policy) {
            return Err(self.signed(TsigError::BadTime, Some(now), verification));
        }
        if !policy.accept_truncated && self.tsig.mac.len() < key.algorithm.mac_length() {
            return Err(self.signed(TsigError::BadTrunc, None, verification));
        }
        Ok(VerifiedMessage { octets, verification })
    }

    /// RFC 8945 section 5.2.1: the name and the algorithm make the key.
    fn key<'k>(&self, keys: &'k KeySet) -> Result<&'k Key, TsigFailure> {
        let key = keys.get(&self.tsig.key).filter(|key| self.tsig.is_of(key));
        key.ok_or_else(|| self.unsigned(TsigError::BadKey))
    }

    /// RFC 8945 section 5.2.2.1: never longer than the hash, never shorter than half of it or than 10 octets.
    fn check_length(&self, key: &Key) -> Result<(), TsigError> {
        let full = key.algorithm.mac_length();
        match self.tsig.mac.len() {
            length if length > full || length < full.div_ceil(2).max(10) => Err(TsigError::MacLength),
            _ => Ok(()),
        }
    }

    /// Tries the Original ID, then the header's.
    fn matching_mac(&self, octets: &[u8], mac: impl Fn(u16) -> Mac) -> Result<Mac, TsigError> {
        let ids = [self.tsig.original_id, id(octets)];
        let distinct = if ids[0] == ids[1] { &ids[..1] } else { &ids[..] };
        let right = distinct.iter().map(|id| mac(*id)).find(|mac| mac.matches(&self.tsig.mac));
        right.ok_or(TsigError::BadSig)
    }

    fn without_tsig(&self) -> Vec<u8> {
        let mut octets = self.octets[..self.end].to_vec();
        record::add_to_arcount(&mut octets, -1);
        octets
    }

    fn unsigned(&self, error: TsigError) -> TsigFailure {
        let told = Told::Unsigned(Box::new(self.tsig.error(self.id(), error, None)));
        TsigFailure { error, key: Some(self.tsig.key.clone()), told }
    }

    fn signed(&self, error: TsigError, now: Option<u64>, verification: Verification) -> TsigFailure {
        let told = Told::Signed(Box::new((self.tsig.error(self.id(), error, now), verification)));
        TsigFailure { error, key: Some(self.tsig.key.clone()), told }
    }

    fn id(&self) -> u16 {
        id(self.octets)
    }
}

/// Where the TSIG record at the end starts; an error if there is one elsewhere or the message does not hold together.
fn last_record(octets: &[u8]) -> Result<Option<usize>, TsigError> {
    let mut cursor = Cursor::new(octets, 4);
    let mut counts = [0; 4];
    for count in &mut counts {
        *count = cursor.u16()?;
    }
    for _ in 0..counts[0] {
        cursor.skip_name()?;
        cursor.take(4)?;
    }
    let records = counts[1..].iter().map(|count| usize::from(*count)).sum::<usize>();
    let mut found = None;
    for left in (0..records).rev() {
        let start = cursor.position();
        cursor.skip_name()?;
        let rtype = RecordType(cursor.u16()?);
        cursor.take(6)?;
        let length = usize::from(cursor.u16()?);
        cursor.take(length)?;
        if rtype == RecordType::TSIG {
            if left > 0 || counts[3] == 0 {
                return Err(TsigError::Misplaced);
            }
            found = Some(start);
        }
    }
    if cursor.remaining() > 0 { Err(WireError::Trailing.into()) } else { Ok(found) }
}

/// The ID of a message that is known to have a header.
fn id(octets: &[u8]) -> u16 {
    debug_assert!(octets.len() >= HEADER);
    u16::from_be_bytes([octets[0], octets[1]])
}

#[cfg(test)]
mod tests;
