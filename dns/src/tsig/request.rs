//! The client's side of one exchange: signing a request (RFC 8945 section 5.1), verifying its reply (section 5.4).

use super::mac::Digest;
use super::record::{Tsig, TsigError};
use super::{Policy, SignedMessage, id};
use crate::keys::Key;

/// A request ready to be sent, and what its reply is checked with.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// To be sent.
    pub octets: Vec<u8>,
    /// To be kept.
    pub sent: SentRequest,
}

/// A request that awaits its reply.
#[derive(Clone, Debug)]
pub struct SentRequest {
    pub(super) key: Key,
    pub(super) mac: Vec<u8>,
    pub(super) id: u16,
}

/// Why a reply is not to be believed. At fault: the peer, or who set up the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// No TSIG record where one must be.
    #[error("the reply is not signed")]
    Unsigned,
    /// The ID is not the request's.
    #[error("the reply is to another request")]
    OtherRequest,
    /// Our check failed.
    #[error("the reply: {0}")]
    Wrong(#[from] TsigError),
    /// The peer says so, and nothing proves that it is the peer.
    #[error("the peer answers, unsigned, that it does not accept the key or its MAC (TSIG error {0})")]
    Refused(u16),
    /// The peer says so, signed.
    #[error("the peer answers TSIG error {error}{}", .peer_time.map(|time| format!("; its clock says {time}")).unwrap_or_default())]
    SignedRefusal {
        /// The error field.
        error: u16,
        /// Seconds since 1970 by the peer's clock, after BADTIME.
        peer_time: Option<u64>,
    },
}

/// Signs a request, which must have a header and no TSIG record.
pub fn sign_request(mut octets: Vec<u8>, key: &Key, now: u64, fudge: u16) -> SignedRequest {
    let mut tsig = Tsig::new(key, id(&octets), now, fudge);
    let mut digest = Digest::new(key);
    digest.message(tsig.original_id, &octets).variables(&tsig);
    tsig.mac = digest.finish().0;
    tsig.append(&mut octets);
    let sent = SentRequest { key: key.clone(), mac: tsig.mac, id: tsig.original_id };
    SignedRequest { octets, sent }
}

impl SentRequest {
    /// Checks a reply that is one message; the message without its TSIG record.
    pub fn verify_reply(&self, octets: &[u8], now: u64) -> Result<Vec<u8>, ReplyError> {
        let signed = SignedMessage::find(octets)?.ok_or(ReplyError::Unsigned)?;
        let message = signed.without_tsig();
        self.check(&signed, now, |id| {
            let mut digest = Digest::new(&self.key);
            digest.prior(&self.mac).message(id, &message).variables(&signed.tsig);
            digest
        })?;
        Ok(message)
    }

    /// What all signed replies have in common; `digest` is what this one's MAC is over.
    pub(super) fn check(
        &self,
        signed: &SignedMessage<'_>,
        now: u64,
        digest: impl Fn(u16) -> Digest,
    ) -> Result<(), ReplyError> {
        if signed.id() != self.id {
            return Err(ReplyError::OtherRequest);
        }
        let tsig = &signed.tsig;
        if tsig.mac.is_empty() && tsig.error != 0 {
            return Err(ReplyError::Refused(tsig.error));
        }
        if !tsig.is_of(&self.key) {
            return Err(TsigError::BadKey.into());
        }
        signed.check_length(&self.key)?;
        signed.matching_mac(signed.octets, |id| digest(id).finish())?;
        if tsig.error != 0 {
            return Err(ReplyError::SignedRefusal { error: tsig.error, peer_time: tsig.peer_time() });
        }
        let policy = Policy::default();
        if !tsig.in_time(now, &policy) {
            return Err(TsigError::BadTime.into());
        }
        match tsig.mac.len() < self.key.algorithm.mac_length() {
            true => Err(TsigError::BadTrunc.into()),
            false => Ok(()),
        }
    }
}
