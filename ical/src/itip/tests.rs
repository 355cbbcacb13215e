//! Messages and what they change, without anybody who sends them.

use std::collections::BTreeSet;

use super::*;
use crate::zone::Zones;

const BERLIN: &str =
    "DTSTART;TZID=Europe/Berlin:20260302T120000\nDTEND;TZID=Europe/Berlin:20260302T130000\nRRULE:FREQ=WEEKLY\n";
const BOB: &str = "ATTENDEE:mailto:bob@example.org\n";
const CAROL: &str = "ATTENDEE:mailto:carol@example.org\n";

fn object(lines: &str) -> CalendarObject {
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:Lunch\nORGANIZER:mailto:alice@example.org\n{lines}END:VEVENT\nEND:VCALENDAR\n"
    );
    CalendarObject::parse(text.into(), &Zones::new()).unwrap()
}

/// Who has an address: what stands before the `@`.
fn name(address: &str) -> String {
    let address = address.to_ascii_lowercase();
    address.trim_start_matches("mailto:").split('@').next().unwrap_or_default().to_owned()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap().replace("\r\n", "\n").replace("\n ", "")
}

/// 2026-04-06 12:00 in Berlin, after the clocks have changed.
const IN_SUMMER: Instance = Instance::One(1_775_469_600);

fn declined(instance: Instance) -> [Answer; 1] {
    [Answer { instance, partstat: "DECLINED".to_owned() }]
}

#[test]
fn an_instance_gets_a_component_of_its_own_at_its_local_time() {
    let answered =
        answered(&object(&format!("{BERLIN}{BOB}{CAROL}")), &declined(IN_SUMMER), "bob", Some("2.0"), &name).unwrap();
    let text = text(&answered);
    let instance = text.rsplit_once("BEGIN:VEVENT").unwrap().1;
    assert!(instance.contains("RECURRENCE-ID;TZID=Europe/Berlin:20260406T120000\n"), "{instance}");
    assert!(
        instance.contains("DTEND;TZID=Europe/Berlin:20260406T130000\n") && !instance.contains("RRULE"),
        "{instance}"
    );
    assert!(instance.contains("ATTENDEE;PARTSTAT=DECLINED;SCHEDULE-STATUS=2.0:mailto:bob@example.org"), "{instance}");
    assert_eq!(text.matches("PARTSTAT").count(), 1, "carol has answered nothing, and bob nothing for the others");
    assert!(CalendarObject::parse(answered, &Zones::new()).is_ok());
}

#[test]
fn an_instance_that_is_none_gets_nothing() {
    let event = object(&format!("{BERLIN}EXDATE;TZID=Europe/Berlin:20260406T120000\n{BOB}"));
    for instance in
        [IN_SUMMER, Instance::One(1_775_469_601), Instance::One(253_402_300_799), Instance::One(-62_135_596_800)]
    {
        assert_eq!(answered(&event, &declined(instance), "bob", None, &name), None, "{instance:?}");
    }
    assert_eq!(answered(&event, &declined(Instance::All), "eve", None, &name), None, "eve is not invited");
}

#[test]
fn a_whole_day_is_answered() {
    let event = object(&format!("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\nRRULE:FREQ=WEEKLY\n{BOB}"));
    let on_the_ninth = Instance::One(1_773_014_400);
    let text = text(&answered(&event, &declined(on_the_ninth), "bob", None, &name).unwrap());
    for line in ["RECURRENCE-ID;VALUE=DATE:20260309\n", "DTSTART;VALUE=DATE:20260309\n", "DTEND;VALUE=DATE:20260311\n"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn a_fingerprint_is_of_what_it_says_and_not_of_how_others_answer() {
    let event = object(&format!("{BERLIN}{BOB}{CAROL}"));
    let of = |object: &CalendarObject, who: &str| fingerprint(object, who, &name);
    let after = answered(&event, &declined(IN_SUMMER), "bob", Some("2.0"), &name).unwrap();
    let after = CalendarObject::parse(after, &Zones::new()).unwrap();
    assert_eq!(of(&event, "alice"), of(&after, "alice"));
    assert_eq!(of(&event, "carol"), of(&after, "carol"));
    assert_ne!(of(&event, "bob"), of(&after, "bob"));
    assert_ne!(of(&event, "alice"), of(&object(&format!("{BERLIN}{BOB}")), "alice"));
    assert_ne!(of(&event, "alice"), of(&object(&format!("{BERLIN}{BOB}{CAROL}LOCATION:x\n")), "alice"));
}

#[test]
fn other_words_for_the_same_are_no_change() {
    let event = object(&format!("{BERLIN}{BOB}{CAROL}DESCRIPTION:A\\nB\n"));
    let said =
        "DTSTART:20260302T110000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nSTATUS:CONFIRMED\nLOCATION:\nDESCRIPTION:A\\nB \n";
    let again = "DTSTART;TZID=Europe/Berlin:20260302T120000\nDURATION:PT1H\nRRULE:freq=weekly\nSTATUS:CONFIRMED\nLOCATION:\nDESCRIPTION:A\\nB \n";
    assert_eq!(
        attendee_may(&event, &object(&format!("{again}{CAROL}ATTENDEE;X=1:MAILTO:BOB@example.org\n")), &name),
        Ok(())
    );
    let later = object(&format!("{}{BOB}{CAROL}", said.replace("T110000Z", "T113000Z")));
    assert_eq!(attendee_may(&event, &later, &name), Err("the organizer decides when it takes place".to_owned()));
    assert_eq!(rescheduled(&event, &later), BTreeSet::from([Instance::All]));
    assert_eq!(rescheduled(&event, &object(&format!("{again}{BOB}"))), BTreeSet::new());
}

#[test]
fn a_message_is_no_stored_object_and_the_other_way_round() {
    let event = object(&format!("{BERLIN}{BOB}"));
    let message = request(&Draft::of(&event).public(), "-//test//");
    assert!(CalendarObject::parse(message.clone(), &Zones::new()).is_err());
    assert_eq!(CalendarObject::parse_message(message, &Zones::new()).unwrap().method().as_deref(), Some("REQUEST"));
    assert!(CalendarObject::parse_message(event.document().octets().clone(), &Zones::new()).is_err());
}
