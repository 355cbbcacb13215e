//! `dns-primary` as a unikernel: the story of a server without a host. It boots in a virtual machine with a network
//! stack of its own, pulls over SSH, answers, takes updates, follows pushes and hands its zones to a secondary.

use std::net::SocketAddr;
use std::time::Instant;

use e2e::bind::Bind;
use e2e::clients::{dig, dig_signed, nsupdate};
use e2e::message::{Signer, notify};
use e2e::ports::free_address;
use e2e::process::Process;
use e2e::qemu::{self, GUEST, HOST, Machine};
use e2e::samples::{NOTIFY, TRANSFER, UPDATE};
use e2e::world::{Remote, Scene};
use e2e::{wait, wire};

const FOUR_MEGABYTES: u64 = 4_000_000;

#[test]
#[ignore = "needs cargo e2e"]
fn a_primary_lives_in_a_virtual_machine() {
    let (remote, address, secondary) = (Scene::new().remote(), free_address(), free_address());
    let started = Instant::now();
    let mut machine = boot(&remote, address, secondary);
    let booted = started.elapsed();
    wait::until_equal("192.0.2.80".to_owned(), || dig(address, "www.example.com A +short +timeout=1 +tries=1"));
    eprintln!("started and waited for QEMU {booted:?}, first answer after {:?}", started.elapsed());

    assert_eq!(dig(address, "+tcp www.example.com AAAA +short"), "2001:db8::80");
    assert!(dig(address, "nowhere.example.com").contains("status: NXDOMAIN"));

    let updated = nsupdate(address, &UPDATE, "update add vm.example.com 60 A 192.0.2.77");
    assert!(updated.success, "{}", updated.output);
    assert_eq!(dig(address, "vm.example.com A +short"), "192.0.2.77");
    assert!(remote.repository.read("example.com").contains("vm"), "the update is a commit");

    let bind = Bind::secondary(&remote.folder, secondary, address, &["example.com"], &TRANSFER);
    wait::until_equal("192.0.2.77".to_owned(), || dig(bind.address(), "vm.example.com A +short"));
    assert!(dig_signed(address, &TRANSFER, "example.com AXFR +noall +answer").lines().count() > 10);

    let tree = remote.repository.work_tree(&remote.folder.join("work"));
    tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010102", "2024010103");
    tree.commit("www moves");
    tree.push();
    let signed = Signer::new(NOTIFY).sign(&notify(4711, "example.com"));
    assert_eq!(wire::udp_exchange(address, &signed.octets).rcode(), 0, "the NOTIFY is acknowledged");
    wait::until_equal("192.0.2.81".to_owned(), || dig(address, "www.example.com A +short"));
    wait::until_equal("192.0.2.81".to_owned(), || dig(bind.address(), "www.example.com A +short"));

    assert!(!machine.output().contains("not served"), "{}", machine.output());
    assert!(machine.ended().is_none());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_bad_argument_ends_the_machine_with_64() {
    let folder = e2e::folder::Folder::new();
    let machine = Machine::new(&qemu::image(&folder, "dns-primary"));
    let ended = machine.arguments(&format!("--ipv4={GUEST}/24 --remote=nonsense://")).run(&folder);
    assert_eq!(ended.code, Some(64), "{}", ended.console);
    assert!(ended.console.contains("--remote"), "{}", ended.console);
}

/// The primary for that remote; what comes to `address` goes to its port 53, and `secondary` is told of changes.
fn boot(remote: &Remote, address: SocketAddr, secondary: SocketAddr) -> Process {
    let image = qemu::image(&remote.folder, "dns-primary");
    let size = std::fs::metadata(&image).expect("the image is there").len();
    assert!(size <= FOUR_MEGABYTES, "the image has {size} octets");
    let url = remote.sshd.url(&remote.repository).replace("127.0.0.1", HOST);
    let arguments = [
        format!("--ipv4={GUEST}/24 --ipv4-gateway={HOST} --remote={url}#main --poll=0"),
        format!("--ssh-key={} --ssh-authenticator={}", remote.sshd.user_key_seed(), remote.sshd.fingerprint()),
        format!("--notify={HOST}:{}@{}", secondary.port(), TRANSFER.name),
    ];
    let machine = Machine::new(&image).arguments(&arguments.join(" "));
    machine.forward("udp", address, 53).forward("tcp", address, 53).start(&remote.folder)
}
