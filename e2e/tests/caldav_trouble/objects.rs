//! Calendar objects that are broken, endless, or from the edge of the calendar.

use std::time::{Duration, Instant};

use e2e::caldav::{World, event};
use e2e::http::{Client, Reply};

const YEAR: &str = "<C:time-range start=\"20260101T000000Z\" end=\"20270101T000000Z\"/>";

/// A calendar of alice's.
struct Scene {
    alice: Client,
    work: String,
    world: World,
}

impl Scene {
    fn new() -> Scene {
        let world = World::new();
        Scene { alice: world.user("alice"), work: world.calendar("alice", "work"), world }
    }

    fn put(&self, name: &str, body: impl AsRef<[u8]>) -> Reply {
        self.alice.put(&format!("{}{name}", self.work), body)
    }

    #[track_caller]
    fn refused(&self, body: impl AsRef<[u8]>, condition: &str) {
        let reply = self.put("bad.ics", body);
        assert_eq!(reply.status, 403, "{condition}: {}", reply.text());
        assert!(reply.text().contains(&format!("<C:{condition}/>")), "{condition}: {}", reply.text());
        assert!(reply.element("reason").is_some_and(|reason| !reason.is_empty()), "{}", reply.text());
        assert_eq!(self.alice.get(&format!("{}bad.ics", self.work)).status, 404);
    }

    fn found(&self, range: &str) -> Reply {
        let filter = format!(
            "<D:prop><D:getetag/><C:calendar-data><C:expand start=\"20260101T000000Z\" end=\"20260201T000000Z\"/></C:calendar-data></D:prop>\
             <C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\">{range}</C:comp-filter></C:comp-filter></C:filter>"
        );
        self.alice.report(&self.work, "C:calendar-query", &filter)
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_is_no_calendar_object_is_refused_by_its_precondition() {
    let scene = Scene::new();
    let good = event("1", "20260101T000000Z", "");
    let mut latin = good.clone().into_bytes();
    latin.splice(latin.len() - 30..latin.len() - 30, *b"\xfc");
    scene.refused(latin, "valid-calendar-data");
    scene.refused("", "valid-calendar-data");
    scene.refused("BEGIN:VCALENDAR\r\n", "valid-calendar-data");
    scene.refused(good.replace("UID:1\r\n", ""), "valid-calendar-object-resource");
    scene.refused(good.replace("UID:1\r\n", "UID:1\r\nUID:2\r\n"), "valid-calendar-object-resource");
    let inner = &good[good.find("BEGIN:VEVENT").expect("an event")..good.find("END:VCALENDAR").expect("an end")];
    let two = good.replace("END:VCALENDAR", &format!("{}END:VCALENDAR", inner.replace("UID:1", "UID:2")));
    scene.refused(two, "valid-calendar-object-resource");
    let nested = format!("BEGIN:VCALENDAR\r\n{}", "BEGIN:VEVENT\r\n".repeat(100_000));
    scene.refused(nested, "valid-calendar-data");
    scene.refused(good.replace("20260101T000000Z", "20261301T000000Z"), "valid-calendar-data");
    scene.refused(good.replace("PRODID", "METHOD:REQUEST\r\nPRODID"), "valid-calendar-object-resource");
    scene.world.repository.check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_line_of_ten_megabytes_is_taken_or_refused_at_once() {
    let scene = Scene::new();
    let begun = Instant::now();
    let line = format!("DESCRIPTION:{}\r\n", "x".repeat(9 << 20));
    let reply = scene.put("long.ics", event("long", "20260101T000000Z", &line));
    assert!([201, 403].contains(&reply.status), "{}", reply.text());
    let reply = scene.put("longer.ics", event("longer", "20260101T000000Z", &line.repeat(2)));
    assert!([403, 413].contains(&reply.status), "{}", reply.text());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(scene.found(YEAR).status, 207);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_event_every_second_for_ever_costs_a_bounded_time() {
    let scene = Scene::new();
    let endless = event("bomb", "19700101T000000Z", "RRULE:FREQ=SECONDLY\r\n");
    let never = event("never", "19700101T000000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n");
    let begun = Instant::now();
    for (name, body) in [("bomb.ics", endless), ("never.ics", never)] {
        let reply = scene.put(name, body);
        assert!([201, 403].contains(&reply.status), "{name}: {}", reply.text());
    }
    assert_eq!(scene.put("lunch.ics", event("lunch", "20260105T120000Z", "")).status, 201);
    let reply = scene.found(YEAR);
    assert!([207, 403, 507].contains(&reply.status), "{}", reply.status);
    assert!(reply.status != 207 || reply.text().contains("lunch.ics"), "nothing else is hidden");
    let busy = "<C:time-range start=\"20260101T000000Z\" end=\"20260201T000000Z\"/>";
    scene.alice.report(&scene.work, "C:free-busy-query", busy);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
#[ignore = "needs cargo e2e"]
fn odd_times_are_kept_and_answered() {
    let scene = Scene::new();
    let backwards = event("back", "20260105T120000Z", "").replace("DURATION:PT1H", "DTEND:20260105T110000Z");
    let zone = event("zone", "20260105T120000", "").replace("DTSTART:", "DTSTART;TZID=Middle-earth/Shire:");
    let zero = event("zero", "00000101T000000Z", "");
    let last = event("last", "99991231T230000Z", "RRULE:FREQ=DAILY\r\n");
    for (name, body) in [("back.ics", &backwards), ("zone.ics", &zone), ("zero.ics", &zero), ("last.ics", &last)] {
        let reply = scene.put(name, body);
        assert!([201, 403].contains(&reply.status), "{name}: {} {}", reply.status, reply.text());
        if reply.status == 201 {
            assert_eq!(scene.alice.get(&format!("{}{name}", scene.work)).body, body.as_bytes(), "{name}");
        }
    }
    assert_eq!(scene.put("lunch.ics", event("lunch", "20260105T120000Z", "")).status, 201);
    for range in [YEAR, "<C:time-range start=\"99991231T000000Z\"/>", "<C:time-range end=\"00010102T000000Z\"/>", ""] {
        let reply = scene.found(range);
        assert_eq!(reply.status, 207, "{range}: {}", reply.text());
    }
    assert!(scene.found(YEAR).text().contains("lunch.ics"));
}
