//! What a peer is told when its request cannot be done; what can go wrong with primaries is
//! [`dns::secondary::Trouble`].

use dns::message::{Opcode, Rcode};

/// The response code for a request that is not a query, not a transfer and not NOTIFY: zones are changed at the
/// primary.
pub fn rcode(opcode: Opcode) -> Rcode {
    match opcode {
        Opcode::UPDATE => Rcode::REFUSED,
        _ => Rcode::NOTIMP,
    }
}
