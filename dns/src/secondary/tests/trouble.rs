//! Primaries that are away, slow, malicious or of two minds; NOTIFY from anybody.

use super::*;
use crate::transfer::incoming::Limits;

const KEY: &str = "k._transfer.example";

#[test]
fn a_stalled_primary_holds_up_nothing_for_longer_than_the_limit() {
    for manner in [Manner::BlackHole, Manner::Silent, Manner::Gone, Manner::SilentAfter(0)] {
        let mut world = World::new(&[]);
        let bad = world.primary("192.0.2.1:53", &["example 1 a"]);
        let good = world.primary("192.0.2.2:53", &["example 1 a"]);
        world.behave(bad, manner);
        world.configure("example", &[(bad, None), (good, None)]);
        world.pass(11);
        assert!(world.is_served("example"), "{manner:?}");
        // Next time the one that was right is asked first.
        world.connects = 0;
        world.change(good, "example 2 b");
        world.notify(good, "example", None, None);
        assert_eq!((world.serial("example"), world.connects <= 1), (Some(2), true), "{manner:?}");
    }
}

#[test]
fn a_transfer_cut_off_anywhere_leaves_the_last_version() {
    for manner in [Manner::ClosesAfter(0), Manner::SilentAfter(0)] {
        let mut world = World::new(&[KEY]);
        let primary = world.primary("192.0.2.1:53", &["example 1 a"]);
        world.configure("example", &[(primary, Some(KEY))]);
        world.change(primary, "example 2 b");
        world.behave(primary, manner);
        world.notify(primary, "example", Some(2), Some(KEY));
        world.pass(60);
        assert_eq!(world.serial("example"), Some(1), "{manner:?}");
        world.behave(primary, Manner::Good);
        world.pass(120);
        assert_eq!(world.serial("example"), Some(2), "{manner:?}");
    }
}

#[test]
fn an_endless_transfer_is_cut_and_others_go_on() {
    let limits = Limits { octets: 100_000, records: 2000 };
    let mut world = World::with(&[], Settings { limits, ..Settings::default() });
    let bad = world.primary("192.0.2.1:53", &["example 1 a"]);
    let good = world.primary("192.0.2.2:53", &["example 1 a", "other 1"]);
    world.behave(bad, Manner::Endless);
    world.configure("other", &[(good, None)]);
    world.configure("example", &[(bad, None), (good, None)]);
    assert!(world.is_served("example") && world.is_served("other"));
    assert!(world.troubles.iter().any(|trouble| trouble.contains("too many")), "{:?}", world.troubles);
    assert!(world.closes >= 1);
}

#[test]
fn a_zone_that_is_too_large_is_not_asked_for_all_the_time() {
    let limits = Limits { octets: 200, records: 2000 };
    let mut world = World::with(&[], Settings { limits, ..Settings::default() });
    let primary = world.primary("192.0.2.1:53", &["example 1 a"]);
    world.configure("example", &[(primary, None)]);
    world.pass(3600);
    let asked = world.asked().len();
    assert!(!world.is_served("example") && (40..250).contains(&asked), "{asked}");
}

/// A primary that is away for longer than expire; and whatever it has when it is back.
#[test]
fn an_expired_zone_comes_back_by_itself() {
    for back_with in ["example 5 a", "example 6 b", "example 4 c"] {
        let mut world = World::new(&[]);
        let primary = world.primary("192.0.2.1:53", &["example 5 a"]);
        world.configure("example", &[(primary, None)]);
        world.behave(primary, Manner::Gone);
        world.pass(86_000);
        assert_eq!(world.serial("example"), Some(5), "not before its time");
        world.pass(401);
        assert!(world.is_unavailable("example"));
        world.change(primary, back_with);
        world.behave(primary, Manner::Good);
        world.pass(601);
        assert_eq!(world.serial("example"), Some(version(back_with).serial().0));
    }
}

#[test]
fn it_does_not_expire_while_a_primary_confirms_it() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 5 a"]);
    world.configure("example", &[(primary, None)]);
    world.pass(10 * 86_400);
    assert_eq!(world.serial("example"), Some(5));
    let asked = world.asked().len();
    assert!((240..300).contains(&asked), "ten days of hourly questions: {asked}");
}

#[test]
fn two_primaries_that_disagree() {
    let mut world = World::new(&[]);
    let old = world.primary("192.0.2.1:53", &["example 5 a"]);
    let new = world.primary("192.0.2.2:53", &["example 7 b"]);
    world.configure("example", &[(old, None), (new, None)]);
    assert_eq!(world.serial("example"), Some(5));
    world.notify(new, "example", Some(7), None);
    assert_eq!(world.serial("example"), Some(7));
    // The one that is behind changes nothing, whatever it says and however often.
    for _ in 0..5 {
        world.notify(old, "example", Some(5), None);
        world.notify(old, "example", None, None);
        world.pass(4000);
        assert_eq!(world.serial("example"), Some(7));
    }
    // It does not keep the zone alive either.
    world.behave(new, Manner::Gone);
    world.pass(100_000);
    assert!(world.troubles.iter().any(|trouble| trouble.contains("older")));
    assert_eq!(world.serial("example"), Some(5), "expired, and then anything is better than nothing");
}

#[test]
fn floods_of_notify_collapse() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.configure("example", &[(primary, None)]);
    world.asked();
    for serial in 0..10_000 {
        assert_eq!(world.notify(primary, "example", Some(serial + 2), None), Rcode::NOERROR);
    }
    let asked = world.asked().len();
    assert!(asked <= 10, "{asked}");
    world.pass(5);
    assert!(world.asked().len() <= 1);
    assert!(world.connects < 10);
}

#[test]
fn forged_notify_is_refused() {
    let mut world = World::new(&[KEY]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    let stranger = world.primary("192.0.2.66:53", &["example 9", "other 1"]);
    world.configure("example", &[(primary, Some(KEY))]);
    world.asked();
    assert_eq!(world.notify(stranger, "example", Some(9), None), Rcode::REFUSED);
    assert_eq!(world.notify(stranger, "other", Some(9), None), Rcode::REFUSED);
    assert_eq!(world.notify(primary, "other", Some(9), None), Rcode::REFUSED);
    assert!(world.asked().is_empty());
    // Who pretends to be the primary makes us ask the primary, no more.
    assert_eq!(world.notify(primary, "example", Some(9), None), Rcode::NOERROR);
    assert_eq!(world.asked(), ["SOA"]);
    // With the key, from an address of the primary that we do not know.
    assert_eq!(world.notify(stranger, "example", Some(9), Some(KEY)), Rcode::NOERROR);
    assert_eq!(world.serial("example"), Some(1));
}

#[test]
fn octets_that_nobody_asked_for() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.hold_replies = true;
    world.configure("example", &[(primary, None)]);
    let connection = *world.open.keys().next().unwrap();
    for n in 0..2000u16 {
        let mut junk = vec![0; 1000];
        junk[..2].copy_from_slice(&n.to_be_bytes());
        junk[2] = 0x80;
        world.deliver(connection, &junk);
    }
    assert!(world.closes >= 1, "{}", world.closes);
    world.release();
    world.pass(60);
    assert!(world.is_served("example"));
}

#[test]
fn the_number_of_zones_is_bounded() {
    let mut world = World::with(&[], Settings { zones: 3, ..Settings::default() });
    let primary = world.primary("192.0.2.1:53", &["a 1", "b 1", "c 1", "d 1"]);
    for apex in ["a", "b", "c", "d"] {
        world.configure(apex, &[(primary, None)]);
    }
    assert_eq!((world.secondary.len(), world.is_served("d")), (3, false));
    assert!(world.troubles[0].contains("too many zones"));
}

/// NOTIFY that keep coming while an answer is awaited lead to one question after it, not to one after another without
/// end.
#[test]
fn floods_during_a_question_keep_to_the_allowance() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["example 1"]);
    world.configure("example", &[(primary, None)]);
    world.asked();
    world.hold_replies = true;
    for _ in 0..100 {
        for _ in 0..10 {
            world.notify(primary, "example", None, None);
        }
        world.hold_replies = false;
        world.release();
        world.hold_replies = true;
    }
    let asked = world.asked().len();
    assert!(asked <= 11, "{asked}");
    world.hold_replies = false;
    world.release();
    // What came last is not forgotten.
    world.change(primary, "example 2");
    world.pass(2);
    assert_eq!(world.serial("example"), Some(2));
}
