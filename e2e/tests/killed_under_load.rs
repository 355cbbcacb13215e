//! SIGKILL at any moment: every acknowledged update is in a fresh clone.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use e2e::message::{self, Signer};
use e2e::samples::UPDATE;
use e2e::wait;
use e2e::wire::{Connection, Reply};
use e2e::world::World;

const ROUNDS: usize = 8;
const CLIENTS: usize = 4;

#[test]
#[ignore = "needs cargo e2e"]
fn every_acknowledged_update_is_in_a_fresh_clone() {
    let mut world = World::new();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(a_round(&mut world, round));
        world.primary.start_again();
        world.primary.wait_until_serving();
    }
    assert!(acknowledged.len() >= ROUNDS * CLIENTS, "there was load: {} updates", acknowledged.len());
    world.repository().check();
    let clone = world.repository().work_tree(&world.remote.folder.join("fresh"));
    let text = clone.read("example.com");
    let names: Vec<&str> = text.split_whitespace().collect();
    for name in &acknowledged {
        assert_eq!(names.iter().filter(|word| *word == name).count(), 1, "{name} was acknowledged");
    }
    let last = acknowledged.last().expect("there are some");
    assert_eq!(world.short(&format!("{last}.example.com A")), "192.0.2.1");
    world.still_takes_updates();
}

/// Lets clients update without pause, kills the primary in the midst of it, returns the names that were acknowledged.
fn a_round(world: &mut World, round: usize) -> Vec<String> {
    let count = AtomicUsize::new(0);
    let address = world.address();
    thread::scope(|scope| {
        let count = &count;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || update_until_the_end(address, round * CLIENTS + client, count)))
            .collect();
        // Not the same point of the work each time.
        wait::until("updates pass", || count.load(Ordering::SeqCst) > CLIENTS + 3 * round);
        world.primary.kill();
        clients.into_iter().flat_map(|client| client.join().expect("a client does not panic")).collect()
    })
}

fn update_until_the_end(server: SocketAddr, client: usize, count: &AtomicUsize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut connection = Connection::open(server);
    for number in 0.. {
        let name = format!("c{client}n{number}");
        let record = message::a(&format!("{name}.example.com"), 60, [192, 0, 2, 1]);
        let signed = Signer::new(UPDATE).sign(&message::update(number, "example.com", &[record]));
        let framed = [&(signed.octets.len() as u16).to_be_bytes()[..], &signed.octets].concat();
        let reply = connection.send_raw(&framed).ok().and_then(|()| connection.receive());
        match reply {
            Some(reply) => {
                assert_eq!(reply.rcode(), 0, "{name}");
                assert!(reply.is_signed_by(&UPDATE, &signed.mac));
                acknowledged.push(name);
                count.fetch_add(1, Ordering::SeqCst);
            }
            // The server was killed; what was under way is nobody's promise.
            None => break,
        }
    }
    acknowledged
}

/// Updates of several clients over TCP, of them some pipelined, and over UDP wait for a slow push when the end comes.
#[test]
#[ignore = "needs cargo e2e"]
fn a_polite_end_answers_everybody() {
    const EACH: u16 = 3;
    let mut world = World::new();
    let waits = world.remote.folder.join("waits");
    world.repository().hook("pre-receive", &format!("cat >/dev/null; touch {}; sleep 1", waits.display()));
    let address = world.address();
    let signed = |client: u16, number: u16| {
        let record = message::a(&format!("c{client}n{number}.example.com"), 60, [192, 0, 2, 1]);
        Signer::new(UPDATE).sign(&message::update(number, "example.com", &[record]))
    };
    // The answer to a query says that what was sent before it has been taken on.
    let query = message::query(99, "example.com", message::kind::SOA);
    let mut connections: Vec<Connection> = (0..3).map(|_| Connection::open(address)).collect();
    for (client, connection) in connections.iter_mut().enumerate() {
        (0..EACH).for_each(|number| connection.send(&signed(client as u16, number).octets));
        connection.send(&query);
        assert_eq!(connection.receive().expect("an answer").id(), 99);
    }
    let sockets: Vec<UdpSocket> = (0..3).map(|_| connected(address)).collect();
    for (client, socket) in sockets.iter().enumerate() {
        let updates = (0..EACH).map(|number| signed(3 + client as u16, number).octets);
        updates.chain([query.clone()]).for_each(|octets| assert_eq!(socket.send(&octets).ok(), Some(octets.len())));
        assert_eq!(receive(socket).id(), 99);
    }
    wait::until("the push is under way", || waits.exists());
    assert_eq!(world.primary.terminate().code(), Some(0));
    for connection in &mut connections {
        let replies: Vec<Reply> = std::iter::from_fn(|| connection.receive()).collect();
        all_accepted(replies, EACH);
    }
    for socket in &sockets {
        all_accepted((0..EACH).map(|_| receive(socket)).collect(), EACH);
    }
    let text = world.repository().read("example.com");
    for (client, number) in (0..6).flat_map(|client| (0..EACH).map(move |number| (client, number))) {
        assert!(text.contains(&format!("c{client}n{number}")), "{text}");
    }
}

fn connected(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket can be bound");
    socket.connect(server).expect("a datagram socket can be connected");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit can be set");
    socket
}

fn receive(socket: &UdpSocket) -> Reply {
    let mut buffer = vec![0; 4096];
    let length = socket.recv(&mut buffer).expect("a reply");
    buffer.truncate(length);
    Reply(buffer)
}

fn all_accepted(replies: Vec<Reply>, count: u16) {
    let mut ids: Vec<(u16, u8)> = replies.iter().map(|reply| (reply.id(), reply.rcode())).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..count).map(|id| (id, 0)).collect::<Vec<_>>());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_polite_end_drains_the_queue() {
    let mut world = World::new();
    let waits = world.remote.folder.join("waits");
    world.repository().hook("pre-receive", &format!("cat >/dev/null; touch {}; sleep 1", waits.display()));
    let address = world.address();
    let client =
        thread::spawn(move || e2e::clients::nsupdate(address, &UPDATE, "update add last.example.com 60 A 192.0.2.1"));
    wait::until("the push is under way", || waits.exists());
    let status = world.primary.terminate();
    assert_eq!(status.code(), Some(0));
    let outcome = client.join().expect("the client does not panic");
    assert!(outcome.success, "{}", outcome.output);
    assert!(world.repository().read("example.com").contains("last"));
}
