use std::ops::Range;

use bytes::Bytes;

use super::*;
use crate::value::{parse_date_time, print_date_time};

pub(super) fn parse(body: &str) -> Result<CalendarObject, Fault> {
    let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\n{body}\nEND:VCALENDAR\n");
    CalendarObject::parse(Bytes::from(text), &Zones::new())
}

fn event(lines: &str) -> CalendarObject {
    parse(&format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT")).unwrap()
}

fn range(from: &str, to: &str) -> Range<i64> {
    let seconds = |text: &str| parse_date_time(text).unwrap().digits();
    seconds(from)..seconds(to)
}

/// The occurrences as `start/end`, in UTC; floating times are those of Berlin.
fn occurrences(object: &CalendarObject, from: &str, to: &str) -> Vec<String> {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let found = object.occurrences(&range(from, to), &berlin, 100).unwrap();
    let hull = object.hull();
    for one in &found {
        assert!(hull.start <= one.start && one.end <= hull.end, "{one:?} is outside {hull:?}");
    }
    found.iter().map(|one| format!("{}/{}", print_date_time(one.start), print_date_time(one.end))).collect()
}

fn starts(object: &CalendarObject, from: &str, to: &str) -> String {
    let all = occurrences(object, from, to);
    all.iter().map(|one| one.split('/').next().unwrap()).collect::<Vec<_>>().join(" ")
}

const ALWAYS: (&str, &str) = ("00000101", "99991231");

mod hostile;
mod refusals;
mod sets;

#[test]
fn what_an_object_says_of_itself() {
    let object = event(
        "DTSTART:20260304T123000Z\nDTEND:20260304T133000Z\nSUMMARY:Team\\, lunch\nCLASS:CONFIDENTIAL\nTRANSP:TRANSPARENT\n\
         CREATED:19700101T000100Z\nLAST-MODIFIED:19700101T000200Z",
    );
    assert_eq!(
        (object.uid(), object.kind(), object.summary().as_deref()),
        ("1".to_owned(), Kind::Event, Some("Team, lunch"))
    );
    assert_eq!((object.class(), object.is_transparent(), object.is_recurring()), (Class::Confidential, true, false));
    assert_eq!((object.created(), object.last_modified()), (Some(60), Some(120)));
    let Range { start, end } = range("20260304T123000", "20260304T133000");
    assert_eq!(object.hull(), Hull { start, end });
    assert_eq!(event("DTSTART:20260304T123000Z\nCLASS:X-SECRET").class(), Class::Private);
}

#[test]
fn a_kept_object_costs_little_beside_its_text() {
    let object = event(
        "DTSTART;TZID=Europe/Berlin:20260304T123000\nDTEND;TZID=Europe/Berlin:20260304T133000\nSUMMARY:Lunch\n\
         DTSTAMP:20260101T000000Z\nCREATED:20260101T000000Z\nLAST-MODIFIED:20260101T000000Z\nLOCATION:Kantine\n\
         DESCRIPTION:Bitte pünktlich\nSEQUENCE:0\nTRANSP:OPAQUE",
    );
    assert!(object.document().overhead() < 250 && object.overhead() < 500, "{}", object.overhead());
}
