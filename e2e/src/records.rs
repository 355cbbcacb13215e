//! The records of a reply, with names spelled out and in lower case, so that replies of different servers compare.

use crate::wire::Reply;

/// A record as text and octets that do not depend on how the message was put together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// With dots, without the last, in lower case.
    pub owner: String,
    /// The type's number.
    pub kind: u16,
    /// The class; of an OPT record the size of datagrams.
    pub class: u16,
    /// The TTL; of an OPT record the flags.
    pub ttl: u32,
    /// Names in it are in wire form, uncompressed and in lower case.
    pub rdata: Vec<u8>,
}

/// The records of the three sections after the question.
#[derive(Debug, Clone, Default)]
pub struct Sections {
    /// The answer section.
    pub answer: Vec<Record>,
    /// The authority section.
    pub authority: Vec<Record>,
    /// The additional section.
    pub additional: Vec<Record>,
}

impl Reply {
    /// Every record; `None` if the message cannot be read or has octets left over.
    pub fn sections(&self) -> Option<Sections> {
        let mut reader = Reader { octets: &self.0, at: 12 };
        let [question, answer, authority, additional] = self.counts();
        for _ in 0..question {
            reader.name()?;
            reader.take(4)?;
        }
        let mut section = |count: u16| (0..count).map(|_| reader.record()).collect::<Option<Vec<_>>>();
        let sections =
            Sections { answer: section(answer)?, authority: section(authority)?, additional: section(additional)? };
        (reader.at == self.0.len()).then_some(sections)
    }
}

impl Record {
    /// The name that the RDATA consists of or ends with (NS, CNAME, DNAME, PTR, MX, SRV).
    pub fn target(&self) -> Option<String> {
        let start = match self.kind {
            2 | 5 | 12 | 39 => 0,
            15 => 2,
            33 => 6,
            _ => return None,
        };
        text(self.rdata.get(start..)?)
    }
}

struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.octets.get(self.at..self.at + count)?;
        self.at += count;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn record(&mut self) -> Option<Record> {
        let owner = text(&self.name()?)?;
        let kind = self.number()?;
        let class = self.number()?;
        let ttl = u32::from_be_bytes(self.take(4)?.try_into().ok()?);
        let length = usize::from(self.number()?);
        let end = self.at + length;
        let rdata = self.rdata(kind, end)?;
        (self.at == end).then_some(Record { owner, kind, class, ttl, rdata })
    }

    fn rdata(&mut self, kind: u16, end: usize) -> Option<Vec<u8>> {
        // How many octets stand before the names, and how many names there are.
        let (before, names) = match kind {
            2 | 5 | 12 | 39 | 47 => (0, 1),
            6 => (0, 2),
            15 => (2, 1),
            33 => (6, 1),
            46 => (18, 1),
            _ => (0, 0),
        };
        let mut rdata = self.take(before)?.to_vec();
        for _ in 0..names {
            rdata.extend(self.name()?);
        }
        rdata.extend(self.take(end.checked_sub(self.at)?)?);
        Some(rdata)
    }

    /// A name in wire form, uncompressed, in lower case.
    fn name(&mut self) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        let mut at = self.at;
        let mut after = None;
        loop {
            let length = *self.octets.get(at)?;
            match length {
                0 => break,
                0xc0.. => {
                    after.get_or_insert(at + 2);
                    let target = usize::from(length & 0x3f) << 8 | usize::from(*self.octets.get(at + 1)?);
                    // A pointer that does not point back is an error, and could be a loop.
                    at = Some(target).filter(|target| *target < at)?;
                }
                _ => {
                    let label = self.octets.get(at..=at + usize::from(length))?;
                    name.extend(label.iter().map(u8::to_ascii_lowercase));
                    at += label.len();
                }
            }
        }
        self.at = after.unwrap_or(at + 1);
        name.push(0);
        (name.len() <= 255).then_some(name)
    }
}

/// A name in wire form as text.
fn text(mut name: &[u8]) -> Option<String> {
    let mut labels = Vec::new();
    loop {
        let (length, rest) = name.split_first()?;
        if *length == 0 {
            return Some(labels.join("."));
        }
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        labels.push(String::from_utf8_lossy(label).into_owned());
        name = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{kind, query};

    #[test]
    fn names_are_spelled_out_and_nothing_is_left_over() {
        let mut octets = query(1, "Www.Example.com", kind::A);
        octets[7] = 1;
        octets.extend(*b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01B\xc0\x10");
        let record = Record {
            owner: "www.example.com".to_owned(),
            kind: 5,
            class: 1,
            ttl: 60,
            rdata: b"\x01b\x07example\x03com\x00".to_vec(),
        };
        assert_eq!(record.target().as_deref(), Some("b.example.com"));
        assert_eq!(Reply(octets.clone()).sections().unwrap().answer, [record]);
        octets.push(0);
        assert!(Reply(octets).sections().is_none());
    }
}
