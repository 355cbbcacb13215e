//! Who guesses passwords waits, and learns nothing of who is a user.

use std::time::Duration;

use e2e::caldav::World;
use e2e::http::Client;

#[test]
#[ignore = "needs cargo e2e"]
fn who_guesses_is_made_to_wait() {
    let world = World::new();
    let ask = |client: &Client| client.propfind("/calendars/alice/", "0", "<D:displayname/>");
    assert_eq!(ask(&world.user("alice")).status, 207);
    let guess = |number: usize| ask(&Client::new(world.address(), "alice", &format!("guess {number}")));
    let replies: Vec<_> = (0..60).map(guess).collect();
    assert_eq!(replies[0].status, 401);
    let last = replies.last().expect("sixty guesses");
    assert_eq!(last.status, 429, "sixty guesses were all looked at");
    assert!(last.field("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0)));
}

#[test]
#[ignore = "needs cargo e2e"]
fn nobody_learns_who_is_a_user() {
    let world = World::new();
    let ask =
        |user: &str, path: &str| Client::new(world.address(), user, "wrong").propfind(path, "0", "<D:displayname/>");
    let shape = |reply: &e2e::http::Reply| {
        let fields = reply.fields.iter().filter(|(name, _)| name != "date").cloned();
        (reply.status, fields.collect::<Vec<_>>(), reply.body.clone())
    };
    let known = shape(&ask("alice", "/calendars/alice/"));
    assert_eq!(known.0, 401);
    assert_eq!(known, shape(&ask("mallory", "/calendars/alice/")));
    assert_eq!(known, shape(&ask("mallory", "/calendars/mallory/")));
    assert_eq!(known, shape(&ask("", "/")));
    for authorization in
        ["Basic", "Basic !!!", "Basic YWxpY2U=", "Bearer x", "Digest username=\"alice\"", "Basic /////w=="]
    {
        let nobody = Client::nobody(world.address());
        let reply = nobody.send("GET", "/calendars/alice/", &[("Authorization", authorization)], "");
        assert_eq!(reply.status, 401, "{authorization}");
        assert!(reply.field("www-authenticate").is_some_and(|challenge| challenge.starts_with("Basic realm=")));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn passwords_may_have_colons_and_letters_of_all_kinds() {
    let world = World::new();
    for (name, password) in [("c", ":"), ("d", "a:b:c"), ("e", "密码 пароль"), ("f", " spaces ")] {
        assert_eq!(world.admin().send("PUT", &format!("/users/{name}"), &[], password).status, 201);
        let client = Client::new(world.address(), name, password);
        assert_eq!(client.propfind(&format!("/calendars/{name}/"), "0", "<D:displayname/>").status, 207, "{password}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_password_of_a_device_is_good_for_calendars_only() {
    let world = World::new();
    let (alice, accounts) = (world.user("alice"), "/users/alice/app-passwords");
    let made = alice.send("POST", &format!("{accounts}?label=phone"), &[], "");
    assert_eq!(made.status, 201);
    let phone = Client::new(world.address(), "alice", made.text().trim());
    let look = |client: &Client| client.propfind("/calendars/alice/", "0", "<D:displayname/>").status;
    assert_eq!(look(&phone), 207);
    assert_eq!(phone.send("PUT", "/users/alice", &[], "whoever has the phone").status, 403);
    assert_eq!(phone.send("POST", &format!("{accounts}?label=another"), &[], "").status, 403);
    let file = world.repository.read("users/alice.toml");
    let id = file.lines().find_map(|line| line.strip_prefix("id = ")).expect("it is in the file").trim_matches('"');
    assert_eq!(alice.send("DELETE", &format!("{accounts}/{id}"), &[], "").status, 200);
    assert_eq!((look(&phone), look(&alice)), (401, 207), "it is taken back alone");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_connection_outlives_a_request_without_a_password() {
    let world = World::new();
    for (path, status) in [("/calendars/alice/", 401), ("/.well-known/caldav", 301)] {
        let mut connection = Client::nobody(world.address()).connect();
        let body = "<propfind xmlns=\"DAV:\"><allprop/></propfind>";
        let head = connection.head("PROPFIND", path, &[("Depth", "0")], body.len());
        connection.write(head.as_bytes());
        assert!(connection.is_silent(Duration::from_millis(300)), "the body is still on its way");
        connection.write(body.as_bytes());
        assert_eq!(connection.receive().map(|reply| reply.status), Some(status));
        connection.send("OPTIONS", "/", &[], "");
        assert_eq!(connection.receive().map(|reply| reply.status), Some(200), "{path}");
    }
    // A long one is not waited for, and the client is told that the connection ends.
    let mut connection = Client::nobody(world.address()).connect();
    let head = connection.head("PUT", "/calendars/alice/1.ics", &[], 10 << 20);
    connection.write(head.as_bytes());
    let reply = connection.receive().expect("a reply");
    assert_eq!((reply.status, reply.field("connection")), (401, Some("close")));
}
