//! An update is a commit on the remote before the client has its answer, and changes no line that it need not.

use std::fs;

use e2e::clients::{knsupdate, nsupdate, nsupdate_tcp};
use e2e::samples::{EXAMPLE_COM, HOST, UPDATE};
use e2e::wait;
use e2e::world::World;

#[test]
#[ignore = "needs cargo e2e"]
fn the_commit_says_who_and_what() {
    let world = World::new();
    let outcome = nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50");
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.repository().commits(), 2, "the commit is there when the answer is");
    assert_eq!(world.short("new.example.com A"), "192.0.2.50");
    assert_eq!(world.serial("example.com"), 2_024_010_102);
    let line = world.repository().git(&["log", "-1", "--format=%an: %s", "main"]);
    assert_eq!(line, "laptop._update.example.com: example.com: add new A 192.0.2.50", "as the README shows it");
    world.repository().check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn comments_order_and_blank_lines_stay() {
    let world = World::new();
    let commands = "update delete www.example.com A\nupdate add www.example.com 3600 A 192.0.2.81";
    assert!(nsupdate(world.address(), &UPDATE, commands).success);
    let numbers = world.repository().git(&["diff", "--numstat", "main~1", "main"]);
    assert_eq!(numbers, "2\t2\texample.com", "the serial's line and the record's line, no other");
    let text = world.repository().read("example.com");
    for line in EXAMPLE_COM.lines().filter(|line| !line.contains("192.0.2.80") && !line.contains("2024010101")) {
        assert!(text.contains(line), "{line:?} is gone from\n{text}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_client_over_udp_and_tcp() {
    let world = World::new();
    assert!(nsupdate_tcp(world.address(), &UPDATE, "update add tcp.example.com 60 A 192.0.2.1").success);
    let knot = knsupdate(world.address(), &UPDATE, "zone example.com\nupdate add knot.example.com 60 TXT \"by Knot\"");
    assert!(knot.success, "{}", knot.output);
    assert!(nsupdate(world.address(), &HOST, "update add _acme-challenge.host.example.com 60 TXT token").success);
    assert_eq!(world.short("tcp.example.com A"), "192.0.2.1");
    assert_eq!(world.short("knot.example.com TXT"), "\"by Knot\"");
    assert_eq!(world.short("_acme-challenge.host.example.com TXT"), "\"token\"");
    assert_eq!(world.repository().commits(), 4);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_update_that_changes_nothing_is_no_commit() {
    let world = World::new();
    assert!(nsupdate(world.address(), &UPDATE, "update add host.example.com 3600 A 192.0.2.7").success);
    assert!(nsupdate(world.address(), &UPDATE, "update delete nothing.example.com").success);
    assert_eq!(world.repository().commits(), 1);
    assert_eq!(world.serial("example.com"), 2_024_010_101);
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_apex_keeps_its_soa_and_last_ns() {
    let world = World::new();
    assert!(nsupdate(world.address(), &UPDATE, "update delete example.com SOA").success);
    assert!(nsupdate(world.address(), &UPDATE, "update delete example.com NS ns1.example.com.").success);
    assert!(nsupdate(world.address(), &UPDATE, "update delete example.com").success);
    assert_eq!(world.short("example.com NS"), "ns1.example.com.");
    assert_eq!(world.short("example.com MX"), "", "the rest of the apex may go");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_cname_and_other_data_do_not_meet() {
    let world = World::new();
    assert!(nsupdate(world.address(), &UPDATE, "update add blog.example.com 60 A 192.0.2.3").success);
    assert!(nsupdate(world.address(), &UPDATE, "update add host.example.com 60 CNAME www.example.com.").success);
    assert_eq!(world.short("blog.example.com CNAME"), "www.example.com.");
    assert_eq!(world.short("host.example.com A"), "192.0.2.7");
}

#[test]
#[ignore = "needs cargo e2e"]
fn nobody_sees_an_update_before_the_remote_has_it() {
    let world = World::new();
    let (waits, go) = (world.remote.folder.join("waits"), world.remote.folder.join("go"));
    let script =
        format!("cat >/dev/null; touch {}; while [ ! -e {} ]; do sleep 0.02; done", waits.display(), go.display());
    world.repository().hook("pre-receive", &script);
    let address = world.address();
    let client = std::thread::spawn(move || nsupdate(address, &UPDATE, "update add early.example.com 60 A 192.0.2.1"));
    wait::until("the push waits in the hook", || waits.exists());
    assert_eq!(world.short("early.example.com A"), "");
    assert!(!client.is_finished());
    fs::write(&go, "").expect("the hook can be let go");
    let outcome = client.join().expect("the client does not panic");
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.short("early.example.com A"), "192.0.2.1");
}
