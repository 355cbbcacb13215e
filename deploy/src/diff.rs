//! `gitstead diff`: what would change, record by record.

use std::collections::BTreeSet;

use dns::transfer::Difference;
use dns::zonefile::rdata_text;
use dns::{Name, Record, Zone, ZoneSet};
use dns_primary::repository::{Event, Repository};

use crate::tree::{self, TreeError};

/// Shows which records differ between two folders, or two revisions of the repository it is run in.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder or revision that is served.
    old: String,
    /// The folder or revision that may be.
    new: String,
}

/// Why there is no difference to show, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A side cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Zones of the new side have errors, which have been printed.
    #[error("{0} zones of the new side could not be served")]
    Refused(usize),
}

/// Prints the difference zone by zone.
pub fn run(arguments: &Arguments) -> Result<(), DiffError> {
    let old = Repository::default().advance(&tree::load(&arguments.old)?).repository;
    // As the server would go on: what breaks stays as it was, and a serial that does not advance is noticed.
    let advanced = old.advance(&tree::load(&arguments.new)?);
    let new = advanced.repository.zones_in_files();
    let apexes: BTreeSet<&Name> = old.zones().iter().chain(new.iter()).map(Zone::apex).collect();
    apexes.into_iter().for_each(|apex| print_zone(apex, old.zones(), new));
    let mut refused = 0;
    for event in &advanced.events {
        match event {
            Event::Refused { diagnostics, .. } => {
                diagnostics.iter().for_each(|diagnostic| println!("{diagnostic}"));
                refused += 1;
            }
            Event::SerialNotAdvanced { .. } => println!("{event}"),
            Event::Keys { problems, .. } => problems.iter().for_each(|problem| println!("{problem}")),
            Event::Served { .. } | Event::Removed { .. } | Event::Ignored { .. } => (),
        }
    }
    if refused == 0 { Ok(()) } else { Err(DiffError::Refused(refused)) }
}

fn print_zone(apex: &Name, old: &ZoneSet, new: &ZoneSet) {
    match (old.get(apex), new.get(apex)) {
        (Some(old), Some(new)) => {
            let difference = Difference::between(old, new);
            if !difference.is_empty() {
                println!("zone {apex} serial {} to {}", old.serial(), new.serial());
                print_records(difference);
            }
        }
        (None, Some(new)) => {
            println!("zone {apex} is new, serial {}", new.serial());
            print_records(Difference { removed: vec![], added: new.records().collect() });
        }
        (Some(old), None) => println!("zone {apex} is removed with {} records", old.record_count()),
        (None, None) => (),
    }
}

fn print_records(difference: Difference) {
    let removed = difference.removed.into_iter().map(|record| (record, '-'));
    let added = difference.added.into_iter().map(|record| (record, '+'));
    let mut records: Vec<(Record, char)> = removed.chain(added).collect();
    records.sort_by(|(a, a_sign), (b, b_sign)| {
        let key = |record: &Record| (record.owner.clone(), record.rtype);
        key(a).cmp(&key(b)).then(b_sign.cmp(a_sign))
    });
    for (Record { owner, rtype, ttl, rdata }, sign) in records {
        println!("{sign} {owner} {ttl} {rtype} {}", rdata_text::print(rtype, &rdata, &Name::root()));
    }
}
