//! What an operator sets up around a primary: syslog, a monitor, a host that limits pushes, a network that loses
//! answers.

use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use e2e::clients::nsupdate;
use e2e::message::{self, Signer};
use e2e::samples::UPDATE;
use e2e::world::{Scene, World};

const PATIENCE: Option<Duration> = Some(Duration::from_secs(20));

#[test]
#[ignore = "needs cargo e2e"]
fn the_log_goes_to_a_syslog_server() {
    let server = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
    server.set_read_timeout(PATIENCE).expect("a time limit can be set");
    let address = server.local_addr().expect("an address").to_string();
    let _world = Scene::new().argument("--syslog", &address).argument("--name", "ns1.example").serving();
    let mut buffer = [0; 4096];
    loop {
        let length = server.recv(&mut buffer).expect("the line comes");
        let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(line.starts_with('<') && line.contains(">1 ") && line.contains(" ns1.example "), "{line}");
        if line.contains("serving 3 zones") {
            return;
        }
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn metrics_go_to_a_monitor() {
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a port can be bound");
    let address = server.local_addr().expect("an address").to_string();
    let _world = Scene::new().argument("--monitor", &address).argument("--name", "ns1").serving();
    let (mut stream, _) = server.accept().expect("the primary connects");
    stream.set_read_timeout(PATIENCE).expect("a time limit can be set");
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.contains("dns_primary_zones,vm=ns1 value=3") {
        let length = stream.read(&mut buffer).expect("metrics come");
        assert!(length > 0, "it ends: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn updates_share_a_push_where_pushes_are_limited() {
    let world = Scene::new().argument("--push-interval", "1500").serving();
    let pushes = world.repository().count_pushes();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let address = world.address();
            scope.spawn(move || {
                let command = format!("update add n{n}.example.com 60 A 192.0.2.1");
                assert!(nsupdate(address, &UPDATE, &command).success);
            });
        }
    });
    assert_eq!(world.repository().commits(), 9, "each update is a commit of its own");
    let pushed = world.repository().count_pushes() - pushes;
    assert!((1..=4).contains(&pushed), "{pushed} pushes");
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_update_that_is_sent_again_is_run_once() {
    let world = World::new();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
    socket.set_read_timeout(PATIENCE).expect("a time limit can be set");
    let update = message::update(0x42, "example.com", &[message::a("again.example.com", 60, [192, 0, 2, 1])]);
    let signed = Signer::new(UPDATE).sign(&update);
    for _ in 0..3 {
        socket.send_to(&signed.octets, world.address()).expect("a datagram can be sent");
    }
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).expect("it is answered");
    let first = buffer[..length].to_vec();
    assert_eq!(first[3] & 15, 0, "NOERROR");
    // Once more, as if the answer had been lost.
    socket.send_to(&signed.octets, world.address()).expect("a datagram can be sent");
    let length = socket.recv(&mut buffer).expect("it is answered again");
    assert_eq!(buffer[..length], first, "with the same answer");
    assert_eq!(world.primary.log().matches("update by ").count(), 1);
    assert_eq!(world.repository().commits(), 2);
}
