use bytes::Bytes;
use proptest::prelude::*;

use super::{Document, SyntaxError};

fn parse(text: &str) -> Result<Document, SyntaxError> {
    Document::parse(Bytes::copy_from_slice(text.as_bytes()))
}

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY;LANGUAGE=de:Mittag\r\n  essen\\, g\r\n emeinsam\r\n\
    BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nATTENDEE;CN=\"a:b\":mailto:a@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[test]
fn components_and_properties_are_found() {
    let document = parse(EVENT).unwrap();
    let root = document.root();
    assert_eq!((root.name(), root.property("version").unwrap().value().as_ref()), ("VCALENDAR", "2.0"));
    let event = root.components().next().unwrap();
    assert_eq!(event.properties().map(|property| property.name()).collect::<Vec<_>>(), ["UID", "SUMMARY", "ATTENDEE"]);
    let summary = event.property("SUMMARY").unwrap();
    assert_eq!(
        (summary.value().as_ref(), summary.text().as_str()),
        ("Mittag essen\\, gemeinsam", "Mittag essen, gemeinsam")
    );
    assert_eq!((summary.line(), summary.parameter("language").as_deref()), (5, Some("de")));
    assert_eq!(event.property("ATTENDEE").unwrap().parameter("CN").as_deref(), Some("a:b"));
    assert_eq!(event.components().next().unwrap().octets(), b"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n");
    assert_eq!(root.span(), 0..EVENT.len());
}

#[test]
fn line_ends_blank_lines_and_a_mark_are_tolerated() {
    let document = parse(&format!("\u{feff}{}\n\n", EVENT.replace("\r\n", "\n").replace("UID", "\nUID"))).unwrap();
    assert_eq!(document.root().components().next().unwrap().property("UID").unwrap().value(), "1");
}

#[test]
fn a_character_may_be_folded_inside() {
    let text = EVENT.replace("Mittag", "Caf\u{e9}\u{e9}").into_bytes();
    let at = text.iter().position(|octet| *octet == 0xa9).unwrap();
    let folded = [&text[..at], b"\r\n ", &text[at..]].concat();
    let document = Document::parse(Bytes::from(folded)).unwrap();
    let event = document.root().components().next().unwrap();
    assert_eq!(event.property("SUMMARY").unwrap().text(), "Caféé essen, gemeinsam");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let says = |text: &str, line: u32, words: &str| {
        let error = parse(text).unwrap_err();
        assert!(error.line == line && error.reason.contains(words), "{error}");
    };
    says("", 1, "empty");
    says("BEGIN:VEVENT\nEND:VEVENT\n", 1, "BEGIN:VCALENDAR");
    says("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO\n", 3, "END:VEVENT was expected");
    says("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", 3, "END:VEVENT is missing");
    says("BEGIN:VCALENDAR\nhello\nEND:VCALENDAR\n", 2, "no colon");
    says("BEGIN:VCALENDAR\nA;B=\"c:d\nEND:VCALENDAR\n", 2, "quotes");
    says("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n", 3, "only one VCALENDAR");
    says("BEGIN:VCALENDAR\nA:\0\nEND:VCALENDAR\n", 2, "control character");
    says(&format!("BEGIN:VCALENDAR\n{}:1\nEND:VCALENDAR\n", "X".repeat(71)), 2, "more than 70 characters");
    says("BEGIN:VCALENDAR\nBEGIN;A=1:VEVENT\nEND:VCALENDAR\n", 2, "no parameters");
    says(&"BEGIN:VCALENDAR\n".repeat(9), 9, "deep");
    let latin = Document::parse(Bytes::from_static(b"BEGIN:VCALENDAR\nX:\xe9t\xe9\nEND:VCALENDAR\n")).unwrap_err();
    assert!(latin.line == 2 && latin.reason.contains("UTF-8"), "{latin}");
}

#[test]
fn a_line_costs_eight_octets() {
    let document = parse(EVENT).unwrap();
    assert_eq!(document.overhead(), 48 + 8 * 11);
}

proptest! {
    #[test]
    fn octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Document::parse(Bytes::from(octets));
    }

    #[test]
    fn damaged_events_never_panic(at in 0..EVENT.len(), octet in any::<u8>(), cut in 0..EVENT.len()) {
        let mut octets = EVENT.as_bytes().to_vec();
        octets[at] = octet;
        octets.truncate(cut.max(1));
        octets.extend_from_slice(b"\r\nEND:VEVENT\r\nEND:VCALENDAR");
        if let Ok(document) = Document::parse(Bytes::from(octets)) {
            for property in document.root().components().flat_map(|component| component.properties()) {
                let _ = (property.name(), property.text(), property.parameters().count(), property.line());
            }
        }
    }
}
