//! A service with little memory: what it can do in it, and that it refuses what does not fit and goes on.

use std::net::TcpStream;
use std::time::Duration;

use e2e::clients::{dig, nsupdate};
use e2e::samples::UPDATE;
use e2e::wait;
use e2e::world::{Scene, World};

fn with_memory(scene: Scene, memory: u32) -> World {
    let remote = scene.remote();
    let primary = remote.arguments().memory(memory).serving(&remote.folder);
    remote.with(primary)
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_hundred_zones_and_updates_in_sixteen_mebibytes() {
    let zone = |n: usize| format!("zone{n}.example");
    let text = "$TTL 3600\n@ SOA ns1 host 1 7200 3600 1209600 3600\n@ NS ns1\nns1 A 192.0.2.1\nwww A 192.0.2.2\n";
    let scene = (0..100).fold(Scene::sandboxed(), |scene, n| scene.file(&zone(n), text));
    let mut world = with_memory(scene, 16);
    for n in 0..20 {
        let update = format!("update add new{n}.example.com 300 A 192.0.2.50");
        assert!(nsupdate(world.address(), &UPDATE, &update).success, "{n}");
    }
    assert_eq!(world.short("www.zone99.example A"), "192.0.2.2");
    let service = *e2e::process::family(world.primary.process().id()).last().expect("a child");
    let status = std::fs::read_to_string(format!("/proc/{service}/status")).expect("it runs");
    assert!(status.contains("Seccomp:\t2"), "it is the service: {status}");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("its memory");
    let kibibytes: u32 = line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    eprintln!("{kibibytes} KiB of memory of its own");
    assert!(kibibytes < 16 << 10, "{line}");
}

/// A push that cannot fit is refused; what was served stays, and once the push is undone everything is as before.
#[test]
#[ignore = "needs cargo e2e"]
fn a_push_that_does_not_fit() {
    let mut world = with_memory(Scene::sandboxed(), 16);
    let hosts: String = (0..400_000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    world.tree.write("example.com", format!("{}{hosts}", e2e::samples::EXAMPLE_COM));
    world.push("far too much");
    world.primary.wait_for_log("pulling failed");
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.short("h1.example.com A"), "", "nothing of it is served");
    world.tree.git(&["revert", "--no-edit", "HEAD"]);
    world.tree.git(&["push", "--quiet"]);
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.primary.process().ended(), None);
}

/// Connections take memory until none is left for another: it goes without an answer, everybody else is served.
#[test]
#[ignore = "needs cargo e2e"]
fn connections_until_memory_is_used_up() {
    let mut world = with_memory(Scene::sandboxed(), 16);
    let connect = || TcpStream::connect_timeout(&world.address(), Duration::from_millis(400));
    let mut open = vec![];
    let refused = loop {
        match connect() {
            Ok(stream) => open.push(stream),
            Err(error) => break error,
        }
        assert!(open.len() < 4000, "memory has an end");
    };
    assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut, "it is not refused, it may be tried again");
    assert_eq!(world.short("www.example.com A"), "192.0.2.80", "datagrams are answered as ever");
    let outcome = nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50");
    assert!(!outcome.success && outcome.output.contains("SERVFAIL"), "{}", outcome.output);
    eprintln!("{} connections fit", open.len());
    drop(open);
    wait::until("there is memory again", || {
        nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50").success
    });
    assert_eq!(dig(world.address(), "+tcp new.example.com A +short"), "192.0.2.50");
    assert_eq!(world.primary.process().ended(), None);
}
