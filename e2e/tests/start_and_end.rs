//! The command line: what is refused with exit code 64 and one line, and how the program ends.

use std::io::{Read, Write};
use std::net::TcpStream;

use e2e::clients::{dig, nsupdate};
use e2e::ports::free_address;
use e2e::process::run;
use e2e::samples::UPDATE;
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn bad_arguments_are_named_in_one_line() {
    let remote = Scene::new().remote();
    let good = remote.arguments();
    for (bad, named) in [
        (good.clone().without("--remote"), "--remote"),
        (good.clone().set("--remote", "ssh://git@127.0.0.1:nonsense/zones.git"), "--remote"),
        (good.clone().set("--listen", "localhost:dns"), "--listen"),
        (good.clone().set("--poll", "soon"), "--poll"),
        (good.clone().set("--serial", "sometimes"), "--serial"),
        (good.clone().set("--ssh-key-file", "/nonexistent"), "/nonexistent"),
        (good.clone().without("--ssh-key-file").set("--ssh-key", "ed25519:short"), "--ssh-key"),
        (good.clone().set("--ssh-authenticator", "MD5:xyz"), "--ssh-authenticator"),
        (good.clone().set("--notify", "nowhere"), "--notify"),
        (good.clone().set("--nonsense", "1"), "--nonsense"),
    ] {
        let mut primary = bad.start(&remote.folder);
        assert_eq!(primary.process().wait().code(), Some(64), "{named}");
        let output = primary.log();
        assert!(output.contains(named), "{named} is to be named: {output}");
        assert_eq!(output.trim().lines().count(), 1, "{output}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_port_that_is_taken_is_an_error_that_names_it() {
    let world = World::new();
    let arguments = world.remote.arguments().set("--listen", &world.address().to_string());
    let mut second = arguments.start(&world.remote.folder);
    // Not the code of a wrong argument: the port may be free at the next start.
    assert_eq!(second.process().wait().code(), Some(69));
    assert!(second.log().contains(&world.address().to_string()), "{}", second.log());
}

#[test]
#[ignore = "needs cargo e2e"]
fn several_addresses_are_served() {
    let more = free_address();
    let world = Scene::new().argument("--listen", &more.to_string()).serving();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(dig(more, "www.example.com A +short"), "192.0.2.80");
    assert_eq!(dig(more, "+tcp www.example.com A +short"), "192.0.2.80");
}

#[test]
#[ignore = "needs cargo e2e"]
fn sigterm_ends_with_zero_and_a_restart_serves_the_same() {
    let mut world = World::new();
    assert!(nsupdate(world.address(), &UPDATE, "update add stays.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.primary.terminate().code(), Some(0));
    world.primary.start_again();
    world.primary.wait_until_serving();
    assert_eq!(world.short("stays.example.com A"), "192.0.2.1");
    assert_eq!(world.serial("example.com"), 2_024_010_102);
    assert_eq!(world.repository().commits(), 2);
}

#[test]
#[ignore = "needs cargo e2e"]
fn metrics_are_prometheus_text() {
    let address = free_address();
    let world = Scene::new().argument("--metrics", &address.to_string()).serving();
    world.short("www.example.com A");
    let mut stream = TcpStream::connect(address).expect("the metrics port is open");
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("a request can be sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer comes");
    assert!(text.starts_with("HTTP/1.") && text.contains(" 200 ") && text.contains("# TYPE"), "{text}");
}

/// What a package installs: sealed, and not started again for a wrong argument.
#[test]
#[ignore = "needs cargo e2e"]
fn units_start_services_that_seal_themselves() {
    for service in ["dns-primary", "dns-secondary", "letsencrypt", "caldav"] {
        let path = format!("{}/../deploy/units/{service}.service", env!("CARGO_MANIFEST_DIR"));
        let unit = std::fs::read_to_string(&path).expect("there is a unit");
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).expect("it starts it");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, [service, "--seal", "$ARGUMENTS"]);
        assert!(unit.contains("RestartPreventExitStatus=64"));
        let with = |argument| run(e2e::built::command(service, service).args(["--seal", argument]), "");
        assert!(with("--help").success, "the options before $ARGUMENTS are understood");
        assert!(with("--nonsense").output.contains("--nonsense"), "and those in it are read");
    }
}
