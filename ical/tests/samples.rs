//! What programs really write: every sample is taken, kept octet for octet, and takes place when its author meant it to.

use std::path::PathBuf;

use bytes::Bytes;
use ical::patch::Patch;
use ical::select::{RecurrenceSelection, Selection, render};
use ical::{CalendarObject, Kind, Zone, Zones, itip, redact};

/// 2026-03-01 to 2026-04-01.
const MARCH: std::ops::Range<i64> = 1_772_323_200..1_775_001_600;

fn samples() -> Vec<(String, CalendarObject)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let zones = Zones::new();
    let read = |path: PathBuf| {
        let octets = Bytes::from(std::fs::read(&path).expect("a file"));
        let object =
            CalendarObject::parse(octets, &zones).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        (path.file_stem().expect("a name").display().to_string(), object)
    };
    paths.into_iter().map(read).collect()
}

fn sample(name: &str) -> CalendarObject {
    samples().into_iter().find(|(other, _)| other == name).expect("a sample").1
}

#[test]
fn every_sample_is_kept_as_it_is() {
    for (name, object) in samples() {
        let octets = object.document().octets();
        assert_eq!(Patch::new(object.document()).finish(), octets, "{name}");
        assert_eq!(render(&object, &Selection::default(), &Zone::utc()).as_ref(), Ok(octets), "{name}");
    }
}

#[test]
fn every_sample_can_be_expanded_and_redacted() {
    for (name, object) in samples() {
        let recurrences = Some(RecurrenceSelection::Expand(MARCH));
        let expanded = render(&object, &Selection { recurrences, ..Selection::default() }, &Zone::utc()).unwrap();
        if name != "no_instance_left" && name != "google_birthday" {
            let again =
                CalendarObject::parse(expanded, &Zones::new()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            let starts = |object: &CalendarObject| -> Vec<i64> {
                let found = object.occurrences(&MARCH, &Zone::utc(), 1000).unwrap();
                found.into_iter().map(|occurrence| occurrence.start).collect()
            };
            assert_eq!(starts(&again), starts(&object), "{name}");
        }
        let redacted = CalendarObject::parse(redact::times_only(&object), &Zones::new()).unwrap();
        assert_eq!((redacted.hull(), redacted.summary()), (object.hull(), None), "{name}");
    }
}

#[test]
fn every_sample_is_the_same_when_it_is_put_together_again() {
    let identify = |address: &str| address.to_ascii_lowercase();
    for (name, object) in samples() {
        let text = itip::Draft::of(&object).print("-//test//", None);
        let again = CalendarObject::parse(text, &Zones::new()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(itip::rescheduled(&object, &again), Default::default(), "{name}");
        assert_eq!(itip::attendee_may(&object, &again, &identify), Ok(()), "{name}");
        assert_eq!(again.hull(), object.hull(), "{name}");
    }
}

#[test]
fn every_sample_takes_place_within_its_hull() {
    let far = [Zone::named("Pacific/Kiritimati").unwrap(), Zone::named("Pacific/Pago_Pago").unwrap()];
    for (name, object) in samples() {
        let hull = object.hull();
        for zone in &far {
            for occurrence in object.occurrences(&MARCH, zone, 1000).unwrap() {
                assert!(
                    hull.start <= occurrence.start && occurrence.end <= hull.end,
                    "{name}: {occurrence:?} {hull:?}"
                );
            }
        }
    }
}

#[test]
fn samples_are_what_they_are_called() {
    assert_eq!(sample("apple_reminder").kind(), Kind::Todo);
    assert_eq!(sample("folded_inside_a_character").summary(), Some("ä".repeat(60)));
    assert!(sample("invited_to_one_instance").components().master.is_none());
    let none = sample("no_instance_left").occurrences(&(i64::MIN..i64::MAX), &Zone::utc(), 10);
    assert_eq!(none, Ok(Vec::new()));
}
