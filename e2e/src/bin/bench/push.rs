//! An operator pushes: how long until our primary serves it, and until its secondaries do.
//!
//! The operator's `git push` is stock git over SSH. When it returns, a signed NOTIFY goes to the primary, as a
//! post-receive hook would send it; from then on all servers are asked for the serial in turn, without pause. BIND and
//! NSD limit how soon they refresh again, so the secondaries start fresh and a round waits until all have followed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::bind::Bind;
use e2e::clients::serial;
use e2e::folder::Folder;
use e2e::knot::Knot;
use e2e::message::{Signer, notify};
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::samples::{NOTIFY, TRANSFER};
use e2e::wait;
use e2e::wire;

use crate::context::Context;
use crate::machine::{SERVERS, on_core};
use crate::ours::Ours;
use crate::samples_of::Samples;
use crate::table::Table;
use crate::zone_text;

const ZONE: &str = "example.com";
const PUSHES: u32 = 4;

/// Measures and prints.
pub fn run(context: &mut Context) {
    let mut ours = Ours::new(&[(ZONE.to_owned(), zone_text::small(ZONE))]);
    let addresses = [free_address(), free_address(), free_address()];
    ours.serve(ZONE, &addresses.map(|address| format!("{address}@{}", TRANSFER.name)));
    let (folder, from) = (Folder::new(), ours.address());
    let knot = on_core(SERVERS, || Knot::secondary(&folder, addresses[0], from, &[ZONE], &TRANSFER));
    let bind = on_core(SERVERS, || Bind::secondary(&folder, addresses[1], from, &[ZONE], &TRANSFER));
    let nsd = on_core(SERVERS, || Nsd::secondary(&folder, addresses[2], from, &[ZONE], &TRANSFER));
    let servers = [
        ("dns-primary serves it", from),
        ("Knot, a secondary, serves it", knot.address()),
        ("BIND, a secondary, serves it", bind.address()),
        ("NSD, a secondary, serves it", nsd.address()),
    ];
    wait::until("the secondaries have the zone", || servers.iter().all(|(_, server)| serial(*server, ZONE) == Some(1)));
    let tree = ours.sshd.work_tree(&ours.repository, &ours.folder.join("work"));
    let (mut pushed, mut served) = (Samples::default(), [(); 4].map(|()| Samples::default()));
    for number in 2..2 + PUSHES * context.rounds as u32 {
        tree.replace(ZONE, &format!("hostmaster {} ", number - 1), &format!("hostmaster {number} "));
        tree.commit("A new serial");
        let start = Instant::now();
        tree.push();
        pushed.add_time(start.elapsed());
        let times = follow(from, number, &servers.map(|(_, server)| server));
        served.iter_mut().zip(times).for_each(|(samples, time)| samples.add_time(time));
    }
    let mut table = Table::new(&["", "ms, median (min–max)"]);
    table.row(["git push, by the operator".to_owned(), pushed.show(1)]);
    for ((name, _), samples) in servers.iter().zip(&served) {
        table.row([format!("NOTIFY → {name}"), samples.show(1)]);
    }
    table.print();
}

/// Tells the primary, and how long it took each server to have the serial.
fn follow(primary: SocketAddr, serial: u32, servers: &[SocketAddr; 4]) -> [Duration; 4] {
    let start = Instant::now();
    let reply = wire::udp_exchange(primary, &Signer::new(NOTIFY).sign(&notify(4711, ZONE)).octets);
    assert_eq!(reply.rcode(), 0, "the NOTIFY is acknowledged");
    let mut times = [None; 4];
    while times.contains(&None) {
        assert!(start.elapsed() < wait::PATIENCE, "all serve serial {serial}: {times:?}");
        for (time, server) in times.iter_mut().zip(servers) {
            if time.is_none() && wire::serial(*server, ZONE) == Some(serial) {
                *time = Some(start.elapsed());
            }
        }
    }
    times.map(|time| time.expect("the loop ends when all are there"))
}
