//! A whole zone (RFC 5936), or what changed in it (RFC 1995), as a stream of messages, made one after the other from
//! the snapshot as the connection takes them.
//!
//! The SOA comes first and last, every record between them once, glue included. Each message repeats the question
//! (MirageOS refuses others) and has names compressed; case is kept, since a secondary shall serve what the zone has.

use std::sync::Arc;

use crate::answer::{NamesInRdata, compressible};
use crate::message::{HEADER, Header, Rcode};
use crate::name_hash::{LabelStarts, NameHash};
use crate::record::Record;
use crate::record_type::{Class, RecordType};
use crate::transfer::journal::Step;
use crate::zone::Zone;
use crate::zone::walk::{Owned, Place};

/// A transfer on its way out: an iterator of messages.
pub struct Outgoing {
    header: Header,
    question: Vec<u8>,
    limit: usize,
    records: Source,
    names: Names,
}

/// What is sent.
enum Source {
    /// From the first SOA to the last.
    Zone {
        zone: Zone,
        stage: Stage,
    },
    /// The SOA alone: the asker has this version, or a newer one (RFC 1995 section 2).
    UpToDate {
        zone: Zone,
    },
    /// The steps of RFC 1995 section 4 between two copies of the newest SOA.
    Steps {
        zone: Zone,
        steps: Vec<Arc<Step>>,
        at: AtStep,
    },
    Done,
}

/// A place in the sequence: the opening SOA, then for each step its four parts, then the closing SOA.
#[derive(Clone, Copy, Default)]
struct AtStep {
    opened: bool,
    step: usize,
    part: Part,
    record: usize,
}

#[derive(Clone, Copy, Default)]
enum Part {
    #[default]
    OldSoa,
    Removed,
    NewSoa,
    Added,
}

enum Stage {
    FirstSoa,
    Records(Place),
    LastSoa,
}

impl Outgoing {
    /// All of `zone` to who asked with `request` for `rtype` (AXFR, or IXFR that no difference is at hand for), in
    /// messages of `limit` octets at most: 65,535 without the room for a TSIG. Not under 1,024, and then larger records
    /// get larger messages.
    pub fn zone(zone: &Zone, request: &Header, rtype: RecordType, limit: usize) -> Outgoing {
        let source = Source::Zone { zone: zone.clone(), stage: Stage::FirstSoa };
        Outgoing::new(zone, request, rtype, limit, source)
    }

    /// The answer to IXFR from an asker that has this version or a newer one: one message.
    pub fn up_to_date(zone: &Zone, request: &Header, limit: usize) -> Outgoing {
        Outgoing::new(zone, request, RecordType::IXFR, limit, Source::UpToDate { zone: zone.clone() })
    }

    /// What changed: the steps from the asker's version to `zone`, see [`Journal::answer`](super::Journal::answer).
    pub fn steps(zone: &Zone, request: &Header, steps: Vec<Arc<Step>>, limit: usize) -> Outgoing {
        let source = Source::Steps { zone: zone.clone(), steps, at: AtStep::default() };
        Outgoing::new(zone, request, RecordType::IXFR, limit, source)
    }

    /// The whole answer, if it is one message of `limit` octets at most: then it can be a datagram (RFC 1995 section
    /// 2).
    pub fn single(mut self, limit: usize) -> Option<Vec<u8>> {
        let message = self.next().filter(|message| message.len() <= limit)?;
        matches!(self.records, Source::Done).then_some(message)
    }

    fn new(zone: &Zone, request: &Header, rtype: RecordType, limit: usize, records: Source) -> Outgoing {
        let mut header = request.reply(Rcode::NOERROR);
        header.authoritative = true;
        let mut question = zone.apex().as_octets().to_vec();
        question.extend_from_slice(&rtype.0.to_be_bytes());
        question.extend_from_slice(&Class::IN.0.to_be_bytes());
        let limit = limit.clamp(1024, usize::from(u16::MAX));
        Outgoing { header, question, limit, records, names: Names::default() }
    }
}

impl Iterator for Outgoing {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut message = Writer::new(&self.header, &self.question, self.limit, &mut self.names);
        match std::mem::replace(&mut self.records, Source::Done) {
            Source::Done => return None,
            Source::UpToDate { zone } => {
                message.soa(&zone);
            }
            Source::Zone { zone, stage } => {
                if let Some(stage) = message.fill(&zone, stage) {
                    self.records = Source::Zone { zone, stage };
                }
            }
            Source::Steps { zone, steps, at } => {
                if let Some(at) = message.fill_steps(&zone, &steps, at) {
                    self.records = Source::Steps { zone, steps, at };
                }
            }
        }
        Some(message.finish())
    }
}

/// One message.
struct Writer<'a> {
    octets: Vec<u8>,
    limit: usize,
    count: u16,
    names: &'a mut Names,
}

impl<'a> Writer<'a> {
    fn new(header: &Header, question: &[u8], limit: usize, names: &'a mut Names) -> Writer<'a> {
        let mut octets = Vec::with_capacity(limit);
        octets.extend_from_slice(&header.encode());
        octets.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        octets.extend_from_slice(question);
        names.start_message();
        let starts = LabelStarts::new(question);
        let mut hash = NameHash::root();
        for label in (0..starts.count()).rev() {
            hash = hash.child(starts.label(question, label));
            names.add(hash, HEADER + starts.start(label));
        }
        Writer { octets, limit, count: 0, names }
    }

    fn finish(mut self) -> Vec<u8> {
        self.octets[6..8].copy_from_slice(&self.count.to_be_bytes());
        self.octets
    }

    /// Writes as much as fits; returns where to go on.
    fn fill(&mut self, zone: &Zone, mut stage: Stage) -> Option<Stage> {
        loop {
            stage = match stage {
                Stage::FirstSoa => {
                    self.soa(zone);
                    Stage::Records(Place::default())
                }
                Stage::Records(from) => match self.records(zone, from) {
                    Some(place) => return Some(Stage::Records(place)),
                    None => Stage::LastSoa,
                },
                Stage::LastSoa => return if self.soa(zone) { None } else { Some(Stage::LastSoa) },
            };
        }
    }

    /// As [`Writer::fill`], for steps.
    fn fill_steps(&mut self, zone: &Zone, steps: &[Arc<Step>], mut at: AtStep) -> Option<AtStep> {
        if !at.opened {
            at.opened = self.soa(zone);
        }
        while let Some(step) = steps.get(at.step) {
            let (records, next) = match at.part {
                Part::OldSoa => (std::slice::from_ref(&step.old_soa), (at.step, Part::Removed)),
                Part::Removed => (step.removed.as_slice(), (at.step, Part::NewSoa)),
                Part::NewSoa => (std::slice::from_ref(&step.new_soa), (at.step, Part::Added)),
                Part::Added => (step.added.as_slice(), (at.step + 1, Part::OldSoa)),
            };
            for record in &records[at.record..] {
                if !self.owned(zone, record) {
                    return Some(at);
                }
                at.record += 1;
            }
            at = AtStep { step: next.0, part: next.1, record: 0, ..at };
        }
        if self.soa(zone) { None } else { Some(at) }
    }

    /// Writes a record of a step; one that is not of the zone is left out.
    fn owned(&mut self, zone: &Zone, record: &Record) -> bool {
        let Some(below) = record.owner.as_octets().len().checked_sub(zone.apex().as_octets().len()) else {
            return true;
        };
        let labels = &record.owner.as_octets()[..below];
        self.record(zone, Owned { labels, rtype: record.rtype, ttl: record.ttl, rdata: record.rdata.as_octets() })
    }

    fn soa(&mut self, zone: &Zone) -> bool {
        self.record(zone, zone.soa_owned())
    }

    /// Writes all records but the SOA from a place on; returns the place of the first that does not fit.
    fn records(&mut self, zone: &Zone, from: Place) -> Option<Place> {
        zone.walk(from, |owned| owned.rtype == RecordType::SOA || self.record(zone, owned))
    }

    /// Writes a record when it fits, or when it is the first.
    fn record(&mut self, zone: &Zone, owned: Owned<'_>) -> bool {
        let start = self.octets.len();
        self.name(owned.labels, zone.apex().as_octets(), zone.apex_hash());
        let mut head = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        head[..2].copy_from_slice(&owned.rtype.0.to_be_bytes());
        head[4..8].copy_from_slice(&owned.ttl.to_be_bytes());
        head[8..].copy_from_slice(&(owned.rdata.len() as u16).to_be_bytes());
        self.octets.extend_from_slice(&head);
        let rdata_at = self.octets.len();
        match compressible(owned.rtype) {
            None => self.octets.extend_from_slice(owned.rdata),
            Some(names) => {
                self.names_in(owned.rdata, names);
                let length = (self.octets.len() - rdata_at) as u16;
                self.octets[rdata_at - 2..rdata_at].copy_from_slice(&length.to_be_bytes());
            }
        }
        let fits = self.octets.len() <= self.limit || self.count == 0;
        if fits {
            self.count += 1;
        } else {
            // What was noted behind this is of a message that ends here.
            self.octets.truncate(start);
        }
        fits
    }

    fn names_in(&mut self, rdata: &[u8], NamesInRdata { before, names }: NamesInRdata) {
        let (start, mut rest) = rdata.split_at(before);
        self.octets.extend_from_slice(start);
        for _ in 0..names {
            let (labels, after) = rest.split_at(LabelStarts::new(rest).end(rest));
            self.name(labels, &[0], NameHash::root());
            rest = &after[1..];
        }
        self.octets.extend_from_slice(rest);
    }

    /// Writes the name of `labels` in front of `end`, whose hash is `hash` and which stands in the message when it is
    /// not the root.
    fn name(&mut self, labels: &[u8], end: &[u8], mut hash: NameHash) {
        let starts = LabelStarts::new(labels);
        let mut written = starts.count();
        let mut pointer = if end.len() > 1 { Some(HEADER) } else { None };
        let mut hashes = [NameHash::root(); 128];
        for label in (0..starts.count()).rev() {
            hash = hash.child(starts.label(labels, label));
            hashes[label] = hash;
            let same = |at: &usize| self.stands_at(*at, &labels[starts.start(label)..], end);
            if written == label + 1
                && let Some(at) = self.names.find(hash).filter(same)
            {
                (written, pointer) = (label, Some(at));
            }
        }
        let place = self.octets.len();
        for (label, hash) in hashes[..written].iter().enumerate() {
            self.names.add(*hash, place + starts.start(label));
        }
        self.octets.extend_from_slice(&labels[..starts.start_or_end(written, labels)]);
        match pointer {
            Some(at) => self.octets.extend_from_slice(&(POINTER | at as u16).to_be_bytes()),
            None => self.octets.push(0),
        }
    }

    /// Whether the name that stands at `at` is this one, case included.
    fn stands_at(&self, mut at: usize, labels: &[u8], end: &[u8]) -> bool {
        let mut rest = [labels, end];
        loop {
            if rest[0].is_empty() {
                rest = [rest[1], &[]];
            }
            let length = usize::from(self.octets[at]);
            if length & 0xc0 == 0xc0 {
                at = (length & 0x3f) << 8 | usize::from(self.octets[at + 1]);
                continue;
            }
            if !rest[0].starts_with(&self.octets[at..=at + length]) {
                return false;
            }
            if length == 0 {
                return true;
            }
            rest[0] = &rest[0][length + 1..];
            at += length + 1;
        }
    }
}

const POINTER: u16 = 0xc000;
const MAX_POINTER: usize = 0x4000;
/// Entries of the table, a power of two; a message has about a thousand names where pointers reach.
const TABLE: usize = 2048;

/// Where names stand in the current message, by their hash; of two in one place the later counts.
struct Names {
    entries: Box<[Entry]>,
    message: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: NameHash,
    message: u32,
    at: u16,
}

impl Default for Names {
    fn default() -> Names {
        Names { entries: vec![Entry { hash: NameHash(0), message: 0, at: 0 }; TABLE].into(), message: 0 }
    }
}

impl Names {
    fn start_message(&mut self) {
        self.message += 1;
    }

    fn find(&self, hash: NameHash) -> Option<usize> {
        let entry = &self.entries[hash.0 as usize & (TABLE - 1)];
        (entry.hash == hash && entry.message == self.message).then_some(usize::from(entry.at))
    }

    fn add(&mut self, hash: NameHash, at: usize) {
        if at < MAX_POINTER {
            self.entries[hash.0 as usize & (TABLE - 1)] = Entry { hash, message: self.message, at: at as u16 };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::message::{Message, Opcode};
    use crate::testing::zone;

    fn records(messages: &[Vec<u8>], rtype: RecordType) -> Vec<Record> {
        let mut records = Vec::new();
        for octets in messages {
            hickory_proto::op::Message::from_vec(octets).unwrap();
            let message = Message::decode(octets).unwrap();
            assert!(message.header.authoritative && message.header.id == 7 && message.header.response);
            assert_eq!((message.questions.len(), message.questions[0].rtype), (1, rtype));
            let record = |record: crate::message::MessageRecord| Record {
                owner: record.owner,
                rtype: record.rtype,
                ttl: record.ttl,
                rdata: record.rdata.unwrap(),
            };
            records.extend(message.answers.into_iter().map(record));
        }
        records
    }

    fn request() -> Header {
        Header::request(7, Opcode::QUERY)
    }

    #[test]
    fn every_record_once_between_two_soas() {
        let many: String = (0..3000)
            .map(|n| {
                format!(
                    "N{n}.x 60 A 192.0.2.{}
N{n}.x 60 MX 1 n{n}.y
",
                    n % 256
                )
            })
            .collect();
        for (apex, lines) in [
            ("example", ""),
            (
                ".",
                "a.b 60 NS a.b
a.b 60 A 192.0.2.1",
            ),
            (
                "Example",
                "sub 60 NS ns.sub
ns.sub 60 A 192.0.2.1
*.a 60 CNAME Sub
b.*.a 60 TXT x",
            ),
            ("example", &many),
        ] {
            let zone = zone(apex, lines);
            for limit in [1024, 16_000, 65_535] {
                let messages: Vec<Vec<u8>> = Outgoing::zone(&zone, &request(), RecordType::AXFR, limit).collect();
                assert!(messages.iter().all(|message| message.len() <= limit));
                let mut sent = records(&messages, RecordType::AXFR);
                assert_eq!(sent.pop().unwrap(), zone.soa_record());
                assert_eq!(sent[0], zone.soa_record());
                assert_eq!(sent.len(), zone.record_count());
                let count = |records: Vec<Record>| {
                    let mut counts = BTreeMap::new();
                    // Case must not change on the way.
                    records.into_iter().for_each(|r| *counts.entry((r.owner.to_string(), r)).or_insert(0) += 1);
                    counts
                };
                assert_eq!(count(sent), count(zone.records().collect()));
            }
        }
    }

    #[test]
    fn names_are_compressed() {
        let lines: String = (0..1000)
            .map(|n| {
                format!(
                    "name{n} 60 NS name{n}.deep
"
                )
            })
            .collect();
        let zone = zone("a-rather-long-zone.example", &lines);
        let octets: usize = Outgoing::zone(&zone, &request(), RecordType::AXFR, 65_535).map(|m| m.len()).sum();
        assert!(octets < 1000 * (8 + 2 + 10 + 8 + 5 + 2) + 300, "{octets}");
    }

    #[test]
    fn who_is_up_to_date_gets_one_soa() {
        let zone = zone("example", "a 60 A 192.0.2.1");
        let messages: Vec<Vec<u8>> = Outgoing::up_to_date(&zone, &request(), 65_535).collect();
        assert_eq!(records(&messages, RecordType::IXFR), [zone.soa_record()]);
    }

    #[test]
    fn a_record_that_is_larger_than_the_limit() {
        let apex: crate::Name = "example".parse().unwrap();
        let mut builder = Zone::builder(apex.clone());
        builder.add(crate::testing::record("@ 60 SOA a b 1 1 1 1 1", &apex)).unwrap();
        for octet in 0..3 {
            let rdata = crate::Rdata::from_octets(RecordType(65280), &vec![octet; 60_000]).unwrap();
            builder.add(Record { owner: apex.clone(), rtype: RecordType(65280), ttl: 60, rdata }).unwrap();
        }
        let zone = builder.finish().zone.unwrap();
        let messages: Vec<Vec<u8>> = Outgoing::zone(&zone, &request(), RecordType::AXFR, 16_000).collect();
        assert_eq!(records(&messages, RecordType::AXFR).len(), 5);
        assert!(messages.iter().all(|message| message.len() <= 65_535));
    }
}
