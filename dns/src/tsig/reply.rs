//! The server's side of one exchange: signing a reply (RFC 8945 section 5.3), telling a failure (section 5.3.2).

use super::mac::Digest;
use super::record::Tsig;
use super::{Told, TsigFailure, Verification};
use crate::message::{Encoder, HEADER, Header, decode_question};
use crate::wire::Cursor;

/// Signs the reply to a verified request; appends [`Verification::room`] octets.
pub fn sign_reply(reply: &mut Vec<u8>, verification: &Verification, now: u64) {
    let tsig = Tsig::ours(&verification.key, verification.id, now);
    sign(reply, tsig, verification);
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
