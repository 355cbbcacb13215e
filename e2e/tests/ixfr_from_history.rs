//! A restarted primary knows nothing but its repository, and still answers IXFR from versions that only the history
//! has.

use e2e::clients::{dig, nsupdate, serial};
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::samples::{TRANSFER, UPDATE};
use e2e::secondary::Secondary;
use e2e::wait;
use e2e::world::{Scene, World};

const FIRST: u32 = 2_024_010_101;

/// What changed since a serial, or the zone.
fn ixfr(world: &World, since: u32) -> String {
    dig(world.address(), &format!("-y {} +tcp example.com IXFR={since}", TRANSFER.argument()))
}

fn is_incremental(answer: &str) -> bool {
    answer.lines().filter(|line| line.contains("SOA\tns1")).count() == 4
}

/// Commits of an operator, each with a serial of its own; nobody is told.
fn operator_commits(world: &World, serials: std::ops::RangeInclusive<u32>) {
    for serial in serials {
        world.tree.replace("example.com", &(serial - 1).to_string(), &serial.to_string());
        let more = format!("{}n{} A 192.0.2.1\n", world.tree.read("example.com"), serial - FIRST);
        world.tree.write("example.com", more).commit(&format!("serial {serial}"));
    }
    world.tree.push();
}

fn restart(world: &mut World) {
    assert!(world.primary.terminate().success());
    world.primary.start_again();
    world.primary.wait_until_serving();
}

#[test]
#[ignore = "needs cargo e2e"]
fn updates_before_the_restart() {
    let mut world = World::new();
    for n in 0..20 {
        assert!(nsupdate(world.address(), &UPDATE, &format!("update add n{n}.example.com 60 A 192.0.2.5")).success);
    }
    restart(&mut world);
    let difference = ixfr(&world, FIRST + 17);
    assert!(is_incremental(&difference), "{difference}");
    assert!(["n17.", "n18.", "n19."].iter().all(|name| difference.contains(name)), "{difference}");
    assert!(!difference.contains("n16.") && !difference.contains("www"), "{difference}");
    world.primary.wait_for_log("found in the history");
    assert_eq!(records(&ixfr(&world, FIRST + 17)), records(&difference), "the journal has it now");
    // An older one goes in front, and an update behind.
    assert!(nsupdate(world.address(), &UPDATE, "update add last.example.com 60 A 192.0.2.6").success);
    let all = ixfr(&world, FIRST + 9);
    assert!(all.contains("n9.") && all.contains("n19.") && all.contains("last.") && !all.contains("www"), "{all}");
    assert_eq!(world.primary.log().matches("found in the history").count(), 2);
}

/// The records of an answer; times and signatures differ from one to the next.
fn records(answer: &str) -> Vec<String> {
    answer.lines().filter(|line| !line.starts_with(';') && !line.contains("TSIG")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_hundred_commits_while_the_primary_was_away() {
    let (nsd_at, ours_at) = (free_address(), free_address());
    let target = |address| format!("{address}@{}", TRANSFER.name);
    let scene = Scene::new().argument("--notify", &target(nsd_at)).argument("--notify", &target(ours_at));
    let mut world = scene.serving();
    let folder = &world.remote.folder;
    let _nsd = Nsd::secondary(folder, nsd_at, world.address(), &["example.com"], &TRANSFER);
    let ours = Secondary::new(ours_at, &TRANSFER).primary(world.address(), &TRANSFER).zone("example.com").start(folder);
    for address in [nsd_at, ours_at] {
        wait::until_equal(Some(FIRST), || serial(address, "example.com"));
    }
    assert!(world.primary.terminate().success());
    operator_commits(&world, FIRST + 1..=FIRST + 100);
    world.primary.start_again();
    world.primary.wait_until_serving();
    for address in [nsd_at, ours_at] {
        wait::until_equal(Some(FIRST + 100), || serial(address, "example.com"));
        assert_eq!(dig(address, "n42.example.com A +short"), "192.0.2.1");
        assert_eq!(dig(address, "www.example.com A +short"), "192.0.2.80");
    }
    ours.wait_for_log("came by its differences");
    let log = world.primary.log();
    assert_eq!(log.matches("(Incremental)").count(), 2, "{log}");
    assert!(!log.contains("(Full)"), "{log}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn doubtful_histories_give_the_whole_zone() {
    let mut world = World::new();
    // A version that somebody took back by force, with others in its place.
    operator_commits(&world, FIRST + 1..=FIRST + 2);
    world.tell();
    wait::until_equal(Some(FIRST + 2), || serial(world.address(), "example.com"));
    world.tree.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    world.tree.replace("example.com", &FIRST.to_string(), &(FIRST + 5).to_string());
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").commit("another way");
    assert!(world.tree.try_push(&["--force", "origin", "main"]).success);
    restart(&mut world);
    let whole = ixfr(&world, FIRST + 1);
    assert!(whole.contains("mail.example.com."), "it is in no history: {whole}");
    assert!(is_incremental(&ixfr(&world, FIRST)), "what stayed is still there");
    // A version whose file could not be read.
    world.tree.replace("example.com", "IN MX   10", "IN MX   ten");
    world.tree.replace("example.com", &(FIRST + 5).to_string(), &(FIRST + 6).to_string()).commit("a typo");
    world.tree.replace("example.com", "IN MX   ten", "IN MX   10");
    world.tree.replace("example.com", &(FIRST + 6).to_string(), &(FIRST + 7).to_string());
    world.tree.replace("example.com", "192.0.2.81", "192.0.2.82").commit("mended");
    world.tree.push();
    restart(&mut world);
    assert!(ixfr(&world, FIRST + 6).contains("mail.example.com."));
    assert!(is_incremental(&ixfr(&world, FIRST + 5)));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_serial_that_stood_for_two_contents() {
    let mut world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").commit("the serial is forgotten");
    world.tree.push();
    world.tell();
    wait::until_equal(Some(FIRST + 1), || serial(world.address(), "example.com"));
    restart(&mut world);
    // Who has it may have either.
    let whole = ixfr(&world, FIRST);
    assert!(whole.contains("mail.example.com."), "{whole}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_serial_that_was_forgotten_while_the_primary_was_away() {
    let mut world = World::new();
    assert!(world.primary.terminate().success());
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").commit("the serial is forgotten");
    world.tree.push();
    world.primary.start_again();
    world.primary.wait_until_serving();
    world.wait_for("www.example.com A", "192.0.2.81");
    wait::until_equal(Some(FIRST + 1), || serial(world.address(), "example.com"));
    assert!(world.repository().read("example.com").contains("2024010102 ; serial"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_file_that_was_broken_while_the_primary_was_away() {
    let mut world = World::new();
    assert!(world.primary.terminate().success());
    world.tree.replace("example.com", "IN MX   10 mail", "IN MX   ten mail").commit("a typo");
    world.tree.push();
    world.primary.start_again();
    world.primary.wait_until_serving();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80", "the last good version is in the history");
    assert!(world.primary.log().contains("serial 2024010101 is still served"));
}
