//! Any octets as a calendar; what reads as one is searched, filtered, rendered, redacted, described, answered
//! and changed, and reads again.
#![no_main]

use bytes::Bytes;
use ical::filter::{CompFilter, CompTest, Filter, matches};
use ical::patch::{NewProperty, Patch};
use ical::select::{RecurrenceSelection, Selection, render};
use ical::{CalendarObject, Document, Zone, Zones, describe, free_busy, itip, redact};
use libfuzzer_sys::fuzz_target;

const MARCH_2026: std::ops::Range<i64> = 1_772_323_200..1_775_001_600;

fuzz_target!(|octets: &[u8]| {
    let octets = Bytes::copy_from_slice(octets);
    let Ok(object) = CalendarObject::parse(octets.clone(), &Zones::new()) else {
        let _ = Document::parse(octets);
        return;
    };
    let floating = Zone::utc();
    let hull = object.hull();
    for occurrence in object.occurrences(&MARCH_2026, &floating, 1000).unwrap_or_default() {
        assert!(hull.start <= occurrence.end && occurrence.start <= hull.end, "{occurrence:?} is outside {hull:?}");
    }
    let _ = object.occurrences(&(i64::MIN..i64::MAX), &floating, 100);

    let alarm = CompFilter::in_range("VALARM", MARCH_2026);
    let test = CompTest::Defined { time_range: Some(MARCH_2026), properties: Vec::new(), components: vec![alarm] };
    let name = object.kind().name().to_owned();
    matches(&object, &Filter::of_component(CompFilter { name, test }), &floating);

    for recurrences in [RecurrenceSelection::Expand(MARCH_2026), RecurrenceSelection::Limit(MARCH_2026)] {
        let limit_free_busy_set = Some(MARCH_2026);
        let selection = Selection { calendar: None, recurrences: Some(recurrences), limit_free_busy_set };
        if let Ok(rendered) = render(&object, &selection, &floating) {
            Document::parse(rendered).expect("what is rendered is a calendar");
        }
    }
    let _ = free_busy::busy([&object], &MARCH_2026, &floating);
    Document::parse(redact::times_only(&object)).expect("what is left is a calendar");

    let identify = |address: &str| address.to_ascii_lowercase();
    let draft = itip::Draft::of(&object).public();
    Document::parse(itip::request(&draft, "-//fuzz//")).expect("an invitation is a calendar");
    for (instance, component) in itip::instances(&object) {
        let Some(who) = component.property("ATTENDEE").map(|attendee| identify(&attendee.value())) else { continue };
        let answer = itip::Answer { instance, partstat: "ACCEPTED".to_owned() };
        if let Some(answered) = itip::answered(&object, &[answer], &who, Some("2.0"), &identify) {
            let answered = CalendarObject::parse(answered, &Zones::new()).expect("an answer leaves an object");
            assert!(itip::rescheduled(&object, &answered).is_empty());
        }
    }

    let mut patch = Patch::new(object.document());
    let component = object.component(0);
    patch.set(component, &NewProperty::text("SUMMARY", "new\ntitle"));
    if let Some(property) = component.properties().last() {
        patch.replace(property, &NewProperty::of(property).with_parameter("X-A", "b;c"));
    }
    let changed = Document::parse(patch.finish()).expect("a changed calendar is one");
    let changed = CalendarObject::parse(changed.octets().clone(), &Zones::new()).ok();
    assert!(describe::change(Some(&object), changed.as_ref()).chars().count() <= 70);
});
