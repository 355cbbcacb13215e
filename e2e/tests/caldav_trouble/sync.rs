//! Sync tokens (RFC 6578): they outlive a restart, and a limit never drops a change.

use std::collections::BTreeMap;

use e2e::caldav::{World, event};
use e2e::http::{Client, NAMESPACES, Reply};

const START: &str = "20260105T120000Z";

fn sync(client: &Client, path: &str, token: &str, limit: Option<usize>) -> Reply {
    let limit = limit.map_or(String::new(), |limit| format!("<D:limit><D:nresults>{limit}</D:nresults></D:limit>"));
    let body = format!(
        "<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{limit}<D:prop><D:getetag/></D:prop>"
    );
    client.report(path, "D:sync-collection", &body)
}

fn token(reply: &Reply) -> String {
    assert_eq!(reply.status, 207, "{}", reply.text());
    reply.element("sync-token").expect("a token")
}

/// A client's copy of a calendar, kept by what the server tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Replica {
    token: String,
    tags: BTreeMap<String, String>,
}

impl Replica {
    /// Takes in one reply; whether there is more.
    fn step(&mut self, client: &Client, path: &str, limit: Option<usize>) -> bool {
        let reply = sync(client, path, &self.token, limit);
        self.token = token(&reply);
        let responses = reply
            .elements("response")
            .into_iter()
            .map(|response| Reply { body: response.into_bytes(), ..Reply::default() });
        let mut is_cut = false;
        for response in responses {
            let href = response.element("href").expect("a response is about something");
            if href == path {
                is_cut = response.text().contains("507");
            } else if let Some(tag) = response.element("getetag") {
                self.tags.insert(href, tag);
            } else {
                assert!(response.text().contains("404"), "{}", response.text());
                self.tags.remove(&href);
            }
        }
        is_cut
    }

    /// Takes in all there is.
    fn catch_up(&mut self, client: &Client, path: &str, limit: usize) -> usize {
        (1..1000).find(|_| !self.step(client, path, Some(limit))).expect("it comes to an end")
    }
}

/// What a client without sync sees.
fn listed(client: &Client, path: &str) -> BTreeMap<String, String> {
    let reply = client.propfind(path, "1", "<D:getetag/>");
    let hrefs = reply.elements("href").into_iter().zip(reply.elements("getetag"));
    hrefs.filter(|(href, _)| href != path).collect()
}

#[test]
#[ignore = "needs cargo e2e"]
fn tokens_outlive_a_restart() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let path = |n: usize| format!("{work}{n}.ics");
    (0..4).for_each(|n| assert_eq!(alice.put(&path(n), event(&format!("{n}"), START, "")).status, 201));
    let mut replica = Replica::default();
    assert!(!replica.step(&alice, &work, None));
    assert_eq!(replica.tags.len(), 4);

    alice.put(&path(0), event("0", "20260106T120000Z", ""));
    alice.send("DELETE", &path(1), &[], "");
    world.server().kill();
    let tree = world.checkout("meanwhile");
    tree.remove("calendars/alice/work/2.ics").write("calendars/alice/work/9.ics", event("9", START, ""));
    tree.pull_commit_push("while nobody served");
    world.server().start_again();
    alice.put(&path(5), event("5", START, ""));
    let before = replica.tags.clone();
    assert!(!replica.step(&alice, &work, None));
    assert_eq!(replica.tags, listed(&alice, &work));
    assert_ne!(replica.tags, before);
    let again = sync(&alice, &work, &replica.token, None);
    assert_eq!(again.elements("response").len(), 0, "no news: {}", again.text());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_limit_never_drops_a_change() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let tree = world.checkout("tree");
    for n in 0..60 {
        tree.write(&format!("calendars/alice/work/{n:02}.ics"), event(&format!("{n}"), START, ""));
    }
    tree.pull_commit_push("sixty events");
    assert_eq!(world.tell().status, 204);
    let mut replica = Replica::default();
    assert_eq!(replica.catch_up(&alice, &work, 7), 9);
    assert_eq!(replica.tags, listed(&alice, &work));

    for n in 0..30 {
        match n % 3 {
            0 => tree.remove(&format!("calendars/alice/work/{n:02}.ics")),
            1 => {
                tree.write(&format!("calendars/alice/work/{n:02}.ics"), event(&format!("{n}"), "20270101T000000Z", ""))
            }
            _ => tree.write(&format!("calendars/alice/work/new{n}.ics"), event(&format!("new{n}"), START, "")),
        };
    }
    tree.pull_commit_push("many changes at once");
    assert_eq!(world.tell().status, 204);
    assert!(replica.step(&alice, &work, Some(4)), "there is more");
    // A change in the middle of it, of what was told already and of what was not.
    alice.send("DELETE", &format!("{work}01.ics"), &[], "");
    alice.send("DELETE", &format!("{work}59.ics"), &[], "");
    alice.put(&format!("{work}02.ics"), event("2", "20280101T000000Z", ""));
    replica.catch_up(&alice, &work, 4);
    // A round tells what there was when it began; the next one what came meanwhile.
    replica.catch_up(&alice, &work, 4);
    assert_eq!(replica.tags, listed(&alice, &work));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_token_that_is_not_known_is_said_to_be_so() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let home = world.calendar("alice", "home");
    let good = token(&sync(&alice, &work, "", None));
    for bad in ["nonsense", "http://example.org/1", &format!("{good}0"), &good[..good.len() - 1]] {
        let reply = sync(&alice, &work, bad, None);
        assert_eq!(reply.status, 403, "{bad}: {}", reply.text());
        assert!(reply.text().contains("<D:valid-sync-token/>"), "{}", reply.text());
    }
    // Another calendar's is either refused or does no harm.
    let reply = sync(&alice, &home, &good, None);
    assert!(reply.status == 403 || reply.elements("response").is_empty(), "{}", reply.text());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_sync_token_is_a_state_of_its_collection() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let put = |name: &str, token: &str| {
        let condition = format!("<{work}> (<{token}>)");
        alice.send("PUT", &format!("{work}{name}.ics"), &[("If", &condition)], event(name, START, "")).status
    };
    assert_eq!(alice.put(&format!("{work}0.ics"), event("0", START, "")).status, 201);
    let now = token(&sync(&alice, &work, "", None));
    assert_eq!(put("1", &now), 201);
    assert_eq!(put("2", &now), 412, "the calendar has changed since");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_reader_is_told_no_name_of_what_is_private() {
    let mut world = World::new();
    let (alice, work, bob) = (world.user("alice"), world.calendar("alice", "work"), world.user("bob"));
    let ace = "<D:ace><D:principal><D:href>/principals/bob/</D:href></D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>";
    assert_eq!(alice.send("ACL", &work, &[], format!("<D:acl {NAMESPACES}>{ace}</D:acl>")).status, 200);
    let private = |uid: &str, start: &str| event(uid, start, "CLASS:PRIVATE\r\n");
    assert_eq!(alice.put(&format!("{work}open.ics"), event("open", START, "")).status, 201);
    assert_eq!(alice.put(&format!("{work}secret.ics"), private("secret", START)).status, 201);
    let before = token(&sync(&bob, &work, "", None));
    alice.put(&format!("{work}secret.ics"), private("secret", "20260106T120000Z"));
    alice.put(&format!("{work}open.ics"), private("open", START));
    alice.put(&format!("{work}new.ics"), private("new", START));
    for _ in 0..2 {
        let told = sync(&bob, &work, &before, None).text();
        assert!(told.contains("open.ics") && told.contains("404"), "{told}");
        assert!(!told.contains("secret.ics") && !told.contains("new.ics"), "{told}");
        world.server().kill();
        world.server().start_again();
    }
}
