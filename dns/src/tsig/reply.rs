//! The server's side of one exchange: signing a reply (RFC 8945 section 5.3), telling a failure (section 5.3.2).

use super::mac::Digest;
use super::record::Tsig;
use super::{Told, TsigFailure, Verification};
use crate::message::{Encoder, HEADER, Header, Rcode, decode_question};
use crate::wire::Cursor;

/// Signs the reply to a verified request; appends [`Verification::room`] octets.
pub fn sign_reply(reply: &mut Vec<u8>, verification: &Verification, now: u64) {
    let tsig = Tsig::ours(&verification.key, verification.id, now);
    sign(reply, tsig, verification);
}

/// As [`sign_reply`], for a reply that must not become longer than `limit`: if it would, only its header and question
/// stay and TC is set (RFC 8945 section 5.3).
pub fn sign_reply_within(limit: usize, reply: &mut Vec<u8>, verification: &Verification, now: u64) {
    if reply.len() + verification.room() > limit {
        truncate(reply);
    }
    sign_reply(reply, verification, now);
}

fn truncate(reply: &mut Vec<u8>) {
    let Ok(mut header) = Header::decode(reply) else { return };
    (header.truncated, header.rcode) = (true, Rcode::NOERROR);
    let mut short = Encoder::new(&header);
    let mut cursor = Cursor::new(reply, HEADER);
    if reply[4..6] != [0, 0]
        && let Ok(question) = decode_question(&mut cursor)
    {
        short.question(&question);
    }
    *reply = short.finish();
}

impl TsigFailure {
    /// The whole reply: the request's question, an RCODE and, but for FORMERR, a TSIG record with the error. Nothing is
    /// replied to what is itself a reply or too short to have an ID.
    pub fn reply(&self, request: &[u8]) -> Option<Vec<u8>> {
        let header = Header::decode(request).ok().filter(|header| !header.response)?;
        let mut reply = Encoder::new(&header.reply(self.rcode()));
        let mut cursor = Cursor::new(request, HEADER);
        if request[4..6] == [0, 1]
            && let Ok(question) = decode_question(&mut cursor)
        {
            reply.question(&question);
        }
        let mut reply = reply.finish();
        match &self.told {
            Told::Nothing => {}
            Told::Unsigned(tsig) => tsig.append(&mut reply),
            Told::Signed(both) => {
                sign(&mut reply, both.0.clone(), &both.1);
            }
        }
        Some(reply)
    }
}

/// Over request MAC, message, variables (section 4.3). The MAC.
pub(super) fn sign(reply: &mut Vec<u8>, mut tsig: Tsig, verification: &Verification) -> Vec<u8> {
    let mut digest = Digest::new(&verification.key);
    digest.prior(&verification.mac).message(tsig.original_id, reply).variables(&tsig);
    tsig.mac = digest.finish().0;
    tsig.append(reply);
    tsig.mac
}
