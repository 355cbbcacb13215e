use bytes::Bytes;

use super::*;
use crate::value::parse_date_time;
use crate::zone::Zones;

fn object(kind: &str, lines: &str) -> CalendarObject {
    let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:{kind}\nUID:1\n{lines}\nEND:{kind}\nEND:VCALENDAR\n");
    CalendarObject::parse(Bytes::from(text), &Zones::new()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn day(from: &str, to: &str) -> Range<i64> {
    let at = |hour: &str| parse_date_time(&format!("20260304T{hour}00Z")).unwrap().digits();
    at(from)..at(to)
}

/// The busy periods of 2026-03-04 from 6 to 20 h.
fn periods(objects: &[CalendarObject]) -> Vec<String> {
    let hour = |instant: i64| print_date_time(instant)[9..13].to_owned();
    let found = busy(objects, &day("0600", "2000"), &Zone::utc()).unwrap();
    found.iter().map(|one| format!("{}-{} {}", hour(one.range.start), hour(one.range.end), one.kind.name())).collect()
}

#[test]
fn events_count_unless_they_take_no_time() {
    let event = |lines: &str| object("VEVENT", lines);
    let objects = [
        event("DTSTART:20260301T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"),
        event("DTSTART:20260304T093000Z\nDURATION:PT1H"),
        event("DTSTART:20260304T100000Z\nDURATION:PT2H\nSTATUS:TENTATIVE"),
        event("DTSTART:20260304T140000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"),
        event("DTSTART:20260304T150000Z\nDURATION:PT1H\nSTATUS:CANCELLED"),
        event("DTSTART:20260304T160000Z"),
        event("DTSTART:20260304T193000Z\nDURATION:PT2H"),
        object("VTODO", "DTSTART:20260304T120000Z\nDURATION:PT1H"),
    ];
    assert_eq!(periods(&objects), ["0900-1030 BUSY", "1030-1200 BUSY-TENTATIVE", "1930-2000 BUSY"]);
}

#[test]
fn published_times_are_what_they_say() {
    let published = object(
        "VFREEBUSY",
        "FREEBUSY:20260304T090000Z/PT1H,20260304T100000Z/20260304T103000Z\nFREEBUSY;FBTYPE=FREE:20260304T110000Z/PT1H\n\
         FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260304T120000Z/PT1H\nFREEBUSY;FBTYPE=X-ODD:20260304T140000Z/PT1H",
    );
    assert_eq!(periods(&[published]), ["0900-1030 BUSY", "1200-1300 BUSY-UNAVAILABLE", "1400-1500 BUSY"]);
}

#[test]
fn outside_the_hours_of_work_nobody_is_available() {
    let hours = "BEGIN:AVAILABLE\nUID:a\nDTSTART:20260302T080000Z\nDTEND:20260302T160000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE\nEND:AVAILABLE";
    let work = object("VAVAILABILITY", hours);
    let meeting = object("VEVENT", "DTSTART:20260304T153000Z\nDURATION:PT2H");
    let expected = ["0600-0800 BUSY-UNAVAILABLE", "1530-1730 BUSY", "1730-2000 BUSY-UNAVAILABLE"];
    assert_eq!(periods(&[work.clone(), meeting]), expected);
    let holiday = object(
        "VAVAILABILITY",
        "PRIORITY:1\nBUSYTYPE:BUSY\nDTSTART:20260304T100000Z\nDTEND:20260304T180000Z\nBEGIN:AVAILABLE\nUID:b\n\
         DTSTART:20260304T120000Z\nDURATION:PT30M\nEND:AVAILABLE",
    );
    let expected = ["0600-0800 BUSY-UNAVAILABLE", "1000-1200 BUSY", "1230-1800 BUSY", "1800-2000 BUSY-UNAVAILABLE"];
    assert_eq!(periods(&[holiday, work]), expected);
    let moved = format!(
        "{hours}\nBEGIN:AVAILABLE\nUID:a\nRECURRENCE-ID:20260304T080000Z\nDTSTART:20260304T100000Z\nDTEND:20260304T110000Z\nEND:AVAILABLE"
    );
    let expected = ["0600-1000 BUSY-UNAVAILABLE", "1100-2000 BUSY-UNAVAILABLE"];
    assert_eq!(periods(&[object("VAVAILABILITY", &moved)]), expected);
}

#[test]
fn an_answer_is_a_calendar() {
    let range = day("0600", "2000");
    let periods = [Period { range: day("0900", "1000"), kind: Busy::Tentative }];
    let octets = print("-//test//", 0, &range, &[NewProperty::new("UID", "1")], &periods);
    let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\nBEGIN:VFREEBUSY\r\nDTSTAMP:19700101T000000Z\r\n\
        DTSTART:20260304T060000Z\r\nDTEND:20260304T200000Z\r\nUID:1\r\n\
        FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260304T090000Z/20260304T100000Z\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    assert_eq!(octets, expected);
    let read = CalendarObject::parse(octets, &Zones::new()).unwrap();
    assert_eq!(busy([&read], &range, &Zone::utc()), Ok(periods.to_vec()));
}

#[test]
fn all_hours_of_work_share_the_steps_of_a_search() {
    let hours =
        "BEGIN:AVAILABLE\nUID:a\nDTSTART:20260302T080000Z\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\nEND:AVAILABLE";
    let work = |count: usize| [object("VAVAILABILITY", &vec![hours; count].join("\n"))];
    let always = i64::MIN..i64::MAX;
    assert!(busy(&work(1), &always, &Zone::utc()).is_ok());
    assert_eq!(busy(&work(4), &always, &Zone::utc()), Err(TooMany));
}
