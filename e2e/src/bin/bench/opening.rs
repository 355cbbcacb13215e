//! From exec to serving: one small zone; 10,000 of five records; one large zone. Ours fetches its repository over SSH,
//! the others read files.
//!
//! Memory is the proportional set size of all processes once it serves, its peak `VmHWM` of the largest; processor time
//! that of all of the server's processes. Ours does not count the time of sshd and git, which is in its wall-clock time
//! all the same.

use e2e::folder::{Folder, ZoneFile, write};

use crate::context::{Context, LARGE};
use crate::fleet::Fleet;
use crate::table::Table;
use crate::zone_text;

const ZONES: usize = 10_000;
const SMALL: &str = "small.test";

/// Measures and prints.
pub fn run(context: &mut Context) {
    let mut table = Table::new(&["", "zones", "exec to serving, s", "CPU s", "memory, MiB", "peak, MiB"]);
    let folder = Folder::new();
    let path = folder.join(SMALL);
    write(&path, zone_text::small(SMALL));
    rows(&mut table, &Fleet::start(&[ZoneFile { name: SMALL.to_owned(), path }], SMALL), "one small");
    let zones: Vec<ZoneFile> = (0..ZONES).map(|number| small(&folder, &format!("z{number:05}.test"))).collect();
    rows(&mut table, &Fleet::start(&zones, &zones[ZONES - 1].name), &format!("{ZONES} of five records"));
    context.dismiss();
    let records = context.records;
    rows(&mut table, context.fleet(), &format!("one of {records} records ({LARGE})"));
    table.print();
}

fn small(folder: &Folder, apex: &str) -> ZoneFile {
    let path = folder.join(apex);
    write(&path, zone_text::tiny(apex));
    ZoneFile { name: apex.to_owned(), path }
}

fn rows(table: &mut Table, fleet: &Fleet, zones: &str) {
    for member in &fleet.members {
        table.row([
            member.name.to_owned(),
            zones.to_owned(),
            format!("{:.3}", member.ready.as_secs_f64()),
            format!("{:.2}", member.load_time.total().as_secs_f64()),
            format!("{:.1}", member.memory as f64 / 1024.0),
            format!("{:.0}", member.peak as f64 / 1024.0),
        ]);
    }
}
