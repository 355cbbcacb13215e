//! TLS with a certificate that was given or comes through DNS, both versions of HTTP, and a proxy in front.

use std::path::Path;
use std::process::Command;

use e2e::caldav::{ADMIN_PASSWORD, Scene, World, event};
use e2e::folder::{Folder, write};
use e2e::http::Client;
use e2e::letsencrypt::Letsencrypt;
use e2e::ports::free_port;
use e2e::process::{Outcome, run};
use e2e::samples::UPDATE;
use e2e::world;

/// A certificate for localhost, and its key.
fn certificate(folder: &Folder) -> [String; 2] {
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name).display().to_string());
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=CA:FALSE"]);
    let outcome = run(openssl.args(["-out", &certificate, "-keyout", &key]), "");
    assert!(outcome.success, "{}", outcome.output);
    [certificate, key]
}

/// curl as the administrator, who trusts one certificate and knows where a host is.
fn curl(world: &World, host: &str, trusted: &Path, arguments: &[&str]) -> Outcome {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--user", &format!("admin:{ADMIN_PASSWORD}"), "--cacert"]).arg(trusted);
    curl.args(["--resolve", &format!("{host}:{}:127.0.0.1", world.address().port())]).args(arguments);
    run(&mut curl, "")
}

#[test]
#[ignore = "needs cargo e2e"]
fn both_versions_of_http_are_spoken() {
    let folder = Folder::new();
    let [certificate, key] = certificate(&folder);
    let world = Scene::default().argument("--tls-certificate", &certificate).argument("--tls-key", &key).serving();
    let root = format!("https://localhost:{}", world.address().port());
    let body = event("1", "20260105T120000Z", "");
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let ask = |arguments: &[&str]| {
            let print = ["--write-out", " %{http_version} %{http_code}", option];
            curl(&world, "localhost", Path::new(&certificate), &[&print, arguments].concat()).output
        };
        let calendar = format!("{root}/calendars/admin/v{}/", version.replace('.', "-"));
        assert_eq!(ask(&["--request", "MKCALENDAR", &calendar]), format!(" {version} 201"));
        let object = format!("{calendar}1.ics");
        let put = ["--request", "PUT", "--header", "Content-Type: text/calendar", "--data-binary", &body, &object];
        assert_eq!(ask(&put), format!(" {version} 201"));
        assert_eq!(ask(&[&object]), format!("{body} {version} 200"));
    }
    let old = curl(&world, "localhost", Path::new(&certificate), &["--tls-max", "1.1", &root]);
    assert!(!old.success, "an old TLS is not spoken");
}

#[test]
#[ignore = "needs cargo e2e"]
fn who_comes_without_tls_is_sent_where_it_is() {
    let folder = Folder::new();
    let ([certificate, key], plain) = (certificate(&folder), free_port());
    let scene = Scene::default().argument("--tls-certificate", &certificate).argument("--tls-key", &key);
    let world = scene.argument("--http", &plain.to_string()).serving();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--dump-header", "-", "--resolve", &format!("localhost:{plain}:127.0.0.1")]);
    let answer = run(curl.arg(format!("http://localhost:{plain}/calendars/admin/")), "").output;
    assert!(answer.contains(&format!("https://localhost:{}/calendars/admin/", world.address().port())), "{answer}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_certificate_comes_through_dns() {
    let zones = world::World::new();
    let folder = &zones.remote.folder;
    let _service = Letsencrypt::start(folder, zones.address(), &e2e::samples::ROOT, &["--issuer", "local:test"]);
    let algorithm = UPDATE.algorithm.trim_start_matches("hmac-").to_uppercase();
    let key = format!("{}:{algorithm}:{}", UPDATE.name, UPDATE.secret);
    let scene = Scene::default().argument("--dns-server", &zones.address().to_string()).argument("--dns-key", &key);
    let mut world = scene.argument("--hostname", "www.example.com").serving();
    let root = Letsencrypt::run(&["--issuer", "local:test", "--print-root"]);
    let trusted = folder.join("root.pem");
    write(&trusted, &root.output);
    let url = format!("https://www.example.com:{}/calendars/admin/", world.address().port());
    let print = ["--output", "/dev/null", "--write-out", "%{http_code}", &url];
    assert_eq!(curl(&world, "www.example.com", &trusted, &print).output, "200");
    // The key is derived from the secret, so that a start without a disk needs no new certificate.
    let requests = zones.repository().commits();
    world.server().terminate();
    world.server().start_again();
    assert_eq!(curl(&world, "www.example.com", &trusted, &print).output, "200");
    assert_eq!(zones.repository().commits(), requests, "nothing was asked for again");
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
