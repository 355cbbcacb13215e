//! What a reader who is not the owner sees of a confidential object: when, and nothing else (RFC 5545 section 3.8.1.3).
//!
//! A private object is not shown at all, which is the server's to do.

use bytes::Bytes;

use crate::document::Component;
use crate::object::{CalendarObject, Kind};
use crate::splice::Splices;

/// The object with its times, recurrence, TRANSP and CLASS, and without what it is about, where, and with whom.
pub fn times_only(object: &CalendarObject) -> Bytes {
    let root = object.document().root();
    let mut splices = Splices::default();
    keep(root, &CALENDAR, &mut splices);
    for component in root.components() {
        if Kind::of(component.name()).is_some() {
            redact(component, &mut splices);
        } else if !component.is("VTIMEZONE") {
            splices.remove(component.span());
        }
    }
    splices.apply(object.document().octets())
}

const CALENDAR: [&str; 3] = ["VERSION", "PRODID", "CALSCALE"];

/// What says when something is, and that it is.
const TIMES: [&str; 20] = [
    "UID",
    "DTSTAMP",
    "SEQUENCE",
    "CLASS",
    "TRANSP",
    "STATUS",
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "RRULE",
    "EXRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "FREEBUSY",
    "BUSYTYPE",
    "PRIORITY",
    "CREATED",
    "LAST-MODIFIED",
];

fn redact(component: Component<'_>, splices: &mut Splices) {
    keep(component, &TIMES, splices);
    for child in component.components() {
        if child.is("AVAILABLE") {
            redact(child, splices);
        } else {
            splices.remove(child.span());
        }
    }
}

fn keep(component: Component<'_>, names: &[&str], splices: &mut Splices) {
    for property in component.properties().filter(|property| !names.iter().any(|name| property.is(name))) {
        splices.remove(property.span());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zones;

    #[test]
    fn only_the_times_are_left() {
        let secret = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Secrets\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n\
            BEGIN:X-SECRET\r\nEND:X-SECRET\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Berlin:20260304T100000\r\nSUMMARY:Secret, as the\r\n place\r\n\
            LOCATION:Here\r\nRRULE:FREQ=DAILY\r\nCLASS:CONFIDENTIAL\r\nATTENDEE:mailto:a@example.org\r\nX-NOTE:secret\r\n\
            BEGIN:VALARM\r\nTRIGGER:PT0S\r\nEND:VALARM\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let object = CalendarObject::parse(Bytes::from_static(secret.as_bytes()), &Zones::new()).unwrap();
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\n\
            DTSTART;TZID=Europe/Berlin:20260304T100000\r\nRRULE:FREQ=DAILY\r\nCLASS:CONFIDENTIAL\r\nTRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(times_only(&object), expected);
        assert!(CalendarObject::parse(times_only(&object), &Zones::new()).is_ok());
    }
}
