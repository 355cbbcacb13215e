//! A catalog zone (RFC 9432) of what is in the repository: secondaries add and remove zones by themselves.

use std::net::SocketAddr;

use e2e::bind::Bind;
use e2e::clients::{dig, dig_signed, nsupdate, serial};
use e2e::folder::Folder;
use e2e::knot::Knot;
use e2e::ports::free_address;
use e2e::samples::{EXAMPLE_ORG, TRANSFER_ALL, UPDATE};
use e2e::secondary::Secondary;
use e2e::wait;
use e2e::world::{Scene, World};

const CATALOG: &str = "catalog.test";

/// A primary with a catalog that notifies the returned address, at which nothing listens yet.
fn world() -> (World, SocketAddr) {
    let address = free_address();
    let scene = Scene::new().argument("--catalog", CATALOG);
    (scene.argument("--notify", &format!("{address}@{}", TRANSFER_ALL.name)).serving(), address)
}

/// The names that the catalog lists at a server.
fn members(server: SocketAddr) -> Vec<String> {
    let records = dig_signed(server, &TRANSFER_ALL, &format!("{CATALOG} AXFR +noall +answer +onesoa"));
    let pointers = records.lines().filter(|line| line.contains("PTR"));
    let mut names: Vec<String> =
        pointers.filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    names.sort();
    names
}

fn is_refused(server: SocketAddr, zone: &str) -> bool {
    dig(server, &format!("{zone} SOA")).contains("REFUSED")
}

#[test]
#[ignore = "needs cargo e2e"]
fn knot_takes_members_on_and_off() {
    let (mut world, address) = world();
    let knot = Knot::catalog(&world.remote.folder, address, world.address(), CATALOG, &TRANSFER_ALL);
    members_come_and_go(&mut world, address);
    assert!(knot.log().contains("IXFR, incoming"), "{}", knot.log());
}

#[test]
#[ignore = "needs cargo e2e"]
fn bind_takes_members_on_and_off() {
    let (mut world, address) = world();
    let bind = Bind::catalog(&world.remote.folder, address, world.address(), CATALOG, &TRANSFER_ALL);
    members_come_and_go(&mut world, address);
    assert!(bind.log().contains("catz: "), "{}", bind.log());
}

#[test]
#[ignore = "needs cargo e2e"]
fn ours_takes_members_on_and_off() {
    let (mut world, address) = world();
    let folder = Folder::new();
    let ours = Secondary::new(address, &TRANSFER_ALL).primary(world.address(), &TRANSFER_ALL).catalog(CATALOG);
    let ours = ours.start(&folder);
    members_come_and_go(&mut world, address);
    ours.wait_for_log("catalog.test. ");
}

fn members_come_and_go(world: &mut World, secondary: SocketAddr) {
    wait::until_equal(Some(2_024_010_101), || serial(secondary, "example.com"));
    wait::until_equal(Some(1), || serial(secondary, "example.org"));
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("a zone is added");
    wait::until_equal(Some(1), || serial(secondary, "example.net"));
    // A member is a zone like any other.
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    wait::until_equal("\"hello\"".to_owned(), || dig(secondary, "new.example.com TXT +short"));
    world.tree.pull().remove("example.org");
    world.push("a zone is removed");
    wait::until("the zone is gone", || is_refused(secondary, "example.org"));
    assert_eq!(serial(secondary, "example.net"), Some(1));
    // A restart changes nothing; what is removed while the primary is away is gone as well.
    let before = serial(world.address(), CATALOG);
    assert!(world.primary.terminate().success());
    world.primary.start_again();
    world.primary.wait_until_serving();
    assert_eq!(serial(world.address(), CATALOG), before);
    assert!(world.primary.terminate().success());
    world.tree.pull().remove("example.net").commit("another is removed");
    world.tree.push();
    world.primary.start_again();
    world.primary.wait_until_serving();
    wait::until("the zone is gone", || is_refused(secondary, "example.net"));
    assert_eq!(dig(secondary, "new.example.com TXT +short"), "\"hello\"");
    let log = world.primary.log();
    assert!(log.contains("catalog.test") && log.contains("(Incremental)"), "the catalog comes by differences: {log}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_others_wrote_into_the_catalog_stays() {
    let (world, _) = world();
    wait::until("the catalog is there", || serial(world.address(), CATALOG).is_some());
    assert_eq!(members(world.address()), ["2.0.192.in-addr.arpa.", "example.com.", "example.org."]);
    let first = serial(world.address(), CATALOG).expect("a serial");
    world.tree.pull();
    let text = world.tree.read(CATALOG);
    let owner = text.lines().find(|line| line.contains("example.com.")).expect("a member");
    let owner = owner.split_whitespace().next().expect("an owner").to_owned();
    let text = text.replace(&first.to_string(), &(first + 1).to_string());
    world.tree.write(CATALOG, format!("; kept by hand\n{text}group.{owner} TXT signed ; for the signer\n"));
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("a group for one, and a zone more");
    wait::until_equal(4, || members(world.address()).len());
    let text = world.repository().read(CATALOG);
    assert!(text.starts_with("; kept by hand\n") && text.contains("; for the signer"), "{text}");
    assert!(world.repository().subjects().contains(&"catalog.test: add example.net".to_owned()));
    // With the member goes what belongs to it.
    world.tree.pull().remove("example.com");
    world.push("and one less");
    wait::until_equal(3, || members(world.address()).len());
    assert!(!world.repository().read(CATALOG).contains("signer"));
}

/// A file that is broken is still a zone: a typo must not delete it everywhere, not even after a restart.
#[test]
#[ignore = "needs cargo e2e"]
fn a_broken_file_is_still_a_member() {
    let (mut world, _) = world();
    wait::until_equal(3, || members(world.address()).len());
    assert!(world.primary.terminate().success());
    world.tree.pull().write("example.org", "@ SOA a typo\n").commit("a typo");
    for n in 0..10 {
        world.tree.write("notes.txt", n.to_string()).commit("the typo is far behind");
    }
    world.tree.push();
    world.primary.start_again();
    world.primary.wait_until_serving();
    assert_eq!(serial(world.address(), "example.org"), None, "it cannot be served");
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("the catalog changes");
    wait::until_equal(4, || members(world.address()).len());
    assert!(members(world.address()).contains(&"example.org.".to_owned()));
}

/// Two primaries keep one catalog: neither undoes or repeats what the other does.
#[test]
#[ignore = "needs cargo e2e"]
fn two_primaries_keep_one_catalog() {
    let remote = Scene::new().argument("--poll", "1").argument("--catalog", CATALOG).remote();
    let primaries = [remote.arguments().serving(&remote.folder), remote.arguments().serving(&remote.folder)];
    let servers = primaries.each_ref().map(e2e::primary::Primary::address);
    let tree = remote.repository.work_tree(&remote.folder.join("work"));
    let mut last = 0;
    for n in 0..5 {
        let zone = format!("zone{n}.example");
        wait::until("the push is not in the way of another", || {
            tree.git(&["fetch", "--quiet", "origin"]);
            tree.git(&["reset", "--quiet", "--hard", "origin/main"]);
            tree.write(&zone, EXAMPLE_ORG.replace("example.org", &zone)).commit(&format!("add {zone}"));
            tree.try_push(&["origin", "main"]).success
        });
        for server in servers {
            wait::until_equal(4 + n, || members(server).len());
        }
        let serials = servers.map(|server| serial(server, CATALOG));
        assert!(serials[0] == serials[1] && serials[0] > Some(last), "{serials:?} after {last}");
        last = serials[0].expect("a serial");
    }
    let subjects = remote.repository.subjects();
    let ours = subjects.iter().filter(|subject| subject.starts_with(CATALOG)).count();
    assert_eq!(ours, 6, "one for the beginning and one for each zone: {subjects:?}");
}
