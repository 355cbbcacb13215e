//! What passes hosted passes in the sandbox: each scene is set twice, once on the host's sockets, once on a tap.

use e2e::clients::{dig, dig_signed, nsupdate, nsupdate_tcp, serial};
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::primary::Sandbox;
use e2e::process::Process;
use e2e::samples::{TRANSFER, UPDATE};
use e2e::wait;
use e2e::world::{Scene, World};

/// A test of each scene in both places.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            #[ignore = "needs cargo e2e"]
            fn hosted() {
                super::$name(super::Scene::new());
            }

            #[test]
            #[ignore = "needs cargo e2e"]
            fn sandboxed() {
                super::$name(super::Scene::sandboxed());
            }
        }
    )+};
}

both!(
    answers_over_udp_and_tcp,
    an_update_is_a_commit,
    a_push_is_pulled,
    nsd_follows,
    many_messages,
    sigterm_drains,
    clients_burst,
);

fn answers_over_udp_and_tcp(scene: Scene) {
    let world = scene.serving();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.short("+tcp www.example.com A"), "192.0.2.80");
    assert!(dig(world.address(), "www.example.net A").contains("REFUSED"));
}

fn an_update_is_a_commit(scene: Scene) {
    let world = scene.serving();
    let outcome = nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50");
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.short("new.example.com A"), "192.0.2.50");
    assert!(nsupdate_tcp(world.address(), &UPDATE, "update add tcp.example.com 300 A 192.0.2.51").success);
    assert_eq!(world.repository().commits(), 3);
}

fn a_push_is_pulled(scene: Scene) {
    let world = scene.serving();
    world.tree.replace("example.com", "2024010101", "2024010110").replace("example.com", "192.0.2.80", "192.0.2.81");
    world.push("www moves");
    world.wait_for("www.example.com A", "192.0.2.81");
}

fn nsd_follows(scene: Scene) {
    let remote = scene.remote();
    let address = free_address();
    let primary = remote.arguments().add("--notify", &format!("{address}@{}", TRANSFER.name)).serving(&remote.folder);
    let world = remote.with(primary);
    let nsd = Nsd::secondary(&world.remote.folder, address, world.address(), &["example.com"], &TRANSFER);
    wait::until_equal(Some(2_024_010_101), || serial(nsd.address(), "example.com"));
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    wait::until_equal("\"hello\"".to_owned(), || dig(nsd.address(), "new.example.com TXT +short"));
}

fn many_messages(scene: Scene) {
    let hosts: String = (0..20_000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    let zone = format!("{}{hosts}", e2e::samples::EXAMPLE_COM);
    let world = scene.file("example.com", &zone).serving();
    let transferred = dig_signed(world.address(), &TRANSFER, "example.com AXFR +noall +answer");
    assert!(transferred.lines().count() > 20_000, "{}", transferred.lines().count());
    assert_eq!(world.short("h19999.example.com A"), "192.0.2.31");
}

fn sigterm_drains(scene: Scene) {
    let mut world: World = scene.serving();
    assert!(nsupdate(world.address(), &UPDATE, "update add stays.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.primary.terminate().code(), Some(0));
    world.primary.start_again();
    world.primary.wait_until_serving();
    assert_eq!(world.short("stays.example.com A"), "192.0.2.1");
    assert_eq!(world.repository().commits(), 2);
}

/// As many at once as a backlog has to hold: none is refused.
fn clients_burst(scene: Scene) {
    let world = scene.serving();
    let address = world.address();
    let clients: Vec<_> = (0..64).map(|_| std::thread::spawn(move || std::net::TcpStream::connect(address))).collect();
    for client in clients {
        client.join().expect("no panic").expect("no connection is refused");
    }
    assert_eq!(world.short("+tcp www.example.com A"), "192.0.2.80");
}

/// Primary and secondary, each in a sandbox, each behind the host.
#[test]
#[ignore = "needs cargo e2e"]
fn our_secondary_follows_in_the_sandbox() {
    let remote = Scene::sandboxed().remote();
    let tap = remote.another_tap();
    let notified = format!("{}@{}", tap.dns(), TRANSFER.name);
    let primary = remote.arguments().add("--notify", &notified).serving(&remote.folder);
    let world = remote.with(primary);
    let mut command = Sandbox { tap: tap.clone(), memory: 16 }.command("dns-secondary");
    for (option, value) in tap.arguments() {
        command.args([option, value]);
    }
    let algorithm = TRANSFER.algorithm.trim_start_matches("hmac-").to_uppercase();
    command.args(["--keys", &format!("{}:{algorithm}:{}", TRANSFER.name, TRANSFER.secret)]);
    command.args(["--primary", &format!("{}@{}", world.address(), TRANSFER.name), "--zone", "example.com"]);
    let log = world.remote.folder.join("secondary.log");
    let mut secondary = Process::start("dns-secondary", &mut command, &log);
    wait::until_equal(Some(2_024_010_101), || serial(tap.dns(), "example.com"));
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    wait::until_equal("\"hello\"".to_owned(), || dig(tap.dns(), "new.example.com TXT +short"));
    assert_eq!(dig(tap.dns(), "+tcp www.example.com A +short"), "192.0.2.80");
    assert!(secondary.output().contains("sealed"), "{}", secondary.output());
    assert_eq!(secondary.terminate().code(), Some(0));
}

/// On the host's sockets the seal leaves more, and still nothing that a service can do without.
#[test]
#[ignore = "needs cargo e2e"]
fn sealed_on_the_hosts_sockets() {
    let remote = Scene::new().argument("--seal", "true").remote();
    // By name, which a sealed process has to look up without the C library.
    let by_name = remote.sshd.url(&remote.repository).replace("127.0.0.1", "localhost");
    assert!(by_name.contains("localhost"));
    let primary = remote.arguments().set("--remote", &format!("{by_name}#main")).serving(&remote.folder);
    let mut world = remote.with(primary);
    assert!(world.primary.log().contains("sealed"));
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.short("+tcp www.example.com A"), "192.0.2.80");
    world.remote.sshd.stop();
    world.remote.sshd.start_again();
    assert!(
        nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success,
        "over a new connection"
    );
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.primary.process().id())).expect("it runs");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    assert_eq!(world.primary.terminate().code(), Some(0));
}
