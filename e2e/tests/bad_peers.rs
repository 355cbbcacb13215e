//! Primaries, secondaries and strangers that misbehave: nothing of it is served, nothing stands still, and it heals by
//! itself.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use e2e::bad_primary::{Act, BadPrimary};
use e2e::clients::{dig, dig_signed, nsupdate, serial};
use e2e::folder::Folder;
use e2e::knot::Knot;
use e2e::message::{self, Signer, kind};
use e2e::ports::free_address;
use e2e::proxy::Proxy;
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, TRANSFER, TRANSFER_ALL, UPDATE};
use e2e::secondary::Secondary;
use e2e::wait;
use e2e::wire::{self, Connection};
use e2e::world::Scene;

const ZONE: &str = "example.com";
const TIMERS: [u32; 4] = [3600, 1, 86_400, 60];

#[test]
#[ignore = "needs cargo e2e"]
fn whatever_a_primary_sends_only_a_whole_zone_is_served() {
    let acts = [
        Act::Cut(0),
        Act::Cut(1),
        Act::Cut(40),
        Act::Cut(120),
        Act::OtherSerialAtTheEnd,
        Act::OlderThanAnnounced,
        Act::Junk,
        Act::OtherZone,
        Act::Endless,
    ];
    // Each one meets a zone that has not come yet, and one that has and is to change.
    for (n, act) in acts.into_iter().enumerate() {
        let (folder, address) = (Folder::new(), free_address());
        let primary = BadPrimary::start(ZONE, 5, TIMERS, &[act]);
        let ours = Secondary::new(address, &TRANSFER).limit(1).from(ZONE, primary.address()).start(&folder);
        wait::until_equal(Some(5), || serial(address, ZONE));
        assert_eq!(primary.acts_left(), 0, "{n}: {act:?}");
        ours.wait_for_log(&format!("WARN  dns_secondary::service: {ZONE}. from {}", primary.address()));
        assert_eq!(dig(address, "v5.example.com A +short"), "192.0.2.1");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn records_of_other_zones_are_left_out() {
    let (folder, address) = (Folder::new(), free_address());
    let primary = BadPrimary::start(ZONE, 5, TIMERS, &[Act::RecordsOfOthers]);
    let ours = Secondary::new(address, &TRANSFER).from(ZONE, primary.address()).start(&folder);
    wait::until_equal(Some(5), || serial(address, ZONE));
    ours.wait_for_log("2 records that are not of the zone were left out");
    assert!(dig(address, "www.bank.test A").contains("REFUSED"));
}

/// The line to a real primary is cut at many places of a signed transfer, and an octet changes on the way.
#[test]
#[ignore = "needs cargo e2e"]
fn a_signed_transfer_that_is_cut() {
    let hosts: String = (0..5000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    let (folder, address, knot_at) = (Folder::new(), free_address(), free_address());
    let knot = Knot::primary(&folder, knot_at, ZONE, &format!("{EXAMPLE_COM}{hosts}"), &TRANSFER);
    let line = Proxy::to(knot.address());
    line.cut_after(50_000);
    let ours = Secondary::new(address, &TRANSFER).primary(line.address(), &TRANSFER).zone(ZONE).start(&folder);
    for octets in [0, 1, 300, 2_000, 70_000] {
        ours.wait_for_log("the connection ended before the answer did");
        assert!(dig(address, "h1.example.com A").contains("SERVFAIL"), "half a zone is no zone");
        line.cut_after(octets);
    }
    line.mend();
    wait::until_equal("192.0.2.135".to_owned(), || dig(address, "h4999.example.com A +short"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_primary_that_is_away_for_longer_than_expire() {
    let (folder, address) = (Folder::new(), free_address());
    let primary = BadPrimary::start(ZONE, 5, [2, 1, 4, 60], &[]);
    let ours = Secondary::new(address, &TRANSFER).from(ZONE, primary.address()).start(&folder);
    wait::until_equal(Some(5), || serial(address, ZONE));
    primary.set_away(true);
    wait::until("the zone expires", || dig(address, "v5.example.com A").contains("SERVFAIL"));
    ours.wait_for_log("the zone has expired");
    // It comes back with less than it had, and that is better than nothing.
    primary.set_serial(4);
    primary.set_away(false);
    wait::until_equal("192.0.2.1".to_owned(), || dig(address, "v4.example.com A +short"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn two_primaries_that_disagree() {
    let (folder, address) = (Folder::new(), free_address());
    let timers = [1, 1, 86_400, 60];
    let (old, new) = (BadPrimary::start(ZONE, 5, timers, &[]), BadPrimary::start(ZONE, 7, timers, &[]));
    let ours = Secondary::new(address, &TRANSFER).from(ZONE, old.address()).from(ZONE, new.address()).start(&folder);
    wait::until_equal(Some(5), || serial(address, ZONE));
    old.set_away(true);
    wait::until_equal(Some(7), || serial(address, ZONE));
    old.set_away(false);
    new.set_away(true);
    ours.wait_for_log("the primary has serial 5, which is older");
    assert_eq!(serial(address, ZONE), Some(7), "a zone does not go back in time");
    old.set_serial(8);
    wait::until_equal(Some(8), || serial(address, ZONE));
}

#[test]
#[ignore = "needs cargo e2e"]
fn floods_of_notify_and_forged_ones() {
    let (folder, address) = (Folder::new(), free_address());
    let primary = BadPrimary::start(ZONE, 5, TIMERS, &[]);
    let _ours = Secondary::new(address, &TRANSFER).from(ZONE, primary.address()).start(&folder);
    wait::until_equal(Some(5), || serial(address, ZONE));
    let before = primary.questions();
    // From an address that is not the primary's: refused, and nobody is asked.
    let stranger = UdpSocket::bind(("127.0.0.9", 0)).expect("a socket can be bound");
    stranger.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit can be set");
    let mut reply = [0; 512];
    for id in 0..200 {
        stranger.send_to(&message::notify(id, ZONE), address).expect("a datagram can be sent");
        stranger.recv(&mut reply).expect("it is answered");
        assert_eq!(reply[3] & 15, 5, "REFUSED");
    }
    assert_eq!(primary.questions(), before);
    // As if from the primary: it is asked now and then, and queries go on.
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket can be bound");
    let start = Instant::now();
    for id in 0..20_000u16 {
        socket.send_to(&message::notify(id, ZONE), address).expect("a datagram can be sent");
        if id % 1000 == 0 {
            assert_eq!(dig(address, "v5.example.com A +short"), "192.0.2.1");
        }
    }
    let most = 12 + start.elapsed().as_secs() as u32;
    let asked = primary.questions() - before;
    assert!((1..=most).contains(&asked), "{asked} questions");
    // A change is still followed.
    primary.set_serial(6);
    // What came in the flood may still wait, and then there is no place for more: primaries say it again.
    wait::until("the NOTIFY is heard", || {
        wire::udp_exchange_within(Duration::from_millis(500), address, &message::notify(1, ZONE)).is_some()
    });
    wait::until_equal(Some(6), || serial(address, ZONE));
}

/// Fifty secondaries ask for a zone of a megabyte and do not read it.
#[test]
#[ignore = "needs cargo e2e"]
fn secondaries_that_stall() {
    let hosts: String = (0..30_000).map(|n| format!("h{n} A 192.0.2.{}\n", n % 256)).collect();
    let world = Scene::new().file(ZONE, &format!("{EXAMPLE_COM}{hosts}")).serving();
    let stalled: Vec<Connection> = (0..50)
        .map(|id| {
            let mut connection = Connection::open(world.address());
            for n in 0..8 {
                connection.send(&Signer::new(TRANSFER).sign(&message::query(id * 8 + n, ZONE, kind::AXFR)).octets);
            }
            connection
        })
        .collect();
    let start = Instant::now();
    assert_eq!(world.short("h29999.example.com A"), "192.0.2.47");
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 60 TXT hello").success);
    let zone = dig_signed(world.address(), &TRANSFER, "example.com AXFR +noall +answer");
    assert!(zone.lines().count() > 30_000 && zone.contains("hello"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    drop(stalled);
}

/// Ten thousand zones change in one commit: the secondary has them all soon, and meanwhile queries are answered.
#[test]
#[ignore = "needs cargo e2e"]
fn ten_thousand_zones_change_at_once() {
    const ZONES: u32 = 10_000;
    let zone = |n: u32| format!("z{n}.example");
    let text = |n: u32, serial: u32| {
        EXAMPLE_ORG.replace("example.org", &zone(n)).replace(" 1 86400", &format!(" {serial} 86400"))
    };
    let (ours_at, dead) = (free_address(), free_address());
    let target = |address| format!("{address}@{}", TRANSFER_ALL.name);
    let scene = (0..ZONES).fold(Scene::new(), |scene, n| scene.file(&zone(n), &text(n, 1)));
    let world = scene.argument("--notify", &target(ours_at)).argument("--notify", &target(dead)).serving();
    let folder = Folder::new();
    let _ours = Secondary::new(ours_at, &TRANSFER_ALL).quiet().primary(world.address(), &TRANSFER_ALL).start(&folder);
    let last = [0, ZONES / 2, ZONES - 1];
    let patience = Duration::from_secs(60);
    for n in last {
        wait::find_within(patience, "the zones came", || serial(ours_at, &zone(n)).filter(|serial| *serial == 1));
    }
    for n in 0..ZONES {
        world.tree.write(&zone(n), text(n, 2));
    }
    world.tree.commit("all of them");
    world.tree.push();
    let start = Instant::now();
    let told = std::thread::spawn({
        let notify = Signer::new(e2e::samples::NOTIFY).sign(&message::notify(1, ZONE)).octets;
        let address = world.address();
        move || wire::udp_exchange_within(Duration::from_secs(30), address, &notify)
    });
    let mut slowest = Duration::ZERO;
    let mut all_there = || {
        let asked = Instant::now();
        let here = dig(world.address(), "www.example.com A +short") == "192.0.2.80";
        slowest = slowest.max(asked.elapsed());
        (here && last.iter().all(|n| serial(ours_at, &zone(*n)) == Some(2))).then_some(())
    };
    wait::find_within(patience, "the changes came", &mut all_there);
    told.join().expect("nobody panics").expect("the NOTIFY of the hook is answered");
    eprintln!("10,000 zones in {:?}, slowest answer meanwhile {slowest:?}", start.elapsed());
    for n in (0..ZONES).step_by(97) {
        wait::find_within(patience, "each of them", || serial(ours_at, &zone(n)).filter(|serial| *serial == 2));
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
