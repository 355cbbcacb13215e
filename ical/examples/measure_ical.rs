//! Measures what a calendar server asks most: nanoseconds to parse an object, to find its occurrences in a week, to test a filter;
//! octets that an object in memory takes.
//!
//! `cargo run --release -p ical --example measure_ical [ROUNDS]`.

// An example talks to the person at the terminal.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use bytes::Bytes;
use ical::filter::{Collation, CompFilter, CompTest, Filter, PropFilter, PropTest, TextMatch, ValueTest, matches};
use ical::select::{RecurrenceSelection, Selection, render};
use ical::{CalendarObject, Zone, Zones};

const SINGLE: &str = "DTSTART;TZID=Europe/Berlin:20260304T123000\r\nDTEND;TZID=Europe/Berlin:20260304T133000\r\n";
const WEEKLY: &str = "DTSTART;TZID=Europe/Berlin:20160104T123000\r\nDTEND;TZID=Europe/Berlin:20160104T133000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n";
const COUNTED: &str = "DTSTART;TZID=Europe/Berlin:20160104T123000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=4000\r\n";
const MONTHLY: &str = "DTSTART;VALUE=DATE:20160104\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\r\n";
const YEARLY: &str = "DTSTART;VALUE=DATE:19700304\r\nRRULE:FREQ=YEARLY\r\n";
/// 2026-03-02 to 2026-03-09.
const WEEK: Range<i64> = 1_772_409_600..1_773_014_400;

fn main() {
    let rounds = std::env::args().nth(1).map_or(100_000, |rounds| rounds.parse().expect("a number"));
    let zones = Zones::new();
    let berlin = Zone::named("Europe/Berlin").expect("a zone");
    for (name, when) in
        [("single", SINGLE), ("weekly", WEEKLY), ("counted", COUNTED), ("monthly", MONTHLY), ("yearly", YEARLY)]
    {
        let text = text(when, "");
        let object = CalendarObject::parse(text.clone(), &zones).expect("an event");
        let parse = timed(rounds / 10, || CalendarObject::parse(text.clone(), &zones).is_ok());
        let found = timed(rounds, || object.occurrences(&WEEK, &berlin, 1000).is_ok());
        let in_week = Filter::of_component(CompFilter::in_range("VEVENT", WEEK));
        let filter = timed(rounds, || matches(&object, &in_week, &berlin));
        let expand = Selection { recurrences: Some(RecurrenceSelection::Expand(WEEK)), ..Selection::default() };
        let expand = timed(rounds / 10, || render(&object, &expand, &berlin).is_ok());
        let (octets, own) = (text.len(), object.overhead());
        println!(
            "{name:8} parse {parse} ns, week {found} ns, filter {filter} ns, expand {expand} ns; {octets} octets, {own} of our own"
        );
    }
    measure_zone(rounds, &zones);
    measure_text(rounds, &zones, &berlin);
}

/// With the zone described in the file, as most clients do.
fn measure_zone(rounds: u32, zones: &Zones) {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
        DTSTART:19810329T020000\r\nTZNAME:MESZ\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\n\
        RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nDTSTART:19961027T030000\r\nTZNAME:MEZ\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
    let described = text(WEEKLY, zone);
    let object = CalendarObject::parse(described.clone(), zones).expect("an event");
    let known = timed(rounds / 10, || CalendarObject::parse(described.clone(), zones).is_ok());
    let new = timed(rounds / 100, || CalendarObject::parse(described.clone(), &Zones::new()).is_ok());
    let found = timed(rounds, || object.occurrences(&WEEK, &Zone::utc(), 1000).is_ok());
    println!("VTIMEZONE parse {known} ns, {new} ns when it is new, week {found} ns; {} octets", described.len());
}

fn measure_text(rounds: u32, zones: &Zones, berlin: &Zone) {
    let object = CalendarObject::parse(text(WEEKLY, ""), zones).expect("an event");
    let value = Some(ValueTest::Text(TextMatch::new("nowhere", Collation::AsciiCasemap, false)));
    let test = PropTest::Defined { value, parameters: Vec::new() };
    let properties = vec![PropFilter { name: "SUMMARY".to_owned(), test }];
    let test = CompTest::Defined { time_range: None, properties, components: Vec::new() };
    let filter = Filter::of_component(CompFilter { name: "VEVENT".to_owned(), test });
    println!("text-match {} ns", timed(rounds, || matches(&object, &filter, berlin)));
}

/// An event of about 500 octets.
fn text(when: &str, zone: &str) -> Bytes {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//calendar//EN\r\nCALSCALE:GREGORIAN\r\n{zone}BEGIN:VEVENT\r\n\
         UID:2f0a1b6e-6e0c-4b8e-9a53-0f4d3c2b1a00@example.org\r\nDTSTAMP:20260301T080000Z\r\nCREATED:20260301T080000Z\r\n\
         LAST-MODIFIED:20260301T080000Z\r\nSEQUENCE:1\r\nSUMMARY:Lunch with the team\r\nLOCATION:Canteen\r\n\
         DESCRIPTION:Bring something to eat\\, and a friend if you like.\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n{when}\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    text.into()
}

/// Nanoseconds that one of `rounds` takes.
fn timed(rounds: u32, mut work: impl FnMut() -> bool) -> u128 {
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(work());
    }
    start.elapsed().as_nanos() / u128::from(rounds)
}
