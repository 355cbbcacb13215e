//! Paths that lead out, names that git or other computers cannot hold, and users that nobody may be.

use e2e::caldav::{World, event};

#[test]
#[ignore = "needs cargo e2e"]
fn no_path_leads_out_or_hides() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let before = world.repository.git(&["ls-tree", "-r", "--name-only", "main"]);
    let long = "x".repeat(4000);
    let bad = ["..", "%2e%2e", "a%00b", "%2e%2e%2f%2e%2e%2fusers%2falice.toml", &long, ".git", ".calendar.toml"];
    for name in bad {
        let body = event("1", "20260101T000000Z", "");
        let reply = alice.put(&format!("{work}{name}"), body);
        let tree = world.repository.git(&["ls-tree", "-r", "--name-only", "main"]);
        let new: Vec<&str> = tree.lines().filter(|line| !before.contains(line)).collect();
        let stays = new.iter().all(|path| path.starts_with("calendars/alice/work/") && !path.contains(".git"));
        assert!(stays && (reply.status >= 400) == new.is_empty(), "{name:.40}: {} and {new:?}", reply.status);
        if reply.status == 201 {
            assert_eq!(alice.send("DELETE", &format!("{work}{name}"), &[], "").status, 204, "{name}");
        }
    }
    for path in ["/calendars/alice/../bob/", "/calendars/alice/%2e%2e/bob/", "/calendars/alice/..%2fbob/"] {
        let reply = alice.propfind(path, "1", "<D:displayname/>");
        assert!(reply.status >= 400 && !reply.text().contains("/bob/"), "{path}: {} {}", reply.status, reply.text());
    }
    assert_eq!(alice.get(&format!("/{}", "y".repeat(70_000))).status / 100, 4);
    world.repository.check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn names_that_some_computers_cannot_tell_apart_are_one_name() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let put = |name: &str, uid: &str| alice.put(&format!("{work}{name}"), event(uid, "20260101T000000Z", "")).status;
    assert_eq!(put("caf%C3%A9.ics", "composed"), 201);
    assert_eq!(put("cafe%CC%81.ics", "decomposed"), 409, "the same letters in another Unicode form");
    assert_eq!(put("Lunch.ics", "capital"), 201);
    assert_eq!(put("lunch.ics", "small"), 409, "the same letters in another case");
    assert_eq!(alice.get(&format!("{work}lunch.ics")).status, 404);
    assert_eq!(alice.get(&format!("{work}caf%C3%A9.ics")).status, 200);
    world.checkout("tree");
}

#[test]
#[ignore = "needs cargo e2e"]
fn names_that_git_forbids_are_kept_under_another_spelling() {
    let world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let names =
        ["a%20b.ics", "con.ics", "a%3Ab.ics", "a%5Cb.ics", "%C3%BC.ics", "a%25b.ics", "%FF.ics", "-rf", "a%7Eb"];
    for (number, name) in names.iter().enumerate() {
        let body = event(&format!("{number}"), "20260101T000000Z", "");
        let path = format!("{work}{name}");
        assert_eq!(alice.put(&path, &body).status, 201, "{name}");
        assert_eq!(alice.get(&path).body, body.as_bytes(), "{name}");
    }
    let listed = alice.propfind(&work, "1", "<D:getetag/>").elements("href");
    assert_eq!(listed.len(), 1 + names.len(), "{listed:?}");
    for path in &listed[1..] {
        assert_eq!(alice.get(path).status, 200, "{path} is as it can be asked for");
    }
    world.repository.check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn nobody_is_called_like_something_of_ours() {
    let world = World::new();
    let admin = world.admin();
    let before = world.repository.git(&["ls-tree", "-r", "--name-only", "main", "users"]);
    for name in [".git", "..", "%2e%2e", "a%2fb", "calendars", "con", "ALICE", "a%00b", "%C3%BC", "x.lock", "-rf"] {
        let reply = admin.send("PUT", &format!("/users/{name}"), &[], "secret");
        assert!([400, 403, 405].contains(&reply.status), "{name}: {} {}", reply.status, reply.text());
    }
    assert_eq!(world.repository.git(&["ls-tree", "-r", "--name-only", "main", "users"]), before);
    // That one is a name like any other here, without any right of its own.
    world.make_user("root");
    assert_eq!(world.user("root").propfind("/calendars/alice/", "0", "<D:displayname/>").status, 404);
    assert_eq!(world.user("root").send("PUT", "/users/mallory", &[], "secret").status, 403);
    let only_new = [("If-None-Match", "*")];
    assert_eq!(admin.send("PUT", "/users/root", &only_new, "another").status, 412, "who is there keeps the password");
    assert_eq!(world.user("root").propfind("/", "0", "<D:displayname/>").status, 207);
    for bad in ["", "a\tb", &"x".repeat(2000)] {
        assert_eq!(admin.send("PUT", "/users/carol", &[], bad).status, 400, "{bad:.5?}");
    }
}
