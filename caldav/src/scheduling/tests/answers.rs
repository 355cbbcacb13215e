//! What an attendee does (RFC 6638 section 3.2.2).

use super::*;
use crate::testing::Server;

#[test]
fn an_answer_reaches_the_organizer_and_is_seen_by_the_others() {
    let mut server = invited();
    answer(&mut server, "bob", "ACCEPTED");
    let bobs = "PARTSTAT=ACCEPTED";
    assert!(server.only("alice").contains(bobs) && server.only("carol").contains(bobs), "{}", server.only("carol"));
    assert!(server.only("bob").contains("ORGANIZER;SCHEDULE-STATUS=2.0:"));
    let reply = &server.inbox("alice")[0];
    assert!(reply.contains("METHOD:REPLY") && reply.contains(bobs) && !reply.contains("carol"), "{reply}");
    assert_eq!(server.inbox("carol").len(), 1, "she is not told");
    assert_eq!(server.message, "bob: accept \"Team lunch\", tell alice");
}

#[test]
fn what_is_ones_own_is_not_told() {
    let mut server = invited();
    let path = copy_of(&server, "bob");
    let own = server
        .only("bob")
        .replace("END:VEVENT", "TRANSP:TRANSPARENT\nBEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\nEND:VEVENT");
    let reply = server.put("bob", &path, &own);
    assert!(!reply.header("etag").is_empty(), "it is stored as it came");
    assert!(server.inbox("alice").is_empty());
}

#[test]
fn an_attendee_does_not_change_the_event() {
    let mut server = invited();
    let (path, copy) = (copy_of(&server, "bob"), server.only("bob"));
    for (old, new) in [
        ("SUMMARY:Team lunch", "SUMMARY:Mine"),
        ("DTSTART:20260304T120000Z", "DTSTART:20260304T123000Z"),
        ("DTEND:20260304T130000Z", "DTEND:20260304T133000Z"),
        ("UID:lunch", "UID:lunch\nRRULE:FREQ=DAILY"),
        ("UID:lunch", "UID:lunch\nATTENDEE:mailto:eve@elsewhere.example"),
        ("UID:lunch", "UID:lunch\nLOCATION:Mine"),
        ("ORGANIZER:mailto:alice@example.org", "ORGANIZER:mailto:bob@example.org"),
        (
            "ORGANIZER:mailto:alice@example.org",
            "LOCATION:Mine\nORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:alice@example.org",
        ),
        ("ORGANIZER:mailto:alice@example.org\n", ""),
    ] {
        assert!(copy.contains(old), "{copy}");
        let reply = server.ask("bob", &format!("PUT {path}\n\n{}", copy.replace(old, new)));
        assert_eq!(reply.status, 403, "{new}");
        assert!(reply.body.contains("allowed-attendee-scheduling-object-change"), "{new}: {}", reply.body);
    }
    assert!(server.inbox("alice").is_empty() && server.inbox("carol").len() == 1);
}

#[test]
fn somebody_else_does_not_become_the_organizer() {
    let mut server = invited();
    let text = meeting(&format!("{AT_NOON}{BOB}{CAROL}ATTENDEE:mailto:alice@example.org|"));
    let reply = server
        .ask("alice", &format!("PUT {PATH}\n\n{}", text.replace("ORGANIZER:mailto:alice", "ORGANIZER:mailto:bob")));
    assert!(reply.status == 403 && reply.body.contains("allowed-organizer-scheduling-object-change"), "{}", reply.body);
}

#[test]
fn one_instance_is_answered() {
    let mut server = Server::of(&["alice", "bob", "carol"]);
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}{CAROL}")));
    let (path, copy) = (copy_of(&server, "bob"), server.only("bob"));
    let instance = meeting(&format!(
        "RECURRENCE-ID:20260305T120000Z|DTSTART:20260305T120000Z|DTEND:20260305T130000Z|\
         ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob@example.org|{CAROL}"
    ));
    let instance = instance.split_once("PRODID:-//test//\n").unwrap().1;
    let tag = server.ask("alice", &format!("GET {PATH}")).header("schedule-tag").to_owned();
    server.put("bob", &path, &copy.replace("END:VCALENDAR\n", instance));
    let event = server.only("alice");
    assert!(
        event.contains("RECURRENCE-ID:20260305T120000Z") && event.matches("PARTSTAT=TENTATIVE").count() == 1,
        "{event}"
    );
    assert!(server.only("carol").contains("PARTSTAT=TENTATIVE"));
    assert!(server.inbox("alice")[0].contains("RECURRENCE-ID") && !server.inbox("alice")[0].contains("RRULE"));
    assert_eq!(server.message, "bob: tentatively accept \"Team lunch\" of 2026-03-05, tell alice");
    assert_eq!(server.ask("alice", &format!("GET {PATH}")).header("schedule-tag"), tag);
}

#[test]
fn to_take_an_instance_away_is_to_decline_it() {
    let mut server = Server::of(&["alice", "bob"]);
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}")));
    let path = copy_of(&server, "bob");
    let copy = server.only("bob").replace("UID:lunch", "UID:lunch\nEXDATE:20260306T120000Z");
    server.put("bob", &path, &copy);
    let event = server.only("alice");
    assert!(event.contains("RECURRENCE-ID:20260306T120000Z") && event.contains("PARTSTAT=DECLINED"), "{event}");
    assert_eq!(server.message, "bob: decline \"Team lunch\" of 2026-03-06, tell alice");
    // It stays away when the organizer changes something else.
    server.put("alice", PATH, &event.replace("SUMMARY:Team lunch", "SUMMARY:Lunch"));
    let copy = server.only("bob");
    assert!(
        copy.contains("SUMMARY:Lunch") && copy.contains("EXDATE:20260306T120000Z") && !copy.contains("RECURRENCE-ID"),
        "{copy}"
    );
}

#[test]
fn to_remove_the_copy_is_to_decline() {
    let mut server = invited();
    let path = copy_of(&server, "bob");
    server.ask("bob", &format!("DELETE {path}"));
    assert!(server.only("alice").contains("PARTSTAT=DECLINED") && server.only("carol").contains("PARTSTAT=DECLINED"));
    assert_eq!(server.message, "bob: decline \"Team lunch\", tell alice");
    let path = copy_of(&server, "carol");
    server.ask("carol", &format!("DELETE {path}\nSchedule-Reply: F"));
    assert_eq!(server.inbox("alice").len(), 1);
    assert_eq!(server.message, "carol: remove \"Team lunch\"");
}

#[test]
fn what_was_called_off_is_removed_without_a_word() {
    let mut server = invited();
    server.ask("alice", &format!("DELETE {PATH}"));
    let path = copy_of(&server, "bob");
    server.ask("bob", &format!("DELETE {path}"));
    assert!(server.inbox("alice").is_empty());
}

#[test]
fn the_schedule_tag_stays_when_others_answer() {
    let mut server = invited();
    let tag = |server: &mut Server, user: &str, path: &str| {
        server.ask(user, &format!("GET {path}")).header("schedule-tag").to_owned()
    };
    let (bobs, carols) = (copy_of(&server, "bob"), copy_of(&server, "carol"));
    let before = (tag(&mut server, "alice", PATH), tag(&mut server, "carol", &carols), tag(&mut server, "bob", &bobs));
    answer(&mut server, "bob", "ACCEPTED");
    assert_eq!(tag(&mut server, "alice", PATH), before.0);
    assert_eq!(tag(&mut server, "carol", &carols), before.1);
    assert_ne!(tag(&mut server, "bob", &bobs), before.2, "a change of one's own is one");
    let put = |tag: &str| {
        format!(
            "PUT {PATH}\nIf-Schedule-Tag-Match: {tag}\n\n{}",
            meeting(&format!("{AT_NOON}LOCATION:Garden|{BOB}{CAROL}"))
        )
    };
    assert_eq!(server.ask("alice", &put("\"other\"")).status, 412);
    assert_eq!(server.ask("alice", &put(&before.0)).status, 204);
    assert!(server.only("alice").contains("PARTSTAT=ACCEPTED"), "the answer is not lost by it");
    assert_ne!(tag(&mut server, "carol", &carols), before.1);
    assert_eq!(server.ask("alice", &put(&before.0)).status, 412);
}

#[test]
fn an_organizer_elsewhere_is_not_told_and_may_change_the_event() {
    let mut server = Server::of(&["bob"]);
    let foreign = |lines: &str| meeting(lines).replace("alice@example.org", "alice@elsewhere.example");
    let path = "/calendars/bob/work/1.ics";
    server.put("bob", path, &foreign(&format!("{AT_NOON}ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org|")));
    assert!(server.only("bob").contains("ORGANIZER;SCHEDULE-STATUS=5.2:"), "{}", server.only("bob"));
    server.put("bob", path, &foreign(&format!("{AT_ONE}ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org|")));
    assert!(server.only("bob").contains("DTSTART:20260304T130000Z"));
}

#[test]
fn a_comment_is_for_the_organizer_only() {
    let mut server = invited();
    let path = copy_of(&server, "bob");
    let copy =
        answered(&server.only("bob"), "bob", "DECLINED").replace("END:VEVENT", "COMMENT:I have a date\nEND:VEVENT");
    server.put("bob", &path, &copy);
    assert!(server.inbox("alice")[0].contains("COMMENT:I have a date"));
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}LOCATION:Garden|{BOB}{CAROL}")));
    let carols = server.only("carol") + &server.inbox("carol").concat();
    assert!(!carols.contains("date"), "{carols}");
}

#[test]
fn an_event_is_in_one_calendar_of_its_owner() {
    let mut server = invited();
    server.ask("bob", "MKCALENDAR /calendars/bob/other/");
    let copy = server.only("bob");
    let reply = server.ask("bob", &format!("PUT /calendars/bob/other/x.ics\n\n{copy}"));
    assert!(reply.status == 403 && reply.body.contains("unique-scheduling-object-resource"), "{}", reply.body);
    assert!(reply.body.contains(&copy_of(&server, "bob")), "{}", reply.body);
}
