//! Invitations between users (RFC 6638) over HTTP and a real remote: one commit tells everybody, and survives a
//! restart.

use e2e::caldav::{Scene, World, curl, event};

const LUNCH: &str = "/calendars/alice/calendar/lunch.ics";

fn lunch(start: &str) -> String {
    let people =
        "ORGANIZER:mailto:alice@localhost\r\nATTENDEE:mailto:bob@localhost\r\nATTENDEE:mailto:carol@localhost\r\n";
    event("lunch", start, people)
}

/// The paths of the objects in a collection.
fn members(world: &World, user: &str, path: &str) -> Vec<String> {
    let reply = world.user(user).propfind(path, "1", "<D:getetag/>");
    reply.elements("href").into_iter().filter(|href| href.ends_with(".ics")).collect()
}

/// What somebody has in the first calendar.
fn copy(world: &World, user: &str) -> (String, String) {
    let path = members(world, user, &format!("/calendars/{user}/calendar/")).remove(0);
    let text = world.user(user).get(&path).text().replace("\r\n ", "");
    (path, text)
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_invitation_and_its_answers_are_one_commit_each() {
    let world = Scene::new().user("carol").serving();
    let before = world.repository.commits();
    let stored = world.user("alice").put(LUNCH, lunch("20260304T120000Z"));
    assert_eq!(stored.status, 201, "{}", stored.text());
    assert_eq!(world.repository.commits(), before + 1);
    assert_eq!(world.repository.subjects()[0], "alice: add \"Event lunch\", tell bob and carol");

    let (path, text) = copy(&world, "bob");
    assert_eq!(members(&world, "bob", "/calendars/bob/inbox/").len(), 1);
    let accepted = text.replace("PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob", "PARTSTAT=ACCEPTED:mailto:bob");
    let accepted_file = world.folder.join("accepted.ics");
    std::fs::write(&accepted_file, accepted).expect("a file");
    let outcome = curl("bob", &["--fail", "--upload-file", &accepted_file.display().to_string(), &world.url(&path)]);
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.repository.subjects()[0], "bob: accept \"Event lunch\", tell alice");
    let event = world.user("alice").get(LUNCH);
    assert!(event.text().replace("\r\n ", "").contains("PARTSTAT=ACCEPTED"), "{}", event.text());
    assert_eq!(event.field("schedule-tag"), stored.field("schedule-tag"), "an answer leaves it as it is");
    assert!(copy(&world, "carol").1.contains("PARTSTAT=ACCEPTED"));
    assert_eq!(world.repository.commits(), before + 2);
}

#[test]
#[ignore = "needs cargo e2e"]
fn inboxes_and_tags_survive_a_restart() {
    let mut world = Scene::new().user("carol").serving();
    let stored = world.user("alice").put(LUNCH, lunch("20260304T120000Z"));
    world.server().kill();
    world.server().start_again();
    let tag = world.user("alice").get(LUNCH).field("schedule-tag").map(str::to_owned);
    assert!(tag.is_some() && tag.as_deref() == stored.field("schedule-tag"), "{tag:?}");
    let message = members(&world, "carol", "/calendars/carol/inbox/").remove(0);
    let read = world.user("carol").get(&message);
    assert!(read.text().contains("METHOD:REQUEST"), "{}", read.text());
    assert_eq!(world.user("bob").get(&message).status, 404);
    let synced = world.user("carol").report(
        "/calendars/carol/inbox/",
        "D:sync-collection",
        "<D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop>",
    );
    assert!(synced.text().contains(&message), "{}", synced.text());
    assert_eq!(world.user("carol").send("DELETE", &message, &[], "").status, 204);
    assert!(members(&world, "carol", "/calendars/carol/inbox/").is_empty());
}

#[test]
#[ignore = "needs cargo e2e"]
fn whoever_has_an_account_may_ask_when_others_are_busy() {
    let world = World::new();
    world.user("bob").put("/calendars/bob/calendar/1.ics", event("1", "20260304T120000Z", "CLASS:PRIVATE\r\n"));
    let question = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\nDTSTAMP:20260101T000000Z\r\n\
                    DTSTART:20260304T000000Z\r\nDTEND:20260305T000000Z\r\nORGANIZER:mailto:alice@localhost\r\n\
                    ATTENDEE:mailto:bob@localhost\r\nATTENDEE:mailto:nobody@localhost\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    let fields = [("Content-Type", "text/calendar")];
    let reply = world.user("alice").send("POST", "/calendars/alice/outbox/", &fields, question);
    assert!(reply.text().contains("20260304T120000Z/20260304T130000Z"), "{}", reply.text());
    assert!(!reply.text().contains("Event 1"), "{}", reply.text());
    assert_eq!(reply.elements("request-status"), ["2.0;Success", "3.7;Invalid calendar user"]);
}
