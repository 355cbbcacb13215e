//! What a requester is told beside its request: a TXT record at the same name.
//!
//! Two strings. The first is for machines, and for ourselves after a restart: how often it failed, when it is tried
//! again, and which proofs may still lie in DNS. The second is for people.

use dns::{Name, Rdata, RecordType};
use platform::clock;

/// How our records start; others at the name are not ours.
const MARK: &str = "certificate:";
/// Octets of one string of a TXT record.
const STRING: usize = 255;

/// How it stands with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Failures in a row.
    pub failures: u32,
    /// Seconds since 1970 when it is tried again; none when the request must change first, or while it is worked on.
    pub next: Option<u64>,
    /// Which request it is about, by [`crate::request::Identity::short`].
    pub request: Option<u32>,
    /// Challenge values of an order that is under way, with the owner names they lie at.
    pub proofs: Vec<(Name, String)>,
    /// What to say to people.
    pub words: String,
}

impl Status {
    /// The record's data.
    pub fn rdata(&self) -> Rdata {
        let mut facts = format!("{MARK} failures={}", self.failures);
        if let Some(next) = self.next {
            facts += &format!(" next={}", clock::rfc3339(next));
        }
        if let Some(request) = self.request {
            facts += &format!(" request={request:08x}");
        }
        let mut strings = vec![facts];
        // Never cut in two: half a proof cannot be found again.
        strings.extend(self.proofs.iter().map(|(name, value)| format!("proof={name} {value}")));
        strings.push(self.words.clone());
        let mut octets = vec![];
        for string in &strings {
            let string = &string.as_bytes()[..string.floor_char_boundary(STRING)];
            octets.push(string.len() as u8);
            octets.extend_from_slice(string);
        }
        Rdata::from_octets(RecordType::TXT, &octets).expect("strings of up to 255 octets are TXT data")
    }

    /// Reads our own record; none for somebody else's.
    pub fn read(rdata: &[u8]) -> Option<Status> {
        let strings = strings(rdata)?;
        let facts = strings.first()?.strip_prefix(MARK)?;
        let mut status = Status { words: strings.last()?.clone(), ..Status::default() };
        for fact in facts.split_whitespace() {
            match fact.split_once('=')? {
                ("failures", number) => status.failures = number.parse().ok()?,
                ("next", time) => status.next = Some(parse_time(time)?),
                ("request", short) => status.request = Some(u32::from_str_radix(short, 16).ok()?),
                _ => (),
            }
        }
        for string in &strings[1..] {
            if let Some((name, value)) = string.strip_prefix("proof=").and_then(|proof| proof.split_once(' ')) {
                status.proofs.push((name.parse().ok()?, value.to_owned()));
            }
        }
        Some(status)
    }
}

/// The strings of TXT data.
pub fn strings(mut rdata: &[u8]) -> Option<Vec<String>> {
    let mut strings = vec![];
    while let Some((length, rest)) = rdata.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(*length))?;
        strings.push(String::from_utf8_lossy(string).into_owned());
        rdata = rest;
    }
    Some(strings)
}

/// `YYYY-MM-DDTHH:MM:SSZ`, as we write it.
fn parse_time(text: &str) -> Option<u64> {
    let format = &time::format_description::well_known::Rfc3339;
    u64::try_from(time::OffsetDateTime::parse(text, format).ok()?.unix_timestamp()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let proofs = vec![("_acme-challenge.example.com".parse().unwrap(), "Zm9v".to_owned())];
        let words = "CAA of example.com forbids it; tried again at 2026-11-22T12:00:00Z".to_owned();
        for status in [
            Status {
                failures: 3,
                next: Some(1_795_348_800),
                request: Some(0xbeef),
                proofs: vec![],
                words: words.clone(),
            },
            Status { proofs, words, ..Status::default() },
        ] {
            assert_eq!(Status::read(status.rdata().as_octets()), Some(status));
        }
    }

    #[test]
    fn long_words_are_cut_and_foreign_records_left_alone() {
        let status = Status { words: "ü".repeat(200), ..Status::default() };
        let read = Status::read(status.rdata().as_octets()).unwrap();
        assert_eq!(read.words, "ü".repeat(127));
        for foreign in [&b"\x05hello"[..], b"", b"\x09too short"] {
            assert_eq!(Status::read(foreign), None);
        }
    }
}
