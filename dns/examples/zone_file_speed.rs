//! How long a zone file of a million records takes to read, and a change of one record to write into it.
//!
//! `cargo run --release -p dns --example zone_file_speed [RECORDS]`

#![allow(clippy::print_stdout)]

use std::time::Instant;

use bytes::Bytes;
use dns::transfer::difference::Difference;
use dns::zonefile::{Document, Files, parse, parse_records, print};
use dns::{Name, Record, Zone};

struct One(Bytes);

impl Files for One {
    fn read(&self, _: &str) -> Result<Bytes, String> {
        Ok(self.0.clone())
    }
}

fn main() {
    let records = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let text = text(records);
    println!("{records} records, {:.1} MB", text.len() as f64 / 1e6);
    let (apex, files) = ("example.com".parse::<Name>().expect("a name"), One(text.into()));
    let read = timed("lex and parse, records dropped into a list", || parse_records("example.com", &apex, &files));
    drop(read);
    let parsed = timed("parse to a zone and a document", || parse("example.com", &apex, &files));
    let (zone, document) = parsed.zone.zip(parsed.document).expect("a zone");
    println!("document: {:.1} % beside its text", document.overhead() as f64 / files.0.len() as f64 * 100.0);
    edits(zone.clone(), document);
    timed("print", || print(&zone));
}

/// Changes of one record, each with a new serial: it goes, comes back, and another comes and goes.
fn edits(mut zone: Zone, mut document: Document) {
    const ROUNDS: usize = 50;
    let middle = zone.records().nth(zone.record_count() / 2).expect("a record");
    let new = Record { owner: "new.example.com".parse().expect("a name"), ..middle.clone() };
    let change = |removed: &[&Record], added: &[&Record]| Difference {
        removed: removed.iter().copied().cloned().collect(),
        added: added.iter().copied().cloned().collect(),
    };
    let changes = [change(&[&middle], &[]), change(&[], &[&middle]), change(&[], &[&new]), change(&[&new], &[])];
    let (mut spent, before) = (0.0, processor_seconds());
    for mut difference in std::iter::repeat_n(changes, ROUNDS).flatten() {
        let mut soa = zone.soa();
        soa.serial = soa.serial.next();
        difference.removed.push(zone.soa_record());
        difference.added.push(Record { rdata: soa.encode(), ..zone.soa_record() });
        let start = Instant::now();
        document = document.edit(&zone, &difference).expect("an edit").document;
        spent += start.elapsed().as_secs_f64();
        zone = zone.apply(&difference).expect("a change");
    }
    let average = |seconds: f64| seconds * 1e3 / (4 * ROUNDS) as f64;
    let processor = processor_seconds().zip(before).map_or(0.0, |(after, before)| average(after - before));
    println!(
        "{:9.2} ms  edit of one record and the serial, on average; on the processor with apply {processor:.2} ms",
        average(spent)
    );
}

fn text(records: usize) -> Vec<u8> {
    let mut text =
        String::from("$TTL 3600\n@ IN SOA ns hostmaster 1 7200 900 1209600 300\n@ IN NS ns\nns IN A 192.0.2.1\n");
    for number in 3..records {
        text.push_str(&format!(
            "host-{number:07} 3600 IN A 10.{}.{}.{}\n",
            number >> 16 & 255,
            number >> 8 & 255,
            number & 255
        ));
    }
    text.into_bytes()
}

/// Prints the time on a processor, which other programs do not lengthen, where the system tells it.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), processor_seconds());
    let value = work();
    let spent = processor_seconds().zip(before).map(|(after, before)| after - before);
    println!("{:9.2} ms  {what}", spent.unwrap_or(start.elapsed().as_secs_f64()) * 1e3);
    value
}

fn processor_seconds() -> Option<f64> {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(schedule.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
