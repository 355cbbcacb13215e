//! Two servers on one repository, and people who push to it.

use std::thread;

use e2e::caldav::{Scene, World, event, tell};
use e2e::wait;

const START: &str = "20260105T120000Z";

#[test]
#[ignore = "needs cargo e2e"]
fn two_servers_serve_the_same_truth_when_they_are_told() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let other = world.another();
    let there = alice.at(other.address);
    assert_eq!(alice.put(&format!("{work}1.ics"), event("1", START, "")).status, 201);
    assert_eq!(there.get(&format!("{work}1.ics")).status, 404, "it does not poll");
    assert_eq!(tell(other.address).status, 204);
    assert_eq!(there.get(&format!("{work}1.ics")).etag(), alice.get(&format!("{work}1.ics")).etag());
    let question = "<D:sync-token/><CS:getctag/>";
    assert_eq!(there.propfind(&work, "1", question).text(), alice.propfind(&work, "1", question).text());
}

#[test]
#[ignore = "needs cargo e2e"]
fn two_servers_serve_the_same_truth_after_a_poll() {
    let world = Scene::new().argument("--poll", "1").serving();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let other = world.another();
    assert_eq!(alice.at(other.address).put(&format!("{work}1.ics"), event("1", START, "")).status, 201);
    wait::until("the other server's event", || alice.get(&format!("{work}1.ics")).status == 200);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_edit_at_both_ends_has_one_winner() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let other = world.another();
    let path = format!("{work}1.ics");
    let mut tag = alice.put(&path, event("1", START, "")).etag();
    tell(other.address);
    for round in 0..8 {
        let edits: Vec<_> = [alice.clone(), alice.at(other.address)]
            .into_iter()
            .enumerate()
            .map(|(end, client)| {
                let (path, tag) = (path.clone(), tag.clone());
                let body = event("1", START, &format!("LOCATION:{round} {end}\r\n"));
                thread::spawn(move || (client.send("PUT", &path, &[("If-Match", &tag)], &body), body))
            })
            .collect();
        let edits: Vec<_> = edits.into_iter().map(|edit| edit.join().expect("a client does not panic")).collect();
        let mut statuses: Vec<u16> = edits.iter().map(|(reply, _)| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 412], "{edits:?}");
        let (winner, body) = edits.iter().find(|(reply, _)| reply.status == 204).expect("one won");
        assert_eq!(world.repository.read("calendars/alice/work/1.ics").trim_end(), body.trim_end());
        tag = winner.etag();
        tell(world.address());
        tell(other.address);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_push_by_hand_appears_and_a_broken_file_hides_nothing() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    assert_eq!(alice.put(&format!("{work}1.ics"), event("1", START, "")).status, 201);
    let tree = world.checkout("tree");
    tree.write("calendars/alice/work/by-hand.ics", event("by-hand", START, ""));
    tree.write("calendars/alice/work/broken.ics", "BEGIN:VCALENDAR\r\n");
    tree.write("calendars/alice/work/1.ics", "nothing of the kind\n");
    tree.write("calendars/bob/home/.calendar.toml", "display_name = \n");
    tree.write("users/bob.toml", "password = 7\n");
    let commit = tree.pull_commit_push("by hand");
    assert_eq!(world.tell().status, 204);
    assert_eq!(alice.get(&format!("{work}by-hand.ics")).body, event("by-hand", START, "").into_bytes());
    assert_eq!(alice.get(&format!("{work}1.ics")).body, event("1", START, "").into_bytes(), "the last good version");
    assert_eq!(alice.propfind(&work, "1", "<D:getetag/>").elements("href").len(), 3);
    let note = world.note(&commit);
    for path in [
        "calendars/alice/work/broken.ics",
        "calendars/alice/work/1.ics",
        "calendars/bob/home/.calendar.toml",
        "users/bob.toml",
    ] {
        assert!(note.contains(path), "{path} is missing in {note}");
    }
    tree.write("calendars/alice/work/broken.ics", event("healed", START, ""));
    let commit = tree.pull_commit_push("healed");
    assert_eq!(world.tell().status, 204);
    assert_eq!(alice.get(&format!("{work}broken.ics")).status, 200);
    assert!(world.note(&commit).contains("is served again"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_was_whole_before_it_was_broken_outlives_a_start() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    for name in ["1", "2"] {
        assert_eq!(alice.put(&format!("{work}{name}.ics"), event(name, START, "")).status, 201);
    }
    let tree = world.checkout("tree");
    tree.write("calendars/alice/work/1.ics", "nothing of the kind\n");
    tree.pull_commit_push("one breaks");
    tree.write("users/bob.toml", "password = 7\n");
    tree.write("calendars/alice/work/twin.ics", event("2", START, "SUMMARY:Twin\r\n"));
    tree.pull_commit_push("another breaks, and one has the UID of a third");
    assert_eq!(world.tell().status, 204);
    // Many commits that have nothing to do with it.
    for number in 0..20 {
        assert_eq!(
            alice.put(&format!("{work}more-{number}.ics"), event(&format!("more-{number}"), START, "")).status,
            201
        );
    }
    world.server().kill();
    world.server().start_again();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    assert_eq!(alice.get(&format!("{work}1.ics")).body, event("1", START, "").into_bytes());
    assert_eq!(bob.propfind("/", "0", "<D:displayname/>").status, 207, "the password of before");
    assert_eq!(alice.get(&format!("{work}twin.ics")).status, 404);
    assert_eq!(alice.send("DELETE", &format!("{work}2.ics"), &[], "").status, 204);
    assert_eq!(alice.get(&format!("{work}twin.ics")).status, 200, "nothing is in its way any more");
}

#[test]
#[ignore = "needs cargo e2e"]
fn only_who_knows_the_token_makes_it_pull() {
    let world = World::new();
    let pull = "/.well-known/gitstead/pull";
    for token in ["Bearer wrong", "Bearer ", "Basic a-token-for-hooks", ""] {
        let reply = world.user("alice").at(world.address()).send("POST", pull, &[("X-Authorization", token)], "");
        assert_eq!(reply.status, 403, "{token}");
        let nobody = e2e::http::Client::nobody(world.address());
        assert_eq!(nobody.send("POST", pull, &[("Authorization", token)], "").status, 403, "{token}");
    }
}
