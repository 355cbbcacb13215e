//! Zones travel between our servers and NSD, Knot and BIND, in both directions, with TSIG (RFC 5936, 1995, 1996, 8945,
//! 9432).

#[path = "interop/peers.rs"]
mod peers;

use e2e::clients::{dig, dig_signed, serial};
use e2e::folder::Folder;
use e2e::ports::free_address;
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, Key, ROOT, TRANSFER, TRANSFER_ALL, UPDATE};
use e2e::wait;
use e2e::world::Scene;

use e2e::secondary::Secondary;
use peers::{Peer, Software};

const ZONE: &str = "example.com";

/// A key that carries no rights by its name.
const PLAIN: Key = Key {
    name: "plain.test",
    algorithm: "hmac-sha256",
    number: 163,
    secret: "YSBwbGFpbiBrZXkgb2Ygbm8gZ3JhbnQgYXQgYWxsISE=",
};

#[test]
#[ignore = "needs cargo e2e"]
fn knot_is_our_primary() {
    we_follow(Software::Knot);
}

#[test]
#[ignore = "needs cargo e2e"]
fn bind_is_our_primary() {
    we_follow(Software::Bind);
}

#[test]
#[ignore = "needs cargo e2e"]
fn nsd_is_our_primary() {
    we_follow(Software::Nsd);
}

/// The zone arrives whole; a change is told and arrives by its differences; others may transfer it from us.
fn we_follow(software: Software) {
    for key in [PLAIN, TRANSFER] {
        let (folder, address) = (Folder::new(), free_address());
        let peer = Peer::primary(software, &folder, &key, &[(ZONE, EXAMPLE_COM)], Some(address));
        let ours = Secondary::new(address, &key).primary(peer.address(), &key).zone(ZONE).start(&folder);
        wait::until_equal(Some(2_024_010_101), || serial(address, ZONE));
        ours.wait_for_log("came whole");
        peer.change(ZONE, 2_024_010_102, "new.example.com. 60 IN TXT hello");
        wait::until_equal("\"hello\"".to_owned(), || dig(address, "new.example.com TXT +short"));
        ours.wait_for_log("2024010102 came by its differences");
        let both = ["example.com AXFR +onesoa +noall +answer"].map(|what| {
            let sorted = |server| {
                let answer = dig_signed(server, &key, what);
                let mut lines: Vec<String> =
                    answer.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
                lines.sort();
                lines
            };
            (sorted(peer.address()), sorted(address))
        });
        // Without the right in its name, a key does not transfer from us.
        let [(theirs, own)] = both;
        if key.name == TRANSFER.name {
            assert!(theirs == own && own.len() > 10, "{theirs:#?} {own:#?}");
        }
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn zones_of_many_messages() {
    let hosts: String = (0..20_000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    let text = format!("{EXAMPLE_COM}{hosts}");
    for software in [Software::Knot, Software::Bind, Software::Nsd] {
        let (folder, address) = (Folder::new(), free_address());
        let peer = Peer::primary(software, &folder, &PLAIN, &[(ZONE, &text)], Some(address));
        let ours = Secondary::new(address, &PLAIN).primary(peer.address(), &PLAIN).zone(ZONE).start(&folder);
        wait::until_equal("192.0.2.31".to_owned(), || dig(address, "h19999.example.com A +short"));
        ours.wait_for_log("came whole");
    }
}

/// A primary goes away and comes back, later and with another version.
#[test]
#[ignore = "needs cargo e2e"]
fn the_primary_is_restarted() {
    let (folder, address) = (Folder::new(), free_address());
    let mut peer = Peer::primary(Software::Knot, &folder, &PLAIN, &[(ZONE, EXAMPLE_COM)], Some(address));
    let _ours = Secondary::new(address, &PLAIN).primary(peer.address(), &PLAIN).zone(ZONE).start(&folder);
    wait::until_equal(Some(2_024_010_101), || serial(address, ZONE));
    peer.stop();
    assert_eq!(serial(address, ZONE), Some(2_024_010_101));
    peer.write(ZONE, 2_024_010_103, "late.example.com. 60 IN TXT late");
    peer.start_again();
    wait::until_equal("\"late\"".to_owned(), || dig(address, "late.example.com TXT +short"));
}

/// What we have not got is ours all the same.
#[test]
#[ignore = "needs cargo e2e"]
fn before_the_zone_has_come() {
    let (folder, address, nowhere) = (Folder::new(), free_address(), free_address());
    let _ours = Secondary::new(address, &PLAIN).primary(nowhere, &PLAIN).zone(ZONE).start(&folder);
    assert!(dig(address, "www.example.com A").contains("SERVFAIL"));
    assert!(dig(address, "www.example.net A").contains("REFUSED"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_catalog_of_knot() {
    let (folder, address) = (Folder::new(), free_address());
    let peer = Peer::catalog(Software::Knot, &folder, &PLAIN, &[ZONE], address);
    let _ours = Secondary::new(address, &PLAIN).primary(peer.address(), &PLAIN).catalog("catalog.test").start(&folder);
    members_come_and_go(&peer, address);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_catalog_of_bind() {
    let (folder, address) = (Folder::new(), free_address());
    let peer = Peer::catalog(Software::Bind, &folder, &PLAIN, &[ZONE], address);
    let _ours = Secondary::new(address, &PLAIN).primary(peer.address(), &PLAIN).catalog("catalog.test").start(&folder);
    members_come_and_go(&peer, address);
}

fn members_come_and_go(peer: &Peer, address: std::net::SocketAddr) {
    wait::until_equal(Some(2_024_010_101), || serial(address, ZONE));
    assert!(dig(address, "example.net SOA").contains("REFUSED"));
    peer.catalog_members(&[ZONE, "example.net"]);
    wait::until_equal(Some(1), || serial(address, "example.net"));
    peer.catalog_members(&["example.net"]);
    wait::until("the zone is gone", || dig(address, "example.com SOA").contains("REFUSED"));
    assert_eq!(serial(address, "example.net"), Some(1));
}

/// From git over ours to ours: a push and an update arrive; a zone that is deleted goes.
#[test]
#[ignore = "needs cargo e2e"]
fn ours_is_our_primary() {
    let address = free_address();
    let world = Scene::new().argument("--notify", &format!("{address}@{}", TRANSFER.name)).serving();
    let folder = Folder::new();
    let _ours = Secondary::new(address, &TRANSFER).primary(world.address(), &TRANSFER).zone(ZONE).start(&folder);
    wait::until_equal(Some(2_024_010_101), || serial(address, ZONE));
    world.tree.replace(ZONE, "2024010101", "2024010110").replace(ZONE, "192.0.2.80", "192.0.2.81");
    world.push("www moves");
    wait::until_equal("192.0.2.81".to_owned(), || dig(address, "www.example.com A +short"));
    assert!(e2e::clients::nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    wait::until_equal("\"hello\"".to_owned(), || dig(address, "new.example.com TXT +short"));
}

/// A key for every zone is all that a secondary needs (MirageOS): zones appear, change, and go.
#[test]
#[ignore = "needs cargo e2e"]
fn ours_tells_ours_of_all_its_zones() {
    let address = free_address();
    let world = Scene::new().serving();
    let folder = Folder::new();
    let _ours = Secondary::new(address, &ROOT).primary(world.address(), &ROOT).start(&folder);
    for (zone, expected) in [(ZONE, 2_024_010_101), ("example.org", 1), ("2.0.192.in-addr.arpa", 7)] {
        wait::until_equal(Some(expected), || serial(address, zone));
    }
    world.tree.replace("example.org", "1 86400", "2 86400").replace("example.org", "198.51.100.80", "198.51.100.81");
    world.push("www moves");
    wait::until_equal("198.51.100.81".to_owned(), || dig(address, "www.example.org A +short"));
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("a zone is added");
    wait::until_equal(Some(1), || serial(address, "example.net"));
    world.tree.remove("example.org");
    world.push("a zone is removed");
    wait::until("the zone is gone", || dig(address, "example.org SOA").contains("REFUSED"));
    assert_eq!(serial(address, "example.net"), Some(1));
}

/// Knot → ours → ours → BIND: each tells the next.
#[test]
#[ignore = "needs cargo e2e"]
fn a_chain() {
    let folder = Folder::new();
    let [first, second, last] = [free_address(), free_address(), free_address()];
    let knot = Peer::primary(Software::Knot, &folder, &TRANSFER, &[(ZONE, EXAMPLE_COM)], Some(first));
    let next = Secondary::new(first, &TRANSFER).primary(knot.address(), &TRANSFER).zone(ZONE);
    let _first = next.notify(second, &TRANSFER).start(&folder);
    let next = Secondary::new(second, &TRANSFER).primary(first, &TRANSFER).zone(ZONE);
    let ours = next.notify(last, &TRANSFER).start(&folder);
    let bind = e2e::bind::Bind::secondary(&folder, last, second, &[ZONE], &TRANSFER);
    wait::until_equal(Some(2_024_010_101), || serial(bind.address(), ZONE));
    for step in 2..6 {
        knot.change(ZONE, 2_024_010_100 + step, &format!("n{step}.example.com. 60 IN TXT step{step}"));
        let expected = format!("\"step{step}\"");
        wait::until_equal(expected, || dig(bind.address(), &format!("n{step}.example.com TXT +short")));
    }
    ours.wait_for_log("2024010105 came by its differences");
}

/// From git over ours and ours to Knot: each tells the next, and each step is a difference.
#[test]
#[ignore = "needs cargo e2e"]
fn a_chain_that_begins_in_git() {
    let (middle, last) = (free_address(), free_address());
    let world = Scene::new().argument("--notify", &format!("{middle}@{}", TRANSFER.name)).serving();
    let folder = Folder::new();
    let ours = Secondary::new(middle, &TRANSFER).primary(world.address(), &TRANSFER).zone(ZONE);
    let ours = ours.notify(last, &TRANSFER).start(&folder);
    let knot = e2e::knot::Knot::secondary(&folder, last, middle, &[ZONE], &TRANSFER);
    wait::until_equal(Some(2_024_010_101), || serial(knot.address(), ZONE));
    for step in 2..6 {
        let command = format!("update add n{step}.example.com 60 TXT step{step}");
        assert!(e2e::clients::nsupdate(world.address(), &UPDATE, &command).success);
        let expected = format!("\"step{step}\"");
        wait::until_equal(expected, || dig(last, &format!("n{step}.example.com TXT +short")));
    }
    ours.wait_for_log("2024010105 came by its differences");
    ours.wait_for_log(&format!("{last} knows of the change of example.com. (NOERROR)"));
    assert!(knot.log().contains("IXFR, incoming"), "{}", knot.log());
}

/// NSD has no catalogs: a zone that it begins to serve is known by its signed NOTIFY, one that it ends to serve
/// expires.
#[test]
#[ignore = "needs cargo e2e"]
fn nsd_adds_and_removes_a_zone() {
    let (folder, address) = (Folder::new(), free_address());
    let short = EXAMPLE_ORG.replace("1 86400 7200 2419200 300", "1 2 1 4 1");
    let peer = Peer::primary(Software::Nsd, &folder, &TRANSFER_ALL, &[(ZONE, EXAMPLE_COM)], Some(address));
    let ours = Secondary::new(address, &TRANSFER_ALL).primary(peer.address(), &TRANSFER_ALL).start(&folder);
    peer.control("notify example.com");
    wait::until_equal(Some(2_024_010_101), || serial(address, ZONE));
    peer.write_zone("example.org", &short);
    peer.control("addzone example.org told");
    peer.control("notify example.org");
    wait::until_equal(Some(1), || serial(address, "example.org"));
    peer.control("delzone example.org");
    wait::until("the zone expires", || dig(address, "example.org SOA").contains("SERVFAIL"));
    assert_eq!(serial(address, ZONE), Some(2_024_010_101));
    ours.wait_for_log("the zone has expired");
    peer.control("addzone example.org told");
    wait::until_equal(Some(1), || serial(address, "example.org"));
}
