//! Edits as an operator would look at them: a text, a change, the text after it.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use bytes::Bytes;

use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;
use crate::zone::Zone;
use crate::zonefile::{Document, Files, Severity, parse, rdata_text};

pub struct Memory(pub HashMap<String, Bytes>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

pub fn apex() -> Name {
    "example.com".parse().unwrap()
}

/// `owner ttl type data`, names relative to the apex.
pub fn record(line: &str) -> Record {
    let mut words = line.splitn(4, ' ');
    let (owner, ttl) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
    let rtype: RecordType = words.next().unwrap().parse().unwrap();
    let owner = if owner == "@" { apex() } else { Name::parse(owner, &apex()).unwrap() };
    Record { owner, rtype, ttl, rdata: rdata_text::parse(rtype, words.next().unwrap(), &apex()).unwrap() }
}

pub fn open(files: &HashMap<String, Bytes>) -> (Zone, Document) {
    let parsed = parse("example.com", &apex(), &Memory(files.clone()));
    let errors: Vec<String> =
        parsed.diagnostics.iter().filter(|d| d.severity == Severity::Error).map(|d| d.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    (parsed.zone.unwrap(), parsed.document.unwrap())
}

pub fn sorted(zone: &Zone) -> Vec<Record> {
    let mut records: Vec<Record> = zone.records().collect();
    records.sort();
    records
}

/// The files after an edit, which must say what the zone says after the change.
fn edit_files(files: &[(&str, &str)], removed: &[&str], added: &[&str]) -> Vec<String> {
    let mut all: HashMap<String, Bytes> =
        files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::copy_from_slice(text.as_bytes()))).collect();
    let (zone, document) = open(&all);
    let records = |lines: &[&str]| lines.iter().map(|line| record(line)).collect();
    let difference = Difference { removed: records(removed), added: records(added) };
    let edited = document.edit(&zone, &difference).unwrap();
    for change in &edited.changes {
        let after = change.apply(&all[&change.path]);
        assert_eq!(edited.document.text(&change.path), Some(after.clone()));
        all.insert(change.path.clone(), after.into());
    }
    assert_eq!(sorted(&open(&all).0), sorted(&zone.apply(&difference).unwrap()));
    files.iter().map(|(path, _)| String::from_utf8(all[*path].to_vec()).unwrap()).collect()
}

fn edit(text: &str, removed: &[&str], added: &[&str]) -> String {
    edit_files(&[("example.com", text)], removed, added).remove(0)
}

/// Edits what stands behind an SOA and `$TTL 60`.
fn body(text: &str, removed: &[&str], added: &[&str]) -> String {
    const HEAD: &str = "$TTL 60\n@ SOA ns root 1 2 3 4 5\n";
    edit(&format!("{HEAD}{text}"), removed, added).strip_prefix(HEAD).unwrap().to_owned()
}

#[test]
fn the_serial_changes_its_digits_only() {
    let text =
        "; zone\n$TTL 1h\n@  IN SOA  ns root (\n\t\t2024010100 ; serial\n\t\t1h ; refresh\n\t\t15m 1w 60 )\n\n; end";
    let after = edit(
        text,
        &["@ 3600 SOA ns root 2024010100 3600 900 604800 60"],
        &["@ 3600 SOA ns root 2024010101 3600 900 604800 60"],
    );
    assert_eq!(after, text.replace("2024010100", "2024010101"));
    let after = edit(
        text,
        &["@ 3600 SOA ns root 2024010100 3600 900 604800 60"],
        &["@ 3600 SOA ns hostmaster 2024010101 3600 900 604800 90"],
    );
    assert_eq!(after, text.replace("2024010100", "2024010101").replace("root", "hostmaster").replace("60", "90"));
}

#[test]
fn a_line_goes_with_its_comment() {
    let text = "a A 192.0.2.1 ; one\n; a comment of its own\n\nb A 192.0.2.2\n";
    assert_eq!(body(text, &["a 60 A 192.0.2.1"], &[]), "; a comment of its own\n\nb A 192.0.2.2\n");
}

#[test]
fn an_implied_owner_is_written() {
    let text = "a A 192.0.2.1\n        A 192.0.2.2\n\tTXT x\nb A 192.0.2.2\n";
    assert_eq!(body(text, &["a 60 A 192.0.2.1"], &[]), "a       A 192.0.2.2\n\tTXT x\nb A 192.0.2.2\n");
    assert_eq!(body(text, &["a 60 A 192.0.2.1", "a 60 A 192.0.2.2"], &[]), "a\tTXT x\nb A 192.0.2.2\n");
}

#[test]
fn an_entry_of_several_lines_goes_whole() {
    let text = "a TXT ( \"x\" ; first\n \"y\" ) ; second\nb A 192.0.2.2\n";
    assert_eq!(body(text, &["a 60 TXT \"x\" \"y\""], &[]), "b A 192.0.2.2\n");
}

#[test]
fn new_data_takes_the_place_of_old() {
    let text = "a  5 IN  MX  10 ( mail ) ; here\n";
    assert_eq!(body(text, &["a 5 MX 10 mail"], &["a 5 MX 20 mail"]), "a  5 IN  MX  20 ( mail ) ; here\n");
    assert_eq!(body("a TXT ( x ; y\n z )\n", &["a 60 TXT x z"], &["a 60 TXT q"]), "a TXT ( \"q\" )\n");
    assert_eq!(body("a TXT x ( ; y\n z )\n", &["a 60 TXT x z"], &["a 60 TXT q"]), "a TXT \"q\"\n");
    assert_eq!(body("a NSEC b TXT A\n", &["a 60 NSEC b A TXT"], &["a 60 NSEC b A MX"]), "a NSEC b A MX\n");
    assert_eq!(body("a A \\# 4 c0000201\n", &["a 60 A 192.0.2.1"], &["a 60 A 192.0.2.2"]), "a A 192.0.2.2\n");
}

#[test]
fn a_ttl_is_edited_or_written() {
    assert_eq!(body("a 1h A 192.0.2.1 ; x\n", &["a 3600 A 192.0.2.1"], &["a 5 A 192.0.2.1"]), "a 5 A 192.0.2.1 ; x\n");
    assert_eq!(body("a\tIN\tA\t192.0.2.1\n", &["a 60 A 192.0.2.1"], &["a 5 A 192.0.2.1"]), "a\t5\tIN\tA\t192.0.2.1\n");
    // One TTL of an RRset counts, and the first record gives it.
    assert_eq!(body("a 5 A 192.0.2.1\na 6 A 192.0.2.2\n", &["a 5 A 192.0.2.1"], &[]), "a 5 A 192.0.2.2\n");
}

#[test]
fn an_implied_ttl_is_kept() {
    let text = "@ SOA ns root 1 2 3 4 60\na 5 A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3\n";
    assert_eq!(edit(text, &["a 5 A 192.0.2.1"], &[]), "@ SOA ns root 1 2 3 4 60\nb 5 A 192.0.2.2\nc A 192.0.2.3\n");
    let after = "@ SOA ns root 1 2 3 4 60\na 5 A 192.0.2.1\na 7 TXT \"x\"\nb 5 A 192.0.2.2\nc A 192.0.2.3\n";
    assert_eq!(edit(text, &[], &["a 7 TXT x"]), after);
}

#[test]
fn a_new_record_joins_its_kind() {
    let text = "a A 192.0.2.1\n  MX 10 mail\nb\tIN\tA\t192.0.2.2 ; b\n\nc.example.com.     60 IN   A      192.0.2.3\n";
    let added = [
        "a 60 A 192.0.2.9",
        "b 60 A 192.0.2.8",
        "b 60 TXT x",
        "c 60 AAAA 2001:db8::1",
        "d.c 7 A 192.0.2.7",
        "new 60 A 192.0.2.6",
    ];
    assert_eq!(
        body(text, &[], &added),
        "a A 192.0.2.1\na A 192.0.2.9\n  MX 10 mail\nb\tIN\tA\t192.0.2.2 ; b\nb\tIN\tA\t192.0.2.8\nb\tIN\tTXT\t\"x\"\n\n\
         c.example.com.     60 IN   A      192.0.2.3\nc.example.com.        IN   AAAA   2001:db8::1\n\
         d.c.example.com.   7  IN   A      192.0.2.7\nnew.example.com.      IN   A      192.0.2.6\n"
    );
}

#[test]
fn a_new_record_without_an_owner_beside_others() {
    let text = "a\tNS\tns\n\tA\t192.0.2.1\nb A 192.0.2.2\n";
    assert_eq!(body(text, &[], &["a 60 A 192.0.2.9"]), "a\tNS\tns\n\tA\t192.0.2.1\n\tA\t192.0.2.9\nb A 192.0.2.2\n");
}

#[test]
fn line_ends_stay_what_they_are() {
    let text = "$TTL 60\r\n@ SOA ns root 1 2 3 4 5\r\na A 192.0.2.1";
    assert_eq!(edit(text, &[], &["b 60 A 192.0.2.2"]), format!("{text}\r\nb A 192.0.2.2\r\n"));
    assert_eq!(
        edit(text, &["a 60 A 192.0.2.1"], &["b 60 A 192.0.2.2"]),
        "$TTL 60\r\n@ SOA ns root 1 2 3 4 5\r\nb A 192.0.2.2\r\n"
    );
}

#[test]
fn a_row_of_generated_records_becomes_explicit() {
    let text = "$GENERATE 1-3 h$ A 192.0.2.$ ; hosts\nz A 192.0.2.9\n";
    assert_eq!(body(text, &["h2 60 A 192.0.2.2"], &[]), "h1 A 192.0.2.1\nh3 A 192.0.2.3\nz A 192.0.2.9\n");
    assert_eq!(
        body(text, &[], &["h2 60 TXT x"]),
        "$GENERATE 1-3 h$ A 192.0.2.$ ; hosts\nh2 TXT \"x\"\nz A 192.0.2.9\n"
    );
}

#[test]
fn records_of_an_included_file_change_there() {
    let main = "$TTL 60\n@ SOA ns root 1 2 3 4 5\na 7 A 192.0.2.1\n$INCLUDE more\nb A 192.0.2.2\n";
    let files = [("example.com", main), ("more", " TXT x\nc A 192.0.2.3\n")];
    assert_eq!(edit_files(&files, &[], &["c 60 A 192.0.2.4"])[1], " TXT x\nc A 192.0.2.3\nc A 192.0.2.4\n");
    // The first line of the included file took its owner from the including file.
    let after = edit_files(&files, &["a 7 A 192.0.2.1"], &[]);
    assert_eq!(after, [main.replace("a 7 A 192.0.2.1\n", ""), "a TXT x\nc A 192.0.2.3\n".to_owned()]);
}

#[test]
fn origins_in_force_are_respected() {
    let text = "a A 192.0.2.1\n$ORIGIN sub.example.com.\nb A 192.0.2.2\n";
    let after = body(text, &[], &["x.b.sub 60 A 192.0.2.3", "y 60 A 192.0.2.4"]);
    assert_eq!(
        after,
        "a A 192.0.2.1\n$ORIGIN sub.example.com.\nb A 192.0.2.2\nx.b A 192.0.2.3\ny.example.com. A 192.0.2.4\n"
    );
}

#[test]
fn a_name_in_another_case_is_replaced() {
    assert_eq!(body("a NS B\n", &["a 60 NS B"], &["a 60 NS b"]), "a NS b\n");
}

#[test]
fn changes_that_the_zone_or_the_text_cannot_take() {
    let files = HashMap::from([(
        "example.com".to_owned(),
        Bytes::from_static(b"$TTL 60\n@ SOA ns root 1 2 3 4 5\na A 192.0.2.1\n"),
    )]);
    let (zone, document) = open(&files);
    let difference = Difference { removed: vec![record("b 60 A 192.0.2.1")], added: vec![] };
    let message = document.edit(&zone, &difference).unwrap_err().to_string();
    assert!(message.starts_with("the zone cannot be changed so: b.example.com. A"), "{message}");
    let added = Difference { removed: vec![], added: vec![record("b 60 A 192.0.2.1")] };
    let other = zone.apply(&added).unwrap();
    let message = document.edit(&other, &difference).unwrap_err().to_string();
    assert_eq!(message, "the zone file does not hold the records b.example.com. A that the zone has");
}

#[test]
fn a_file_that_is_relative_to_the_root() {
    let text = "example.com SOA ns.example.com root.example.com 1 2 3 4 60\nexample.com NS ns.example.com\nns.example.com A 192.0.2.1\n";
    let after = edit(text, &["ns 60 A 192.0.2.1"], &["ns 60 A 192.0.2.2", "ns 60 TXT x", "www 60 A 192.0.2.3"]);
    let expected = "example.com SOA ns.example.com root.example.com 1 2 3 4 60\nexample.com NS ns.example.com\n\
                    ns.example.com A 192.0.2.2\nns.example.com TXT \"x\"\nwww.example.com. A 192.0.2.3\n";
    assert_eq!(after, expected);
}
