//! The zones that are measured with, and queries for them: the same in every run.

use std::fmt::Write;

use e2e::random::Random;
use e2e::samples::{NOTIFY, ROOT, TRANSFER};

/// The key file of a repository: one key that may update every zone, the others of the samples.
pub fn keys() -> String {
    [ROOT, NOTIFY, TRANSFER].map(|key| key.record()).concat()
}

/// A zone of a hundred hosts.
pub fn small(apex: &str) -> String {
    let hosts: String = (0..100).map(|host| format!("h{host:03} A 192.0.2.{host}\n")).collect();
    let aliases: String = (0..10).map(|alias| format!("c{alias} CNAME h{alias:03}\n")).collect();
    format!("{}{hosts}{aliases}*.wild A 192.0.2.99\nsub NS ns.sub\nns.sub A 192.0.2.53\n", head(apex))
}

/// A zone of five records.
pub fn tiny(apex: &str) -> String {
    format!("{}www A 192.0.2.1\nmail A 192.0.2.2\n", head(apex))
}

/// A zone of `records` records, most of them addresses of random names, 34 octets a record.
pub fn large(apex: &str, records: usize) -> String {
    let mut random = Random::new(1);
    let mut text = head(apex);
    let mut left = records.saturating_sub(3);
    while left > 0 {
        let name = large_name(records - left, &mut random);
        let bits = random.bits() as u32;
        let [_, b, c, d] = bits.to_be_bytes();
        let _ = writeln!(text, "{name} IN A 10.{b}.{c}.{d}");
        left -= 1;
        if bits >> 24 < 100 && left > 0 {
            let _ = writeln!(text, "{name} IN AAAA 2001:db8:{:x}:{:x}::1", bits >> 16, bits & 0xffff);
            left -= 1;
        }
    }
    text
}

/// The same zone with its records in `files` included files.
pub fn split(text: &str, apex: &str, files: usize) -> Vec<(String, String)> {
    let cut = text.match_indices('\n').nth(4).map_or(text.len(), |(place, _)| place + 1);
    let lines: Vec<&str> = text[cut..].split_inclusive('\n').collect();
    let parts = lines.chunks(lines.len().div_ceil(files).max(1));
    let parts = parts.enumerate().map(|(number, part)| (format!("{apex}.d/{number:03}"), part.concat()));
    let parts: Vec<(String, String)> = parts.collect();
    let includes: String = parts.iter().map(|(name, _)| format!("$INCLUDE {name}\n")).collect();
    let whole = (apex.to_owned(), format!("{}{includes}", &text[..cut]));
    [whole].into_iter().chain(parts).collect()
}

/// What of the small zone is asked for.
pub fn small_queries(apex: &str) -> Vec<(String, u16)> {
    let mut random = Random::new(2);
    (0..10_000)
        .map(|_| {
            let host = random.below(100);
            let (name, kind) = random.weighted(&[
                (60, ("h", 1)),
                (10, ("h", 28)),
                (10, ("c", 1)),
                (10, ("missing", 1)),
                (5, ("x.wild", 1)),
                (5, ("www.sub", 1)),
            ]);
            match name {
                "h" => (format!("h{host:03}.{apex}"), kind),
                "c" => (format!("c{}.{apex}", host % 10), kind),
                _ => (format!("{name}.{apex}"), kind),
            }
        })
        .collect()
}

/// What of the large zone is asked for: names that are there, and 12 % that are not.
pub fn large_queries(apex: &str, text: &str) -> Vec<(String, u16)> {
    let mut random = Random::new(3);
    let names: Vec<&str> = text.lines().skip(5).filter_map(|line| line.split(' ').next()).collect();
    (0..200_000)
        .map(|_| match random.below(100) {
            0..12 => (format!("x{:x}.{apex}", random.bits()), 1),
            12..24 => (format!("{}.{apex}", random.pick(&names)), 28),
            _ => (format!("{}.{apex}", random.pick(&names)), 1),
        })
        .collect()
}

/// Name servers lie on loopback, so that no NOTIFY leaves the machine.
fn head(apex: &str) -> String {
    format!(
        "$ORIGIN {apex}.\n$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 300\n@ IN NS ns1\nns1 IN A 127.0.0.1\n"
    )
}

fn large_name(number: usize, random: &mut Random) -> String {
    format!("{:x}{:x}", random.bits() >> (24 + random.below(24)), number)
}
