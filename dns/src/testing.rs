//! Zones from a few words, for tests: lines of `owner ttl type rdata`, names relative to the apex, `@` for the apex.

use crate::name::Name;
use crate::rdata::Rdata;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::zone::{Finished, Zone};

/// A name, relative to `origin`.
pub fn name(text: &str, origin: &Name) -> Name {
    if text == "@" { origin.clone() } else { Name::parse(text, origin).unwrap() }
}

/// A record from a line.
pub fn record(line: &str, origin: &Name) -> Record {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [owner, ttl, rtype, rdata @ ..] = words.as_slice() else { panic!("too few words: {line}") };
    let rtype: RecordType = rtype.parse().unwrap();
    let mut octets = Vec::new();
    for (place, word) in rdata.iter().enumerate() {
        octets.extend(field(rtype, place, word, origin));
    }
    let rdata = Rdata::from_octets(rtype, &octets).unwrap_or_else(|error| panic!("{line}: {error}"));
    Record { owner: name(owner, origin), rtype, ttl: ttl.parse().unwrap(), rdata }
}

fn field(rtype: RecordType, place: usize, word: &str, origin: &Name) -> Vec<u8> {
    let number16 = || word.parse::<u16>().unwrap().to_be_bytes().to_vec();
    let target = || name(word, origin).as_octets().to_vec();
    match rtype {
        RecordType::A => word.parse::<std::net::Ipv4Addr>().unwrap().octets().to_vec(),
        RecordType::AAAA => word.parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec(),
        RecordType::NS | RecordType::CNAME | RecordType::DNAME | RecordType::PTR => target(),
        RecordType::MX if place == 0 => number16(),
        RecordType::SRV if place < 3 => number16(),
        RecordType::MX | RecordType::SRV => target(),
        RecordType::SOA if place < 2 => target(),
        RecordType::SOA => word.parse::<u32>().unwrap().to_be_bytes().to_vec(),
        RecordType::TXT => [&[word.len() as u8], word.as_bytes()].concat(),
        RecordType::DS => vec![0, 1, 8, 2, 0xab],
        other => panic!("the tests' zones have no {other}"),
    }
}

/// A zone from lines; an SOA and an NS are put at the apex when the lines do not begin with an SOA.
pub fn finished(apex: &str, lines: &str) -> Finished {
    let apex: Name = apex.parse().unwrap();
    let mut builder = Zone::builder(apex.clone());
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if !lines.iter().any(|line| line.contains(" SOA ")) {
        builder.add(record("@ 3600 SOA ns.elsewhere.test. root.elsewhere.test. 1 7200 900 86400 300", &apex)).unwrap();
        builder.add(record("@ 3600 NS ns.elsewhere.test.", &apex)).unwrap();
    }
    for line in lines {
        let _ = builder.add(record(line, &apex));
    }
    builder.finish()
}

/// As [`finished`], without fatal problems.
pub fn zone(apex: &str, lines: &str) -> Zone {
    let finished = finished(apex, lines);
    finished.zone.unwrap_or_else(|| panic!("{:?}", finished.problems))
}
