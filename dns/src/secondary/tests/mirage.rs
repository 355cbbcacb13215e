//! Zones from the names of keys, and the conversation of MirageOS.

use super::*;

const ROOT: &str = "x.192.0.2.1._transfer";

fn start(world: &mut World, primaries: &[SocketAddr]) {
    let primaries = primaries.to_vec();
    let effects = world.act(|secondary, moment| secondary.add_keyed(&primaries, moment));
    world.perform(effects);
}

#[test]
fn a_key_names_zone_and_primary() {
    let names = ["192.0.2.1.192.0.2.9._transfer.two.example", "x.192.0.2.1._transfer.one.example", "x._transfer.none"];
    let mut world = World::new(&names);
    world.primary("192.0.2.1:53", &["one.example 1", "two.example 2", "none 3"]);
    start(&mut world, &[]);
    assert!(world.troubles.is_empty(), "{:?}", world.troubles);
    assert_eq!(
        (world.serial("one.example"), world.serial("two.example"), world.serial("none")),
        (Some(1), Some(2), None)
    );
    // Taken away by a signed NOTAUTH, and back when it is there again.
    let primary = "192.0.2.1:53".parse().unwrap();
    world.forget(primary, "one.example");
    world.notify(primary, "one.example", Some(2), Some(names[1]));
    assert!(!world.is_served("one.example") && !world.is_unavailable("one.example"));
    world.change(primary, "one.example 9");
    world.pass(61);
    assert_eq!(world.serial("one.example"), Some(9));
}

#[test]
fn a_key_that_names_no_primary_counts_for_those_given() {
    let mut world = World::new(&["x._transfer.one.example"]);
    let primary = world.primary("192.0.2.1:5353", &["one.example 1"]);
    start(&mut world, &[primary]);
    assert_eq!(world.serial("one.example"), Some(1));
}

#[test]
fn a_key_for_everything_bootstraps() {
    let mut world = World::new(&[ROOT]);
    let primary = world.primary("192.0.2.1:53", &["one 1 a", "two 1 b"]);
    start(&mut world, &[]);
    assert_eq!(world.asked(), ["SOA"], "for the root; the answer is NOTAUTH");
    assert_eq!((world.open.len(), world.secondary.len()), (1, 0));
    for apex in ["one", "two"] {
        assert_eq!(world.notify(primary, apex, Some(1), Some(ROOT)), Rcode::NOERROR);
        assert_eq!(world.serial(apex), Some(1));
    }
    assert_eq!(world.connects, 1, "all over the connection that the primary tells over");
    world.pass(30);
    assert_eq!(world.open.len(), 1);
    // Removed at the primary, which says so with a serial that comes next.
    world.forget(primary, "two");
    world.notify(primary, "two", Some(2), Some(ROOT));
    assert!(!world.is_served("two") && world.secondary.len() == 1);
    // Only who has the key and is that primary can add zones.
    let stranger = world.primary("192.0.2.66:53", &["three 1"]);
    assert_eq!(world.notify(stranger, "three", Some(1), Some(ROOT)), Rcode::REFUSED);
    assert_eq!(world.notify(primary, "three", Some(1), None), Rcode::REFUSED);
}

#[test]
fn the_bootstrap_is_repeated_when_the_connection_is_lost() {
    let mut world = World::new(&[ROOT]);
    let primary = world.primary("192.0.2.1:53", &["one 1 a"]);
    world.behave(primary, Manner::Gone);
    start(&mut world, &[]);
    world.pass(100);
    assert!(world.open.is_empty() && world.connects > 3);
    world.behave(primary, Manner::Good);
    world.pass(61);
    assert_eq!(world.open.len(), 1);
    world.asked();
    world.close_all();
    world.pass(5);
    assert_eq!((world.open.len(), world.asked().join(" ")), (1, "SOA".to_owned()));
}
