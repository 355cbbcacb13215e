//! A push that breaks a zone file takes nothing down, and the one who pushed can read why.

use e2e::clients::{dig, nsupdate};
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, ROOT, UPDATE};
use e2e::wait;
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn the_last_good_version_stays() {
    let world = World::new();
    world.tree.replace("example.com", "www     IN A    192.0.2.80", "www     IN A    192.0.2.800");
    world.tree.replace("example.org", "198.51.100.80", "198.51.100.81").replace("example.org", " 1 86400", " 2 86400");
    let broken = world.push("a typo");
    world.wait_for("www.example.org A", "198.51.100.81");
    assert_eq!(world.short("www.example.com A"), "192.0.2.80", "the old version is served");
    let line = 1 + EXAMPLE_COM.lines().position(|line| line.starts_with("www     IN A ")).expect("the line is there");
    let note = world.note(&broken);
    assert!(note.contains(&format!("example.com:{line}:")), "{note}");
    assert!(world.primary.log().contains(&format!("example.com:{line}")), "the log says it too");

    world.tree.replace("example.com", "192.0.2.800", "192.0.2.82").replace("example.com", "2024010101", "2024010102");
    world.push("the typo mended");
    world.wait_for("www.example.com A", "192.0.2.82");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_zone_that_was_never_good_hides_no_other() {
    let world = Scene::new().file("broken.example", "this is not a zone\n").serving();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    let answer = dig(world.address(), "broken.example SOA");
    assert!(answer.contains("REFUSED") || answer.contains("SERVFAIL"), "{answer}");
    assert!(world.note(&world.repository().tip("main")).contains("broken.example:1:"));
    world.tree.write("broken.example", EXAMPLE_ORG.replace("example.org", "broken.example"));
    world.push("now it is one");
    world.wait_for("www.broken.example A", "198.51.100.80");
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_update_of_a_broken_zone_fails_and_leaves_the_file_alone() {
    let world = World::new();
    world.tree.replace("example.com", "IN MX   10 mail", "IN MX   ten mail");
    let broken = world.push("a typo");
    world.note(&broken);
    let before = world.repository().read("example.com");
    assert!(!nsupdate(world.address(), &UPDATE, "update add new.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.repository().read("example.com"), before);
    assert_eq!(world.short("new.example.com A"), "");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_error_of_a_file_is_named_at_once() {
    let world = World::new();
    world.tree.replace("example.org", "ns1 A 127.0.0.1", "ns1 A 127.0.0.256\nbad AAAA ::g\nworse MX mail");
    let note = world.note(&world.push("three typos"));
    for line in [5, 6, 7] {
        assert!(note.contains(&format!("example.org:{line}:")), "{line} in {note}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn two_files_for_one_zone_are_reported() {
    let world = World::new();
    world
        .tree
        .write("EXAMPLE.org", EXAMPLE_ORG.replace("198.51.100.80", "203.0.113.1").replace(" 1 86400", " 2 86400"));
    let note = world.note(&world.push("the same zone twice"));
    assert!(note.to_lowercase().contains("example.org"), "{note}");
    assert_eq!(world.short("www.example.org A"), "198.51.100.80", "what was served is served");
    world.tree.remove("EXAMPLE.org");
    world.push("once again");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_include_of_something_outside_the_repository_is_refused() {
    let world = World::new();
    for path in ["/etc/passwd", "../outside", "_keys"] {
        let serial = world.serial("example.org");
        world.tree.write("example.org", format!("{}$INCLUDE {path}\n", EXAMPLE_ORG.replace(" 1 86400", " 9 86400")));
        let commit = world.push(&format!("include {path}"));
        let (note, place) = (world.note(&commit), "example.org:6:");
        assert!(note.contains(if path == "_keys" { path } else { place }), "{path}: {note}");
        assert!(!note.contains(UPDATE.secret), "a note tells no secrets");
        assert_eq!(world.serial("example.org"), serial);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_emptied_file_and_a_removed_soa_keep_the_zone() {
    let world = World::new();
    for text in ["", "; nothing\n", "$ORIGIN example.org.\nwww 60 A 192.0.2.1\n"] {
        world.tree.write("example.org", text);
        world.note(&world.push("less and less"));
        assert_eq!(world.short("www.example.org A"), "198.51.100.80");
    }
    assert!(nsupdate(world.address(), &ROOT, "update add fine.example.com 60 A 192.0.2.1").success);
    wait::until("the other zone goes on", || world.short("fine.example.com A") == "192.0.2.1");
}
