//! Zones and records as lines `owner TTL TYPE data`, names relative to the apex, for tests that change zones.

use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::testing;
use crate::zone::Zone;
use crate::zonefile::rdata_text;

/// A zone from lines; empty ones do not count.
pub fn zone(apex: &str, lines: &str) -> Zone {
    let apex: Name = apex.parse().unwrap();
    let mut builder = Zone::builder(apex.clone());
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        builder.add(record(line, &apex)).unwrap();
    }
    builder.finish().zone.expect("a zone without fatal problems")
}

/// A record from a line.
pub fn record(line: &str, origin: &Name) -> Record {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [owner, ttl, rtype, data @ ..] = words.as_slice() else { panic!("too few words: {line}") };
    let rtype: RecordType = rtype.parse().unwrap();
    Record { owner: testing::name(owner, origin), rtype, ttl: ttl.parse().unwrap(), rdata: parse(rtype, data, origin) }
}

/// RDATA from its words.
pub fn parse(rtype: RecordType, data: &[&str], origin: &Name) -> Rdata {
    rdata_text::parse(rtype, &data.join(" "), origin).unwrap()
}

/// The line that gives `record`.
pub fn print(record: &Record, origin: &Name) -> String {
    let Record { owner, rtype, ttl, rdata } = record;
    format!("{} {ttl} {rtype} {}", owner.relative_to(origin), rdata_text::print(*rtype, rdata, origin))
}
