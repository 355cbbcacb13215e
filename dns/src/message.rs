//! Messages as values (RFC 1035 section 4.1), for everything but the answering path, which works on octets.

use std::collections::HashMap;

use crate::name::Name;
use crate::rdata::{self, Field, Rdata};
use crate::record::Record;
use crate::record_type::{Class, RecordType};
use crate::wire::{Cursor, WireError};

/// Octets of a header.
pub const HEADER: usize = 12;

/// What a message is about (RFC 1035 section 4.1.1, RFC 1996, RFC 2136).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

impl Opcode {
    /// A standard query.
    pub const QUERY: Opcode = Opcode(0);
    /// A zone may have changed.
    pub const NOTIFY: Opcode = Opcode(4);
    /// A zone shall change.
    pub const UPDATE: Opcode = Opcode(5);
}

/// How it went. Values above 15 need an OPT record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rcode(pub u16);

#[rustfmt::skip]
impl Rcode {
    /// No error.
    pub const NOERROR: Rcode = Rcode(0);
    /// The message could not be understood.
    pub const FORMERR: Rcode = Rcode(1);
    /// The server failed.
    pub const SERVFAIL: Rcode = Rcode(2);
    /// The name does not exist.
    pub const NXDOMAIN: Rcode = Rcode(3);
    /// The server does not do this.
    pub const NOTIMP: Rcode = Rcode(4);
    /// The server does not do this for you.
    pub const REFUSED: Rcode = Rcode(5);
    /// A name exists that should not.
    pub const YXDOMAIN: Rcode = Rcode(6);
    /// An RRset exists that should not.
    pub const YXRRSET: Rcode = Rcode(7);
    /// An RRset does not exist that should.
    pub const NXRRSET: Rcode = Rcode(8);
    /// Not authoritative for the zone, or not authorized.
    pub const NOTAUTH: Rcode = Rcode(9);
    /// A name is outside the zone.
    pub const NOTZONE: Rcode = Rcode(10);
    /// The version of EDNS is not known (RFC 6891).
    pub const BADVERS: Rcode = Rcode(16);
    /// The cookie is missing or wrong (RFC 7873).
    pub const BADCOOKIE: Rcode = Rcode(23);
}

/// The first twelve octets but for the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the asker, repeated in the reply.
    pub id: u16,
    /// QR: this is a reply.
    pub response: bool,
    /// What it is about.
    pub opcode: Opcode,
    /// AA.
    pub authoritative: bool,
    /// TC.
    pub truncated: bool,
    /// RD.
    pub recursion_desired: bool,
    /// RA.
    pub recursion_available: bool,
    /// AD.
    pub authentic_data: bool,
    /// CD.
    pub checking_disabled: bool,
    /// Low four bits of the response code.
    pub rcode: Rcode,
}

impl Header {
    /// The header of a request.
    pub fn request(id: u16, opcode: Opcode) -> Header {
        Header {
            id,
            response: false,
            opcode,
            authoritative: false,
            truncated: false,
            recursion_desired: false,
            recursion_available: false,
            authentic_data: false,
            checking_disabled: false,
            rcode: Rcode::NOERROR,
        }
    }

    /// The header of the reply to a request with this header; RD and CD are repeated (RFC 1035 section 4.1.1).
    pub fn reply(&self, rcode: Rcode) -> Header {
        let mut header = Header::request(self.id, self.opcode);
        header.response = true;
        header.recursion_desired = self.recursion_desired;
        header.checking_disabled = self.checking_disabled;
        header.rcode = rcode;
        header
    }

    /// Reads the header of `message`.
    pub fn decode(message: &[u8]) -> Result<Header, WireError> {
        let mut cursor = Cursor::new(message, 0);
        let (id, flags) = (cursor.u16()?, cursor.u16()?);
        cursor.take(8)?;
        let bit = |n: u16| flags & 1 << n != 0;
        Ok(Header {
            id,
            response: bit(15),
            opcode: Opcode((flags >> 11 & 15) as u8),
            authoritative: bit(10),
            truncated: bit(9),
            recursion_desired: bit(8),
            recursion_available: bit(7),
            authentic_data: bit(5),
            checking_disabled: bit(4),
            rcode: Rcode(flags & 15),
        })
    }

    /// The first four octets.
    pub fn encode(&self) -> [u8; 4] {
        let bits = [
            (self.response, 15),
            (self.authoritative, 10),
            (self.truncated, 9),
            (self.recursion_desired, 8),
            (self.recursion_available, 7),
            (self.authentic_data, 5),
            (self.checking_disabled, 4),
        ];
        let flags = bits.iter().fold(0u16, |flags, (set, bit)| flags | u16::from(*set) << bit);
        let flags = flags | u16::from(self.opcode.0 & 15) << 11 | self.rcode.0 & 15;
        let ([a, b], [c, d]) = (self.id.to_be_bytes(), flags.to_be_bytes());
        [a, b, c, d]
    }
}

/// What is asked; in UPDATE the zone (RFC 2136 section 2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type.
    pub rtype: RecordType,
    /// The class.
    pub class: Class,
}

/// A record of any class as it stands in a message; in UPDATE its RDATA may be absent (RFC 2136 section 2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// Owner name.
    pub owner: Name,
    /// Type.
    pub rtype: RecordType,
    /// Class; for OPT the sender's payload size.
    pub class: Class,
    /// Seconds; for OPT flags.
    pub ttl: u32,
    /// Data; none for RDLENGTH 0.
    pub rdata: Option<Rdata>,
}

impl From<Record> for MessageRecord {
    fn from(record: Record) -> MessageRecord {
        let Record { owner, rtype, ttl, rdata } = record;
        MessageRecord { owner, rtype, class: Class::IN, ttl, rdata: Some(rdata) }
    }
}

/// A whole message. In UPDATE the sections are zone, prerequisite, update, additional (RFC 2136 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header.
    pub header: Header,
    /// The question section.
    pub questions: Vec<Question>,
    /// The answer section.
    pub answers: Vec<MessageRecord>,
    /// The authority section.
    pub authorities: Vec<MessageRecord>,
    /// The additional section.
    pub additionals: Vec<MessageRecord>,
}

impl Message {
    /// A message without records.
    pub fn new(header: Header) -> Message {
        Message { header, questions: vec![], answers: vec![], authorities: vec![], additionals: vec![] }
    }

    /// The reply to this message: its header's reply and its questions, nothing else.
    pub fn reply(&self, rcode: Rcode) -> Message {
        Message { questions: self.questions.clone(), ..Message::new(self.header.reply(rcode)) }
    }

    /// Decodes a whole message; octets left over are an error.
    pub fn decode(octets: &[u8]) -> Result<Message, WireError> {
        let mut message = Message::new(Header::decode(octets)?);
        let mut cursor = Cursor::new(octets, 4);
        let counts = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
        for _ in 0..counts[0] {
            message.questions.push(decode_question(&mut cursor)?);
        }
        let sections = [&mut message.answers, &mut message.authorities, &mut message.additionals];
        for (section, count) in sections.into_iter().zip(&counts[1..]) {
            for _ in 0..*count {
                section.push(decode_record(&mut cursor)?);
            }
        }
        if cursor.remaining() > 0 {
            return Err(WireError::Trailing);
        }
        Ok(message)
    }

    /// Encodes the message with names compressed. The caller sees to it that it fits in 65,535 octets.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(&self.header);
        for question in &self.questions {
            encoder.question(question);
        }
        for (section, records) in [&self.answers, &self.authorities, &self.additionals].into_iter().enumerate() {
            for record in records {
                encoder.record(section + 1, record);
            }
        }
        encoder.finish()
    }
}

/// Decodes the question at the cursor.
pub fn decode_question(cursor: &mut Cursor<'_>) -> Result<Question, WireError> {
    Ok(Question { name: cursor.name()?, rtype: RecordType(cursor.u16()?), class: Class(cursor.u16()?) })
}

/// Decodes the record at the cursor.
pub fn decode_record(cursor: &mut Cursor<'_>) -> Result<MessageRecord, WireError> {
    let Question { name: owner, rtype, class } = decode_question(cursor)?;
    let ttl = cursor.u32()?;
    let length = usize::from(cursor.u16()?);
    let data = cursor.split(length)?;
    let rdata = if length == 0 { None } else { Some(Rdata::decode(rtype, data)?) };
    Ok(MessageRecord { owner, rtype, class, ttl, rdata })
}

/// Writes a message section by section, compressing names; see also the answering path's composer.
#[derive(Debug)]
pub struct Encoder {
    octets: Vec<u8>,
    /// Where each name, in lower case, was first written.
    names: HashMap<Box<[u8]>, u16>,
}

impl Encoder {
    /// Starts with a header.
    pub fn new(header: &Header) -> Encoder {
        let mut octets = Vec::with_capacity(512);
        octets.extend_from_slice(&header.encode());
        octets.extend_from_slice(&[0; 8]);
        Encoder { octets, names: HashMap::new() }
    }

    /// Octets so far.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Never: a header is always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Appends a question.
    pub fn question(&mut self, question: &Question) {
        self.count(0);
        self.name(&question.name);
        self.octets.extend_from_slice(&question.rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&question.class.0.to_be_bytes());
    }

    /// Appends a record to section 1 (answer), 2 (authority) or 3 (additional); sections come in order.
    pub fn record(&mut self, section: usize, record: &MessageRecord) {
        self.count(section);
        self.name(&record.owner);
        self.octets.extend_from_slice(&record.rtype.0.to_be_bytes());
        self.octets.extend_from_slice(&record.class.0.to_be_bytes());
        self.octets.extend_from_slice(&record.ttl.to_be_bytes());
        let length_at = self.octets.len();
        self.octets.extend_from_slice(&[0; 2]);
        if let Some(rdata) = &record.rdata {
            self.rdata(record.rtype, rdata);
        }
        let length = (self.octets.len() - length_at - 2) as u16;
        self.octets[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.octets
    }

    fn count(&mut self, section: usize) {
        let at = 4 + 2 * section;
        let count = u16::from_be_bytes([self.octets[at], self.octets[at + 1]]).wrapping_add(1);
        self.octets[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }

    fn rdata(&mut self, rtype: RecordType, rdata: &Rdata) {
        for part in rdata::parts(rtype, rdata.as_octets()) {
            match part.field {
                Field::CompressibleName => self.compressed(part.octets),
                _ => self.octets.extend_from_slice(part.octets),
            }
        }
    }

    fn name(&mut self, name: &Name) {
        self.compressed(name.as_octets());
    }

    fn compressed(&mut self, mut rest: &[u8]) {
        while rest[0] != 0 {
            if let Some(offset) = self.names.get(rest.to_ascii_lowercase().as_slice()) {
                self.octets.extend_from_slice(&(offset | 0xc000).to_be_bytes());
                return;
            }
            if self.octets.len() < 0x4000 {
                self.names.insert(rest.to_ascii_lowercase().into(), self.octets.len() as u16);
            }
            let (label, below) = rest.split_at(usize::from(rest[0]) + 1);
            self.octets.extend_from_slice(label);
            rest = below;
        }
        self.octets.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Message {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let mut message = Message::new(Header::request(0x1234, Opcode::QUERY).reply(Rcode::NXDOMAIN));
        message.header.authoritative = true;
        message.questions.push(Question { name: name("www.example.com"), rtype: RecordType::MX, class: Class::IN });
        let mx = Rdata::from_octets(RecordType::MX, b"\x00\x0a\x04mail\x07example\x03com\x00").unwrap();
        let record = Record { owner: name("www.example.com"), rtype: RecordType::MX, ttl: 3600, rdata: mx };
        message.answers.push(record.clone().into());
        message.authorities.push(MessageRecord { class: Class::ANY, ttl: 0, rdata: None, ..record.into() });
        message
    }

    #[test]
    fn round_trip_with_compression() {
        let octets = sample().encode();
        assert_eq!(octets.len(), 12 + 21 + 2 + 10 + 2 + 7 + 2 + 10);
        assert_eq!(Message::decode(&octets).unwrap(), sample());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let octets = sample().encode();
        for cut in 0..octets.len() {
            assert!(Message::decode(&octets[..cut]).is_err());
        }
        assert_eq!(Message::decode(&[octets.as_slice(), b"x"].concat()), Err(WireError::Trailing));
    }

    /// A second implementation reads what we write.
    #[test]
    fn hickory_agrees() {
        let octets = Message { authorities: vec![], ..sample() }.encode();
        let theirs = hickory_proto::op::Message::from_vec(&octets).unwrap();
        assert_eq!(theirs.answers[0].to_string(), "www.example.com. 3600 IN MX 10 mail.example.com.");
    }
}
