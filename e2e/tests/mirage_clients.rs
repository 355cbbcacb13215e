//! What the unikernels of MirageOS send, octet by octet: they must not notice that another server answers.

use std::time::Duration;

use e2e::message::{self, Signer, kind};
use e2e::samples::{HOST, Key, NOTIFY, ROOT, TRANSFER, UPDATE};
use e2e::wire::{self, Connection, Reply};
use e2e::world::World;

#[test]
#[ignore = "needs cargo e2e"]
fn original_id_zero_is_a_good_signature() {
    let world = World::new();
    let update = message::update(0x1234, "example.com", &[message::a("mirage.example.com", 60, [192, 0, 2, 1])]);
    let signed = Signer::new(UPDATE).like_mirage().sign(&update);
    let reply = wire::tcp_exchange(world.address(), &signed.octets);
    assert_eq!((reply.id(), reply.rcode(), reply.opcode()), (0x1234, 0, 5));
    assert!(reply.is_signed_by(&UPDATE, &signed.mac));
    assert_eq!(world.short("mirage.example.com A"), "192.0.2.1");

    let stock = Signer::new(UPDATE).sign(&message::update(0x1235, "example.com", &[]));
    assert_eq!(wire::tcp_exchange(world.address(), &stock.octets).rcode(), 0, "and so is the real id");
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_zone_section_may_name_a_host_or_the_root() {
    let world = World::new();
    let csr = message::record("_letsencrypt._tcp.host.example.com", kind::TLSA, 3600, &[3, 255, 0, 0x30, 0x82]);
    let reply = mirage_update(&world, &HOST, "host.example.com", &[csr]);
    assert_eq!(reply.rcode(), 0, "a host below the apex");
    assert!(world.short("_letsencrypt._tcp.host.example.com TLSA").starts_with("3 255 0"));
    let both = [message::a("a.example.com", 60, [192, 0, 2, 1]), message::a("b.example.org", 60, [192, 0, 2, 2])];
    assert_eq!(mirage_update(&world, &ROOT, "", &both).rcode(), 0, "the root");
    assert_eq!(world.short("a.example.com A"), "192.0.2.1");
    assert_eq!(world.short("b.example.org A"), "192.0.2.2");
    assert_eq!(world.repository().commits(), 3, "one commit for one update, also of two zones");
    assert_eq!(mirage_update(&world, &HOST, "example.com", &[]).rcode(), 5, "the key's zone is the limit");
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_reply_repeats_the_one_question() {
    let world = World::new();
    let requests = [
        message::query(1, "www.example.com", kind::A),
        message::query(2, "WWW.eXample.com", kind::A),
        message::query(3, "outside.example.net", kind::A),
        message::notify(4, "example.com"),
        message::notify_with_invented_soa(5, "example.com"),
        message::update(6, "example.com", &[]),
        message::query(7, "example.com", kind::AXFR),
        Signer::new(UPDATE.forged()).sign(&message::update(8, "example.com", &[])).octets,
        Signer::new(UPDATE).sign(&message::update(9, "example.com", &[])).octets,
        Signer::new(UPDATE).seconds_ago(5000).sign(&message::notify(10, "example.com")).octets,
    ];
    for octets in requests {
        let reply = wire::tcp_exchange(world.address(), &octets);
        assert_eq!(reply.counts()[0], 1, "one question");
        assert_eq!(reply.question(), Reply(octets.clone()).question());
        assert_eq!((reply.id(), reply.opcode()), (Reply(octets.clone()).id(), Reply(octets).opcode()));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_message_of_a_transfer_has_the_question() {
    let world = World::new();
    let request = Signer::new(TRANSFER).like_mirage().sign(&message::query(7, "example.com", kind::AXFR));
    let reply = wire::tcp_exchange(world.address(), &request.octets);
    assert_eq!((reply.rcode(), reply.counts()[0]), (0, 1));
    assert!(reply.is_signed_by(&TRANSFER, &request.mac));
}

#[test]
#[ignore = "needs cargo e2e"]
fn onotify_triggers_a_pull() {
    let world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.tree.commit("www moves");
    world.tree.push();
    let notify = Signer::new(NOTIFY).like_mirage().sign(&message::notify_with_invented_soa(0x99, "example.com"));
    let reply = wire::tcp_exchange(world.address(), &notify.octets);
    assert_eq!((reply.opcode(), reply.rcode()), (4, 0));
    assert!(reply.is_signed_by(&NOTIFY, &notify.mac));
    world.wait_for("www.example.com A", "192.0.2.81");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_notify_without_the_right_is_refused_and_does_nothing() {
    let world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.tree.commit("www moves");
    world.tree.push();
    let reply = wire::tcp_exchange(world.address(), &message::notify(1, "example.com"));
    assert_eq!((reply.opcode(), reply.rcode()), (4, 5), "unsigned");
    let forged = Signer::new(NOTIFY.forged()).sign(&message::notify(2, "example.com"));
    assert_eq!(wire::tcp_exchange(world.address(), &forged.octets).rcode(), 9, "NOTAUTH");
    // Nothing was pulled: the log has no second tip, and the zone is the old one after a round trip to the server.
    assert_eq!(world.serial("example.com"), 2_024_010_101);
    assert!(!world.primary.log().contains(&world.repository().tip("main")[..10]));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_signed_question_for_the_root_is_notauth_and_signed() {
    let world = World::new();
    let signed = Signer::new(ROOT).like_mirage().sign(&message::query(3, "", kind::SOA));
    let reply = wire::tcp_exchange(world.address(), &signed.octets);
    assert_eq!(reply.rcode(), 9);
    assert!(reply.is_signed_by(&ROOT, &signed.mac));
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_upload_is_polled_down_one_connection() {
    let world = World::new();
    let mut connection = Connection::open(world.address());
    let name = "_letsencrypt._tcp.host.example.com";
    let csr = message::record(name, kind::TLSA, 3600, &[&[3, 255, 0][..], &[0xaa; 900]].concat());
    let signed = Signer::new(HOST).like_mirage().sign(&message::update(1, "host.example.com", &[csr]));
    connection.send(&signed.octets);
    assert_eq!(connection.receive().expect("the upload is answered").rcode(), 0);
    for id in 2..12 {
        connection.send(&message::query(id, name, kind::TLSA));
        let reply = connection.receive().expect("a poll is answered");
        assert_eq!((reply.id(), reply.rcode(), reply.counts()[1]), (id, 0, 1));
    }
    // Several at once come back, each with its id.
    for id in 20..25 {
        connection.send(&message::query(id, "www.example.com", kind::A));
    }
    let mut ids: Vec<u16> = (0..5).map(|_| connection.receive().expect("each is answered").id()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [20, 21, 22, 23, 24]);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_signed_question_over_tcp_subscribes() {
    let world = World::new();
    let mut connection = Connection::open(world.address());
    connection.send(&Signer::new(TRANSFER).like_mirage().sign(&message::query(1, "example.com", kind::SOA)).octets);
    assert_eq!(connection.receive().expect("the question is answered").counts()[1], 1);
    let update = Signer::new(UPDATE).sign(&message::update(
        2,
        "example.com",
        &[message::a("s.example.com", 60, [192, 0, 2, 1])],
    ));
    assert_eq!(wire::tcp_exchange(world.address(), &update.octets).rcode(), 0);
    connection.0.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit can be set");
    let notify = connection.receive().expect("a NOTIFY comes down the connection");
    assert_eq!((notify.opcode(), notify.is_response(), notify.counts()[0]), (4, false, 1));
    assert_eq!(notify.question(), &message::query(0, "example.com", kind::SOA)[12..]);
    assert_eq!(notify.tsig().expect("it is signed").key_name, TRANSFER.name);
    // The acknowledgement goes the same way, and the connection lives on.
    let mut acknowledgement = message::notify(notify.id(), "example.com");
    acknowledgement[2] |= 0x80;
    connection.send(&acknowledgement);
    connection.send(&message::query(9, "www.example.com", kind::A));
    assert_eq!(connection.receive().expect("a question is answered").id(), 9);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_subscription_to_the_root_is_told_of_every_zone() {
    let world = World::new();
    let mut connection = Connection::open(world.address());
    connection.send(&Signer::new(ROOT).like_mirage().sign(&message::query(1, "", kind::SOA)).octets);
    let mut zones = Vec::new();
    for _ in 0..4 {
        let reply = connection.receive().expect("an answer and three NOTIFYs");
        if reply.opcode() == 4 {
            zones.push(reply.question().to_vec());
        }
    }
    zones.sort();
    zones.dedup();
    assert_eq!(zones.len(), 3, "one NOTIFY for each zone");
}

fn mirage_update(world: &World, key: &Key, zone: &str, records: &[Vec<u8>]) -> Reply {
    let signed = Signer::new(*key).like_mirage().sign(&message::update(0x77, zone, records));
    let reply = wire::tcp_exchange(world.address(), &signed.octets);
    assert!(reply.rcode() != 0 || reply.is_signed_by(key, &signed.mac));
    reply
}
