use bytes::Bytes;

use super::*;
use crate::zone::Zones;

fn object(kind: &str, components: &[&str]) -> CalendarObject {
    let mut text = "BEGIN:VCALENDAR\nVERSION:2.0\n".to_owned();
    for lines in components {
        text += &format!("BEGIN:{kind}\nUID:1\n{lines}\nEND:{kind}\n");
    }
    CalendarObject::parse(Bytes::from(text + "END:VCALENDAR\n"), &Zones::new())
        .unwrap_or_else(|fault| panic!("{fault}"))
}

const LUNCH: &str = "DTSTAMP:20260101T000000Z\nSUMMARY:Team lunch\nDTSTART;TZID=Europe/Berlin:20260303T123000\nDTEND;TZID=Europe/Berlin:20260303T133000";

fn changed(kind: &str, before: &[&str], after: &[&str]) -> String {
    let phrase = change(Some(&object(kind, before)), Some(&object(kind, after)));
    assert!(phrase.chars().count() <= 70 && !phrase.contains('\n'), "{phrase}");
    phrase
}

#[test]
fn objects_come_and_go() {
    let lunch = object("VEVENT", &[LUNCH]);
    assert_eq!(change(None, Some(&lunch)), "add \"Team lunch\"");
    assert_eq!(change(Some(&lunch), None), "remove \"Team lunch\"");
    assert_eq!(change(None, Some(&object("VTODO", &["STATUS:NEEDS-ACTION"]))), "add a task");
    let long = object("VJOURNAL", &[&format!("SUMMARY:{}\\nmore \"words\"", "long ".repeat(30))]);
    let phrase = change(None, Some(&long));
    assert!(phrase.chars().count() <= 70 && phrase.ends_with("lon…\""), "{phrase}");
}

#[test]
fn the_change_that_people_would_name_is_named() {
    let edit = |from: &str, to: &str| changed("VEVENT", &[LUNCH], &[&LUNCH.replace(from, to)]);
    assert_eq!(edit("20260303T1", "20260304T1"), "move \"Team lunch\" to 2026-03-04 12:30");
    assert_eq!(edit("Team lunch", "Dinner"), "rename \"Team lunch\" to \"Dinner\"");
    assert_eq!(edit("133000", "140000"), "change the length of \"Team lunch\"");
    assert_eq!(edit("SUMMARY", "LOCATION:Here\nSUMMARY"), "change the place of \"Team lunch\"");
    assert_eq!(edit("SUMMARY", "DESCRIPTION:Bring a friend\nSUMMARY"), "change the notes of \"Team lunch\"");
    assert_eq!(edit("SUMMARY", "RRULE:FREQ=DAILY\nSUMMARY"), "change the recurrence of \"Team lunch\"");
    assert_eq!(edit("SUMMARY", "ATTENDEE:mailto:a@example.org\nSUMMARY"), "change the guests of \"Team lunch\"");
    assert_eq!(edit("SUMMARY", "STATUS:CANCELLED\nSUMMARY"), "cancel \"Team lunch\"");
    assert_eq!(
        edit("SUMMARY", "BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\nSUMMARY"),
        "change the reminders of \"Team lunch\""
    );
    assert_eq!(edit("20260101T", "20260102T"), "change \"Team lunch\"", "only the stamp");
    let days = changed("VEVENT", &["SUMMARY:Trip\nDTSTART:20260301"], &["SUMMARY:Trip\nDTSTART:20260308"]);
    assert_eq!(days, "move \"Trip\" to 2026-03-08");
    let long = "x".repeat(100);
    let renamed =
        changed("VEVENT", &[&LUNCH.replace("Team lunch", &long)], &[&LUNCH.replace("Team lunch", &format!("{long}y"))]);
    assert!(renamed.starts_with("rename \"xxx") && renamed.ends_with("x…\""), "{renamed}");
}

#[test]
fn tasks_are_done_and_put_off() {
    let task = "SUMMARY:Taxes\nDUE:20260401T120000Z";
    let is = |before: &str, after: &str| changed("VTODO", &[before], &[after]);
    assert_eq!(is(task, &format!("{task}\nSTATUS:COMPLETED\nCOMPLETED:20260301T000000Z")), "complete \"Taxes\"");
    assert_eq!(is(&format!("{task}\nSTATUS:COMPLETED"), task), "reopen \"Taxes\"");
    assert_eq!(is(task, &task.replace("0401", "0501")), "move \"Taxes\" to 2026-05-01 12:00");
    let started = format!("{task}\nDTSTART:20260301T090000Z");
    assert_eq!(is(&started, &started.replace("0401", "0501")), "move \"Taxes\" to 2026-05-01 12:00");
    assert_eq!(is(task, &format!("{task}\nPERCENT-COMPLETE:50")), "change the progress of \"Taxes\"");
}

#[test]
fn instances_are_named_by_their_day() {
    let master = &format!("{LUNCH}\nRRULE:FREQ=DAILY");
    let one = "RECURRENCE-ID;TZID=Europe/Berlin:20260305T123000\nSUMMARY:Team lunch\nDTSTART;TZID=Europe/Berlin:20260305T123000\nLOCATION:Here";
    let moved = &one.replace("START;TZID=Europe/Berlin:20260305T12", "START;TZID=Europe/Berlin:20260306T14");
    let is = |before: &[&str], after: &[&str]| changed("VEVENT", before, after);
    assert_eq!(is(&[master], &[master, one]), "change \"Team lunch\" of 2026-03-05");
    assert_eq!(is(&[master], &[master, moved]), "move \"Team lunch\" of 2026-03-05 to 2026-03-06 14:30");
    assert_eq!(is(&[master, one], &[master, moved]), "move \"Team lunch\" of 2026-03-05 to 2026-03-06 14:30");
    assert_eq!(is(&[master, one], &[master]), "restore \"Team lunch\" of 2026-03-05");
    let without = format!("{master}\nEXDATE;TZID=Europe/Berlin:20260305T123000");
    assert_eq!(is(&[master], &[&without]), "remove \"Team lunch\" of 2026-03-05");
}
