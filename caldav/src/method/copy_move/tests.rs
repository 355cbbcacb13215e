//! What goes along, and what does not, when something is copied or moved.

use crate::testing::Server;

fn event(uid: &str, class: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:20260301T120000Z\r\n{class}SUMMARY:Lunch with the lawyer\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// Alice shares a calendar and a folder with bob, who has a folder with a folder in it.
fn scene() -> Server {
    let shared = "[[share]]\nwith = \"bob\"\naccess = \"read\"\n";
    Server::of(&["alice", "bob"])
        .with("calendars/alice/work/.calendar.toml", &format!("source = \"https://example.com/secret.ics\"\n{shared}"))
        .with("calendars/alice/work/secret.ics", &event("1", "CLASS:CONFIDENTIAL\r\n"))
        .with("calendars/alice/work/private.ics", &event("2", "CLASS:PRIVATE\r\n"))
        .with("calendars/alice/files/.collection.toml", shared)
        .with("calendars/alice/files/open.txt", "open")
        .with("calendars/alice/files/inner/.collection.toml", "")
        .with("calendars/alice/files/inner/closed.txt", "closed")
        .with("calendars/bob/f/.collection.toml", "")
        .with("calendars/bob/f/s/.collection.toml", "")
        .with("calendars/bob/f/s/old.txt", "old")
}

#[test]
fn a_file_takes_the_place_of_a_folder() {
    let mut server = scene();
    let copy = |to: &str| format!("COPY /calendars/bob/alice~work/secret.ics\nDestination: {to}");
    assert_eq!(server.ask("bob", &copy("/calendars/bob/f")).status, 403, "there are no files in a home");
    assert_eq!(server.ask("bob", &copy("/calendars/bob/f/s")).status, 204);
    let copied = server.file("calendars/bob/f/s");
    assert!(copied.contains("DTSTART") && !copied.contains("lawyer"), "{copied}");
    let mut server = scene();
    let within = "MOVE /calendars/bob/f/s/old.txt\nDestination: /calendars/bob/f/s";
    assert_eq!(server.ask("bob", within).status, 403, "it would be gone with what it replaces");
    let mut server = scene().with("calendars/bob/f/new.txt", "new");
    let moved = server.ask("bob", "MOVE /calendars/bob/f/new.txt\nDestination: /calendars/bob/f/s");
    assert_eq!((moved.status, server.file("calendars/bob/f/s").as_str()), (204, "new"));
    assert_eq!(server.names("calendars/bob/f"), ["s"]);
}

#[test]
fn a_copy_of_a_folder_has_what_may_be_read() {
    let mut server = scene();
    let copy = "COPY /calendars/bob/alice~files/\nDestination: /calendars/bob/copy/";
    assert_eq!(server.ask("bob", copy).status, 201);
    assert_eq!(server.names("calendars/bob/copy"), ["open.txt"], "what is in it is shared by itself, or not");
    let copy = "COPY /calendars/bob/alice~work/\nDestination: /calendars/bob/mine/";
    assert_eq!(server.ask("bob", copy).status, 201);
    assert_eq!(server.names("calendars/bob/mine"), ["secret.ics"]);
    assert!(!server.file("calendars/bob/mine/.calendar.toml").contains("example.com"), "nor where it comes from");
}

#[test]
fn a_calendar_that_moves_keeps_what_people_wrote() {
    let written = "# ours\ncolor = \"#ff0000\"\nlink = \"a-secret-that-somebody-has\"\nunknown = 7\n";
    let mut server = Server::of(&["alice"])
        .with("calendars/alice/old/.calendar.toml", written)
        .with("calendars/alice/old/1.ics", &event("1", ""))
        .with("calendars/alice/old/broken.ics", "not yet\n")
        .with("calendars/alice/old/.notes", "by hand");
    assert_eq!(server.ask("alice", "MOVE /calendars/alice/old/\nDestination: /calendars/alice/new/").status, 201);
    assert_eq!(server.file("calendars/alice/new/.calendar.toml"), written);
    assert_eq!(server.file("calendars/alice/new/.notes"), "by hand");
    assert_eq!(server.names("calendars/alice/new"), ["1.ics", "broken.ics"]);
    assert!(server.names("calendars/alice/old").is_empty());
}

#[test]
fn a_message_of_the_inbox_does_not_become_an_event() {
    let message = event("1", "").replace("PRODID:x\r\n", "PRODID:x\r\nMETHOD:REQUEST\r\n");
    let mut server = Server::of(&["alice"]).with("calendars/alice/inbox/x.ics", &message);
    let moved = server.ask("alice", "MOVE /calendars/alice/inbox/x.ics\nDestination: /calendars/alice/work/x.ics");
    assert_eq!(moved.status, 403, "{}", moved.body);
    assert_eq!(server.inbox("alice").len(), 1);
}

#[test]
fn copies_need_room() {
    let mut server = Server::of(&["alice"]);
    server.settings.quota = 1000;
    server.put("alice", "/calendars/alice/work/1.ics", &event("1", &format!("DESCRIPTION:{}\r\n", "x".repeat(500))));
    let copy = "COPY /calendars/alice/work/\nDestination: /calendars/alice/again/";
    assert_eq!(server.ask("alice", copy).status, 507);
    let folder = server.with("calendars/alice/play/.calendar.toml", "");
    let mut server = folder;
    let copy = "COPY /calendars/alice/work/1.ics\nDestination: /calendars/alice/play/1.ics";
    assert_eq!(server.ask("alice", copy).status, 507);
    let moved = "MOVE /calendars/alice/work/1.ics\nDestination: /calendars/alice/play/1.ics";
    assert_eq!(server.ask("alice", moved).status, 201, "to move takes no room");
}
