//! What of a reply counts: the parts that the RFCs do not leave to taste.
//!
//! Left out: TTLs, order, the NS RRset beside a positive answer, additional records other than the glue that a referral
//! cannot do without (RFC 9471: of name servers inside the zone that is delegated), the contents of truncated replies,
//! the answers to ANY and RRSIG.

use std::collections::BTreeSet;
use std::fmt;

use e2e::records::{Record, Sections};
use e2e::wire::Reply;

use crate::question::{Question, type_name};

const NS: u16 = 2;
const SOA: u16 = 6;
const OPT: u16 = 41;
const RRSIG: u16 = 46;
const ADDRESSES: [u16; 2] = [1, 28];

/// A reply without what is a matter of taste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normal {
    rcode: u16,
    authoritative: bool,
    /// TC.
    pub truncated: bool,
    answer: BTreeSet<String>,
    authority: BTreeSet<String>,
    glue: BTreeSet<String>,
    /// The flags of the OPT record, if there is one.
    edns: Option<u16>,
}

impl Normal {
    /// Of a reply to `question`; `None` if it is no reply that can be read.
    pub fn of(question: &Question, reply: &Reply) -> Option<Normal> {
        let sections = reply.sections()?;
        let option = sections.additional.iter().find(|record| record.kind == OPT);
        let extended = option.map_or(0, |option| (option.ttl >> 24) as u16);
        let mut normal = Normal {
            rcode: extended << 4 | u16::from(reply.rcode()),
            authoritative: reply.is_authoritative(),
            truncated: reply.is_truncated(),
            answer: BTreeSet::new(),
            authority: BTreeSet::new(),
            glue: BTreeSet::new(),
            edns: option.map(|option| option.ttl as u16),
        };
        if question.is_free() {
            // Whether ANY follows an alias is part of that freedom, and with it the length of the answer and whose name
            // the RCODE is about.
            normal.truncated = false;
            normal.rcode = if sections.answer.is_empty() { normal.rcode } else { 0 };
            return Some(normal);
        }
        if !normal.truncated {
            normal.answer = sections.answer.iter().map(line).collect();
            normal.authority = authority(&sections);
            normal.glue = glue(&sections);
        }
        Some(normal)
    }
}

/// The authority section, without an NS RRset that stands beside a positive answer.
fn authority(sections: &Sections) -> BTreeSet<String> {
    let is_negative = sections.authority.iter().any(|record| record.kind == SOA);
    let is_extra = |record: &Record| {
        let covered = if record.kind == RRSIG { covered(record) } else { record.kind };
        covered == NS && !sections.answer.is_empty() && !is_negative && !is_alias_then_referral(sections)
    };
    sections.authority.iter().filter(|record| !is_extra(record)).map(line).collect()
}

/// The last record of the answer is an alias whose target lies below the NS RRset.
fn is_alias_then_referral(sections: &Sections) -> bool {
    let cuts: Vec<&String> = sections.authority.iter().filter(|ns| ns.kind == NS).map(|ns| &ns.owner).collect();
    let is_alias = |record: &Record| record.kind == 5;
    let owners: BTreeSet<&String> = sections.answer.iter().map(|record| &record.owner).collect();
    sections
        .answer
        .iter()
        .filter(|record| is_alias(record))
        .filter_map(Record::target)
        .any(|target| !owners.contains(&target) && cuts.iter().any(|cut| is_within(&target, cut)))
}

/// Addresses of the name servers of a referral that lie inside the delegated zone.
fn glue(sections: &Sections) -> BTreeSet<String> {
    let ns = || sections.authority.iter().filter(|record| record.kind == NS);
    let needed: BTreeSet<String> =
        ns().filter_map(|ns| ns.target().filter(|target| is_within(target, &ns.owner))).collect();
    let is_referral = sections.answer.is_empty() || is_alias_then_referral(sections);
    let is_glue = |record: &&Record| ADDRESSES.contains(&record.kind) && needed.contains(&record.owner);
    sections.additional.iter().filter(|_| is_referral).filter(is_glue).map(line).collect()
}

fn is_within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

fn covered(rrsig: &Record) -> u16 {
    u16::from_be_bytes([rrsig.rdata[0], rrsig.rdata[1]])
}

fn line(record: &Record) -> String {
    let Record { owner, kind, rdata, .. } = record;
    if *kind == RRSIG {
        // Signatures differ by what they cover; the octets of the rest say which of several it is.
        return format!("{owner} RRSIG({}) {:02x?}", type_name(covered(record)), &rdata[rdata.len() - 4..]);
    }
    match record.target() {
        Some(target) => format!("{owner} {} {target}", type_name(*kind)),
        None => format!("{owner} {} {}", type_name(*kind), octets(rdata)),
    }
}

fn octets(rdata: &[u8]) -> String {
    let shown: String = rdata.iter().map(|octet| format!("{octet:02x}")).collect();
    shown
}

impl fmt::Display for Normal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Normal { rcode, authoritative, truncated, edns, .. } = self;
        writeln!(formatter, "    rcode {rcode} aa {authoritative} tc {truncated} opt {edns:x?}")?;
        for (section, records) in [("answer", &self.answer), ("authority", &self.authority), ("glue", &self.glue)] {
            for record in records {
                let mut record = record.clone();
                record.truncate(110);
                writeln!(formatter, "    {section} {record}")?;
            }
        }
        Ok(())
    }
}
