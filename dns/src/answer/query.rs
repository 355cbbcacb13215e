//! A query where it lies in its octets.

use super::edns::Edns;
use crate::message::HEADER;
use crate::name::MAX_NAME;
use crate::record_type::{Class, RecordType};
use crate::wire::{Cursor, WireError};

/// Bits of the third and fourth octet of a header.
pub const QR: u8 = 0x80;
pub const OPCODE: u8 = 0x78;
pub const AA: u8 = 0x04;
pub const TC: u8 = 0x02;
pub const RD: u8 = 0x01;
pub const CD: u8 = 0x10;

/// A query that could be understood.
pub struct Query<'a> {
    /// The whole header.
    pub header: &'a [u8],
    /// The whole question, as it was sent.
    pub question: &'a [u8],
    /// The name asked for, in wire form.
    pub name: &'a [u8],
    pub rtype: RecordType,
    pub class: Class,
    pub edns: Option<Edns<'a>>,
}

/// Why a message is not a query that can be answered here.
#[derive(Debug, PartialEq, Eq)]
pub enum QueryError {
    /// It must not be answered.
    Ignore,
    NotAQuery,
    Signed,
    /// The question ends there, when it could be read.
    Malformed {
        question_end: Option<usize>,
    },
}

impl<'a> Query<'a> {
    /// Decodes the octets of a message.
    pub fn decode(message: &'a [u8]) -> Result<Query<'a>, QueryError> {
        let Some((header, _)) = message.split_at_checked(HEADER) else { return Err(QueryError::Ignore) };
        if header[2] & QR != 0 {
            return Err(QueryError::Ignore);
        }
        if header[2] & OPCODE != 0 {
            return Err(QueryError::NotAQuery);
        }
        let malformed = QueryError::Malformed { question_end: None };
        let count = |section: usize| u16::from_be_bytes([header[4 + 2 * section], header[5 + 2 * section]]);
        if count(0) == 0 {
            return Query::without_question(message, [count(1), count(2), count(3)]);
        }
        let name_end = name_end(message).filter(|_| count(0) == 1).ok_or(malformed)?;
        let end = name_end + 4;
        let Some(&[a, b, c, d]) = message.get(name_end..end) else {
            return Err(QueryError::Malformed { question_end: None });
        };
        let mut query = Query {
            header,
            question: &message[HEADER..end],
            name: &message[HEADER..name_end],
            rtype: RecordType(u16::from_be_bytes([a, b])),
            class: Class(u16::from_be_bytes([c, d])),
            edns: None,
        };
        if end == message.len() && header[6..12] == [0; 6] {
            return Ok(query);
        }
        let mut cursor = Cursor::new(message, end);
        let malformed = |_| QueryError::Malformed { question_end: Some(end) };
        let others = u32::from(count(1)) + u32::from(count(2));
        let signed = query.records(&mut cursor, others, u32::from(count(3))).map_err(malformed)?;
        if signed { Err(QueryError::Signed) } else { Ok(query) }
    }

    /// Whether only a cookie is asked for, without a question (RFC 7873 section 5.4).
    pub fn is_for_cookie(&self) -> bool {
        self.question.is_empty()
    }

    fn without_question(message: &'a [u8], counts: [u16; 3]) -> Result<Query<'a>, QueryError> {
        let malformed = |_| QueryError::Malformed { question_end: None };
        let (header, nothing) = (&message[..HEADER], &message[HEADER..HEADER]);
        let (rtype, class) = (RecordType(0), Class(0));
        let mut query = Query { header, question: nothing, name: nothing, rtype, class, edns: None };
        let others = u32::from(counts[0]) + u32::from(counts[1]);
        let signed =
            query.records(&mut Cursor::new(message, HEADER), others, u32::from(counts[2])).map_err(malformed)?;
        match query.edns.as_ref().is_some_and(Edns::has_cookie) {
            true if signed => Err(QueryError::Signed),
            true => Ok(query),
            false => Err(QueryError::Malformed { question_end: None }),
        }
    }

    /// Skips the records before the additional section and takes OPT from it; true when there is a TSIG at the end.
    fn records(&mut self, cursor: &mut Cursor<'a>, others: u32, additionals: u32) -> Result<bool, WireError> {
        for _ in 0..others {
            skip_record(cursor)?;
        }
        let mut signed = false;
        for _ in 0..additionals {
            let start = cursor.position();
            let record = skip_record(cursor)?;
            signed = record.rtype == RecordType::TSIG;
            if record.rtype == RecordType::OPT {
                if self.edns.is_some() || !record.owned_by_root(start) {
                    return Err(WireError::Rdata);
                }
                self.edns = Some(Edns::decode(record.class, record.ttl, record.rdata)?);
            }
        }
        if cursor.remaining() > 0 { Err(WireError::Trailing) } else { Ok(signed) }
    }
}

/// Where the name of the question ends; it cannot be compressed.
pub fn name_end(message: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        at += length + 1;
        if length > crate::name::MAX_LABEL || at - HEADER > MAX_NAME {
            return None;
        }
        if length == 0 {
            return Some(at);
        }
    }
}

struct RawRecord<'a> {
    name_end: usize,
    rtype: RecordType,
    class: u16,
    ttl: u32,
    rdata: &'a [u8],
}

impl RawRecord<'_> {
    /// RFC 6891 section 6.1.2; one octet that is not a pointer can only be the root.
    fn owned_by_root(&self, start: usize) -> bool {
        self.name_end == start + 1
    }
}

fn skip_record<'a>(cursor: &mut Cursor<'a>) -> Result<RawRecord<'a>, WireError> {
    cursor.skip_name()?;
    let name_end = cursor.position();
    let (rtype, class, ttl) = (RecordType(cursor.u16()?), cursor.u16()?, cursor.u32()?);
    let length = usize::from(cursor.u16()?);
    Ok(RawRecord { name_end, rtype, class, ttl, rdata: cursor.take(length)? })
}
