//! The inbox as a collection (RFC 6638 section 2.2).

use super::*;
use crate::testing::Server;

const INBOX: &str = "/calendars/bob/inbox/";

#[test]
fn messages_are_listed_read_found_and_removed_by_their_owner() {
    let mut server = invited();
    let name = server.names("calendars/bob/inbox").remove(0);
    let path = format!("{INBOX}{name}");
    let listed = server.ask("bob", &format!("PROPFIND {INBOX}\nDepth: 1"));
    assert!(listed.body.contains(&path) && listed.body.contains("schedule-inbox"), "{}", listed.body);
    let read = server.ask("bob", &format!("GET {path}"));
    assert_eq!(
        (read.status, read.header("content-type")),
        (200, "text/calendar; charset=utf-8; component=VEVENT; method=REQUEST")
    );
    let query = "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:prop><D:getetag/><C:calendar-data/></D:prop>\
                 <C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'/></C:comp-filter></C:filter></C:calendar-query>";
    let found = server.ask("bob", &format!("REPORT {INBOX}\nDepth: 1\n\n{query}"));
    assert!(found.body.contains("METHOD:REQUEST"), "{}", found.body);
    let multiget = format!(
        "<C:calendar-multiget xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:prop><C:calendar-data/></D:prop><D:href>{path}</D:href></C:calendar-multiget>"
    );
    assert!(server.ask("bob", &format!("REPORT {INBOX}\n\n{multiget}")).body.contains("METHOD:REQUEST"));
    for other in ["alice", "carol"] {
        assert_eq!(server.ask(other, &format!("GET {path}")).status, 404);
        assert_eq!(server.ask(other, &format!("DELETE {path}")).status, 404);
    }
    assert_eq!(server.ask("bob", &format!("DELETE {path}")).status, 204);
    assert!(server.inbox("bob").is_empty() && server.inbox("alice").is_empty());
}

#[test]
fn nothing_is_put_into_an_inbox() {
    let mut server = invited();
    let text = server.only("bob");
    let name = server.names("calendars/bob/inbox").remove(0);
    for path in [format!("{INBOX}new.ics"), format!("{INBOX}{name}")] {
        assert_eq!(server.ask("bob", &format!("PUT {path}\n\n{text}")).status, 403, "{path}");
    }
    let copy = copy_of(&server, "bob");
    assert_eq!(server.ask("bob", &format!("COPY {copy}\nDestination: {INBOX}x.ics")).status, 403);
}

#[test]
fn a_message_is_not_stored_in_a_calendar() {
    let mut server = invited();
    let message = server.inbox("bob").remove(0).replace("UID:lunch", "UID:2");
    let reply = server.ask("bob", &format!("PUT /calendars/bob/work/2.ics\n\n{message}"));
    assert!(reply.status == 403 && reply.body.contains("valid-calendar-object-resource"), "{}", reply.body);
}

#[test]
fn old_messages_make_room() {
    let mut server = Server::of(&["alice", "bob"]);
    let message = meeting(&format!("{AT_NOON}{BOB}")).replace("VERSION:2.0", "VERSION:2.0\nMETHOD:REQUEST");
    for n in 0..500 {
        server = server.with(&format!("calendars/bob/inbox/20250101T000000Z-{n:03}.ics"), &message);
    }
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    let names = server.names("calendars/bob/inbox");
    assert_eq!((names.len(), names[0].as_str()), (500, "20250101T000000Z-001.ics"));
}

#[test]
fn invitations_go_where_the_owner_wants_them() {
    let mut server = Server::of(&["alice", "bob"]);
    server.ask("bob", "MKCALENDAR /calendars/bob/zoo/");
    let set = |href: &str| {
        format!(
            "PROPPATCH {INBOX}\n\n<propertyupdate xmlns='DAV:'><set><prop><schedule-default-calendar-URL xmlns='urn:ietf:params:xml:ns:caldav'>\
             <href xmlns='DAV:'>{href}</href></schedule-default-calendar-URL></prop></set></propertyupdate>"
        )
    };
    let refused = server.ask("bob", &set("/calendars/bob/nothing/"));
    assert!(refused.body.contains("valid-schedule-default-calendar-URL"), "{}", refused.body);
    assert!(server.ask("bob", &set("/calendars/bob/zoo/")).body.contains("200 OK"));
    let asked = "<propfind xmlns='DAV:'><prop><schedule-default-calendar-URL xmlns='urn:ietf:params:xml:ns:caldav'/></prop></propfind>";
    let found = server.ask("bob", &format!("PROPFIND {INBOX}\nDepth: 0\n\n{asked}"));
    assert!(found.body.contains("/calendars/bob/zoo/"), "{}", found.body);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert_eq!((server.names("calendars/bob/zoo").len(), server.names("calendars/bob/work").len()), (1, 0));
}
