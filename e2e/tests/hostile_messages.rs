//! Octets that no honest client sends, and clients that are slow, silent, or very many.

use std::time::Duration;

use e2e::message::{self, Signer, kind};
use e2e::samples::UPDATE;
use e2e::wire::{self, Connection};
use e2e::world::World;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
#[ignore = "needs cargo e2e"]
fn every_truncation_of_a_valid_message() {
    let world = World::new();
    let update = message::update(7, "example.com", &[message::a("cut.example.com", 60, [192, 0, 2, 1])]);
    let whole = Signer::new(UPDATE).sign(&update).octets;
    for octets in
        [message::query(7, "www.example.com", kind::A), message::notify_with_invented_soa(7, "example.com"), whole]
    {
        for length in 0..octets.len() {
            let mut connection = Connection::open(world.address());
            connection.send(&octets[..length]);
            // A good query down the same or a new connection is answered in either case.
            drop(connection);
            send_datagram(&world, &octets[..length]);
        }
        still_answers(&world);
    }
    assert_eq!(world.repository().commits(), 1);
    assert_eq!(world.short("cut.example.com A"), "");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_truncated_message_with_a_header_gets_formerr() {
    let world = World::new();
    let query = message::query(0x4242, "www.example.com", kind::A);
    for length in 12..query.len() {
        let reply = wire::udp_exchange(world.address(), &query[..length]);
        assert_eq!((reply.id(), reply.rcode(), reply.is_response()), (0x4242, 1, true), "{length} octets");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn compression_loops() {
    let world = World::new();
    let header = message::query(9, "", kind::A)[..12].to_vec();
    let tail = [0, 1, 0, 1];
    for name in [
        &[0xc0, 12][..],
        &[0xc0, 13, 0xc0, 12],
        &[1, b'a', 0xc0, 12],
        &[0xc0, 0xff],
        &[0x80, 0],
        &[0x40, 1],
        &[63, b'a'],
    ] {
        let octets = [&header[..], name, &tail].concat();
        let reply = wire::udp_exchange(world.address(), &octets);
        assert_eq!(reply.rcode(), 1, "FORMERR to {name:x?}");
    }
    still_answers(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn responses_are_not_answered() {
    let world = World::new();
    let mut response = message::query(9, "www.example.com", kind::A);
    response[2] |= 0x80;
    let silence = wire::udp_exchange_within(Duration::from_millis(500), world.address(), &response);
    assert_eq!(silence, None, "two servers would answer each other for ever");
    still_answers(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn unknown_opcodes_classes_and_counts() {
    let world = World::new();
    for opcode in [1, 2, 3, 6, 15] {
        let mut octets = message::query(9, "www.example.com", kind::A);
        octets[2] = opcode << 3;
        assert_eq!(wire::udp_exchange(world.address(), &octets).rcode(), 4, "NOTIMP to opcode {opcode}");
    }
    let mut two = message::query(9, "www.example.com", kind::A);
    two[5] = 2;
    assert_eq!(wire::udp_exchange(world.address(), &two).rcode(), 1, "FORMERR");
    still_answers(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_longest_message() {
    let world = World::new();
    let records: Vec<Vec<u8>> = (0..1550u16)
        .map(|n| message::a(&format!("n{n}.longest.example.com"), 60, [10, 0, (n >> 8) as u8, n as u8]))
        .collect();
    let update = message::update(5, "example.com", &records);
    let signed = Signer::new(UPDATE).sign(&update);
    assert!(signed.octets.len() > 60_000 && signed.octets.len() <= 65_535, "{}", signed.octets.len());
    let reply = wire::tcp_exchange(world.address(), &signed.octets);
    assert_eq!(reply.rcode(), 0);
    assert_eq!(world.short("n1549.longest.example.com A"), "10.0.6.13");

    let mut connection = Connection::open(world.address());
    connection.send(&[0xff; 65_535]);
    drop(connection);
    let padded = [message::query(6, "www.example.com", kind::A), vec![0; 65_000]].concat();
    let mut connection = Connection::open(world.address());
    connection.send(&padded);
    drop(connection);
    still_answers(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_client_that_sends_an_octet_at_a_time_is_answered() {
    let world = World::new();
    let query = message::query(0x77, "www.example.com", kind::A);
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    let mut connection = Connection::open(world.address());
    for octet in framed {
        connection.send_raw(&[octet]).expect("the server takes an octet");
    }
    assert_eq!(connection.receive().expect("an answer comes").counts()[1], 1);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_client_that_never_finishes_is_dropped() {
    let world = World::new();
    let mut silent = Connection::open(world.address());
    let mut slow = Connection::open(world.address());
    slow.send_raw(&[0, 40, 1, 2, 3]).expect("the server takes octets");
    assert!(slow.is_closed_within(Duration::from_secs(60)), "half a message does not hold a connection");
    assert!(silent.is_closed_within(Duration::from_secs(60)), "silence does not hold a connection");
    still_answers(&world);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_client_that_does_not_read_blocks_nobody() {
    let world = World::new();
    let mut deaf = Connection::open(world.address());
    deaf.0.set_write_timeout(Some(Duration::from_secs(1))).expect("a time limit can be set");
    let query = message::query(1, "example.com", kind::ANY);
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat().repeat(1000);
    // Until the server stops reading, as it should, or 64 MB of questions went in.
    let _ = (0..2000).try_for_each(|_| deaf.send_raw(&framed));
    still_answers(&world);
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_thousand_idle_connections() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("the limit can be raised");
    let mut world = World::new();
    let idle: Vec<Connection> = (0..1000).map(|_| Connection::open(world.address())).collect();
    still_answers(&world);
    assert_eq!(world.short("+tcp www.example.com A"), "192.0.2.80");
    world.still_takes_updates();
    let memory = world.primary.process().peak_memory();
    assert!(memory < 300_000, "{memory} kB for {} connections", idle.len());
}

fn send_datagram(world: &World, octets: &[u8]) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket can be bound");
    socket.send_to(octets, world.address()).expect("a datagram can be sent");
}

fn still_answers(world: &World) {
    let query = message::query(0x1234, "www.example.com", kind::A);
    for reply in [wire::udp_exchange(world.address(), &query), wire::tcp_exchange(world.address(), &query)] {
        assert_eq!((reply.id(), reply.rcode(), reply.counts()[1]), (0x1234, 0, 1));
    }
}
