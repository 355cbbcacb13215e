//! Zones and records from lines, for tests: `owner TTL TYPE data`, names relative to the apex. Only some field kinds.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::name::Name;
use crate::rdata::{self, Field, Rdata};
use crate::record::Record;
use crate::record_type::RecordType;
use crate::zone::Zone;

pub fn name(text: &str, origin: &Name) -> Name {
    if text == "@" { origin.clone() } else { Name::parse(text, origin).unwrap() }
}

/// A zone from lines; empty ones do not count.
pub fn zone(apex: &str, lines: &str) -> Zone {
    let apex: Name = apex.parse().unwrap();
    let mut builder = Zone::builder(apex.clone());
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        builder.add(record(line, &apex)).unwrap();
    }
    builder.finish().zone.expect("a zone without fatal problems")
}

pub fn record(line: &str, origin: &Name) -> Record {
    let mut tokens = line.split_whitespace();
    let (owner, ttl, rtype) = (tokens.next().unwrap(), tokens.next().unwrap(), tokens.next().unwrap());
    let rtype: RecordType = rtype.parse().unwrap();
    let data: Vec<&str> = tokens.collect();
    Record { owner: name(owner, origin), rtype, ttl: ttl.parse().unwrap(), rdata: parse(rtype, &data, origin) }
}

pub fn parse(rtype: RecordType, data: &[&str], origin: &Name) -> Rdata {
    let fields = rdata::layout(rtype).unwrap_or(&[Field::Hex]);
    let octets: Vec<u8> =
        fields.iter().zip(data).flat_map(|(field, token)| parse_field(*field, token, origin)).collect();
    Rdata::from_octets(rtype, &octets).unwrap()
}

fn parse_field(field: Field, token: &str, origin: &Name) -> Vec<u8> {
    match field {
        Field::CompressibleName | Field::Name | Field::ExactName => name(token, origin).as_octets().to_vec(),
        Field::Ipv4 => token.parse::<Ipv4Addr>().unwrap().octets().to_vec(),
        Field::Ipv6 => token.parse::<Ipv6Addr>().unwrap().octets().to_vec(),
        Field::U8 => vec![token.parse().unwrap()],
        Field::U16 => token.parse::<u16>().unwrap().to_be_bytes().to_vec(),
        Field::U32 | Field::Duration => token.parse::<u32>().unwrap().to_be_bytes().to_vec(),
        Field::Texts => [&[token.len() as u8], token.as_bytes()].concat(),
        Field::Hex => token.as_bytes().chunks(2).map(hex_octet).collect(),
        other => panic!("test zones have no {other:?}"),
    }
}

fn hex_octet(digits: &[u8]) -> u8 {
    u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
}

/// The line that gives `record`.
pub fn print(record: &Record, origin: &Name) -> String {
    let Record { owner, rtype, ttl, rdata } = record;
    let data: Vec<String> =
        rdata::parts(*rtype, rdata.as_octets()).map(|part| print_field(part.field, part.octets, origin)).collect();
    format!("{} {ttl} {rtype} {}", owner.relative_to(origin), data.join(" "))
}

fn print_field(field: Field, octets: &[u8], origin: &Name) -> String {
    let number = || octets.iter().fold(0u32, |number, octet| number << 8 | u32::from(*octet)).to_string();
    match field {
        field if field.is_name() => Name::from_octets(octets).unwrap().relative_to(origin),
        Field::Ipv4 => Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()).to_string(),
        Field::Ipv6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).to_string(),
        Field::Texts => String::from_utf8_lossy(&octets[1..]).into_owned(),
        Field::Hex => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        _ => number(),
    }
}
