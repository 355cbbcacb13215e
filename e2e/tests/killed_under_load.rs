//! SIGKILL at any moment: every acknowledged update is in a fresh clone.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use e2e::message::{self, Signer};
use e2e::samples::UPDATE;
use e2e::wait;
use e2e::wire::Connection;
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
