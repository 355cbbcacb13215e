//! Zones that come and go with a catalog (RFC 9432).

use super::*;
use crate::catalog;
use crate::testing::zone;

fn written(serial: u32, members: &[&str]) -> Zone {
    let members: Vec<Name> = members.iter().map(|member| member.parse().unwrap()).collect();
    catalog::write(&"catalog.invalid".parse().unwrap(), Serial(serial), &members).unwrap()
}

fn lines(apex: &str, serial: u32, lines: &str) -> Zone {
    zone(
        apex,
        &format!("@ 0 SOA invalid. invalid. {serial} 3600 600 86400 0\n@ 0 NS invalid.\nversion 0 TXT 2\n{lines}"),
    )
}

fn world() -> (World, SocketAddr) {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &["one 1", "two 1", "three 1"]);
    world.change_to(primary, written(1, &["one", "two"]));
    world.take_on("catalog.invalid", Origin::Catalog, &[(primary, None)]);
    (world, primary)
}

fn update(world: &mut World, primary: SocketAddr, catalog: Zone) {
    let (apex, serial) = (catalog.apex().to_string(), catalog.serial().0);
    world.change_to(primary, catalog);
    assert_eq!(world.notify(primary, &apex, Some(serial), None), Rcode::NOERROR);
}

#[test]
fn members_come_and_go() {
    let (mut world, primary) = world();
    assert!(world.is_served("one") && world.is_served("two") && !world.is_served("three"));
    update(&mut world, primary, written(2, &["two", "three"]));
    assert!(!world.is_served("one") && world.is_served("two") && world.is_served("three"));
    assert_eq!(world.notify(primary, "one", Some(9), None), Rcode::REFUSED);
    // NOTIFY of a member is followed.
    world.change(primary, "two 2");
    world.notify(primary, "two", Some(2), None);
    assert_eq!(world.serial("two"), Some(2));
}

#[test]
fn a_broken_catalog_changes_nothing() {
    let (mut world, primary) = world();
    update(&mut world, primary, lines("catalog.invalid", 2, "version 0 TXT 3\na.zones 0 PTR three."));
    assert!(world.is_served("one") && world.is_served("two") && !world.is_served("three"));
    assert!(world.troubles.iter().any(|trouble| trouble.contains("version is not 2")));
    update(&mut world, primary, written(3, &["one"]));
    assert!(world.is_served("one") && !world.is_served("two"));
}

#[test]
fn what_an_operator_configured_is_not_the_catalogs() {
    let mut world = World::new(&[]);
    let (first, second) =
        (world.primary("192.0.2.1:53", &["one 1"]), world.primary("192.0.2.2:53", &["one 7", "two 7"]));
    world.configure("one", &[(first, None)]);
    world.change_to(second, written(1, &["one", "two"]));
    world.take_on("catalog.invalid", Origin::Catalog, &[(second, None)]);
    assert_eq!((world.serial("one"), world.serial("two")), (Some(1), Some(7)));
    assert!(world.troubles.iter().any(|trouble| trouble.contains("one. is ignored")));
    update(&mut world, second, written(2, &["two"]));
    assert!(world.is_served("one"));
}

#[test]
fn a_new_label_is_a_new_zone() {
    let (mut world, primary) = world();
    world.asked();
    update(&mut world, primary, lines("catalog.invalid", 2, "new.zones 0 PTR one."));
    assert!(world.is_served("one") && world.asked().contains(&"AXFR".to_owned()));
}

#[test]
fn a_member_changes_its_catalog_only_when_let_go() {
    let (mut world, primary) = world();
    let label = catalog::unique_label(&"one".parse().unwrap());
    let claim = lines("b.invalid", 1, &format!("{label}.zones 0 PTR one."));
    world.change_to(primary, claim);
    world.take_on("b.invalid", Origin::Catalog, &[(primary, None)]);
    let owner = |world: &World| match &world.secondary.zones[&"one".parse::<Name>().unwrap()].origin {
        Origin::Member { catalog, .. } => catalog.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(owner(&world), "catalog.invalid.");
    let lets_go = format!("{label}.zones 0 PTR one.\ncoo.{label}.zones 0 PTR b.invalid.");
    update(&mut world, primary, lines("catalog.invalid", 2, &lets_go));
    assert_eq!(owner(&world), "b.invalid.");
    update(&mut world, primary, written(3, &[]));
    assert!(world.is_served("one"));
}

#[test]
fn ten_thousand_zones_come_and_change_at_once() {
    let mut world = World::new(&[]);
    let primary = world.primary("192.0.2.1:53", &[]);
    let names: Vec<String> = (0..10_000).map(|n| format!("z{n}.example.")).collect();
    let soa = |serial: u32| format!("@ 60 SOA ns root {serial} 3600 600 86400 1\n@ 60 NS ns.elsewhere.");
    for name in &names {
        world.change_to(primary, zone(name, &soa(1)));
    }
    world.change_to(primary, written(1, &names.iter().map(String::as_str).collect::<Vec<_>>()));
    world.take_on("catalog.invalid", Origin::Catalog, &[(primary, None)]);
    assert!(names.iter().all(|name| world.serial(name) == Some(1)));
    assert_eq!(world.connects, 1);
    for name in &names {
        world.change_to(primary, zone(name, &soa(2)));
    }
    for name in &names {
        world.notify(primary, name, Some(2), None);
    }
    assert!(names.iter().all(|name| world.serial(name) == Some(2)));
    assert_eq!(world.connects, 1);
    update(&mut world, primary, written(2, &[]));
    assert_eq!(world.secondary.len(), 1);
}

#[test]
fn a_member_whose_notify_came_first_goes_with_its_entry_all_the_same() {
    let mut world = World::new(&["k._transfer"]);
    let primary = world.primary("192.0.2.1:53", &["one 1", "two 1"]);
    world.change_to(primary, written(1, &["one"]));
    world.take_on("catalog.invalid", Origin::Catalog, &[(primary, Some("k._transfer"))]);
    assert_eq!(world.notify(primary, "two", Some(1), Some("k._transfer")), Rcode::NOERROR);
    assert!(world.is_served("two"));
    for (serial, members, served) in [(2, vec!["one", "two"], true), (3, vec!["one"], false)] {
        world.change_to(primary, written(serial, &members));
        world.notify(primary, "catalog.invalid", Some(serial), Some("k._transfer"));
        assert_eq!(world.is_served("two"), served);
    }
    assert!(world.troubles.is_empty(), "{:?}", world.troubles);
}
