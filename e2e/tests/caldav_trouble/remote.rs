//! The remote is down, refuses, or moves while an object is being stored; the client's own line breaks.

use std::fs;
use std::thread;

use e2e::caldav::{Scene, World, event};
use e2e::wait;

const START: &str = "20260105T120000Z";

#[test]
#[ignore = "needs cargo e2e"]
fn remote_down_reads_go_on_and_writes_are_told_when_to_come_again() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let path = format!("{work}1.ics");
    assert_eq!(alice.put(&path, event("1", START, "")).status, 201);
    world.sshd.stop();
    let reply = alice.put(&format!("{work}2.ics"), event("2", START, ""));
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(reply.field("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{reply:?}");
    assert_eq!(alice.get(&path).status, 200);
    assert_eq!(alice.propfind(&work, "1", "<D:getetag/>").elements("href").len(), 2, "what failed is not served");
    world.sshd.start_again();
    assert_eq!(alice.put(&format!("{work}2.ics"), event("2", START, "")).status, 201);
    assert_eq!(world.repository.read("calendars/alice/work/2.ics").trim_end(), event("2", START, "").trim_end());
}

#[test]
#[ignore = "needs cargo e2e"]
fn remote_rejects_and_the_client_hears_it() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    world.repository.hook("pre-receive", "echo 'the office is closed' >&2; exit 1");
    let reply = alice.put(&format!("{work}1.ics"), event("1", START, ""));
    assert!([403, 503].contains(&reply.status), "{}", reply.text());
    assert!(world.log().contains("the office is closed") || reply.text().contains("the office is closed"));
    assert_eq!(alice.get(&format!("{work}1.ics")).status, 404);
    world.repository.remove_hook("pre-receive");
    assert_eq!(alice.put(&format!("{work}1.ics"), event("1", START, "")).status, 201);
}

#[test]
#[ignore = "needs cargo e2e"]
fn remote_moves_during_a_put() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let tree = world.clone("theirs");
    tree.write("calendars/alice/work/theirs.ics", event("theirs", START, ""));
    let theirs = tree.commit("somebody was faster");
    assert!(tree.try_push(&["origin", "HEAD:refs/heads/theirs"]).success);
    let once = world.folder.join("once");
    // Their commit becomes the tip while ours is being looked at.
    world.repository.hook(
        "pre-receive",
        &format!(
            "cat >/dev/null; if [ ! -e {once} ]; then touch {once}; unset $(git rev-parse --local-env-vars) GIT_QUARANTINE_PATH\n\
             git --git-dir={dir} update-ref refs/heads/main {theirs}; fi",
            once = once.display(),
            dir = world.repository.path().display(),
        ),
    );
    let reply = alice.put(&format!("{work}ours.ics"), event("ours", START, ""));
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert!(once.exists(), "the race took place");
    assert_eq!(alice.get(&format!("{work}theirs.ics")).body, event("theirs", START, "").into_bytes());
    assert_eq!(world.repository.subjects()[1], "somebody was faster");
}

#[test]
#[ignore = "needs cargo e2e"]
fn remote_moves_under_a_condition_and_the_condition_decides() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let path = format!("{work}1.ics");
    let tag = alice.put(&path, event("1", START, "")).etag();
    let tree = world.clone("theirs");
    tree.write("calendars/alice/work/1.ics", event("1", "20260105T150000Z", "")).commit("later");
    tree.push();
    // Nobody told the server, which still serves the old one.
    assert_eq!(alice.get(&path).etag(), tag);
    let reply = alice.send("PUT", &path, &[("If-Match", &tag)], event("1", "20260105T170000Z", ""));
    assert_eq!(reply.status, 412, "{}", reply.text());
    assert!(world.repository.read("calendars/alice/work/1.ics").contains("T150000Z"));
    assert_eq!(alice.get(&path).body, event("1", "20260105T150000Z", "").into_bytes(), "now it is known");
}

#[test]
#[ignore = "needs cargo e2e"]
fn line_to_the_remote_is_lost_after_the_push() {
    let world = Scene::new().line().serving();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let (arrived, go) = (world.folder.join("arrived"), world.folder.join("go"));
    let wait = format!("cat >/dev/null; touch {}; while [ ! -e {} ]; do sleep 0.02; done", arrived.display(), go.display());
    world.repository.hook("post-receive", &wait);
    let path = format!("{work}1.ics");
    let (client, body) = (alice.clone(), event("1", START, ""));
    let put = thread::spawn(move || client.put(&path, body));
    wait::until("the push has arrived", || arrived.exists());
    world.line().cut_after(0);
    fs::write(&go, "").expect("the hook can be let go");
    world.line().mend();
    let reply = put.join().expect("the client does not panic");
    assert_eq!(reply.status, 201, "it is on the remote, so it is stored: {}", reply.text());
    assert_eq!(world.repository.subjects().iter().filter(|subject| subject.contains("Event 1")).count(), 1);
}

#[test]
#[ignore = "needs cargo e2e"]
fn connection_is_cut_in_the_middle_of_a_put() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let before = world.repository.commits();
    let body = event("1", START, "");
    for part in [0, 1, body.len() / 2, body.len() - 1] {
        let mut connection = alice.connect();
        let head = connection.head("PUT", &format!("{work}1.ics"), &[], body.len());
        connection.write(head.as_bytes());
        connection.write(&body.as_bytes()[..part]);
    }
    // A request after them shows that the server is done with them.
    assert_eq!(alice.put(&format!("{work}2.ics"), event("2", START, "")).status, 201);
    assert_eq!(alice.get(&format!("{work}1.ics")).status, 404);
    assert_eq!(world.repository.commits(), before + 1);
}
