//! Updates that must not pass: each gets the answer that its client can act on, and changes nothing.

use e2e::clients::{dig, knsupdate, nsupdate, nsupdate_unsigned};
use e2e::message::{self, Signer, kind};
use e2e::samples::{EXAMPLE_COM, HOST, Key, NOTIFY, ORG, TRANSFER, UPDATE};
use e2e::wire::{self, Reply};
use e2e::world::World;

const ADD: &str = "update add new.example.com 60 A 192.0.2.50";

#[test]
#[ignore = "needs cargo e2e"]
fn bad_signatures_and_missing_rights() {
    let world = World::new();
    let stranger = UPDATE.named("stranger._update.example.com");
    for (key, expected) in [
        (UPDATE.forged(), "BADSIG"),
        (stranger, "BADKEY"),
        (TRANSFER, "NOTAUTH"),
        (NOTIFY, "NOTAUTH"),
        (ORG, "NOTAUTH"),
    ] {
        let outcome = nsupdate(world.address(), &key, ADD);
        assert!(!outcome.success, "{} may not update", key.name);
        assert!(
            outcome.output.contains(expected) || outcome.output.contains("REFUSED"),
            "{}: {}",
            key.name,
            outcome.output
        );
        assert!(!knsupdate(world.address(), &key, &format!("zone example.com\n{ADD}")).success);
    }
    let outcome = nsupdate_unsigned(world.address(), ADD);
    assert!(!outcome.success, "{}", outcome.output);
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_for_one_host_changes_no_other() {
    let world = World::new();
    assert!(!nsupdate(world.address(), &HOST, "zone example.com\nupdate add www.example.com 60 A 192.0.2.50").success);
    assert!(
        !nsupdate(world.address(), &HOST, "zone example.com\nupdate add nothost.example.com 60 A 192.0.2.50").success
    );
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn names_outside_the_zone() {
    let world = World::new();
    let outcome = nsupdate(world.address(), &UPDATE, "zone example.com\nupdate add www.example.org 60 A 192.0.2.50");
    assert!(!outcome.success, "{}", outcome.output);
    let reply = signed(
        &world,
        &UPDATE,
        &message::update(1, "example.com", &[message::a("www.example.org", 60, [192, 0, 2, 1])]),
    );
    assert_eq!(reply.rcode(), 10, "NOTZONE");
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_old_signature_is_told_the_time() {
    let world = World::new();
    let late = Signer::new(UPDATE).seconds_ago(1000).sign(&an_update());
    let reply = wire::udp_exchange(world.address(), &late.octets);
    let tsig = reply.tsig().expect("the reply has a TSIG");
    assert_eq!((reply.rcode(), tsig.error, tsig.other.len()), (9, 18, 6), "NOTAUTH, BADTIME, the server's time");
    assert!(reply.is_signed_by(&UPDATE, &late.mac), "BADTIME is signed");
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn error_replies_of_rfc_8945() {
    let world = World::new();
    for (signer, error) in [
        (Signer::new(UPDATE.forged()), 16),
        (Signer::new(UPDATE.named("nobody._update.example.com")), 17),
        (Signer::new(UPDATE).mac_length(8), 22),
    ] {
        let reply = wire::tcp_exchange(world.address(), &signer.sign(&an_update()).octets);
        if error == 22 && reply.rcode() == 1 {
            // RFC 8945 5.2.2.1: a MAC shorter than ten octets is a FORMERR.
            continue;
        }
        let tsig = reply.tsig().expect("the reply has a TSIG");
        assert_eq!((reply.rcode(), tsig.error), (9, error));
        assert!(tsig.mac.is_empty(), "an error reply to a bad signature is not signed");
    }
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn malformed_sections() {
    let world = World::new();
    let good = an_update();
    let mut two_zones = good.clone();
    two_zones[5] = 2;
    let mut too_many = good.clone();
    too_many[9] = 200;
    let mut wrong_type = message::update(3, "example.com", &[]);
    let end = wrong_type.len();
    wrong_type[end - 3] = kind::A as u8;
    let transfer_record = message::update(4, "example.com", &[message::record("x.example.com", kind::AXFR, 0, b"")]);
    for bad in [two_zones, too_many, wrong_type, transfer_record] {
        let reply = signed(&world, &UPDATE, &bad);
        assert_eq!(reply.rcode(), 1, "FORMERR");
    }
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_prerequisite_holds_or_refuses() {
    let world = World::new();
    for (prerequisite, refusal) in [
        ("prereq yxdomain www.example.com", None),
        ("prereq yxdomain nowhere.example.com", Some("NXDOMAIN")),
        ("prereq nxdomain nowhere.example.com", None),
        ("prereq nxdomain www.example.com", Some("YXDOMAIN")),
        ("prereq yxrrset www.example.com A", None),
        ("prereq yxrrset www.example.com TXT", Some("NXRRSET")),
        ("prereq nxrrset www.example.com TXT", None),
        ("prereq nxrrset www.example.com A", Some("YXRRSET")),
        ("prereq yxrrset www.example.com A 192.0.2.80", None),
        ("prereq yxrrset www.example.com A 192.0.2.81", Some("NXRRSET")),
        ("prereq yxrrset example.com MX 10 mail.example.com.", None),
        (
            "prereq yxrrset example.com MX 10 mail.example.com.\nprereq yxrrset example.com MX 20 mail.example.com.",
            Some("NXRRSET"),
        ),
    ] {
        for (client, name) in [(nsupdate as fn(_, &Key, &str) -> _, "nsupdate"), (knsupdate, "knsupdate")] {
            let commands = format!("zone example.com\n{prerequisite}\nupdate delete absent.example.com");
            let outcome = client(world.address(), &UPDATE, &commands);
            match refusal {
                None => assert!(outcome.success, "{name}: {prerequisite}: {}", outcome.output),
                Some(rcode) => assert!(
                    !outcome.success && outcome.output.contains(rcode),
                    "{name}: {prerequisite} is to give {rcode}: {}",
                    outcome.output
                ),
            }
        }
    }
    unchanged(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn all_of_an_update_or_nothing() {
    let world = World::new();
    let outcome = nsupdate(
        world.address(),
        &UPDATE,
        "prereq yxdomain nowhere.example.com\nupdate add one.example.com 60 A 192.0.2.1\nupdate delete www.example.com",
    );
    assert!(!outcome.success);
    unchanged(&world);
}

fn an_update() -> Vec<u8> {
    message::update(7, "example.com", &[message::a("new.example.com", 60, [192, 0, 2, 50])])
}

fn signed(world: &World, key: &Key, octets: &[u8]) -> Reply {
    wire::tcp_exchange(world.address(), &Signer::new(*key).sign(octets).octets)
}

fn unchanged(world: &World) {
    assert_eq!(world.repository().commits(), 1);
    assert_eq!(world.repository().read("example.com"), EXAMPLE_COM);
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert!(dig(world.address(), "new.example.com A").contains("NXDOMAIN"));
}
