//! A request in DNS becomes a certificate in DNS.

#![allow(clippy::unwrap_used)]

use e2e::letsencrypt::{Letsencrypt, Requester, verify};
use e2e::pebble::{Behaviour, Pebble};
use e2e::samples;
use e2e::world::World;

/// Our service for a world, with pebble as the CA.
fn with_pebble(world: &World, pebble: &Pebble, arguments: &[&str]) -> Letsencrypt {
    let (directory, ca_file) = (pebble.directory(), pebble.ca_file());
    let server = world.address().to_string();
    let ca_file = ca_file.to_str().unwrap();
    let common = ["--issuer", &directory, "--ca-file", ca_file, "--account-key-seed", "test", "--check", &server];
    let arguments = [&common, arguments].concat();
    Letsencrypt::start(&world.remote.folder, world.address(), &samples::ROOT, &arguments)
}

#[test]
#[ignore = "needs Debian packages: cargo e2e"]
fn from_our_own_ca() {
    let world = World::new();
    let folder = &world.remote.folder;
    let _service = Letsencrypt::start(folder, world.address(), &samples::ROOT, &["--issuer", "local:test"]);
    let requester = Requester::new(folder, "www.example.com", &["*.www.example.com"]);
    requester.ask(world.address(), &samples::UPDATE);
    let chain = requester.wait_for_chain(world.address());
    let root = Letsencrypt::run(&["--issuer", "local:test", "--print-root"]);
    assert!(root.success, "{}", root.output);
    let path = folder.join("root.pem");
    std::fs::write(&path, root.output).unwrap();
    verify(&path, &chain, "www.example.com");
    verify(&path, &chain, "anything.www.example.com");
}

#[test]
#[ignore = "needs Debian packages: cargo e2e"]
fn from_pebble() {
    let world = World::new();
    let pebble = Pebble::start(&world.remote.folder, world.address(), Behaviour::default());
    let _service = with_pebble(&world, &pebble, &[]);
    let requester = Requester::new(&world.remote.folder, "host.example.com", &["*.host.example.com"]);
    requester.ask(world.address(), &samples::HOST);
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "host.example.com");
    verify(&pebble.issuing_root(), &chain, "x.host.example.com");
    assert_eq!(world.short("_acme-challenge.host.example.com TXT"), "", "the proofs are taken away");
    assert_eq!(requester.words(world.address()), "", "nothing is left to say");
    assert_eq!(pebble.orders(), 1);
}
