//! Questions to the outbox (RFC 6638 section 5).

use super::*;
use crate::testing::Server;

const OUTBOX: &str = "/calendars/alice/outbox/";

fn question(lines: &str) -> String {
    let lines = lines.replace('|', "\n");
    format!(
        "POST {OUTBOX}\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\nMETHOD:REQUEST\nBEGIN:VFREEBUSY\nUID:q\n\
         DTSTAMP:20260301T000000Z\nDTSTART:20260304T000000Z\nDTEND:20260305T000000Z\n{lines}\nEND:VFREEBUSY\nEND:VCALENDAR\n"
    )
}

fn event(uid: &str, lines: &str) -> String {
    let lines = lines.replace('|', "\n");
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:{uid}\nSUMMARY:Secret\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

const ALICE_ASKS: &str = "ORGANIZER:mailto:alice@example.org|ATTENDEE:mailto:bob@example.org";

#[test]
fn busy_times_are_told_and_nothing_else() {
    let mut server = Server::of(&["alice", "bob"])
        .with("calendars/bob/work/1.ics", &event("1", "CLASS:PRIVATE|DTSTART:20260304T100000Z|DTEND:20260304T110000Z"))
        .with(
            "calendars/bob/work/2.ics",
            &event("2", "TRANSP:TRANSPARENT|DTSTART:20260304T120000Z|DTEND:20260304T130000Z"),
        )
        .with("calendars/bob/private/.calendar.toml", "transparent = true\n")
        .with("calendars/bob/private/3.ics", &event("3", "DTSTART:20260304T140000Z|DTEND:20260304T150000Z"));
    let reply = server.ask(
        "alice",
        &question(&format!("{ALICE_ASKS}|ATTENDEE:mailto:nobody@example.org|ATTENDEE:mailto:eve@elsewhere.example")),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("FREEBUSY;FBTYPE=BUSY:20260304T100000Z/20260304T110000Z"), "{}", reply.body);
    assert!(reply.body.contains("METHOD:REPLY") && reply.body.contains("2.0;Success"));
    assert_eq!(reply.body.matches("3.7;Invalid calendar user").count(), 2);
    for hidden in ["T120000Z", "T140000Z", "Secret"] {
        assert!(!reply.body.contains(hidden), "{hidden}: {}", reply.body);
    }
}

#[test]
fn what_is_not_accepted_is_tentative_and_what_is_declined_is_free() {
    let mut server = Server::of(&["alice", "bob"]);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    let ask = |server: &mut Server| server.ask("alice", &question(ALICE_ASKS)).body;
    assert!(ask(&mut server).contains("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260304T120000Z"));
    answer(&mut server, "bob", "DECLINED");
    assert!(!ask(&mut server).contains("FREEBUSY;"));
    answer(&mut server, "bob", "ACCEPTED");
    assert!(ask(&mut server).contains("FREEBUSY;FBTYPE=BUSY:20260304T120000Z"));
    let masked = server.ask("alice", &question(&format!("{ALICE_ASKS}|X-CALENDARSERVER-MASK-UID:lunch")));
    assert!(!masked.body.contains("FREEBUSY;"), "{}", masked.body);
}

#[test]
fn hours_of_work_count() {
    let mut server = Server::of(&["alice", "bob"]);
    let hours = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VAVAILABILITY\nUID:h\nDTSTAMP:20260101T000000Z\nBEGIN:AVAILABLE\nUID:a\n\
                 DTSTART:20260101T080000Z\nDTEND:20260101T160000Z\nRRULE:FREQ=DAILY\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n";
    let set = format!(
        "PROPPATCH /calendars/bob/inbox/\n\n<propertyupdate xmlns='DAV:'><set><prop>\
         <calendar-availability xmlns='urn:ietf:params:xml:ns:caldav'>{hours}</calendar-availability></prop></set></propertyupdate>"
    );
    let reply = server.ask("bob", &set);
    assert!(reply.body.contains("200 OK"), "{}", reply.body);
    let reply = server.ask("alice", &question(ALICE_ASKS));
    assert!(
        reply.body.contains("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260304T000000Z/20260304T080000Z"),
        "{}",
        reply.body
    );
    let asked =
        "<propfind xmlns='DAV:'><prop><calendar-availability xmlns='urn:ietf:params:xml:ns:caldav'/></prop></propfind>";
    assert!(
        server
            .ask("bob", &format!("PROPFIND /calendars/bob/inbox/\nDepth: 0\n\n{asked}"))
            .body
            .contains("VAVAILABILITY")
    );
}

#[test]
fn what_an_outbox_does_not_take() {
    let mut server = Server::of(&["alice", "bob"]);
    let as_bob = question("ORGANIZER:mailto:bob@example.org|ATTENDEE:mailto:alice@example.org");
    let invitation = question(ALICE_ASKS).replace("VFREEBUSY", "VEVENT");
    let endless = question(ALICE_ASKS).replace("DTEND:2026", "DTEND:2126");
    for (text, condition) in [
        (as_bob, "organizer-allowed"),
        (invitation, "valid-scheduling-message"),
        (endless, "valid-scheduling-message"),
        (question("ORGANIZER:mailto:alice@example.org"), "valid-scheduling-message"),
        (format!("POST {OUTBOX}\n\nnonsense"), "valid-calendar-data"),
    ] {
        let reply = server.ask("alice", &text);
        assert!(reply.status == 403 && reply.body.contains(condition), "{condition}: {}", reply.body);
    }
    assert_eq!(server.ask("bob", &question(ALICE_ASKS)).status, 404, "it is not bob's outbox");
}
