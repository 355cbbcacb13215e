//! Somebody asks too often, from all addresses, or what the server is.

use e2e::clients::dig;
use e2e::message::{kind, query};
use e2e::ports::free_port;
use e2e::wire::{Connection, udp_exchange};
use e2e::world::Scene;

#[test]
#[ignore = "needs cargo e2e"]
fn a_flood_gets_few_answers_and_a_way_round() {
    const FLOOD: u16 = 200;
    let world = Scene::new().argument("--rate-limit", "5").argument("--rate-limit-slip", "4").serving();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket can be bound");
    socket.connect(world.address()).expect("a datagram socket can be connected");
    for id in 0..FLOOD {
        socket.send(&query(id, "www.example.com", kind::A)).expect("a datagram can be sent");
    }
    // What is about another name comes after all of these, and is not limited for them.
    socket.send(&query(FLOOD, "example.com", kind::SOA)).expect("a datagram can be sent");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a time limit can be set");
    let (mut whole, mut truncated, mut buffer) = (0, 0, [0; 4096]);
    loop {
        let length = socket.recv(&mut buffer).expect("an answer to the last");
        match buffer[..length] {
            [a, b, ..] if u16::from_be_bytes([a, b]) == FLOOD => break,
            [_, _, flags, ..] if flags & 2 != 0 => truncated += 1,
            _ => whole += 1,
        }
    }
    assert!((5..=15).contains(&whole), "{whole} whole answers");
    assert!((40..=50).contains(&truncated), "{truncated} truncated answers");
    // The way round, and the one for who shows where it is.
    let mut connection = Connection::open(world.address());
    for _ in 0..20 {
        connection.send(&query(1, "www.example.com", kind::A));
        assert_eq!(connection.receive().expect("an answer").counts()[1], 1);
    }
    let with_cookie = |cookie: &[u8]| {
        let mut octets = query(1, "www.example.com", kind::A);
        octets[11] = 1;
        let length = cookie.len() as u8;
        octets.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, length + 4, 0, 10, 0, length]);
        octets.extend(cookie);
        octets
    };
    let reply = tcp(&mut connection, &with_cookie(b"a client"));
    let cookie = &reply[reply.len() - 24..];
    for _ in 0..20 {
        let reply = udp_exchange(world.address(), &with_cookie(cookie));
        assert!(!reply.is_truncated() && reply.counts()[1] == 1);
    }
}

fn tcp(connection: &mut Connection, octets: &[u8]) -> Vec<u8> {
    connection.send(octets);
    connection.receive().expect("an answer").0
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_address_of_both_families_answers_for_itself() {
    let remote = Scene::new().remote();
    let port = free_port();
    let arguments =
        remote.arguments().set("--listen", &format!("0.0.0.0:{port}")).add("--listen", &format!("[::]:{port}"));
    let _primary = arguments.add("--threads", "2").serving(&remote.folder);
    for address in ["127.0.0.1", "127.0.0.77", "::1"] {
        // dig does not take an answer from another address than it asked.
        let server = std::net::SocketAddr::new(address.parse().expect("an address"), port);
        assert_eq!(dig(server, "www.example.com A +short"), "192.0.2.80", "{address}");
        assert_eq!(dig(server, "+tcp www.example.com A +short"), "192.0.2.80", "{address}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_server_says_of_itself_what_it_is_told_to() {
    let world = Scene::new().argument("--identity", "north").argument("--version-text", "seven").serving();
    for (name, said) in [("id.server", "north"), ("hostname.bind", "north"), ("version.bind", "seven")] {
        assert_eq!(world.short(&format!("CH {name} TXT")), format!("\"{said}\""));
    }
    assert!(dig(world.address(), "+nsid www.example.com").contains("north"));
    let silent = Scene::new().argument("--identity", "none").serving();
    for name in ["id.server", "version.server"] {
        assert!(dig(silent.address(), &format!("CH {name} TXT")).contains("REFUSED"));
    }
}
