//! NSD, Knot and BIND are told of a change and transfer it, with a TSIG key.

use std::net::SocketAddr;

use e2e::bind::Bind;
use e2e::clients::{dig, dig_signed, kdig, nsupdate, serial};
use e2e::folder::Folder;
use e2e::knot::Knot;
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, Key, NOTIFY, ORG, TRANSFER, TRANSFER_ALL, UPDATE};
use e2e::secondary::Secondary;
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

/// NSD 4.6 knows no catalogs: its own control adds and removes zones.
#[test]
#[ignore = "needs cargo e2e"]
fn nsd_takes_zones_on_and_off() {
    let address = free_address();
    let world = Scene::new().argument("--notify", &format!("{address}@{}", TRANSFER_ALL.name)).serving();
    let nsd = Nsd::controlled(&world.remote.folder, address, world.address(), &TRANSFER_ALL);
    assert!(dig(address, "example.org SOA").contains("REFUSED"));
    nsd.control("addzone example.org follow");
    wait::until_equal(Some(1), || serial(address, "example.org"));
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("a zone is added");
    nsd.control("addzone example.net follow");
    wait::until_equal(Some(1), || serial(address, "example.net"));
    world.tree.replace("example.net", "1 86400", "2 86400").replace("example.net", "198.51.100.80", "198.51.100.81");
    world.push("www moves");
    wait::until_equal("198.51.100.81".to_owned(), || dig(address, "www.example.net A +short"));
    nsd.control("delzone example.org");
    wait::until("the zone is gone", || dig(address, "example.org SOA").contains("REFUSED"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_algorithm_of_bind() {
    for (algorithm, number) in [("hmac-sha1", 161), ("hmac-sha224", 162), ("hmac-sha384", 164), ("hmac-sha512", 165)] {
        let key = Key { algorithm, number, ..TRANSFER_ALL.named("other._transfer.example.com") };
        let address = free_address();
        let scene = Scene::new().file("example.com._keys", &key.record());
        let world = scene.argument("--notify", &format!("{address}@{}", key.name)).serving();
        let bind = Bind::secondary(&world.remote.folder, address, world.address(), &["example.com"], &key);
        follows(&world, bind.address());
        // And the other way round: ours from BIND.
        let (folder, ours) = (Folder::new(), free_address());
        let _ours = Secondary::new(ours, &key).primary(address, &key).zone("example.com").start(&folder);
        wait::until_equal(Some(2_024_010_111), || serial(ours, "example.com"));
    }
}

/// Queries, NOTIFY and transfers over IPv6.
#[test]
#[ignore = "needs cargo e2e"]
fn over_ipv6() {
    let six = |address: SocketAddr| SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port()));
    let (primary, ours) = (six(free_address()), six(free_address()));
    let remote = Scene::new().remote();
    let arguments = remote.arguments().add("--listen", &primary.to_string()).add("--notify", &target(ours));
    let folder = Folder::new();
    let world = remote.with(arguments.serving(&folder));
    let secondary = Secondary::new(ours, &TRANSFER).primary(primary, &TRANSFER).zone("example.com").start(&folder);
    follows(&world, ours);
    secondary.wait_for_log("2024010111 came by its differences from [::1]:");
    secondary.wait_for_log("NOTIFY for example.com. from [::1]:");
}

/// NOTIFY goes to whom the zone's NS records name, unsigned, and to whom a key names, signed. Both listen on port 53,
/// so this takes addresses of its own.
#[test]
#[ignore = "needs cargo e2e"]
fn named_by_ns_records_and_by_keys() {
    let key = TRANSFER_ALL.named("127.0.0.1.127.0.0.78._transfer.example.com");
    let (by_ns, by_key) = (SocketAddr::from(([127, 0, 0, 77], 53)), SocketAddr::from(([127, 0, 0, 78], 53)));
    let zone = format!("{EXAMPLE_COM}@ NS ns2\nns2 A 127.0.0.77\n");
    let scene = Scene::new().file("example.com", &zone).file("example.com._keys", &key.record());
    let world = scene.serving();
    let folder = Folder::new();
    // Their keys carry no address, but the primary is named.
    let first = Secondary::new(by_ns, &TRANSFER).primary(world.address(), &TRANSFER).zone("example.com").start(&folder);
    let other = Secondary::new(by_key, &key).primary(world.address(), &key).zone("example.com").start(&folder);
    follows(&world, by_ns);
    wait::until_equal("\"hello\"".to_owned(), || dig(by_key, "new.example.com TXT +short"));
    for (secondary, address) in [(first, "127.0.0.77:53"), (other, "127.0.0.78:53")] {
        secondary.wait_for_log("NOTIFY for example.com. from 127.0.0.1:");
        assert!(world.primary.log().contains(&format!("{address} knows of the change of example.com. (NOERROR)")));
    }
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
    let log = world.primary.log();
    assert!(log.contains("example.com. 2024010101 was transferred") && log.contains("(Full)"), "AXFR: {log}");
    assert!(log.contains("knows of the change of example.com. (NOERROR)"), "NOTIFY: {log}");
    let by_ixfr =
        |line: &str| line.contains("example.com. 2024010111 was transferred") && line.contains("(Incremental)");
    assert!(log.lines().any(by_ixfr), "IXFR: {log}");
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
