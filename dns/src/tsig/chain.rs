//! Answers of several messages, which is what zone transfers are (RFC 8945 section 5.3.1).
//!
//! MirageOS signs each message as if it were the only one; [`Chaining`] says which way is meant.

use super::mac::Digest;
use super::record::{Tsig, TsigError};
use super::request::{ReplyError, SentRequest};
use super::{SignedMessage, Verification, id, reply};

/// Messages without a TSIG record in a row, at most.
const MAX_UNSIGNED: u32 = 99;

/// What the second message of an answer, and each after it, is signed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chaining {
    /// The MAC before it, the message, the time.
    #[default]
    Rfc8945,
    /// The request's MAC, the message, all variables: what MirageOS does and expects.
    EachOnItsOwn,
}

/// The server's side: signs every message.
#[derive(Clone, Debug)]
pub struct AnswerChain {
    verification: Verification,
    chaining: Chaining,
    /// MAC of the message before.
    prior: Option<Vec<u8>>,
}

impl AnswerChain {
    /// Before the first message.
    pub fn new(verification: Verification, chaining: Chaining) -> AnswerChain {
        AnswerChain { verification, chaining, prior: None }
    }

    /// Octets that signing adds to each message.
    pub fn room(&self) -> usize {
        self.verification.room()
    }

    /// Signs the next message.
    pub fn sign(&mut self, message: &mut Vec<u8>, now: u64) {
        let Verification { key, id, .. } = &self.verification;
        let mut tsig = Tsig::ours(key, *id, now);
        let Some(prior) = &self.prior else {
            let mac = reply::sign(message, tsig, &self.verification);
            self.prior = (self.chaining == Chaining::Rfc8945).then_some(mac);
            return;
        };
        let mut digest = Digest::new(key);
        digest.prior(prior).message(*id, message).timers(&tsig);
        tsig.mac = digest.finish().0;
        tsig.append(message);
        self.prior = Some(tsig.mac);
    }
}

/// The client's side: takes the messages of an answer in order.
#[derive(Clone, Debug)]
pub struct TransferChain {
    sent: SentRequest,
    chaining: Chaining,
    /// Over the MAC before and the unsigned messages since; none before the first message.
    digest: Option<Digest>,
    unsigned: u32,
}

/// Why a message of an answer, or its end, is not to be believed. At fault: the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// One message.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// More than 99 in a row.
    #[error("too many messages without a signature")]
    TooManyUnsigned,
    /// The last message must be signed.
    #[error("the last message of the answer is not signed")]
    EndsUnsigned,
}

impl TransferChain {
    /// Before the first message.
    pub fn new(sent: SentRequest, chaining: Chaining) -> TransferChain {
        TransferChain { sent, chaining, digest: None, unsigned: 0 }
    }

    /// Checks the next message; the message without its TSIG record. What came unsigned is proven by the next signed
    /// one: use nothing for good before [`TransferChain::finish`].
    pub fn accept(&mut self, octets: &[u8], now: u64) -> Result<Vec<u8>, ChainError> {
        let Some(signed) = SignedMessage::find(octets).map_err(ReplyError::Wrong)? else {
            return self.accept_unsigned(octets);
        };
        let message = match &self.digest {
            None => self.sent.verify_reply(octets, now)?,
            Some(before) => {
                let message = signed.without_tsig();
                self.sent.check(&signed, now, |id| {
                    let mut digest = before.clone();
                    digest.message(id, &message).timers(&signed.tsig);
                    digest
                })?;
                message
            }
        };
        if self.chaining == Chaining::Rfc8945 {
            let mut digest = Digest::new(&self.sent.key);
            digest.prior(&signed.tsig.mac);
            self.digest = Some(digest);
        }
        self.unsigned = 0;
        Ok(message)
    }

    /// Call it after the last message.
    pub fn finish(self) -> Result<(), ChainError> {
        if self.unsigned > 0 { Err(ChainError::EndsUnsigned) } else { Ok(()) }
    }

    fn accept_unsigned(&mut self, octets: &[u8]) -> Result<Vec<u8>, ChainError> {
        let Some(digest) = &mut self.digest else { return Err(ReplyError::Unsigned.into()) };
        if id(octets) != self.sent.id {
            return Err(ReplyError::OtherRequest.into());
        }
        if self.unsigned == MAX_UNSIGNED {
            return Err(ChainError::TooManyUnsigned);
        }
        self.unsigned += 1;
        digest.message(self.sent.id, octets);
        Ok(octets.to_vec())
    }
}

impl From<TsigError> for ChainError {
    fn from(error: TsigError) -> ChainError {
        ChainError::Reply(error.into())
    }
}
