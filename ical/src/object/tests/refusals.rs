use super::*;

fn says(body: &str, precondition: Precondition, line: Option<u32>, words: &str) {
    let fault = parse(body).unwrap_err();
    assert!(fault.precondition == precondition && fault.reason.contains(words), "{fault:?}");
    assert_eq!(fault.line, line, "{fault}");
}

fn event_says(lines: &str, line: u32, words: &str) {
    let body = format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT");
    says(&body, Precondition::ValidCalendarData, Some(line), words);
}

#[test]
fn what_is_not_one_object() {
    let resource = Precondition::ValidCalendarObjectResource;
    let event = |uid: &str| format!("BEGIN:VEVENT\nUID:{uid}\nDTSTART:20260304T123000Z\nEND:VEVENT\n");
    says("METHOD:REQUEST", resource, Some(4), "METHOD");
    says("", resource, None, "no event");
    says("BEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE", resource, None, "only VTIMEZONE");
    says(&event(" "), resource, Some(4), "no UID");
    says(&(event("1") + &event("2")), resource, Some(8), "UID 2");
    says(&(event("1") + &event("1")), resource, Some(8), "only one can be the master");
    says(&(event("1") + "BEGIN:VTODO\nUID:1\nEND:VTODO"), resource, Some(8), "of one kind");
    let id = event("1").replace("UID:1", "UID:1\nRECURRENCE-ID:20260304T123000Z");
    says(&(id.clone() + &id), resource, Some(9), "same RECURRENCE-ID");
}

#[test]
fn what_is_not_an_event() {
    event_says("SUMMARY:x", 4, "no DTSTART");
    event_says("DTSTART:tomorrow", 6, "DTSTART has the value `tomorrow`");
    event_says("DTSTART:20260304T120000Z\nDTSTART:20260304T120000Z", 7, "twice");
    event_says("DTSTART:20260304T120000Z\nDTEND:20260304T110000Z", 7, "before DTSTART");
    event_says("DTSTART:20260304T120000Z\nDTEND;VALUE=DATE:20260305", 7, "the other way round");
    event_says("DTSTART;VALUE=DATE:20260304T120000Z", 6, "says VALUE=DATE");
    event_says("DTSTART:20260304T120000Z\nDTEND:20260304T130000Z\nDURATION:PT1H", 8, "only one of them");
    event_says("DTSTART:20260304T120000Z\nDURATION:-PT1H", 7, "negative");
    event_says("DTSTART:20260304T120000Z\nDURATION:1 hour", 7, "not a duration");
    event_says("DTSTART:20260304T120000Z\nRRULE:FREQ=OFTEN", 7, "FREQ=OFTEN");
    event_says("DTSTART:20260304T120000Z\nEXDATE:x", 7, "EXDATE has the value");
    event_says("DTSTART:20260304T120000Z\nRDATE;VALUE=PERIOD:20260304T120000Z/x", 7, "RDATE has the value");
    event_says("DTSTART;VALUE=DATE:20260304\nRRULE:FREQ=HOURLY", 7, "within a day");
}

#[test]
fn what_is_not_a_calendar() {
    says("VERSION:1.0", Precondition::ValidCalendarData, Some(4), "VERSION is 1.0");
    says("CALSCALE:HEBREW", Precondition::ValidCalendarData, Some(4), "only GREGORIAN");
    let zone = "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n";
    let event = "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=X:20260304T120000\nEND:VEVENT";
    says(&(zone.to_owned() + event), Precondition::ValidCalendarData, Some(4), "TZOFFSETFROM is missing");
}

#[test]
fn an_override_is_of_the_master_s_type() {
    let master = "BEGIN:VEVENT\nUID:1\nDTSTART:20260304T120000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    let other = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20260305\nDTSTART:20260304T120000Z\nEND:VEVENT\n";
    says(&(master.to_owned() + other), Precondition::ValidCalendarData, Some(9), "RECURRENCE-ID is a date");
}

#[test]
fn a_rule_that_recurs_too_often() {
    let event = |rule: &str| format!("BEGIN:VEVENT\nUID:1\nDTSTART:20260304T120000Z\nRRULE:{rule}\nEND:VEVENT\n");
    says(&event("FREQ=SECONDLY"), Precondition::MaxInstances, Some(7), "1440 instances a day");
    says(&event("FREQ=SECONDLY;COUNT=999999999"), Precondition::MaxInstances, Some(7), "1440");
    says(&event("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=1;COUNT=9999999"), Precondition::MaxInstances, Some(7), "counted");
    assert!(parse(&event("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")).is_ok(), "only DTSTART is left of it");
}

#[test]
fn a_rule_that_is_looked_at_for_nothing() {
    let event = |rule: &str| format!("BEGIN:VEVENT\nUID:1\nDTSTART:20260304T120000Z\nRRULE:{rule}\nEND:VEVENT\n");
    for rule in ["FREQ=SECONDLY;BYSETPOS=2", "FREQ=MINUTELY;BYSETPOS=2", "FREQ=SECONDLY;BYSETPOS=-3;BYHOUR=1,2,3"] {
        says(&event(rule), Precondition::MaxInstances, Some(7), "next to no instance");
    }
    for rule in ["FREQ=SECONDLY;BYSECOND=0", "FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", "FREQ=MINUTELY;BYDAY=MO"] {
        assert!(parse(&event(rule)).is_ok(), "{rule}");
    }
}

#[test]
fn hours_of_an_availability_have_a_hundred_rules_at_most() {
    let hours = |count: usize| {
        let one =
            "BEGIN:AVAILABLE\nUID:a\nDTSTART:20260302T080000Z\nRRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY\nEND:AVAILABLE\n";
        format!("BEGIN:VAVAILABILITY\nUID:1\n{}END:VAVAILABILITY", one.repeat(count))
    };
    assert!(parse(&hours(50)).is_ok());
    says(&hours(51), Precondition::ValidCalendarObjectResource, Some(306), "more than 100 rules");
}

#[test]
fn what_the_peers_send_is_taken() {
    let taken = |body: &str| parse(body).unwrap_or_else(|fault| panic!("{fault}: {body}"));
    taken("BEGIN:VTODO\nUID:1\nEND:VTODO");
    taken("BEGIN:VTODO\nUID:1\nDTSTART:20260304T120000Z\nDUE:20260303T120000Z\nEND:VTODO");
    taken("BEGIN:VEVENT\nUID:1\nDTSTART:20260304\nDTEND:20260304\nEND:VEVENT");
    taken("BEGIN:X-EXTRA\nEND:X-EXTRA\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Nowhere:20260304T120000\nEND:VEVENT");
    taken("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260304T120000Z\nDTEND:20260304T120000Z\nEND:VEVENT");
    let bare = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260304T120000Z\nEND:VEVENT\nEND:VCALENDAR";
    assert!(CalendarObject::parse(Bytes::from(bare), &Zones::new()).is_ok());
}

#[test]
fn a_calendar_names_a_hundred_zones_at_most() {
    let resource = Precondition::ValidCalendarObjectResource;
    let named = |count: usize| {
        let lines: String = (0..count).map(|nth| format!("X-AT;TZID=Nowhere/{nth}:20260304T123000\n")).collect();
        format!("BEGIN:VEVENT\nUID:1\nDTSTART:20260304T123000Z\n{lines}END:VEVENT")
    };
    assert!(parse(&named(100)).is_ok());
    says(&named(101), resource, None, "more than 100 time zones");
    let described = |count: usize| {
        let zone = "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE\n".repeat(count);
        zone + "BEGIN:VEVENT\nUID:1\nDTSTART:20260304T123000Z\nEND:VEVENT"
    };
    assert!(parse(&described(100)).is_ok());
    says(&described(101), resource, None, "more than 100 time zones");
}

#[test]
fn lines_are_counted_for_a_fault_alone() {
    let one = |nth: usize| {
        format!("BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:202603{nth:02}T123000Z\nDTSTART:20260304T123000Z\nEND:VEVENT\n")
    };
    let counted = crate::document::LINES_COUNTED.get();
    assert!(parse((1..29).map(one).collect::<String>().trim_end()).is_ok());
    assert_eq!(crate::document::LINES_COUNTED.get(), counted);
}
