//! The serial of a zone whose content changed: not advanced, gone backwards, wrapped, or left to the operator.

use e2e::clients::nsupdate;
use e2e::samples::{EXAMPLE_ORG, ORG};
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn a_serial_that_was_not_advanced_is_advanced_by_a_commit() {
    let world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81");
    world.push("www moves, and the serial was forgotten");
    world.wait_for("www.example.com A", "192.0.2.81");
    assert_eq!(world.serial("example.com"), 2_024_010_102);
    assert!(world.repository().read("example.com").contains("2024010102 ; serial"), "the comment stays");
    assert_eq!(world.repository().commits(), 3);
    assert_eq!(world.repository().git(&["diff", "--numstat", "main~1", "main"]), "1\t1\texample.com");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_serial_that_went_backwards_is_advanced_past_the_one_served() {
    let world = Scene::new().file("example.org", &EXAMPLE_ORG.replace(" 1 86400", " 50 86400")).serving();
    world.tree.pull().replace("example.org", " 50 86400", " 40 86400").replace(
        "example.org",
        "198.51.100.80",
        "198.51.100.81",
    );
    world.push("backwards");
    world.wait_for("www.example.org A", "198.51.100.81");
    assert_eq!(world.serial("example.org"), 51);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_serial_wraps() {
    let world = Scene::new().file("example.org", &EXAMPLE_ORG.replace(" 1 86400", " 4294967295 86400")).serving();
    assert!(nsupdate(world.address(), &ORG, "update add x.example.org 60 A 192.0.2.1").success);
    // RFC 1982 has 0 follow; some implementations leave 0 out because it means "none" to them.
    let serial = world.serial("example.org");
    assert!(serial <= 1, "{serial}");
    world.tree.pull().replace("example.org", "198.51.100.80", "198.51.100.81");
    world.push("after the wrap");
    world.wait_for("www.example.org A", "198.51.100.81");
    assert_eq!(world.serial("example.org"), serial + 1);
}

#[test]
#[ignore = "needs cargo e2e"]
fn manual_serials_serve_nothing_new_and_say_so() {
    let world = Scene::new().argument("--serial", "manual").serving();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81");
    let commit = world.push("www moves, and the serial was forgotten");
    assert!(world.note(&commit).contains("serial"));
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.repository().commits(), 2);
    world.tree.replace("example.com", "2024010101", "2024010102");
    world.push("the serial");
    world.wait_for("www.example.com A", "192.0.2.81");
    assert_eq!(world.serial("example.com"), 2_024_010_102);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_comment_alone_does_not_move_the_serial() {
    let world = World::new();
    world.tree.replace("example.com", "; the web", "; the world wide web");
    world.tree.replace("example.org", "198.51.100.80", "198.51.100.81").replace("example.org", " 1 86400", " 2 86400");
    world.push("a comment");
    world.wait_for("www.example.org A", "198.51.100.81");
    assert_eq!(world.serial("example.com"), 2_024_010_101);
    assert_eq!(world.repository().commits(), 2);
}
