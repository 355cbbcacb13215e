//! Our recurrence sets beside those of another engine, PyPI's recurring-ical-events: the samples that `ical` has, and
//! many made-up events.
//!
//! What the engine sees otherwise is not made up here, each with the paragraph of RFC 5545 that it is about:
//! - 3.3.6, 3.8.5.3: hours of a DURATION, and a length that DTEND gives, are exact; the engine adds them to what the clock shows. So
//!   no event is made up whose hours pass a change of clocks.
//! - 3.3.10: BYWEEKNO without BYDAY takes the weekday of DTSTART; the engine (dateutil) takes all days of the week.
//! - 3.3.10: COUNT counts DTSTART also where the rule does not give it; the engine does not. So with COUNT the rule gives DTSTART.

mod events;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::built;
use e2e::folder::{Folder, write};
use e2e::process::run_within;
use e2e::python;
use e2e::random::Random;

const ENGINE: [&str; 4] =
    ["recurring-ical-events==3.8.2", "icalendar==7.3.2", "x-wr-timezone==2.0.1", "tzdata==2026.6"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/recurrences.py");
/// A spring, a year, and a year far from where the events start.
const WINDOWS: [(&str, &str); 3] = [
    ("20260301T000000Z", "20260501T000000Z"),
    ("20250101T000000Z", "20260101T000000Z"),
    ("20410101T000000Z", "20420101T000000Z"),
];
/// Samples that the engine sees otherwise.
const OTHERWISE: [&str; 1] = [
    // 3.3.10: UNTIL is a date where DTSTART has a time, which it must not be. The day counts here, as people mean it, and not there.
    "khal.ics",
];
/// Of floating times.
const ZONE: &str = "Europe/Berlin";
const EVENTS: usize = 400;

#[test]
#[ignore = "needs cargo e2e"]
fn samples_recur_as_in_another_engine() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ical/tests/samples");
    let folder = Folder::new();
    for entry in std::fs::read_dir(samples).expect("the samples are there") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let name = path.file_name().unwrap().to_str().unwrap();
        // The engine knows events and to-dos.
        if OTHERWISE.contains(&name) {
            continue;
        }
        if text.contains("BEGIN:VEVENT") || text.contains("BEGIN:VTODO") {
            write(&folder.join(name), text);
        }
    }
    compare(folder.path());
}

#[test]
#[ignore = "needs cargo e2e"]
fn made_up_events_recur_as_in_another_engine() {
    let folder = Folder::new();
    let mut random = Random::new(5545);
    for number in 0..EVENTS {
        write(&folder.join(&format!("{number:04}.ics")), events::calendar(&mut random));
    }
    compare(folder.path());
}

fn compare(folder: &Path) {
    let python = python::environment(&ENGINE).join("python3");
    for (from, to) in WINDOWS {
        let arguments = [folder.to_str().expect("test paths are UTF-8"), from, to, ZONE];
        let ours = listed(built::example("occurrences", "ical").args(arguments));
        let theirs = listed(Command::new(&python).args(["-W", "ignore", SCRIPT]).args(arguments));
        assert_eq!(ours.len(), theirs.len());
        for (file, ours) in ours {
            let text = || std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
            assert_eq!(ours, theirs[&file], "{file} from {from} to {to}:\n{}", text());
        }
    }
}

/// What a program says about each file.
fn listed(command: &mut Command) -> BTreeMap<String, String> {
    let outcome = run_within(Duration::from_secs(240), command, "");
    assert!(outcome.success, "{command:?}: {}", outcome.output);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut file = String::new();
    for line in outcome.output.lines() {
        if line.ends_with(".ics") {
            file = line.to_owned();
            files.insert(file.clone(), String::new());
        } else if let Some(said) = files.get_mut(&file) {
            *said += line;
            *said += "\n";
        }
    }
    files
}
