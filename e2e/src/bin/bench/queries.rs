//! Answers over UDP: the small zone, the same signed with the bit DO, and the large one, at saturation.
//!
//! Servers on one core, the load on another. What counts is the server's processor time per answer, in its own code and
//! in the kernel; answers a second are what was left of the cores for it. The small zone's mix: 60 % existing, 10 %
//! each NODATA, CNAME and NXDOMAIN, 5 % each wildcard and referral. The large one's: 76 % existing, 12 % each NODATA or
//! AAAA and NXDOMAIN, names in random order.

use std::process::Command;
use std::time::Duration;

use e2e::folder::{Folder, ZoneFile, write};
use e2e::process::run as run_program;

use crate::blast::Queries;
use crate::context::{Context, LARGE};
use crate::fleet::Fleet;
use crate::machine::{CLIENTS, on_core};
use crate::samples_of::Samples;
use crate::table::Table;
use crate::zone_text;

const SMALL: &str = "small.test";
const EACH: Duration = Duration::from_millis(1500);

/// Measures and prints.
pub fn run(context: &mut Context) {
    let heads = ["", "zone", "CPU µs per answer", "of it user", "answers/s", "octets", "bad + lost"];
    let mut table = Table::new(&heads);
    let folder = Folder::new();
    let path = folder.join(SMALL);
    write(&path, zone_text::small(SMALL));
    let mut fleet = Fleet::start(&[ZoneFile { name: SMALL.to_owned(), path }], SMALL);
    measure(&mut table, "small", &mut fleet, &Queries::new(&zone_text::small_queries(SMALL)), context.rounds);
    drop(fleet);
    let mut fleet = Fleet::start(&[signed(&folder)], SMALL);
    let queries = Queries::new(&zone_text::small_queries(SMALL)).with_dnssec();
    measure(&mut table, "small, signed, DO", &mut fleet, &queries, context.rounds);
    drop(fleet);
    let text = std::fs::read_to_string(context.large_zone().path).expect("the zone was written");
    let (queries, rounds) = (Queries::new(&zone_text::large_queries(LARGE, &text)), context.rounds);
    let zone = format!("{} records", context.records);
    measure(&mut table, &zone, context.fleet(), &queries, rounds);
    table.print();
}

/// The small zone with NSEC and signatures of ECDSA P-256.
fn signed(folder: &Folder) -> ZoneFile {
    let (unsigned, path) = (folder.join("unsigned"), folder.join("signed"));
    write(&unsigned, zone_text::small(SMALL));
    let ldns = |command: &mut Command| {
        let outcome = run_program(command.current_dir(folder.join("")), "");
        assert!(outcome.success, "{command:?}: {}", outcome.output);
        outcome.output
    };
    let key = ldns(Command::new("ldns-keygen").args(["-a", "ECDSAP256SHA256", "-k", SMALL]));
    let mut sign = Command::new("ldns-signzone");
    ldns(sign.args(["-e", "20380101000000", "-o", SMALL, "-f"]).arg(&path).arg(&unsigned).arg(key.trim()));
    ZoneFile { name: SMALL.to_owned(), path }
}

#[derive(Default, Clone)]
struct Row {
    total: Samples,
    user: Samples,
    rate: Samples,
    octets: Samples,
    failed: u64,
}

fn measure(table: &mut Table, zone: &str, fleet: &mut Fleet, queries: &Queries, rounds: usize) {
    let mut rows = vec![Row::default(); fleet.members.len()];
    for (_, member) in fleet.in_turn(0) {
        on_core(CLIENTS, || queries.blast(member.address, EACH / 3));
    }
    for round in 0..rounds {
        for (place, member) in fleet.in_turn(round) {
            let before = member.time();
            let outcome = on_core(CLIENTS, || queries.blast(member.address, EACH));
            let time = member.time().since(before);
            let answers = outcome.answers.max(1) as f64;
            let row = &mut rows[place];
            row.total.add(time.total().as_secs_f64() * 1e6 / answers);
            row.user.add(time.user.as_secs_f64() * 1e6 / answers);
            row.rate.add(outcome.answers as f64 / outcome.time.as_secs_f64());
            row.octets.add(outcome.octets as f64 / answers);
            row.failed += outcome.bad + outcome.lost;
        }
    }
    for (member, row) in fleet.members.iter().zip(rows) {
        table.row([
            member.name.to_owned(),
            zone.to_owned(),
            row.total.show(1),
            row.user.show(1),
            row.rate.show(0),
            format!("{:.0}", row.octets.median()),
            row.failed.to_string(),
        ]);
    }
}
