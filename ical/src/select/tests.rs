use bytes::Bytes;

use super::*;
use crate::value::parse_date_time;
use crate::zone::Zones;

const MEETING: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\nBEGIN:VTIMEZONE\r\nTZID:Home\r\n\
    BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
    BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Home:20260302T100000\r\nDTEND;TZID=Home:20260302T110000\r\nRRULE:FREQ=DAILY;COUNT=5\r\n\
    EXDATE;TZID=Home:20260306T100000\r\nSUMMARY;LANGUAGE=de:Besprechung\r\nX-SEEN;TZID=Home;X-BY=\"a:b\":20260301T100000\r\n\
    BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;TZID=Home:20260304T100000\r\nDTSTART;TZID=Home:20260304T150000\r\nDURATION:P1D\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

fn object(text: &str) -> CalendarObject {
    CalendarObject::parse(Bytes::copy_from_slice(text.as_bytes()), &Zones::new()).unwrap()
}

fn range(from: &str, to: &str) -> Range<i64> {
    parse_date_time(from).unwrap().digits()..parse_date_time(to).unwrap().digits()
}

fn rendered(text: &str, selection: &Selection) -> String {
    let octets = render(&object(text), selection, &Zone::named("Europe/Berlin").unwrap()).unwrap();
    String::from_utf8(octets.to_vec()).unwrap()
}

fn expanded(text: &str, from: &str, to: &str) -> String {
    let recurrences = Some(RecurrenceSelection::Expand(range(from, to)));
    rendered(text, &Selection { recurrences, ..Selection::default() })
}

#[test]
fn without_a_selection_the_octets_are_those_that_were_stored() {
    assert_eq!(rendered(MEETING, &Selection::default()), MEETING);
}

#[test]
fn an_expansion_has_each_instance_in_utc() {
    let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260303T090000Z\r\nRECURRENCE-ID:20260303T090000Z\r\nDTEND:20260303T100000Z\r\n\
        SUMMARY;LANGUAGE=de:Besprechung\r\nX-SEEN;X-BY=\"a:b\":20260301T090000Z\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260304T140000Z\r\nRECURRENCE-ID:20260304T090000Z\r\nDURATION:PT86400S\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    assert_eq!(expanded(MEETING, "20260303T000000Z", "20260305T000000Z"), expected);
    assert!(!expanded(MEETING, "20260307T000000Z", "20260308T000000Z").contains("VEVENT"), "nothing is there then");
}

#[test]
fn days_and_floating_times_stay_what_they_are() {
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let day = expanded(
        &event("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\nRRULE:FREQ=WEEKLY"),
        "20260310",
        "20260311",
    );
    let lines = "DTSTART;VALUE=DATE:20260309\nRECURRENCE-ID;VALUE=DATE:20260309\nDTEND;VALUE=DATE:20260311";
    assert_eq!(day, event(lines));
    let floating = expanded(&event("DTSTART:20260302T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY"), "20260310", "20260311");
    assert_eq!(floating, event("DTSTART:20260310T090000\nRECURRENCE-ID:20260310T090000\nDURATION:PT1H"));
    let single = expanded(&event("DTSTART;TZID=Europe/Berlin:20260302T090000"), "20260302", "20260303");
    assert_eq!(single, event("DTSTART:20260302T080000Z"));
}

#[test]
fn floating_times_are_expanded_as_they_are_written() {
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let night =
        |lines: &str| expanded(&event(&format!("{lines}\nRRULE:FREQ=DAILY")), "20261024T120000", "20261025T120000");
    let lines = "DTSTART:20261024T220000\nRECURRENCE-ID:20261024T220000\n";
    let first = "DTSTART:20261001T220000\n";
    assert_eq!(night(&format!("{first}DTEND:20261002T060000")), event(&format!("{lines}DTEND:20261025T060000")));
    assert_eq!(night(&format!("{first}DURATION:P1DT2H")).matches("DURATION:P1DT2H\n").count(), 2);
    let skipped = expanded(&event("DTSTART:20260301T023000\nRRULE:FREQ=DAILY"), "20260329", "20260330");
    assert_eq!(skipped, event("DTSTART:20260329T023000\nRECURRENCE-ID:20260329T023000"));
}

#[test]
fn a_period_is_as_long_as_it_says() {
    let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
    let third = |start: &str, end: &str, period: &str| {
        let lines = format!("DTSTART:{start}{end}\nRDATE;VALUE=PERIOD:{period}");
        let expanded = expanded(&event(&lines), "20260303", "20260304");
        expanded.lines().find(|line| line.starts_with('D') && !line.starts_with("DTSTART")).unwrap().to_owned()
    };
    for end in ["", "\nDURATION:PT1H", "\nDURATION:P1D"] {
        assert_eq!(third("20260301T090000Z", end, "20260303T090000Z/PT3H"), "DURATION:PT10800S", "{end}");
    }
    assert_eq!(
        third("20260301T090000Z", "\nDTEND:20260301T093000Z", "20260303T090000Z/PT3H"),
        "DTEND:20260303T120000Z"
    );
    assert_eq!(third("20260301T090000", "", "20260303T090000/P2D"), "DURATION:P2D");
}

#[test]
fn an_expansion_of_something_large_is_refused() {
    let text = |lines: usize| {
        let notes = format!("X-NOTE:{}\n", "x".repeat(100)).repeat(lines);
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20200101T090000Z\nRRULE:FREQ=DAILY\n{notes}END:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let recurrences = Some(RecurrenceSelection::Expand(range("20200101", "20200410")));
    let expand = |lines: usize, selection: &Selection| {
        let selection = Selection { recurrences: recurrences.clone(), ..selection.clone() };
        render(&object(&text(lines)), &selection, &Zone::utc()).map(|octets| octets.len() / 1_000_000)
    };
    let everything = Selection::default();
    assert_eq!((expand(1000, &everything), expand(10_000, &everything)), (Ok(10), Err(TooMany)));
    let calendar = Some(CompSelection { name: "VCALENDAR".to_owned(), properties: None, components: Some(Vec::new()) });
    let nothing = Selection { calendar, ..Selection::default() };
    assert_eq!((expand(500, &nothing), expand(4000, &nothing)), (Ok(0), Err(TooMany)), "it is not returned whole");
}

#[test]
fn a_parameter_with_odd_quotes_stays_as_it_is() {
    let event = |zone: &str, when: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260302T090000Z\nX-AT;X-O\"D=;\"D{zone};B=2:{when}\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let expanded = expanded(&event(";TZID=Europe/Berlin", "20260302T090000"), "20260302", "20260303");
    assert_eq!(expanded, event("", "20260302T080000Z"));
}

#[test]
fn to_dos_without_a_date_are_expanded_too() {
    let todo = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:Some day\nEND:VTODO\nEND:VCALENDAR\n";
    assert_eq!(expanded(todo, "20260302", "20260303"), todo);
    let due = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nDUE:20260302T090000Z\nRRULE:FREQ=DAILY\nEND:VTODO\nEND:VCALENDAR\n";
    let expected =
        due.replace("RRULE:FREQ=DAILY", "RECURRENCE-ID:20260305T090000Z").replace("DUE:20260302", "DUE:20260305");
    assert_eq!(expanded(due, "20260305", "20260306"), expected);
}

#[test]
fn overrides_elsewhere_are_left_out() {
    let limited = |from: &str, to: &str| {
        let recurrences = Some(RecurrenceSelection::Limit(range(from, to)));
        rendered(MEETING, &Selection { recurrences, ..Selection::default() })
    };
    assert_eq!(limited("20260304T000000Z", "20260305T000000Z"), MEETING);
    assert_eq!(limited("20260304T090000Z", "20260304T093000Z"), MEETING, "the instance that is replaced was there");
    let without = limited("20260301T000000Z", "20260303T000000Z");
    assert!(without.contains("RRULE") && !without.contains("RECURRENCE-ID"));
}

#[test]
fn periods_elsewhere_are_left_out() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nUID:1\nFREEBUSY;FBTYPE=BUSY:20260302T090000Z/PT1H,20260303T090000Z/PT1H,\n 20260304T090000Z/PT1H\n\
        FREEBUSY:20260309T090000Z/PT1H\nFREEBUSY:20260303T120000Z/PT1H\nEND:VFREEBUSY\nEND:VCALENDAR\n";
    let limit_free_busy_set = Some(range("20260303", "20260304"));
    let expected = "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nUID:1\nFREEBUSY;FBTYPE=BUSY:20260303T090000Z/PT1H\n\
        FREEBUSY:20260303T120000Z/PT1H\nEND:VFREEBUSY\nEND:VCALENDAR\n";
    assert_eq!(rendered(text, &Selection { limit_free_busy_set, ..Selection::default() }), expected);
}

#[test]
fn only_what_is_named_is_returned() {
    let named = |names: &[(&str, bool)]| {
        Some(
            names.iter().map(|(name, novalue)| PropSelection { name: (*name).to_owned(), novalue: *novalue }).collect(),
        )
    };
    let event = CompSelection {
        name: "vevent".to_owned(),
        properties: named(&[("UID", false), ("summary", true)]),
        components: Some(Vec::new()),
    };
    let calendar = CompSelection {
        name: "VCALENDAR".to_owned(),
        properties: named(&[("VERSION", false)]),
        components: Some(vec![event]),
    };
    let selection = Selection { calendar: Some(calendar), ..Selection::default() };
    let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY;LANGUAGE=de:\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert_eq!(rendered(MEETING, &selection), expected);
}
