use bytes::Bytes;

use super::*;
use crate::object::CalendarObject;
use crate::value::parse_date_time;
use crate::zone::{Zone, Zones};

fn object(body: &str) -> CalendarObject {
    let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{body}\nEND:VCALENDAR\n");
    CalendarObject::parse(Bytes::from(text), &Zones::new()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn component(kind: &str, lines: &str) -> CalendarObject {
    object(&format!("BEGIN:{kind}\nUID:1\n{lines}\nEND:{kind}"))
}

/// Hours of 2026-03-04 in UTC; `..` on a side is open.
fn range(text: &str) -> TimeRange {
    let (from, to) = text.split_once("..").unwrap();
    let seconds = |text: &str, open| match text {
        "" => open,
        text if text.len() <= 2 => parse_date_time(&format!("20260304T{text:0>2}0000Z")).unwrap().digits(),
        text => parse_date_time(text).unwrap().digits(),
    };
    seconds(from, i64::MIN)..seconds(to, i64::MAX)
}

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").unwrap()
}

fn is_in(object: &CalendarObject, times: &str) -> bool {
    let filter = Filter::of_component(CompFilter::in_range(object.kind().name(), range(times)));
    let found = matches(object, &filter, &berlin());
    let hull = object.hull();
    assert!(!found || (hull.start < range(times).end && hull.end > range(times).start), "outside {hull:?}");
    found
}

/// Checks ranges that match, and after `/` those that do not.
fn table(kind: &str, lines: &str, ranges: &str) {
    let object = component(kind, lines);
    let (inside, outside) = ranges.split_once('/').unwrap();
    for times in inside.split_whitespace() {
        assert!(is_in(&object, times), "{kind} {lines:?} in {times}");
    }
    for times in outside.split_whitespace() {
        assert!(!is_in(&object, times), "{kind} {lines:?} not in {times}");
    }
}

#[test]
fn time_ranges_of_events() {
    table(
        "VEVENT",
        "DTSTART:20260304T100000Z\nDTEND:20260304T120000Z",
        "9..11 11..13 10..12 9..13 .. ..11 11.. / 8..10 12..14 ..10 12..",
    );
    table("VEVENT", "DTSTART:20260304T100000Z\nDURATION:PT2H", "9..11 11..13 / 8..10 12..14");
    table("VEVENT", "DTSTART:20260304T100000Z\nDURATION:PT0S", "9..11 10..11 / 8..10 11..12");
    table("VEVENT", "DTSTART:20260304T100000Z", "9..11 10..11 / 8..10 11..12");
    table(
        "VEVENT",
        "DTSTART;VALUE=DATE:20260304",
        "0..1 22..23 20260303T230000Z..20260303T233000Z / 23..20260305T000000Z 20260303T220000Z..20260303T230000Z",
    );
    table("VEVENT", "DTSTART:20260302T100000Z\nRRULE:FREQ=DAILY", "9..11 / 11..12");
    table("VEVENT", "DTSTART:20260302T100000Z\nRRULE:FREQ=DAILY\nEXDATE:20260304T100000Z", ".. / 9..11");
}

#[test]
fn time_ranges_of_to_dos() {
    let todo = |lines: &str, ranges: &str| table("VTODO", lines, ranges);
    todo("DTSTART:20260304T100000Z\nDURATION:PT2H", "9..11 12..13 10..12 / 8..10 13..14");
    todo("DTSTART:20260304T100000Z\nDUE:20260304T120000Z", "9..11 11..13 / 8..10 12..13");
    todo("DTSTART:20260304T100000Z\nDUE:20260304T100000Z", "9..10 10..11 / 11..12");
    todo("DTSTART:20260304T100000Z", "9..11 10..11 / 8..10 11..12");
    todo("DUE:20260304T120000Z", "11..12 11..13 / 12..13 10..11");
    todo("COMPLETED:20260304T120000Z\nCREATED:20260304T100000Z", "12..13 9..10 11..12 / 13..14 8..9");
    todo("COMPLETED:20260304T120000Z", "12..13 11..12 / 13..14 10..11");
    todo("CREATED:20260304T100000Z", "9..11 15..16 / 8..10 8..9");
    todo("SUMMARY:Some day", ".. 1..2 /");
}

#[test]
fn time_ranges_of_other_components() {
    table("VJOURNAL", "DTSTART:20260304T100000Z", "9..11 10..11 / 8..10 11..12");
    table("VJOURNAL", "DTSTART;VALUE=DATE:20260304", "0..1 22..23 / 23..20260305T000000Z");
    table("VJOURNAL", "SUMMARY:Timeless", "/ .. 1..2");
    table("VFREEBUSY", "DTSTART:20260304T100000Z\nDTEND:20260304T120000Z", "9..11 12..13 / 8..10 13..14");
    table(
        "VFREEBUSY",
        "FREEBUSY:20260304T100000Z/PT1H,20260304T150000Z/20260304T160000Z",
        "9..11 15..17 / 11..15 16..17",
    );
    table("VFREEBUSY", "COMMENT:Nothing", "/ ..");
    table("VAVAILABILITY", "DTSTART:20260304T100000Z\nDTEND:20260304T120000Z", "9..11 / 8..10 12..13");
    table("VAVAILABILITY", "DTSTART:20260304T100000Z", "9..11 12..13 / 8..10");
    table("VAVAILABILITY", "DTEND:20260304T120000Z", "11..13 1..2 / 12..13");
}

fn alarm(lines: &str, rings: &str, silent: &str) {
    let event = format!(
        "DTSTART;TZID=Europe/Berlin:20260303T110000\nDTEND;TZID=Europe/Berlin:20260303T120000\nRRULE:FREQ=DAILY\n\
         BEGIN:VALARM\nACTION:DISPLAY\n{lines}\nEND:VALARM"
    );
    let object = component("VEVENT", &event);
    let rings_in = |times: &str| {
        let components = vec![CompFilter::in_range("VALARM", range(times))];
        let test = CompTest::Defined { time_range: None, properties: Vec::new(), components };
        matches(&object, &Filter::of_component(CompFilter { name: "VEVENT".to_owned(), test }), &berlin())
    };
    for times in rings.split_whitespace() {
        assert!(rings_in(times), "{lines} rings in {times}");
    }
    for times in silent.split_whitespace() {
        assert!(!rings_in(times), "{lines} does not ring in {times}");
    }
}

#[test]
fn time_ranges_of_alarms() {
    alarm("TRIGGER:-PT30M", "9..10 8..10", "10..11 8..9");
    alarm("TRIGGER:PT0S", "10..11", "9..10 11..12");
    alarm("TRIGGER;RELATED=END:PT2H", "13..14", "12..13 14..15");
    alarm("TRIGGER:-PT2H\nREPEAT:2\nDURATION:PT1H", "8..9 9..10 10..11", "7..8 11..12");
    alarm("TRIGGER;VALUE=DATE-TIME:20260304T200000Z", "20..21", "9..10 21..22");
    alarm("TRIGGER:-P1D", "10..11", "9..10");
    alarm("ACTION:DISPLAY", "", "..");
    // The clocks change on the 29th: a day before it is counted on the calendar.
    alarm("TRIGGER:P1D", "20260329T090000Z..20260329T090001Z", "20260329T100000Z..20260329T110000Z");
}

fn property(name: &str, test: PropTest) -> Filter {
    let properties = vec![PropFilter { name: name.to_owned(), test }];
    let test = CompTest::Defined { time_range: None, properties, components: Vec::new() };
    Filter::of_component(CompFilter { name: "VEVENT".to_owned(), test })
}

fn text(text: &str, collation: Collation, negate: bool) -> Option<ValueTest> {
    Some(ValueTest::Text(TextMatch::new(text, collation, negate)))
}

#[test]
fn properties_are_compared_as_texts() {
    let object =
        component("VEVENT", "DTSTART:20260304T100000Z\nSUMMARY:Straße\\, ÄRGER\nCATEGORIES:Work,Home\nCATEGORIES:Fun");
    let contains = |name: &str, needle: &str, collation, negate| {
        let test = PropTest::Defined { value: text(needle, collation, negate), parameters: Vec::new() };
        matches(&object, &property(name, test), &berlin())
    };
    let (octet, ascii, unicode) = (Collation::Octet, Collation::AsciiCasemap, Collation::UnicodeCasemap);
    assert!(contains("summary", "Straße, Ä", octet, false) && !contains("SUMMARY", "straße", octet, false));
    assert!(contains("SUMMARY", "straßE", ascii, false) && !contains("SUMMARY", "ärger", ascii, false));
    assert!(contains("SUMMARY", "ärger", unicode, false) && contains("SUMMARY", "STRASSE", unicode, false));
    assert!(!contains("SUMMARY", "straße", ascii, true) && contains("SUMMARY", "nothing", ascii, true));
    assert!(contains("CATEGORIES", "fun", ascii, false) && contains("CATEGORIES", "home", ascii, false));
    assert!(!contains("LOCATION", "x", ascii, false) && !contains("LOCATION", "x", ascii, true));
}

#[test]
fn properties_are_there_or_not() {
    let object = component("VEVENT", "DTSTART:20260304T100000Z\nCREATED:20260304T110000Z");
    let tested = |name: &str, test: PropTest| matches(&object, &property(name, test), &berlin());
    let is_there = |name| tested(name, PropTest::Defined { value: None, parameters: Vec::new() });
    assert!(is_there("CREATED") && !is_there("STATUS"));
    assert!(!tested("CREATED", PropTest::IsNotDefined) && tested("STATUS", PropTest::IsNotDefined));
    let at = |times| {
        let value = Some(ValueTest::Time(range(times)));
        tested("CREATED", PropTest::Defined { value, parameters: Vec::new() })
    };
    assert!(at("11..12") && !at("10..11") && !at("12..13"));
}

#[test]
fn parameters_belong_to_one_property() {
    let object = component(
        "VEVENT",
        "DTSTART:20260304T100000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org\nATTENDEE;PARTSTAT=DECLINED;ROLE=CHAIR:mailto:b@example.org",
    );
    let attends = |who: &str, name: &str, test: ParamTest| {
        let parameters = vec![ParamFilter { name: name.to_owned(), test }];
        let test = PropTest::Defined { value: text(who, Collation::AsciiCasemap, false), parameters };
        matches(&object, &property("ATTENDEE", test), &berlin())
    };
    let says = |text: &str| ParamTest::Text(TextMatch::new(text, Collation::AsciiCasemap, false));
    assert!(attends("a@", "PARTSTAT", says("accepted")) && !attends("b@", "PARTSTAT", says("accepted")));
    assert!(attends("a@", "ROLE", ParamTest::IsNotDefined) && !attends("b@", "ROLE", ParamTest::IsNotDefined));
    assert!(!attends("a@", "ROLE", ParamTest::IsDefined) && attends("b@", "ROLE", ParamTest::IsDefined));
}

#[test]
fn components_are_there_or_not() {
    let object = component("VEVENT", "DTSTART:20260304T100000Z\nBEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM");
    let not = |name: &str| CompFilter { name: name.to_owned(), test: CompTest::IsNotDefined };
    let is = |filter: CompFilter| matches(&object, &Filter::of_component(filter), &berlin());
    assert!(is(CompFilter::is_defined("vevent")) && !is(CompFilter::is_defined("VTODO")));
    assert!(!is(not("VEVENT")) && is(not("VTODO")) && !is(CompFilter::is_defined("VTIMEZONE")));
    let inside = |filter: CompFilter| {
        let test = CompTest::Defined { time_range: None, properties: Vec::new(), components: vec![filter] };
        is(CompFilter { name: "VEVENT".to_owned(), test })
    };
    assert!(inside(CompFilter::is_defined("VALARM")) && !inside(not("VALARM")) && inside(not("X-OTHER")));
    assert!(!matches(&object, &Filter { calendar: CompFilter::is_defined("VCARD") }, &berlin()));
}

#[test]
fn an_override_and_its_master_match_for_themselves() {
    let object = object(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20260303T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:Plain\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260304T100000Z\nDTSTART:20260304T150000Z\nDURATION:PT1H\nSUMMARY:Special\nEND:VEVENT",
    );
    assert!(!is_in(&object, "9..12") && is_in(&object, "15..16"), "the instance has moved");
    let both = |summary: &str, times: &str| {
        let value = text(summary, Collation::AsciiCasemap, false);
        let test = PropTest::Defined { value, parameters: Vec::new() };
        let properties = vec![PropFilter { name: "SUMMARY".to_owned(), test }];
        let test = CompTest::Defined { time_range: Some(range(times)), properties, components: Vec::new() };
        matches(&object, &Filter::of_component(CompFilter { name: "VEVENT".to_owned(), test }), &berlin())
    };
    assert!(both("Special", "15..16") && !both("Plain", "15..16"));
    assert!(
        both("Plain", "20260303T100000Z..20260303T110000Z") && !both("Special", "20260303T100000Z..20260303T110000Z")
    );
}

#[test]
fn an_override_of_the_past_is_not_what_an_endless_series_does() {
    let alarm = "BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM";
    let object = |range: &str| {
        object(&format!(
            "BEGIN:VEVENT\nUID:1\nDTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:Plain\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:1\nRECURRENCE-ID{range}:20260104T100000Z\nDTSTART:20260104T150000Z\nSUMMARY:Special\n{alarm}\nEND:VEVENT"
        ))
    };
    let special = PropFilter {
        name: "SUMMARY".to_owned(),
        test: PropTest::Defined { value: text("Special", Collation::AsciiCasemap, false), parameters: Vec::new() },
    };
    let matched = |object: &CalendarObject, time_range: Option<TimeRange>, components: Vec<CompFilter>| {
        let test = CompTest::Defined { time_range, properties: vec![special.clone()], components };
        matches(object, &Filter::of_component(CompFilter { name: "VEVENT".to_owned(), test }), &berlin())
    };
    let later = || range("9..");
    let (one, all) = (object(""), object(";RANGE=THISANDFUTURE"));
    assert!(!matched(&one, Some(later()), Vec::new()) && matched(&all, Some(later()), Vec::new()));
    let rings = || vec![CompFilter::in_range("VALARM", later())];
    assert!(!matched(&one, None, rings()) && matched(&all, None, rings()));
    assert!(is_in(&one, "9.."), "the series itself goes on");
}

#[test]
fn hours_take_place_and_other_components_inside_do_not() {
    let inside = |name: &str, times: &str| {
        let hours = format!(
            "BEGIN:{name}\nUID:a\nDTSTART:20260302T080000Z\nDTEND:20260302T100000Z\nRRULE:FREQ=DAILY\nEND:{name}"
        );
        let object = component("VAVAILABILITY", &hours);
        let components = vec![CompFilter::in_range(name, range(times))];
        let test = CompTest::Defined { time_range: None, properties: Vec::new(), components };
        matches(&object, &Filter::of_component(CompFilter { name: "VAVAILABILITY".to_owned(), test }), &berlin())
    };
    assert!(inside("AVAILABLE", "8..9") && !inside("AVAILABLE", "10..11"));
    assert!(!inside("X-HOURS", "8..9"));
}

/// An instance an hour, none of which takes place for most of a year: many of such objects take many steps.
#[test]
fn a_question_about_many_objects_has_an_end() {
    let days: Vec<String> =
        (1..=12).flat_map(|month| (1..=25).map(move |day| format!("2026{month:02}{day:02}"))).collect();
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20260101T000000Z\r\nRRULE:FREQ=HOURLY;BYMONTHDAY={}\r\nEXDATE;VALUE=DATE:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        (1..=25).map(|day| day.to_string()).collect::<Vec<_>>().join(","),
        days.join(","),
    );
    let object = CalendarObject::parse(Bytes::from(text), &Zones::new()).unwrap();
    let (first, last) = (1_767_225_600, 1_767_225_600 + 365 * 86_400);
    let filter = Filter::of_component(CompFilter::in_range("VEVENT", first..last));
    let mut budget = Budget::default();
    let answer = || matches_within(&object, &filter, &berlin(), &mut budget);
    let answers: Vec<bool> = std::iter::repeat_with(answer).take(2000).map_while(Result::ok).collect();
    assert!(!answers.is_empty() && answers.len() < 2000 && !answers.contains(&true), "{}", answers.len());
}
