//! What a reader who is not the owner sees of a confidential object: when, and nothing else (RFC 5545 section 3.8.1.3).
//!
//! A private object is not shown at all, which is the server's to do. What programs note for themselves may stand anywhere, also in
//! parameters and in time zones, so only what is known stays.

use bytes::Bytes;

use crate::document::{Component, Property};
use crate::object::{CalendarObject, Kind};
use crate::patch::{NewProperty, Patch};

/// The object with its times, recurrence, TRANSP and CLASS, and without what it is about, where, and with whom.
pub fn times_only(object: &CalendarObject) -> Bytes {
    let root = object.document().root();
    let mut patch = Patch::new(object.document());
    keep(root, &CALENDAR, &mut patch);
    for component in root.components() {
        if Kind::of(component.name()).is_some() {
            redact(component, &TIMES, &["AVAILABLE"], &mut patch);
        } else if component.is("VTIMEZONE") {
            redact(component, &ZONE, &["STANDARD", "DAYLIGHT"], &mut patch);
        } else {
            patch.remove_component(component);
        }
    }
    patch.finish()
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

/// What says when clocks change.
const ZONE: [&str; 7] = ["TZID", "TZOFFSETFROM", "TZOFFSETTO", "DTSTART", "RRULE", "RDATE", "TZNAME"];

/// Parameters that say what a time means.
const PARAMETERS: [&str; 4] = ["TZID", "VALUE", "RANGE", "FBTYPE"];

/// Leaves the properties of some names in a component and in the components of some names in it.
fn redact(component: Component<'_>, names: &[&str], inner: &[&str], patch: &mut Patch<'_>) {
    keep(component, names, patch);
    for child in component.components() {
        match inner.iter().any(|name| child.is(name)) {
            true => redact(child, names, &[], patch),
            false => patch.remove_component(child),
        }
    }
}

fn keep(component: Component<'_>, names: &[&str], patch: &mut Patch<'_>) {
    for property in component.properties() {
        if !names.iter().any(|name| property.is(name)) {
            patch.remove(property);
        } else if let Some(plain) = plain(property) {
            patch.replace(property, &plain);
        }
    }
}

/// A property with those of its parameters that stay, each once; none if that is how it is.
fn plain(property: Property<'_>) -> Option<NewProperty> {
    let stays = |name: &str| PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known));
    let bare = NewProperty::new(property.name(), &property.value());
    let known = property.parameters().filter(|(name, _)| stays(name));
    let plain = known.fold(bare, |plain, (name, value)| match plain.parameter(&name) {
        Some(_) => plain,
        None => plain.with_parameter(&name, &value),
    });
    (plain != NewProperty::of(property)).then_some(plain)
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

    #[test]
    fn nothing_is_hidden_in_parameters_and_zones() {
        let secret = "BEGIN:VCALENDAR\nVERSION;X-A=secret:2.0\nBEGIN:VTIMEZONE\nTZID:Home\nX-LIC-LOCATION:secret\nCOMMENT:secret\n\
            BEGIN:STANDARD\nDTSTART;X-A=secret:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nTZNAME;LANGUAGE=de:MEZ\n\
            X-NOTE:secret\nBEGIN:X-MORE\nA:secret\nEND:X-MORE\nEND:STANDARD\nBEGIN:X-MORE\nA:secret\nEND:X-MORE\nEND:VTIMEZONE\n\
            BEGIN:VEVENT\nUID;X-A=\"secret: 1\":1\nDTSTART;X-A=secret;TZID=\"Home\";secret:20260304T100000\n\
            RDATE;VALUE=PERIOD;TZID=Home:20260305T100000/PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
        let object = CalendarObject::parse(Bytes::from_static(secret.as_bytes()), &Zones::new()).unwrap();
        let expected = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Home\n\
            BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nTZNAME:MEZ\nEND:STANDARD\nEND:VTIMEZONE\n\
            BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Home:20260304T100000\n\
            RDATE;VALUE=PERIOD;TZID=Home:20260305T100000/PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
        let redacted = times_only(&object);
        assert_eq!(redacted, expected);
        assert_eq!(CalendarObject::parse(redacted, &Zones::new()).unwrap().hull(), object.hull());
    }
}
