//! From exec to serving: 10,000 small zones; one large zone. Ours fetches its repository over SSH, the others read files.
//!
//! Peak memory is `VmHWM` of the largest process, processor time that of all of the server's processes. Ours does not
//! count the time of sshd and git, which is in its wall-clock time all the same.

use e2e::folder::{Folder, ZoneFile, write};

use crate::context::{Context, LARGE};
use crate::fleet::Fleet;
use crate::table::Table;
use crate::zone_text;

const ZONES: usize = 10_000;

/// Measures and prints.
pub fn run(context: &mut Context) {
    let mut table = Table::new(&["", "zones", "exec to serving, s", "CPU s", "peak memory, MiB"]);
    let folder = Folder::new();
    let zones: Vec<ZoneFile> = (0..ZONES).map(|number| small(&folder, &format!("z{number:05}.test"))).collect();
    rows(&mut table, &Fleet::start(&zones, &zones[ZONES - 1].name), &format!("{ZONES} small"));
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
            format!("{:.2}", member.ready.as_secs_f64()),
            format!("{:.2}", member.load_time.total().as_secs_f64()),
            format!("{:.0}", member.peak as f64 / 1024.0),
        ]);
    }
}
