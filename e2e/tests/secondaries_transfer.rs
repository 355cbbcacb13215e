//! NSD, Knot and BIND are told of a change and transfer it, with a TSIG key.

use std::net::SocketAddr;

use e2e::bind::Bind;
use e2e::clients::{dig, dig_signed, kdig, nsupdate, serial};
use e2e::knot::Knot;
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::samples::{EXAMPLE_COM, NOTIFY, ORG, TRANSFER, UPDATE};
use e2e::wait;
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn nsd_follows() {
    let (world, address) = world_with_one_secondary(Scene::new());
    let nsd = Nsd::secondary(&world.remote.folder, address, world.address(), &["example.com"], &TRANSFER);
    follows(&world, nsd.address());
}

#[test]
#[ignore = "needs cargo e2e"]
fn knot_follows() {
    let (world, address) = world_with_one_secondary(Scene::new());
    let knot = Knot::secondary(&world.remote.folder, address, world.address(), &["example.com"], &TRANSFER);
    follows(&world, knot.address());
}

#[test]
#[ignore = "needs cargo e2e"]
fn bind_follows() {
    let (world, address) = world_with_one_secondary(Scene::new());
    let bind = Bind::secondary(&world.remote.folder, address, world.address(), &["example.com"], &TRANSFER);
    follows(&world, bind.address());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_zone_of_many_messages_arrives_whole() {
    let hosts: String = (0..20_000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    let scene = Scene::new().file("example.com", &format!("{EXAMPLE_COM}{hosts}"));
    let addresses = [free_address(), free_address(), free_address()];
    let world = addresses.iter().fold(scene, |scene, address| scene.argument("--notify", &target(*address))).serving();
    let (folder, of, zones) = (&world.remote.folder, world.address(), ["example.com"]);
    let nsd = Nsd::secondary(folder, addresses[0], of, &zones, &TRANSFER);
    let knot = Knot::secondary(folder, addresses[1], of, &zones, &TRANSFER);
    let bind = Bind::secondary(folder, addresses[2], of, &zones, &TRANSFER);
    let expected = dig_signed(of, &TRANSFER, "example.com AXFR +noall +answer").lines().count();
    assert!(expected > 20_000, "{expected} records");
    for secondary in [nsd.address(), knot.address(), bind.address()] {
        wait::until_equal("192.0.2.31".to_owned(), || dig(secondary, "h19999.example.com A +short"));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn only_a_key_with_the_right_transfers() {
    let world = World::new();
    let server = world.address();
    let zone = dig_signed(server, &TRANSFER, "example.com AXFR");
    assert!(zone.contains("www.example.com.") && zone.matches("SOA").count() >= 2, "{zone}");
    assert!(dig_signed(server, &UPDATE, "example.com AXFR").contains("www.example.com."), "update includes transfer");
    assert!(kdig(server, &format!("-y {} example.com AXFR", TRANSFER.argument())).contains("www.example.com."));
    for refused in [
        dig(server, "example.com AXFR"),
        dig_signed(server, &NOTIFY, "example.com AXFR"),
        dig_signed(server, &ORG, "example.com AXFR"),
        dig_signed(server, &TRANSFER, "example.org AXFR"),
        dig_signed(server, &TRANSFER.forged(), "example.com AXFR"),
    ] {
        assert!(!refused.contains("www.example"), "{refused}");
        assert!(refused.contains("Transfer failed") || refused.contains("NOTAUTH"), "{refused}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn everybody_transfers_with_axfr() {
    let remote = Scene::new().remote();
    let primary = remote.arguments().flag("--axfr").serving(&remote.folder);
    let zone = dig(primary.address(), "example.com AXFR");
    assert!(zone.contains("www.example.com."), "{zone}");
}

/// A primary that notifies the returned address, at which nothing listens yet.
fn world_with_one_secondary(scene: Scene) -> (World, SocketAddr) {
    let address = free_address();
    (scene.argument("--notify", &target(address)).serving(), address)
}

fn target(address: SocketAddr) -> String {
    format!("{address}@{}", TRANSFER.name)
}

/// The secondary has the zone, then an operator's push, then an update, and says the same as the primary.
fn follows(world: &World, secondary: SocketAddr) {
    wait::until_equal(Some(2_024_010_101), || serial(secondary, "example.com"));
    world.tree.replace("example.com", "2024010101", "2024010110").replace("example.com", "192.0.2.80", "192.0.2.81");
    world.push("www moves");
    wait::until_equal("192.0.2.81".to_owned(), || dig(secondary, "www.example.com A +short"));
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    wait::until_equal("\"hello\"".to_owned(), || dig(secondary, "new.example.com TXT +short"));
    assert_eq!(serial(secondary, "example.com"), Some(2_024_010_111));
    for question in ["example.com MX", "blog.example.com A", "x.apps.example.com A", "www.example.com AAAA"] {
        assert_eq!(dig(secondary, &format!("{question} +short")), world.short(question), "{question}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_transfer_of_what_changed_has_nothing_else() {
    let world = World::new();
    let key = TRANSFER.argument();
    let before = world.serial("example.com");
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 A 192.0.2.5").success);
    let difference = dig(world.address(), &format!("-y {key} +tcp example.com IXFR={before}"));
    assert!(difference.contains("new.example.com.") && difference.contains("192.0.2.5"), "{difference}");
    assert!(!difference.contains("www.example.com."), "{difference}");
    assert_eq!(difference.lines().filter(|line| line.contains("SOA\tns1")).count(), 4, "{difference}");
    let whole = dig(world.address(), &format!("-y {key} +tcp example.com IXFR=1"));
    assert!(whole.contains("www.example.com."), "a version that nobody remembers gets the whole zone: {whole}");
}
