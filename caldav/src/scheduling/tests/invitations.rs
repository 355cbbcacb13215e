//! What an organizer does (RFC 6638 section 3.2.1).

use super::*;
use crate::testing::Server;

#[test]
fn an_invitation_reaches_calendar_and_inbox() {
    let mut server = Server::of(&["alice", "bob"]);
    let reply = server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert!(
        server.only("bob").contains("ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org"),
        "{}",
        server.only("bob")
    );
    assert!(!server.only("bob").contains("METHOD"));
    assert_eq!(server.inbox("bob").len(), 1);
    assert!(server.inbox("bob")[0].contains("METHOD:REQUEST") && server.inbox("bob")[0].contains("SUMMARY:Team lunch"));
    assert!(server.only("alice").contains("ATTENDEE;SCHEDULE-STATUS=2.0:mailto:bob@example.org"));
    assert_eq!(
        (reply.header("etag"), reply.header("schedule-tag").len()),
        ("", 22),
        "the client has other octets than are stored"
    );
    assert_eq!(server.message, "alice: add \"Team lunch\", tell bob");
}

#[test]
fn addresses_of_a_user_are_one() {
    let mut server =
        Server::of(&["alice", "bob", "carol", "dave"]).with("users/carol.toml", "email = \"Carol@Other.example\"\n");
    let people = "ATTENDEE:MAILTO:BOB@EXAMPLE.ORG|ATTENDEE:mailto:carol@other.EXAMPLE|ATTENDEE:/principals/dave/|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{people}")));
    for user in ["bob", "carol", "dave"] {
        assert!(server.only(user).contains("UID:lunch"));
    }
    assert_eq!(server.message, "alice: add \"Team lunch\", tell bob, carol and dave");
}

#[test]
fn who_has_no_account_is_not_told_and_the_status_says_so() {
    let mut server = Server::of(&["alice"]);
    let people = "ATTENDEE:mailto:eve@elsewhere.example|ATTENDEE:mailto:nobody@example.org|ATTENDEE:urn:uuid:1|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{people}")));
    let stored = server.only("alice");
    assert!(stored.contains("ATTENDEE;SCHEDULE-STATUS=5.2:mailto:eve@elsewhere.example"), "{stored}");
    assert!(stored.contains("ATTENDEE;SCHEDULE-STATUS=3.7:mailto:nobody@example.org"), "{stored}");
    assert!(stored.contains("ATTENDEE;SCHEDULE-STATUS=3.7:urn:uuid:1"), "{stored}");
    assert_eq!(server.message, "alice: add \"Team lunch\"");
}

#[test]
fn a_move_asks_again_and_keeps_what_is_the_attendees_own() {
    let mut server = invited();
    let path = copy_of(&server, "bob");
    let own = answered(&server.only("bob"), "bob", "ACCEPTED");
    let own = own.replace("END:VEVENT", "TRANSP:TRANSPARENT\nCATEGORIES:Food\nX-MINE:1\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT");
    server.put("bob", &path, &own);
    server.put("alice", PATH, &meeting(&format!("{AT_ONE}SEQUENCE:1|{BOB}{CAROL}")));
    let copy = server.only("bob");
    assert!(copy.contains("DTSTART:20260304T130000Z") && copy.contains("PARTSTAT=NEEDS-ACTION"), "{copy}");
    for kept in ["TRANSP:TRANSPARENT", "CATEGORIES:Food", "X-MINE:1", "TRIGGER:-PT5M"] {
        assert!(copy.contains(kept), "{kept}: {copy}");
    }
    assert!(!server.only("alice").contains("PARTSTAT=ACCEPTED"), "{}", server.only("alice"));
    assert_eq!((server.inbox("bob").len(), server.names("calendars/bob/work").len()), (2, 1));
    assert_eq!(server.message, "alice: move \"Team lunch\" to 2026-03-04 13:00, tell bob and carol");
}

#[test]
fn what_does_not_move_it_keeps_the_answer() {
    let mut server = invited();
    answer(&mut server, "bob", "ACCEPTED");
    // The client of the organizer does not know of the answer yet.
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}LOCATION:Garden|{BOB}{CAROL}")));
    let bobs = "PARTSTAT=ACCEPTED";
    assert!(
        server.only("bob").contains("LOCATION:Garden") && server.only("bob").contains(bobs),
        "{}",
        server.only("bob")
    );
    assert!(server.only("alice").contains(bobs), "{}", server.only("alice"));
    assert!(server.inbox("bob").last().unwrap().contains("METHOD:REQUEST"));
}

#[test]
fn nothing_new_is_not_told() {
    let mut server = invited();
    let alarm = "BEGIN:VALARM|ACTION:DISPLAY|TRIGGER:-PT5M|END:VALARM|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}{CAROL}X-MOZ-LASTACK:20260304T000000Z|{alarm}")));
    assert_eq!(server.inbox("bob").len(), 1);
    assert_eq!(server.message, "alice: change the reminders of \"Team lunch\"");
    let forced = "ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST:mailto:bob@example.org|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{forced}{CAROL}")));
    assert_eq!((server.inbox("bob").len(), server.inbox("carol").len()), (2, 1));
    assert!(!server.only("alice").contains("FORCE-SEND"));
}

#[test]
fn agents_other_than_the_server_tell_themselves() {
    let mut server = Server::of(&["alice", "bob", "carol"]);
    let people =
        "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:bob@example.org|ATTENDEE;SCHEDULE-AGENT=NONE:mailto:carol@example.org|";
    let text = meeting(&format!("{AT_NOON}{people}"));
    server.put("alice", PATH, &text);
    assert_eq!(server.only("alice"), text);
    assert!(server.inbox("bob").is_empty() && server.inbox("carol").is_empty());
}

#[test]
fn whom_the_client_tells_from_now_on_is_still_invited() {
    let mut server = invited();
    let people = "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:bob@example.org|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{people}{CAROL}")));
    assert!(!server.only("bob").contains("CANCELLED") && server.inbox("bob").len() == 1);
}

#[test]
fn who_is_taken_out_is_told_so() {
    let mut server = invited();
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert!(server.only("carol").contains("STATUS:CANCELLED"), "{}", server.only("carol"));
    assert!(server.inbox("carol")[1].contains("METHOD:CANCEL"));
    assert!(!server.only("bob").contains("carol@") && !server.only("bob").contains("CANCELLED"));
}

#[test]
fn a_removed_event_is_called_off() {
    let mut server = invited();
    assert_eq!(server.ask("alice", &format!("DELETE {PATH}")).status, 204);
    for user in ["bob", "carol"] {
        assert!(server.only(user).contains("STATUS:CANCELLED"));
        assert!(server.inbox(user)[1].contains("METHOD:CANCEL") && server.inbox(user)[1].contains("SEQUENCE:1"));
    }
    assert_eq!(server.message, "alice: remove \"Team lunch\", tell bob and carol");
}

#[test]
fn a_removed_calendar_calls_all_of_it_off() {
    let mut server = invited();
    server.put(
        "alice",
        "/calendars/alice/work/2.ics",
        &meeting(&format!("{AT_ONE}{BOB}")).replace("UID:lunch", "UID:2"),
    );
    assert_eq!(server.ask("alice", "DELETE /calendars/alice/work/").status, 204);
    assert_eq!(server.inbox("bob").iter().filter(|message| message.contains("METHOD:CANCEL")).count(), 2);
    assert_eq!(server.message, "alice: remove the calendar work, tell bob and carol");
}

#[test]
fn an_older_version_is_stored_and_not_delivered() {
    let mut server = Server::of(&["alice", "bob"]);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}SEQUENCE:3|{BOB}")));
    server.put("alice", PATH, &meeting(&format!("{AT_ONE}SEQUENCE:2|{BOB}")));
    assert!(server.only("bob").contains("DTSTART:20260304T120000Z"));
    assert!(server.only("alice").contains("SEQUENCE:2") && server.only("alice").contains("SCHEDULE-STATUS=5.1"));
    server.put("alice", PATH, &meeting(&format!("{AT_ONE}SEQUENCE:4|{BOB}")));
    assert!(server.only("bob").contains("DTSTART:20260304T130000Z"));
}

#[test]
fn single_instances_have_guests_of_their_own() {
    let mut server = Server::of(&["alice", "bob", "carol"]);
    let on_the_fifth = "END:VEVENT|BEGIN:VEVENT|UID:lunch|ORGANIZER:mailto:alice@example.org|RECURRENCE-ID:20260305T120000Z|\
                        DTSTART:20260305T120000Z|DTEND:20260305T130000Z|SUMMARY:With carol|";
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}{on_the_fifth}{CAROL}")));
    assert!(server.only("bob").contains("EXDATE:20260305T120000Z") && !server.only("bob").contains("With carol"));
    assert!(server.only("carol").contains("With carol") && !server.only("carol").contains("RRULE"));
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}{on_the_fifth}{BOB}{CAROL}")));
    assert!(!server.only("bob").contains("EXDATE") && server.only("bob").contains("With carol"));
}

#[test]
fn an_instance_that_is_taken_away_is_called_off() {
    let mut server = Server::of(&["alice", "bob"]);
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}")));
    server.put("alice", PATH, &meeting(&format!("{DAILY}EXDATE:20260306T120000Z|{BOB}")));
    assert!(server.only("bob").contains("EXDATE:20260306T120000Z"));
    let message = &server.inbox("bob")[1];
    assert!(message.contains("METHOD:CANCEL") && message.contains("RECURRENCE-ID:20260306T120000Z"), "{message}");
    assert!(!message.contains("RRULE"), "{message}");
}

#[test]
fn what_is_the_organizers_own_does_not_leak() {
    let mut server = Server::of(&["alice", "bob"]);
    let own = "X-MOZ-SNOOZE-TIME:1|X-SECRET:yes|X-CALENDARSERVER-ATTENDEE-COMMENT:hush|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:PT0S|END:VALARM|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}{own}")));
    for text in [server.only("bob"), server.inbox("bob").remove(0)] {
        for secret in ["X-MOZ", "SECRET", "hush", "VALARM", "SCHEDULE-"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn a_move_to_another_calendar_of_ones_own_tells_nobody() {
    let mut server = invited();
    assert_eq!(server.ask("alice", "MKCALENDAR /calendars/alice/other/").status, 201);
    let moved = server.ask("alice", &format!("MOVE {PATH}\nDestination: /calendars/alice/other/lunch.ics"));
    assert_eq!((moved.status, server.inbox("bob").len()), (201, 1), "{}", moved.body);
    let copied =
        server.ask("alice", "COPY /calendars/alice/other/lunch.ics\nDestination: /calendars/alice/work/lunch.ics");
    assert_eq!(copied.status, 403);
    assert!(copied.body.contains("unique-scheduling-object-resource"), "{}", copied.body);
}

#[test]
fn tasks_are_given_to_others() {
    let mut server = Server::of(&["alice", "bob"]);
    let task = meeting(&format!("DUE:20260304T120000Z|{BOB}")).replace("VEVENT", "VTODO");
    server.put("alice", PATH, &task);
    let path = copy_of(&server, "bob");
    let done = answered(&server.only("bob"), "bob", "COMPLETED")
        .replace("END:VTODO", "STATUS:COMPLETED\nPERCENT-COMPLETE:100\nEND:VTODO");
    server.put("bob", &path, &done);
    assert!(server.only("alice").contains("PARTSTAT=COMPLETED"), "{}", server.only("alice"));
    assert!(server.inbox("alice")[0].contains("PERCENT-COMPLETE:100"));
    assert_eq!(server.message, "bob: complete \"Team lunch\", tell alice");
}

#[test]
fn who_has_no_calendar_gets_one() {
    let mut server = Server::of(&["alice"]).with("users/bob.toml", "");
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert_eq!(server.names("calendars/bob/calendar").len(), 1);
    assert_eq!(server.ask("bob", "PROPFIND /calendars/bob/calendar/\nDepth: 1").status, 207);
}

#[test]
fn quotas_and_locks_of_others_become_a_status() {
    let mut server = Server::of(&["alice", "bob"]);
    let lock = "LOCK /calendars/bob/work/\nDepth: infinity\n\n<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>";
    assert_eq!(server.ask("bob", lock).status, 200);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert!(server.only("alice").contains("SCHEDULE-STATUS=5.1"), "{}", server.only("alice"));
    assert!(server.names("calendars/bob/work").is_empty());
    let full = "X".repeat(900);
    let mut server = Server::of(&["alice", "bob"])
        .with("calendars/bob/notes/.collection.toml", "")
        .with("calendars/bob/notes/a", &full);
    server.settings.quota = 1000;
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert!(server.only("alice").contains("SCHEDULE-STATUS=5.1") && server.inbox("bob").is_empty());
}
