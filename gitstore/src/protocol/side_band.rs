//! Three streams in one: data, words for a person, a fatal error (gitprotocol-pack(5), "Packfile Data").

use bytes::{Buf, Bytes};

use super::pkt_line::Packet;
use crate::error::{ProtocolError, Quoted};

/// A packet of a stream that is multiplexed.
pub(crate) enum Band {
    Data(Bytes),
    Progress(Bytes),
    End,
}

pub(crate) fn decode(packet: Packet, awaited: &'static str) -> Result<Band, ProtocolError> {
    let Packet::Data(mut octets) = packet else {
        return if packet == Packet::Flush { Ok(Band::End) } else { Err(ProtocolError::Unexpected(awaited)) };
    };
    let band = octets.first().copied();
    octets.advance(octets.len().min(1));
    match band {
        Some(1) => Ok(Band::Data(octets)),
        Some(2) => Ok(Band::Progress(octets)),
        Some(3) => Err(ProtocolError::Remote(Quoted(&octets).to_string())),
        Some(b'E') if octets.starts_with(b"RR ") => Err(ProtocolError::Remote(Quoted(&octets[3..]).to_string())),
        _ => Err(ProtocolError::Unexpected(awaited)),
    }
}
