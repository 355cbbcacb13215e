//! `letsencrypt` in the sandbox and in a virtual machine: what passes hosted passes there.

#![allow(clippy::unwrap_used)]

use e2e::letsencrypt::{Letsencrypt, Requester, verify};
use e2e::pebble::{Behaviour, Pebble};
use e2e::primary::Sandbox;
use e2e::process::Process;
use e2e::qemu::{self, GUEST, HOST, Machine};
use e2e::samples::{Key, ROOT, UPDATE};
use e2e::wait;
use e2e::world::{Scene, World};

/// A key as our programs take it.
fn argument(key: &Key) -> String {
    format!("{}:{}:{}", key.name, key.algorithm.trim_start_matches("hmac-").to_uppercase(), key.secret)
}

#[test]
#[ignore = "needs cargo e2e"]
fn in_the_sandbox_with_pebble() {
    let remote = Scene::sandboxed().remote();
    let tap = remote.another_tap();
    let primary = remote.arguments().serving(&remote.folder);
    let world = remote.with(primary);
    let folder = &world.remote.folder;
    let pebble = Pebble::start(folder, world.address(), Behaviour::default());
    let mut command = Sandbox { tap: tap.clone(), memory: 32 }.command("letsencrypt");
    for (option, value) in tap.arguments() {
        command.args([option, value]);
    }
    command.args(["--dns-server", &world.address().to_string(), "--dns-key", &argument(&ROOT)]);
    command.args(["--check", &world.address().to_string(), "--account-key-seed", "test"]);
    // In the sandbox there is no file: the root comes with the command line.
    let root = std::fs::read_to_string(pebble.ca_file()).unwrap();
    command.args(["--issuer", &pebble.directory(), "--ca-file", &root]);
    let mut service = Process::start("letsencrypt", &mut command, &folder.join("letsencrypt.log"));
    service.wait_for_output("sealed", |log| log.contains("sealed"));
    let requester = Requester::new(folder, "www.example.com", &["*.www.example.com"]);
    requester.ask(world.address(), &UPDATE);
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "www.example.com");
    assert_eq!(service.terminate().code(), Some(0));
}

#[test]
#[ignore = "needs cargo e2e"]
fn in_a_virtual_machine_with_its_own_ca() {
    let world = World::new();
    let folder = &world.remote.folder;
    let image = qemu::image(folder, "letsencrypt");
    let server = format!("{HOST}:{}", world.address().port());
    let arguments = format!(
        "--ipv4={GUEST}/24 --ipv4-gateway={HOST} --dns-server={server} --dns-key={} --issuer=local:test",
        argument(&ROOT)
    );
    let mut machine = Machine::new(&image).arguments(&arguments).start(folder);
    qemu::wait_for_console(&mut machine, "example.com. ");
    let requester = Requester::new(folder, "www.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    let chain = requester.wait_for_chain(world.address());
    let root = folder.join("root.pem");
    std::fs::write(&root, Letsencrypt::run(&["--issuer", "local:test", "--print-root"]).output).unwrap();
    verify(&root, &chain, "www.example.com");
    wait::until("nothing is left to say", || requester.words(world.address()).is_empty());
    assert!(machine.ended().is_none());
}
