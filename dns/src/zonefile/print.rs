//! A whole zone file, for zones that no file was written for.
//!
//! MirageOS's primary reads it too, as far as it knows the types: `$ORIGIN`, `$TTL`, then one record a line, class left out.

use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::zone::Zone;

use super::rdata_text;

/// Owners that are longer push their line's columns to the right.
const WIDEST_OWNER: usize = 40;

/// Prints a zone: the apex first, then names in canonical order (RFC 4034 section 6.1).
pub fn print(zone: &Zone) -> String {
    let apex = zone.apex();
    let default_ttl = zone.soa().minimum.min(super::entry::MAX_TTL);
    let mut records: Vec<Record> = zone.records().collect();
    let rank = |record: &Record| (record.rtype != RecordType::SOA, record.rtype != RecordType::NS, record.rtype);
    records.sort_by(|a, b| a.owner.cmp(&b.owner).then_with(|| rank(a).cmp(&rank(b))));
    let owners: Vec<String> = records.iter().map(|record| record.owner.relative_to(apex)).collect();
    let width = owners.iter().map(String::len).filter(|length| *length <= WIDEST_OWNER).max().unwrap_or(0);
    let mut text = format!("$ORIGIN {apex}\n$TTL {default_ttl}\n");
    for (record, owner) in records.iter().zip(&owners) {
        print_record(record, owner, width, default_ttl, apex, &mut text);
    }
    let glue = zone.outside_glue();
    if !glue.is_empty() {
        text.push('\n');
    }
    for record in glue {
        print_record(record, &record.owner.to_string(), width, default_ttl, apex, &mut text);
    }
    text
}

fn print_record(record: &Record, owner: &str, width: usize, default_ttl: u32, origin: &Name, text: &mut String) {
    let ttl = if record.ttl == default_ttl { String::new() } else { record.ttl.to_string() };
    let data = rdata_text::print(record.rtype, &record.rdata, origin);
    text.push_str(&format!("{owner:width$} {ttl:6} {:7} {data}\n", record.rtype_text()));
}
