//! Slow clients by the thousand, and a server that is killed while it is busy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::caldav::{World, event};
use e2e::http::{Client, Connection};

const START: &str = "20260105T120000Z";

#[test]
#[ignore = "needs cargo e2e"]
fn a_thousand_slow_clients_keep_nobody_else_waiting() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let before = world.server_memory();
    let mut slow: Vec<Connection> = (0..1000).map(|_| alice.connect()).collect();
    for (number, connection) in slow.iter_mut().enumerate() {
        let head = connection.head("PUT", &format!("{work}slow.ics"), &[], 100_000);
        let length = if number % 2 == 0 { head.len() } else { head.len() / 2 };
        connection.write(&head.as_bytes()[..length]);
        connection.write(if number % 2 == 0 { b"BEGIN:VCALENDAR\r\n" } else { b"" });
    }
    let begun = Instant::now();
    assert_eq!(alice.put(&format!("{work}1.ics"), event("1", START, "")).status, 201);
    assert_eq!(alice.propfind(&work, "1", "<D:getetag/>").status, 207);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let grown = world.server_memory() - before;
    assert!(grown < 64_000, "{grown} kB for a thousand clients");
    // Those of the same client beyond the limit are turned away, and it is the limit of that client only.
    let more: Vec<Connection> = (0..40).map(|_| alice.connect()).collect();
    let mut last = alice.connect();
    last.send("OPTIONS", "/", &[], "");
    assert_eq!(last.receive(), None, "1,024 connections of one client are taken");
    drop((slow, more));
    e2e::wait::until("there is room again", || {
        let mut connection = alice.connect();
        connection.send("OPTIONS", "/", &[], "");
        connection.receive().is_some()
    });
    assert!(world.server().process().ended().is_none());
}

/// Puts objects one after another until the server is gone; the names and bodies of those that were acknowledged.
fn put_until_it_ends(client: &Client, work: &str, number: usize, is_over: &AtomicBool) -> Vec<(String, String)> {
    let mut acknowledged = Vec::new();
    let mut connection = client.connect();
    for count in 0.. {
        let name = format!("c{number}n{count}.ics");
        let body = event(&format!("c{number}n{count}"), START, &format!("DESCRIPTION:{}\r\n", "x".repeat(count * 7 % 300)));
        connection.send("PUT", &format!("{work}{name}"), &[("If-None-Match", "*")], &body);
        match connection.receive() {
            Some(reply) if reply.status == 201 => acknowledged.push((name, body)),
            Some(reply) => panic!("{name}: {} {}", reply.status, reply.text()),
            None => break,
        }
        if is_over.load(Ordering::SeqCst) {
            break;
        }
    }
    acknowledged
}

#[test]
#[ignore = "needs cargo e2e"]
fn killed_under_load_every_acknowledged_object_is_in_a_fresh_clone() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    for round in 0..3 {
        let is_over = AtomicBool::new(false);
        let acknowledged: Vec<(String, String)> = thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|client| {
                    let (alice, work, is_over) = (&alice, &work, &is_over);
                    scope.spawn(move || put_until_it_ends(alice, work, round * 8 + client, is_over))
                })
                .collect();
            let before = world.repository.commits();
            e2e::wait::until("pushes are under way", || world.repository.commits() > before + 10);
            world.server().kill();
            is_over.store(true, Ordering::SeqCst);
            clients.into_iter().flat_map(|client| client.join().expect("a client does not panic")).collect()
        });
        assert!(acknowledged.len() > 4, "{} were acknowledged", acknowledged.len());
        let tree = world.clone(&format!("clone{round}"));
        for (name, body) in &acknowledged {
            assert_eq!(&tree.read(&format!("calendars/alice/work/{name}")), body, "{name}");
        }
        world.repository.check();
        world.server().start_again();
        let listed = alice.propfind(&work, "1", "<D:getetag/>").elements("href").len();
        assert!(listed > acknowledged.len());
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_polite_end_answers_what_it_has_taken() {
    let mut world = World::new();
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    let waits = world.folder.join("waits");
    world.repository.hook("pre-receive", &format!("cat >/dev/null; touch {}; sleep 1", waits.display()));
    let path = format!("{work}last.ics");
    let put = thread::spawn(move || alice.put(&path, event("last", START, "")));
    e2e::wait::until("the push is under way", || waits.exists());
    assert_eq!(world.server().terminate().code(), Some(0));
    assert_eq!(put.join().expect("the client does not panic").status, 201);
    assert!(world.repository.read("calendars/alice/work/last.ics").contains("UID:last"));
}
