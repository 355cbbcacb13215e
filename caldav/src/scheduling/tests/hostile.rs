//! Bad input and bad will.

use super::*;
use crate::testing::Server;

const PRIVATE: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:lunch\nDTSTART:20260304T120000Z\nSUMMARY:Doctor\nCLASS:PRIVATE\n\
                       END:VEVENT\nEND:VCALENDAR\n";

#[test]
fn the_uid_of_a_private_event_overwrites_nothing_and_tells_nothing() {
    let mut server = Server::of(&["alice", "bob", "carol"]).with("calendars/bob/work/mine.ics", PRIVATE);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}{CAROL}")));
    assert_eq!(server.only("bob"), PRIVATE);
    assert_eq!(server.inbox("bob").len(), 1, "bob can see that he is invited");
    let event = server.only("alice");
    assert_eq!(event.matches("SCHEDULE-STATUS=2.0").count(), 2, "{event}");
    assert!(!event.contains("Doctor") && !server.only("carol").contains("Doctor"));
    server.ask("alice", &format!("DELETE {PATH}"));
    assert_eq!(server.only("bob"), PRIVATE);
}

#[test]
fn the_uid_of_somebody_elses_meeting_overwrites_nothing() {
    let server = invited();
    let before = server.only("carol");
    let forged =
        meeting(&format!("{AT_ONE}SEQUENCE:9|{CAROL}")).replace("ORGANIZER:mailto:alice", "ORGANIZER:mailto:dave");
    let mut server = server.with("users/dave.toml", "").with("calendars/dave/work/.calendar.toml", "");
    server.put("dave", "/calendars/dave/work/1.ics", &forged);
    assert_eq!(server.only("carol"), before);
    server.ask("dave", "DELETE /calendars/dave/work/1.ics");
    assert_eq!(server.only("carol"), before);
}

#[test]
fn who_is_not_invited_cannot_answer() {
    let mut server = Server::of(&["alice", "bob", "mallory"]);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    let before = server.only("alice");
    let forged = meeting(&format!("{AT_NOON}ATTENDEE;PARTSTAT=ACCEPTED:mailto:mallory@example.org|"));
    server.put("mallory", "/calendars/mallory/work/1.ics", &forged);
    let other = forged.replace("UID:lunch", "UID:no-such-event");
    server.put("mallory", "/calendars/mallory/work/2.ics", &other);
    let status =
        |name: &str| server.file(&format!("calendars/mallory/work/{name}")).contains("ORGANIZER;SCHEDULE-STATUS=5.3");
    assert!(status("1.ics") && status("2.ics"), "whether there is such an event is not told");
    assert_eq!(server.only("alice"), before);
    assert!(server.inbox("alice").is_empty());
}

#[test]
fn nobody_answers_for_somebody_else() {
    let mut server = invited();
    let path = copy_of(&server, "bob");
    let copy = answered(&answered(&server.only("bob"), "bob", "ACCEPTED"), "carol", "DECLINED");
    server.put("bob", &path, &copy);
    assert!(!server.only("alice").contains("DECLINED") && !server.only("carol").contains("DECLINED"));
    assert!(!server.only("bob").contains("DECLINED"), "what carol answers is hers to say");
}

#[test]
fn the_organizer_answers_for_nobody() {
    let mut server = invited();
    let people = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org|";
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{people}{CAROL}")));
    assert!(!server.only("alice").contains("ACCEPTED") && !server.only("bob").contains("ACCEPTED"));
}

#[test]
fn two_organizers_are_refused() {
    let mut server = Server::of(&["alice", "bob"]);
    let text = meeting(&format!("{AT_NOON}ORGANIZER:mailto:bob@example.org|{BOB}"));
    let reply = server.ask("alice", &format!("PUT {PATH}\n\n{text}"));
    assert!(reply.status == 403 && reply.body.contains("same-organizer-in-all-components"), "{}", reply.body);
}

#[test]
fn an_organizer_is_not_invited_by_themselves() {
    let mut server = Server::of(&["alice", "bob"]);
    let oneself = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ALICE@example.org|ATTENDEE:/principals/alice/|";
    let text = meeting(&format!("{AT_NOON}{oneself}"));
    server.put("alice", PATH, &text);
    assert_eq!(server.only("alice"), text, "nobody else is in it");
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{oneself}{BOB}")));
    assert!(server.inbox("alice").is_empty() && server.inbox("bob").len() == 1);
}

#[test]
fn a_crowd_is_refused() {
    let mut server = Server::of(&["alice"]);
    let crowd: String = (0..5000).map(|n| format!("ATTENDEE:mailto:{n}@elsewhere.example|")).collect();
    let reply = server.ask("alice", &format!("PUT {PATH}\n\n{}", meeting(&format!("{AT_NOON}{crowd}"))));
    assert!(reply.status == 403 && reply.body.contains("max-attendees-per-instance"), "{}", reply.body);
}

#[test]
fn a_crowd_of_many_instances_is_refused() {
    let mut server = Server::of(&["alice"]);
    let instance = |n: u32| {
        let day = format!("202603{:02}T120000Z", n + 1);
        let crowd: String = (0..100).map(|m| format!("ATTENDEE:mailto:{n}-{m}@elsewhere.example|")).collect();
        format!(
            "END:VEVENT|BEGIN:VEVENT|UID:lunch|ORGANIZER:mailto:alice@example.org|RECURRENCE-ID:{day}|DTSTART:{day}|{crowd}"
        )
    };
    let all: String = (5..15).map(instance).collect();
    let reply = server.ask("alice", &format!("PUT {PATH}\n\n{}", meeting(&format!("{DAILY}{all}"))));
    assert!(reply.status == 403 && reply.body.contains("max-attendees-per-instance"), "{}", reply.body);
}

#[test]
fn an_answer_for_an_instance_that_is_none_makes_none() {
    let mut server = Server::of(&["alice", "bob"]);
    server.put("alice", PATH, &meeting(&format!("{DAILY}{BOB}")));
    let (path, copy) = (copy_of(&server, "bob"), server.only("bob"));
    let instance = meeting(
        "RECURRENCE-ID:20270101T120000Z|DTSTART:20270101T120000Z|DTEND:20270101T130000Z|ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org|",
    );
    let instance = instance.split_once("PRODID:-//test//\n").unwrap().1;
    server.put("bob", &path, &copy.replace("END:VCALENDAR\n", instance));
    assert!(!server.only("alice").contains("2027"), "{}", server.only("alice"));
}

#[test]
fn a_delegate_invites_in_the_name_of_the_owner() {
    let share = "[[share]]\nwith = \"dave\"\naccess = \"read-write\"\n";
    let mut server = Server::of(&["alice", "bob", "dave"]).with("calendars/alice/work/.calendar.toml", share);
    server.put("dave", "/calendars/dave/alice~work/1.ics", &meeting(&format!("{AT_NOON}{BOB}")));
    assert_eq!(server.inbox("bob").len(), 1);
    assert_eq!(server.message, "dave: add \"Team lunch\", tell bob");
}

#[test]
fn a_meeting_of_somebody_elsewhere_is_given_up_without_a_word() {
    let foreign = meeting(&format!("{AT_NOON}{BOB}{CAROL}")).replace("alice@example.org", "alice@elsewhere.example");
    let mut server = Server::of(&["bob", "carol"]).with("calendars/bob/work/1.ics", &foreign);
    let own = foreign.replace("ORGANIZER:mailto:alice@elsewhere.example\n", "").replace(&BOB.replace('|', "\n"), "");
    server.put("bob", "/calendars/bob/work/1.ics", &own);
    assert!(server.inbox("carol").is_empty());
    server.put("bob", "/calendars/bob/work/1.ics", &foreign.replace("alice@elsewhere.example", "bob@example.org"));
    assert!(server.inbox("carol")[0].contains("METHOD:REQUEST"), "it is bob's own now");
}

#[test]
fn what_is_very_long_is_not_written_into_the_homes_of_others() {
    let mut server = Server::of(&["alice", "bob"]);
    let long = format!("DESCRIPTION:{}|", "x".repeat(300 << 10));
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}{long}")));
    assert!(server.only("alice").contains("SCHEDULE-STATUS=5.1"));
    assert!(server.names("calendars/bob/work").is_empty() && server.inbox("bob").is_empty());
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}")));
    assert!(server.only("bob").contains("Team lunch"));
}
