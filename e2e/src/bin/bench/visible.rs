//! How long after the answer to an UPDATE a secondary serves it: our primary with secondaries of all kinds. The next
//! update comes when all have followed, and a while later, since BIND and NSD limit how soon they refresh again.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::bind::Bind;
use e2e::built;
use e2e::folder::Folder;
use e2e::knot::Knot;
use e2e::message::{self, Signer};
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::process::Process;
use e2e::samples::{ROOT, TRANSFER};
use e2e::{wait, wire};

use crate::context::Context;
use crate::machine::{SERVERS, on_core};
use crate::ours::Ours;
use crate::samples_of::Samples;
use crate::table::Table;
use crate::zone_text;

const ZONE: &str = "example.com";
const UPDATES: usize = 4;
const APART: Duration = Duration::from_millis(1500);

/// Measures and prints.
pub fn run(context: &mut Context) {
    let mut ours = Ours::new(&[(ZONE.to_owned(), zone_text::small(ZONE))]);
    let addresses = [(); 4].map(|()| free_address());
    ours.serve(ZONE, &addresses.map(|address| format!("{address}@{}", TRANSFER.name)));
    let (folder, from) = (Folder::new(), ours.address());
    let _secondary = on_core(SERVERS, || secondary(&folder, addresses[0], from));
    let _nsd = on_core(SERVERS, || Nsd::secondary(&folder, addresses[1], from, &[ZONE], &TRANSFER));
    let _knot = on_core(SERVERS, || Knot::secondary(&folder, addresses[2], from, &[ZONE], &TRANSFER));
    let _bind = on_core(SERVERS, || Bind::secondary(&folder, addresses[3], from, &[ZONE], &TRANSFER));
    wait::until("the secondaries have the zone", || addresses.iter().all(|server| wire::serves(*server, ZONE)));
    let mut times = [(); 4].map(|()| Samples::default());
    for number in 0..UPDATES * context.rounds {
        let each = update_and_follow(from, number, &addresses);
        times.iter_mut().zip(each).for_each(|(samples, time)| samples.add_time(time));
        std::thread::sleep(APART);
    }
    let mut table = Table::new(&["secondary of dns-primary", "UPDATE answered → visible there, ms"]);
    for (name, times) in ["dns-secondary", "NSD", "Knot", "BIND"].iter().zip(&times) {
        table.row([(*name).to_owned(), times.show(1)]);
    }
    table.print();
}

/// Ours, with the zone from `primary`.
pub fn secondary(folder: &Folder, address: SocketAddr, primary: SocketAddr) -> Process {
    let algorithm = TRANSFER.algorithm.trim_start_matches("hmac-").to_uppercase();
    let mut command: Command = built::command("dns-secondary", "dns-secondary");
    command.args(["--listen", &address.to_string(), "--zone", ZONE, "--logs", "*:warning"]);
    command.args(["--keys", &format!("{}:{algorithm}:{}", TRANSFER.name, TRANSFER.secret)]);
    command.args(["--primary", &format!("{primary}@{}", TRANSFER.name)]);
    Process::start("dns-secondary", &mut command, &folder.join("dns-secondary.log"))
}

/// Updates, and how long after the answer each server had the next serial.
fn update_and_follow(primary: SocketAddr, number: usize, servers: &[SocketAddr; 4]) -> [Duration; 4] {
    let before = wire::serial(primary, ZONE).expect("the primary serves the zone");
    let record = message::a(&format!("visible{number}.{ZONE}"), 60, [192, 0, 2, 1]);
    let update = Signer::new(ROOT).sign(&message::update(number as u16, ZONE, &[record]));
    let reply = wire::udp_exchange(primary, &update.octets);
    assert_eq!(reply.rcode(), 0, "the update is accepted");
    let start = Instant::now();
    let mut times = [None; 4];
    while times.contains(&None) {
        assert!(start.elapsed() < wait::PATIENCE, "all follow: {times:?}");
        for (time, server) in times.iter_mut().zip(servers) {
            if time.is_none() && wire::serial(*server, ZONE).is_some_and(|serial| serial > before) {
                *time = Some(start.elapsed());
            }
        }
    }
    times.map(|time| time.expect("the loop ends when all are there"))
}
