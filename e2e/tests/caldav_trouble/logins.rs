//! Who guesses passwords waits; TLS and HTTP/2 as curl speaks them; methods before anybody has logged in.

use std::process::Command;

use e2e::caldav::{Scene, World, event};
use e2e::folder::Folder;
use e2e::http::Client;
use e2e::ports::free_port;
use e2e::process::run;

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
    let ask = |user: &str, path: &str| {
        Client::new(world.address(), user, "wrong").propfind(path, "0", "<D:displayname/>")
    };
    let shape = |reply: &e2e::http::Reply| {
        let fields = reply.fields.iter().filter(|(name, _)| name != "date").cloned();
        (reply.status, fields.collect::<Vec<_>>(), reply.body.clone())
    };
    let known = shape(&ask("alice", "/calendars/alice/"));
    assert_eq!(known.0, 401);
    assert_eq!(known, shape(&ask("mallory", "/calendars/alice/")));
    assert_eq!(known, shape(&ask("mallory", "/calendars/mallory/")));
    assert_eq!(known, shape(&ask("", "/")));
    for authorization in ["Basic", "Basic !!!", "Basic YWxpY2U=", "Bearer x", "Digest username=\"alice\"", "Basic /////w=="] {
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

/// A certificate for localhost, and its key.
fn certificate(folder: &Folder) -> [String; 2] {
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]);
    let outcome = run(openssl.args(["-out", &certificate, "-keyout", &key]), "");
    assert!(outcome.success, "{}", outcome.output);
    [certificate, key]
}

#[test]
#[ignore = "needs cargo e2e"]
fn curl_speaks_tls_and_both_versions_of_http() {
    let folder = Folder::new();
    let [certificate, key] = certificate(&folder);
    let plain = free_port();
    let scene = Scene::default().argument("--tls-certificate", &certificate).argument("--tls-key", &key);
    let world = scene.argument("--http", &plain.to_string()).serving();
    let port = world.address().port();
    let root = format!("https://localhost:{port}");
    let curl = |arguments: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--cacert", &certificate, "--resolve"]);
        curl.arg(format!("localhost:{port}:127.0.0.1"));
        curl.args(["--user", &format!("admin:{}", e2e::caldav::ADMIN_PASSWORD)]).args(arguments);
        run(&mut curl, "")
    };
    let print = "%{http_version} %{http_code}";
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let calendar = format!("{root}/calendars/admin/v{}/", version.replace('.', "-"));
        let made = curl(&[option, "--write-out", print, "--request", "MKCALENDAR", &calendar]);
        assert_eq!(made.output, format!("{version} 201"));
        let object = format!("{calendar}1.ics");
        let body = event("1", "20260105T120000Z", "");
        let stored = curl(&[option, "--write-out", print, "--request", "PUT", "--data-binary", &body, "--header", "Content-Type: text/calendar", &object]);
        assert_eq!(stored.output, format!("{version} 201"));
        assert_eq!(curl(&[option, &object]).output, body);
    }
    let answer = run(
        Command::new("curl").args(["--silent", "--dump-header", "-", "--resolve", &format!("localhost:{plain}:127.0.0.1")]).arg(
            format!("http://localhost:{plain}/calendars/admin/"),
        ),
        "",
    );
    assert!(answer.output.contains(&format!("https://localhost:{port}/calendars/admin/")), "{}", answer.output);
    let refused = run(Command::new("curl").args(["--silent", "--tls-max", "1.1", &root]), "");
    assert!(!refused.success, "an old TLS is not spoken");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_proxy_says_whom_it_speaks_for() {
    let world = Scene::new().flag("--tls-proxy").serving();
    let from = |client: &Client, address: &str| {
        client.send("PROPFIND", "/calendars/alice/", &[("Depth", "0"), ("X-Forwarded-For", address)], "").status
    };
    let guesser = |number: usize| Client::new(world.address(), "alice", &format!("guess {number}"));
    assert_eq!(from(&world.user("alice"), "203.0.113.9"), 207);
    let statuses: Vec<u16> = (0..60).map(|number| from(&guesser(number), "198.51.100.7")).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(from(&world.user("alice"), "203.0.113.9"), 207, "whom the guesses are about is not locked out");
}
