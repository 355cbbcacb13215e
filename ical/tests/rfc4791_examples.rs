//! The queries of RFC 4791 section 7.8 and 7.10 on the calendar of its appendix B: which objects match, and what is returned.

use std::ops::Range;

use bytes::Bytes;
use ical::filter::{
    Collation, CompFilter, CompTest, Filter, ParamFilter, ParamTest, PropFilter, PropTest, TextMatch, ValueTest,
    matches,
};
use ical::select::{CompSelection, PropSelection, RecurrenceSelection, Selection, render};
use ical::{CalendarObject, Zone, Zones, free_busy};

const EASTERN: &str = "BEGIN:VTIMEZONE\nLAST-MODIFIED:20040110T032845Z\nTZID:US/Eastern\nBEGIN:DAYLIGHT\nDTSTART:20000404T020000\n\
    RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\nTZNAME:EDT\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\nBEGIN:STANDARD\n\
    DTSTART:20001026T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZNAME:EST\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\nEND:VTIMEZONE\n";

/// The names and objects of appendix B.
fn calendar() -> Vec<(&'static str, CalendarObject)> {
    let event = |number: u8, lines: &str| {
        format!(
            "{EASTERN}BEGIN:VEVENT\nDTSTAMP:20060206T001102Z\n{lines}SUMMARY:Event #{number}\nUID:event{number}@example.com\nEND:VEVENT\n"
        )
    };
    let again = |lines: &str| {
        format!("BEGIN:VEVENT\nDTSTAMP:20060206T001121Z\nDURATION:PT1H\n{lines}UID:event2@example.com\nEND:VEVENT\n")
    };
    let task = |number: u8, lines: &str| {
        format!(
            "{EASTERN}BEGIN:VTODO\nDTSTAMP:20060205T235335Z\n{lines}SUMMARY:Task #{number}\nUID:task{number}@example.com\nEND:VTODO\n"
        )
    };
    let recurring = event(2, "DTSTART;TZID=US/Eastern:20060102T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\n")
        + &again(
            "DTSTART;TZID=US/Eastern:20060104T140000\nRECURRENCE-ID;TZID=US/Eastern:20060104T120000\nSUMMARY:Event #2 bis\n",
        )
        + &again(
            "DTSTART;TZID=US/Eastern:20060106T140000\nRECURRENCE-ID;TZID=US/Eastern:20060106T120000\nSUMMARY:Event #2 bis bis\n",
        );
    let attended = "ATTENDEE;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:cyrus@example.com\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lisa@example.com\n\
        DTSTART;TZID=US/Eastern:20060104T100000\nDURATION:PT1H\nORGANIZER:mailto:cyrus@example.com\nSTATUS:TENTATIVE\n";
    let alarm = "DTSTART;TZID=US/Eastern:20060106T100000\nDUE;VALUE=DATE:20060106\nSTATUS:NEEDS-ACTION\n\
        BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=START:-PT10M\nEND:VALARM\n";
    let busy = "BEGIN:VFREEBUSY\nUID:busy@example.com\nDTSTAMP:20050125T090000Z\nDTSTART:20060101T000000Z\nDTEND:20060108T000000Z\n\
        FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T100000Z/20060102T120000Z\nFREEBUSY:20060103T100000Z/20060103T120000Z\nEND:VFREEBUSY\n";
    let all = [
        ("abcd1", event(1, "DTSTART;TZID=US/Eastern:20060102T120000\nDURATION:PT1H\n")),
        ("abcd2", recurring),
        ("abcd3", event(3, attended)),
        ("abcd4", task(1, "DUE;VALUE=DATE:20060104\nSTATUS:NEEDS-ACTION\n")),
        ("abcd5", task(2, alarm)),
        ("abcd6", task(3, "COMPLETED:20051223T122322Z\nDUE;VALUE=DATE:20051225\nSTATUS:COMPLETED\n")),
        ("abcd7", task(4, "DUE;VALUE=DATE:20060101\nSTATUS:CANCELLED\n")),
        ("abcd8", busy.to_owned()),
    ];
    let zones = Zones::new();
    let parse = |body: &str| {
        let text =
            format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN\n{body}END:VCALENDAR\n");
        CalendarObject::parse(Bytes::from(text), &zones).unwrap_or_else(|fault| panic!("{fault}"))
    };
    all.into_iter().map(|(name, body)| (name, parse(&body))).collect()
}

/// Days and hours of January 2006, in UTC.
fn january(from: (i64, i64), to: (i64, i64)) -> Range<i64> {
    let at = |(day, hour): (i64, i64)| 1_136_073_600 + (day - 1) * 86_400 + hour * 3600;
    at(from)..at(to)
}

fn found(component: CompFilter) -> Vec<&'static str> {
    let filter = Filter::of_component(component);
    let matching = |(_, object): &(&str, CalendarObject)| matches(object, &filter, &Zone::utc());
    calendar().into_iter().filter(matching).map(|(name, _)| name).collect()
}

fn with(name: &str, properties: Vec<PropFilter>, components: Vec<CompFilter>) -> CompFilter {
    CompFilter { name: name.to_owned(), test: CompTest::Defined { time_range: None, properties, components } }
}

fn contains(name: &str, text: &str, negate: bool, parameters: Vec<ParamFilter>) -> PropFilter {
    let value = Some(ValueTest::Text(TextMatch::new(text, Collation::AsciiCasemap, negate)));
    PropFilter { name: name.to_owned(), test: PropTest::Defined { value, parameters } }
}

fn rendered(name: &str, selection: &Selection) -> String {
    let (_, object) = calendar().into_iter().find(|(other, _)| *other == name).expect("an object");
    String::from_utf8(render(&object, selection, &Zone::utc()).expect("not many").to_vec()).expect("text")
}

#[test]
fn section_7_8_1_partial_retrieval_of_events_by_time_range() {
    assert_eq!(found(CompFilter::in_range("VEVENT", january((4, 0), (5, 0)))), ["abcd2", "abcd3"]);
    let named = |names: &[&str]| {
        Some(names.iter().map(|name| PropSelection { name: (*name).to_owned(), novalue: false }).collect())
    };
    let comp = |name: &str, properties, components| CompSelection { name: name.to_owned(), properties, components };
    let event =
        comp("VEVENT", named(&["SUMMARY", "UID", "DTSTART", "DURATION", "RRULE", "RECURRENCE-ID"]), Some(vec![]));
    let calendar = comp("VCALENDAR", named(&["VERSION"]), Some(vec![event, comp("VTIMEZONE", None, None)]));
    let expected = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\n{EASTERN}BEGIN:VEVENT\nDTSTART;TZID=US/Eastern:20060104T100000\nDURATION:PT1H\n\
         SUMMARY:Event #3\nUID:event3@example.com\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    assert_eq!(rendered("abcd3", &Selection { calendar: Some(calendar), ..Selection::default() }), expected);
}

#[test]
fn section_7_8_2_partial_retrieval_of_recurring_events() {
    let recurrences = Some(RecurrenceSelection::Limit(january((3, 0), (5, 0))));
    let limited = rendered("abcd2", &Selection { recurrences, ..Selection::default() });
    assert!(limited.contains("RRULE") && limited.contains("Event #2 bis\n") && !limited.contains("Event #2 bis bis"));
}

#[test]
fn section_7_8_3_expanded_retrieval_of_recurring_events() {
    let recurrences = Some(RecurrenceSelection::Expand(january((3, 0), (5, 0))));
    let expected = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN\n\
        BEGIN:VEVENT\nDTSTAMP:20060206T001102Z\nDTSTART:20060103T170000Z\nRECURRENCE-ID:20060103T170000Z\nDURATION:PT1H\n\
        SUMMARY:Event #2\nUID:event2@example.com\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTAMP:20060206T001121Z\nDURATION:PT1H\nDTSTART:20060104T190000Z\nRECURRENCE-ID:20060104T170000Z\n\
        SUMMARY:Event #2 bis\nUID:event2@example.com\nEND:VEVENT\nEND:VCALENDAR\n";
    assert_eq!(rendered("abcd2", &Selection { recurrences, ..Selection::default() }), expected);
}

#[test]
fn section_7_8_4_partial_retrieval_of_stored_free_busy_components() {
    assert_eq!(found(CompFilter::in_range("VFREEBUSY", january((2, 0), (3, 0)))), ["abcd8"]);
    let selection = Selection { limit_free_busy_set: Some(january((2, 0), (3, 0))), ..Selection::default() };
    let limited = rendered("abcd8", &selection);
    assert!(limited.contains("20060102T100000Z/20060102T120000Z") && !limited.contains("20060103T100000Z/"));
}

#[test]
fn section_7_8_5_retrieval_of_to_dos_by_alarm_time_range() {
    let alarm = CompFilter::in_range("VALARM", january((6, 10), (7, 10)));
    assert_eq!(found(with("VTODO", vec![], vec![alarm])), ["abcd5"]);
}

#[test]
fn section_7_8_6_retrieval_of_event_by_uid() {
    assert_eq!(found(with("VEVENT", vec![contains("UID", "event3@example.com", false, vec![])], vec![])), ["abcd3"]);
}

#[test]
fn section_7_8_7_retrieval_of_events_by_partstat() {
    let needs_action = ParamTest::Text(TextMatch::new("NEEDS-ACTION", Collation::AsciiCasemap, false));
    let parameters = vec![ParamFilter { name: "PARTSTAT".to_owned(), test: needs_action }];
    let lisa = contains("ATTENDEE", "mailto:lisa@example.com", false, parameters);
    assert_eq!(found(with("VEVENT", vec![lisa], vec![])), ["abcd3"]);
}

#[test]
fn section_7_8_8_retrieval_of_events_only() {
    assert_eq!(found(CompFilter::is_defined("VEVENT")), ["abcd1", "abcd2", "abcd3"]);
}

#[test]
fn section_7_8_9_retrieval_of_all_pending_to_dos() {
    let not_completed = PropFilter { name: "COMPLETED".to_owned(), test: PropTest::IsNotDefined };
    let not_cancelled = contains("STATUS", "CANCELLED", true, vec![]);
    assert_eq!(found(with("VTODO", vec![not_completed, not_cancelled], vec![])), ["abcd4", "abcd5"]);
}

#[test]
fn section_7_10_free_busy() {
    let objects: Vec<CalendarObject> = calendar().into_iter().map(|(_, object)| object).take(3).collect();
    let range = january((4, 14), (5, 22));
    let periods = free_busy::busy(&objects, &range, &Zone::utc()).expect("not many");
    let octets = free_busy::print("-//Example Corp.//CalDAV Server//EN", range.start, &range, &[], &periods);
    let text = String::from_utf8(octets.to_vec()).expect("text");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("FREEBUSY")).collect();
    let expected = [
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060104T150000Z/20060104T160000Z",
        "FREEBUSY;FBTYPE=BUSY:20060104T190000Z/20060104T200000Z",
        "FREEBUSY;FBTYPE=BUSY:20060105T170000Z/20060105T180000Z",
    ];
    assert_eq!(lines, expected);
}
