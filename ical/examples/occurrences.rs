//! Prints when the calendars of a folder take place: `occurrences FOLDER FROM TO ZONE`.
//!
//! FROM and TO are UTC (`20260301T000000Z`), ZONE is that of floating times. For each file its name, then a line for each occurrence that
//! starts in the range: its start and end in UTC. What cannot be read is said behind a `!`.

// An example talks to the person at the terminal.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use bytes::Bytes;
use ical::{CalendarObject, Zone, Zones};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, from, to, zone] = arguments.as_slice() else { panic!("usage: occurrences FOLDER FROM TO ZONE") };
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let zones = Zones::new();
    let floating = Zone::named(zone).expect("a zone");
    let range = seconds(from)..seconds(to);
    for file in files {
        println!("{}", file.file_name().expect("a file").display());
        for line in occurrences(&file, &zones, &floating, &range) {
            println!("{line}");
        }
    }
}

fn occurrences(file: &Path, zones: &Zones, floating: &Zone, range: &std::ops::Range<i64>) -> Vec<String> {
    let object = match CalendarObject::parse(Bytes::from(std::fs::read(file).expect("a file")), zones) {
        Ok(object) => object,
        Err(fault) => return vec![format!("! {fault}")],
    };
    match object.occurrences(range, floating, 100_000) {
        Ok(found) => {
            let inside = found.iter().filter(|one| one.start >= range.start);
            inside.map(|one| format!("{} {}", utc(one.start), utc(one.end))).collect()
        }
        Err(error) => vec![format!("! {error}")],
    }
}

/// Reads a time in the way that iCalendar writes it.
fn seconds(text: &str) -> i64 {
    let format = "%Y%m%dT%H%M%SZ";
    let time = jiff::civil::DateTime::strptime(format, text).expect("a time");
    time.to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp().as_second()
}

fn utc(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).expect("a time");
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}
