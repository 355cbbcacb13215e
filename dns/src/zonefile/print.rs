//! A whole zone file, for zones that no file was written for.
//!
//! MirageOS's primary reads it too, as far as it knows the types: `$ORIGIN`, `$TTL`, then one record a line, class left
//! out.

use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::zone::{Node, Rrset, Zone};

use super::entry::MAX_TTL;
use super::rdata_text;

/// Owners that are longer push their line's columns to the right.
const WIDEST_OWNER: usize = 40;

/// Prints a zone: the apex first, then names in canonical order (RFC 4034 section 6.1).
pub fn print(zone: &Zone) -> String {
    let apex = zone.apex();
    let default_ttl = zone.soa().minimum.min(MAX_TTL);
    let mut nodes: Vec<(Vec<u8>, Node<'_>)> = zone.nodes().map(|node| (canonical_key(&node.name()), node)).collect();
    nodes.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let owners = nodes.iter().map(|(_, node)| node.name().relative_to(apex).len());
    let width = owners.filter(|length| *length <= WIDEST_OWNER).max().unwrap_or(0);
    let mut text = format!("$ORIGIN {apex}\n$TTL {default_ttl}\n");
    for (_, node) in nodes {
        let name = node.name();
        let owner = name.relative_to(apex);
        let mut rrsets: Vec<Rrset<'_>> = node.rrsets().collect();
        rrsets.sort_by_key(|rrset| (rrset.rtype() != RecordType::SOA, rrset.rtype() != RecordType::NS));
        for record in rrsets.iter().flat_map(|rrset| rrset.records(&name)) {
            print_record(&record, &owner, width, default_ttl, apex, &mut text);
        }
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

/// Octets that sort as the names do: labels from the root in lower case, each with an end that is less than any octet.
fn canonical_key(name: &Name) -> Vec<u8> {
    let labels: Vec<&[u8]> = name.labels().collect();
    let mut key = Vec::with_capacity(name.as_octets().len());
    for label in labels.into_iter().rev() {
        for octet in label.to_ascii_lowercase() {
            match octet {
                0 | 1 => key.extend([1, octet]),
                other => key.push(other),
            }
        }
        key.push(0);
    }
    key
}

fn print_record(record: &Record, owner: &str, width: usize, default_ttl: u32, origin: &Name, text: &mut String) {
    let ttl = if record.ttl == default_ttl { String::new() } else { record.ttl.to_string() };
    let data = rdata_text::print(record.rtype, &record.rdata, origin);
    text.push_str(&format!("{owner:width$} {ttl:6} {:7} {data}\n", record.rtype_text()));
}
