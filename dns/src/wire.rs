//! A cursor over a message's octets (RFC 1035 section 4.1); never panics, whatever the octets are.
//!
//! Compression pointers must lead backwards, which also bounds their number: a loop cannot be written down.

use crate::name::{MAX_LABEL, MAX_NAME, Name, NameBuilder, NameError};

/// The octets end before, or are not, what they should be. At fault: the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The octets end too early.
    #[error("the octets end too early")]
    Short,
    /// A name is malformed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// RDATA does not have the shape that its type asks for.
    #[error("the data of a record does not have its type's shape")]
    Rdata,
    /// There are octets left behind the last record.
    #[error("there are octets behind the last record")]
    Trailing,
}

/// A position in a message. All reads are checked.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at octet `at` of `message`.
    pub fn new(message: &'a [u8], at: usize) -> Cursor<'a> {
        Cursor { message, at: at.min(message.len()), end: message.len() }
    }

    /// Offset from the start of the message.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Octets before the end.
    pub fn remaining(&self) -> usize {
        self.end - self.at
    }

    /// Splits off the next `length` octets as a cursor of its own; names in it may still point backwards into the
    /// message.
    pub fn split(&mut self, length: usize) -> Result<Cursor<'a>, WireError> {
        let start = self.at;
        self.take(length)?;
        Ok(Cursor { message: self.message, at: start, end: self.at })
    }

    /// The next `length` octets.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        if length > self.remaining() {
            return Err(WireError::Short);
        }
        let octets = &self.message[self.at..self.at + length];
        self.at += length;
        Ok(octets)
    }

    /// All octets up to the end.
    pub fn rest(&mut self) -> &'a [u8] {
        let octets = &self.message[self.at..self.end];
        self.at = self.end;
        octets
    }

    /// One octet.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// Two octets, most significant first.
    pub fn u16(&mut self) -> Result<u16, WireError> {
        let octets = self.take(2)?;
        Ok(u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// Four octets, most significant first.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        let octets = self.take(4)?;
        Ok(u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]))
    }

    /// Six octets, most significant first (the time of RFC 8945 section 4.2).
    pub fn u48(&mut self) -> Result<u64, WireError> {
        Ok(u64::from(self.u16()?) << 32 | u64::from(self.u32()?))
    }

    /// A name, compressed or not (RFC 1035 section 4.1.4).
    pub fn name(&mut self) -> Result<Name, WireError> {
        let mut builder = NameBuilder::default();
        let mut jumped = false;
        let mut at = self.at;
        let mut limit = self.at;
        let mut end = self.end;
        loop {
            let length = usize::from(*self.message[..end].get(at).ok_or(WireError::Short)?);
            match length {
                0 => {
                    if !jumped {
                        self.at = at + 1;
                    }
                    return Ok(builder.finish()?);
                }
                1..=MAX_LABEL => {
                    let label = self.message[..end].get(at + 1..at + 1 + length).ok_or(WireError::Short)?;
                    builder.label(label)?;
                    at += 1 + length;
                }
                0xc0.. => {
                    let low = *self.message[..end].get(at + 1).ok_or(WireError::Short)?;
                    let target = (length & 0x3f) << 8 | usize::from(low);
                    if target >= limit {
                        return Err(NameError::BadWireForm.into());
                    }
                    if !jumped {
                        self.at = at + 2;
                        jumped = true;
                    }
                    (at, limit, end) = (target, target, self.message.len());
                }
                _ => return Err(NameError::BadWireForm.into()),
            }
        }
    }

    /// Skips a name without looking at where its pointer leads.
    pub fn skip_name(&mut self) -> Result<(), WireError> {
        let start = self.at;
        loop {
            let length = self.u8()?;
            match length {
                0 => break,
                1..=63 => self.take(usize::from(length)).map(|_| ())?,
                0xc0.. => return self.u8().map(|_| ()),
                _ => return Err(NameError::BadWireForm.into()),
            }
        }
        if self.at - start > MAX_NAME { Err(NameError::NameTooLong.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_names() {
        let message = b"\x03www\x07example\x00\x04mail\xc0\x04\xc0\x0d";
        let mut cursor = Cursor::new(message, 0);
        let names: Vec<String> = (0..3).map(|_| cursor.name().unwrap().to_string()).collect();
        assert_eq!(names, ["www.example.", "mail.example.", "mail.example."]);
        assert_eq!(cursor.remaining(), 0);
    }

    #[test]
    fn pointers_that_do_not_lead_backwards() {
        for message in [b"\xc0\x00".as_slice(), b"\xc0\x02\xc0\x00", b"\x01a\xc0\x00", b"\xc0\xff", b"\x80", b"\x40a"] {
            assert!(Cursor::new(message, 0).name().is_err(), "{message:x?}");
        }
        assert!(Cursor::new(b"\xc0\x02\xc0\x00", 2).name().is_err());
    }

    #[test]
    fn every_cut_is_an_error() {
        let message = b"\x03www\x07example\x00";
        for cut in 0..message.len() {
            assert_eq!(Cursor::new(&message[..cut], 0).name(), Err(WireError::Short));
            assert!(Cursor::new(&message[..cut], 0).skip_name().is_err());
        }
    }
}
