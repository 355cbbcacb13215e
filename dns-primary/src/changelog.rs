//! The message of a commit: what an update changed, in the words of a zone file, and who asked for it.

use std::net::IpAddr;

use dns::update::ZoneChange;
use dns::zonefile::rdata_text;
use dns::{Name, Record, RecordType};

/// Lines of a message's body that name records; what is beyond is counted.
const MOST_LINES: usize = 40;
/// Characters of a line.
const MOST_CHARACTERS: usize = 120;

/// The message for `changes` that the holder of `key` asked for from `peer`.
pub fn message(changes: &[ZoneChange], key: &Name, peer: IpAddr) -> String {
    let lines: Vec<String> = changes.iter().flat_map(lines).collect();
    let zones: Vec<String> = changes.iter().map(|change| without_dot(&change.apex)).collect();
    let subject = match lines.as_slice() {
        [one] => format!("{}: {one}", zones.join(", ")),
        many => format!("{}: {} records changed", zones.join(", "), many.len()),
    };
    let mut message = shortened(&subject);
    message.push_str("\n\n");
    if lines.len() > 1 {
        lines.iter().take(MOST_LINES).for_each(|line| message.push_str(&format!("{}\n", shortened(line))));
        if lines.len() > MOST_LINES {
            message.push_str(&format!("and {} more\n", lines.len() - MOST_LINES));
        }
        message.push('\n');
    }
    message.push_str(&format!("Changed by {} from {peer}\n", without_dot(key)));
    message
}

/// The message for advancing the serials of zones.
pub fn serials(changes: &[ZoneChange]) -> String {
    let zones: Vec<String> = changes.iter().map(|change| without_dot(&change.apex)).collect();
    match zones.as_slice() {
        [one] => format!("{one}: advance the serial\n"),
        many => format!("Advance the serials of {} zones\n\n{}\n", many.len(), many.join("\n")),
    }
}

/// The message for a change of the catalog.
pub fn catalog(change: &ZoneChange) -> String {
    let members = |records: &[Record]| -> Vec<String> {
        let members = records.iter().filter(|record| record.rtype == RecordType::PTR);
        members.flat_map(|record| record.rdata.names(RecordType::PTR)).map(|name| without_dot(&name)).collect()
    };
    let (removed, added) = (members(&change.difference.removed), members(&change.difference.added));
    let named = |verb: &str, zones: &[String]| match zones {
        [] => None,
        [one] => Some(format!("{verb} {one}")),
        many => Some(format!("{verb} {} zones", many.len())),
    };
    let what: Vec<String> = [named("remove", &removed), named("add", &added)].into_iter().flatten().collect();
    let what = if what.is_empty() { "begin".to_owned() } else { what.join("; ") };
    format!("{}\n", shortened(&format!("{}: {what}", without_dot(&change.apex))))
}

/// A line for each record but for the SOA, whose serial changes with everything; `change` is removal and addition at
/// once.
fn lines(change: &ZoneChange) -> Vec<String> {
    let difference = &change.difference;
    let soa_only = difference.removed.iter().chain(&difference.added).all(|record| record.rtype == RecordType::SOA);
    let shown = |record: &&Record| soa_only || record.rtype != RecordType::SOA;
    let removed = difference.removed.iter().filter(shown).map(|record| line("remove", record, &change.apex));
    let added = difference.added.iter().filter(shown).map(|record| line("add", record, &change.apex));
    let (removed, added): (Vec<String>, Vec<String>) = (removed.collect(), added.collect());
    match (removed.as_slice(), added.as_slice()) {
        ([old], [new]) => vec![changed(old, new)],
        _ => [removed, added].concat(),
    }
}

fn changed(old: &str, new: &str) -> String {
    format!("{}; {new}", old.trim_end())
}

fn line(verb: &str, record: &Record, apex: &Name) -> String {
    let data = rdata_text::print(record.rtype, &record.rdata, apex);
    format!("{verb} {} {} {data}", record.owner.relative_to(apex), record.rtype)
}

fn without_dot(name: &Name) -> String {
    let text = name.to_string();
    if name.is_root() { text } else { text.trim_end_matches('.').to_owned() }
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= MOST_CHARACTERS {
        return line.to_owned();
    }
    line.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}
