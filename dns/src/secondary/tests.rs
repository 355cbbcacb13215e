//! A secondary and primaries of ours, joined in memory over a virtual clock; and primaries that misbehave.

mod catalogs;
mod mirage;
mod trouble;
mod world;

use super::*;
use crate::message::Rcode;
use world::{Manner, World, key, version};

#[test]
fn a_zone_comes_and_follows_signed_notify_at_once() {
    let mut world = World::new(&["k._transfer.example"]);
    let primary = world.primary("192.0.2.1:53", &["example 1 a"]);
    world.configure("example", &[(primary, Some("k._transfer.example"))]);
    assert_eq!(world.serial("example"), Some(1));
    assert_eq!(world.asked(), ["SOA", "AXFR"]);
    world.change(primary, "example 2 a b");
    let rcode = world.notify(primary, "example", Some(2), Some("k._transfer.example"));
    assert_eq!((rcode, world.serial("example")), (Rcode::NOERROR, Some(2)));
    assert_eq!(world.asked(), ["IXFR"], "the SOA need not be asked for");
    // The change came step by step, and the secondary can hand it on.
    assert_eq!(world.last_steps, Some(1));
}

#[test]
fn unsigned_notify_makes_it_ask() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1 a"]);
    world.configure("example", &[(primary, None)]);
    world.asked();
    world.change(primary, "example 2 a b");
    assert_eq!(world.notify(primary, "example", None, None), Rcode::NOERROR);
    assert_eq!((world.serial("example"), world.asked().join(" ")), (Some(2), "SOA IXFR".to_owned()));
    // One that says nothing new costs nothing.
    world.notify(primary, "example", Some(2), None);
    assert!(world.asked().is_empty());
}

#[test]
fn without_notify_it_asks_when_the_soa_says_so() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.configure("example", &[(primary, None)]);
    world.change(primary, "example 2");
    world.pass(3000);
    assert_eq!(world.serial("example"), Some(1));
    world.pass(601);
    assert_eq!(world.serial("example"), Some(2));
}

#[test]
fn zones_of_one_primary_share_a_connection_and_wait_in_line() {
    let mut world = World::new(&[]);
    let zones: Vec<String> = (0..200).map(|n| format!("z{n} 1 a")).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let primary = world.primary("192.0.2.1:53", &zones);
    world.hold_replies = true;
    for n in 0..200 {
        world.configure(&format!("z{n}"), &[(primary, None)]);
    }
    assert_eq!((world.connects, world.held.len()), (1, 16));
    world.release();
    assert!((0..200).all(|n| world.serial(&format!("z{n}")) == Some(1)));
    assert_eq!(world.connects, 1);
    // Nobody is asked any more: the connection goes.
    world.pass(5);
    assert!(world.open.is_empty());
}

#[test]
fn an_idle_connection_that_the_primary_closes_is_opened_again() {
    let mut world = World::new(&["k._transfer.example"]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.configure("example", &[(primary, Some("k._transfer.example"))]);
    assert_eq!(world.open.len(), 1, "it is kept: the primary may tell of changes over it");
    world.pass(100);
    assert_eq!((world.open.len(), world.connects), (1, 1));
    world.close_all();
    world.pass(3);
    assert_eq!((world.open.len(), world.connects), (1, 2));
    world.asked();
    // A primary that closes at once is not asked more and more often.
    for _ in 0..20 {
        world.close_all();
        world.pass(200);
    }
    assert!(world.connects <= 22);
    assert!(world.troubles.is_empty(), "{:?}", world.troubles);
}

#[test]
fn a_zone_is_asked_for_again_when_notify_came_meanwhile() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1 a"]);
    world.configure("example", &[(primary, None)]);
    world.change(primary, "example 2 b");
    world.hold_replies = true;
    world.notify(primary, "example", Some(2), None);
    assert_eq!(world.held.len(), 1);
    // Answered with 2; then 3 comes along while the transfer is held.
    world.change(primary, "example 3 c");
    for _ in 0..100 {
        world.notify(primary, "example", Some(3), None);
    }
    world.release();
    assert_eq!(world.serial("example"), Some(3));
    assert!(world.asked().len() < 12);
}

#[test]
fn the_same_zone_is_taken_on_once() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.configure("example", &[(primary, None)]);
    world.asked();
    world.configure("EXAMPLE", &[(primary, None)]);
    assert!(world.asked().is_empty() && world.secondary.len() == 1);
    assert!(version("example 1").serial() == Serial(1) && key("k").grant().is_none());
    assert!(matches!(Manner::default(), Manner::Good));
}
