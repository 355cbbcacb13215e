//! The framing of git's protocols: a length in four hexadecimal digits, then octets (gitprotocol-common(5)).

use bytes::{Buf, Bytes, BytesMut};

use crate::error::ProtocolError;

/// The longest pkt-line, its length field included.
pub(crate) const MAX_PACKET: usize = 65520;

/// One pkt-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Data(Bytes),
    Flush,
    Delimiter,
    ResponseEnd,
}

impl Packet {
    /// The packet as a line of text without its line feed; an `ERR` line is the server's error.
    pub(crate) fn line(&self) -> Result<Option<&[u8]>, ProtocolError> {
        let Packet::Data(octets) = self else { return Ok(None) };
        if let Some(message) = octets.strip_prefix(b"ERR ") {
            return Err(ProtocolError::Remote(crate::error::Quoted(message).to_string()));
        }
        Ok(Some(octets.strip_suffix(b"\n").unwrap_or(octets)))
    }
}

/// Cuts a stream into packets.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    buffer: BytesMut,
}

impl Decoder {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next packet, if all of it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Packet>, ProtocolError> {
        let Some(field) = self.buffer.get(..4) else { return Ok(None) };
        let length = parse_length(field)?;
        let special = match length {
            0 => Packet::Flush,
            1 => Packet::Delimiter,
            2 => Packet::ResponseEnd,
            4..=MAX_PACKET if self.buffer.len() < length => return Ok(None),
            4..=MAX_PACKET => {
                let mut packet = self.buffer.split_to(length);
                packet.advance(4);
                return Ok(Some(Packet::Data(packet.freeze())));
            }
            _ => return Err(ProtocolError::PacketLength),
        };
        self.buffer.advance(4);
        Ok(Some(special))
    }
}

fn parse_length(field: &[u8]) -> Result<usize, ProtocolError> {
    field.iter().try_fold(0, |length, digit| {
        let digit = (*digit as char).to_digit(16).ok_or(ProtocolError::PacketLength)?;
        Ok(length * 16 + digit as usize)
    })
}

/// Appends a packet; what is said in one packet by us is always short.
pub(crate) fn write(out: &mut Vec<u8>, payload: &str) {
    out.extend_from_slice(format!("{:04x}", payload.len() + 4).as_bytes());
    out.extend_from_slice(payload.as_bytes());
}

pub(crate) fn write_flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

pub(crate) fn write_delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packets_survive_any_cut(texts in prop::collection::vec("[a-z]{0,90}", 0..9), cut in 1usize..40) {
            let mut octets = Vec::new();
            for text in &texts {
                write(&mut octets, text);
            }
            write_flush(&mut octets);
            let mut decoder = Decoder::default();
            let mut seen = Vec::new();
            for run in octets.chunks(cut) {
                decoder.push(run);
                while let Some(packet) = decoder.next().unwrap() {
                    seen.push(packet);
                }
            }
            let mut expected: Vec<Packet> = texts.iter().map(|text| Packet::Data(Bytes::copy_from_slice(text.as_bytes()))).collect();
            expected.push(Packet::Flush);
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn garbage_never_panics(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::default();
            decoder.push(&octets);
            while let Ok(Some(_)) = decoder.next() {}
        }
    }

    #[test]
    fn bad_lengths_are_errors() {
        for bad in ["0003", "fff1", "ffff", "zzzz", "Welcome to this machine"] {
            let mut decoder = Decoder::default();
            decoder.push(bad.as_bytes());
            assert_eq!(decoder.next(), Err(ProtocolError::PacketLength), "{bad}");
        }
    }
}
