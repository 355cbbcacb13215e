//! `gitstead check`: what a server would say of these files, before they are pushed.

use caldav::check as calendars;
use dns_primary::repository::{Event, Repository};
use gitstore::Snapshot;

use crate::tree::{self, TreeError};

/// Checks the zone files and key files, or the users and calendars, of a folder or of a revision of the repository it
/// is run in.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder, or the revision.
    #[arg(default_value = ".")]
    tree: String,
}

/// Why the check did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is nothing to check.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It has been printed what is wrong.
    #[error("{errors} of {zones} zones could not be served, {keys} keys or key files are refused")]
    Refused {
        /// Zone files with errors.
        errors: usize,
        /// Zone files.
        zones: usize,
        /// Things wrong with key files.
        keys: usize,
    },
    /// It has been printed what is wrong.
    #[error("{0} files of users, groups and calendars could not be used")]
    Broken(usize),
}

/// Prints every error and warning; fails when there is an error.
pub fn run(arguments: &Arguments) -> Result<(), CheckError> {
    let snapshot = tree::load(&arguments.tree)?;
    if calendars::is_calendar_repository(&snapshot) { check_calendars(&snapshot) } else { check_zones(&snapshot) }
}

fn check_calendars(snapshot: &Snapshot) -> Result<(), CheckError> {
    let checked = calendars::check(snapshot);
    checked.findings.iter().for_each(|finding| println!("{finding}"));
    match checked.findings.iter().filter(|finding| !finding.is_warning).count() {
        0 => {
            println!(
                "{} users, {} collections and {} objects are good",
                checked.users, checked.collections, checked.objects
            );
            Ok(())
        }
        errors => Err(CheckError::Broken(errors)),
    }
}

fn check_zones(snapshot: &Snapshot) -> Result<(), CheckError> {
    let events = Repository::default().advance(snapshot).events;
    let (mut errors, mut zones, mut keys) = (0, 0, 0);
    for event in &events {
        match event {
            Event::Refused { diagnostics, .. } => {
                diagnostics.iter().for_each(|diagnostic| println!("{diagnostic}"));
                (errors, zones) = (errors + 1, zones + 1);
            }
            Event::Served { warnings, .. } => {
                warnings.iter().for_each(|warning| println!("{warning}"));
                zones += 1;
            }
            Event::Keys { problems, .. } => {
                problems.iter().for_each(|problem| println!("{problem}"));
                keys += problems.len();
            }
            Event::Rival { path, holder } => {
                println!("{path}: error: {holder} holds the same zone");
                (errors, zones) = (errors + 1, zones + 1);
            }
            Event::Ignored { path, reason } => println!("{path}: note: not a zone file: {reason}"),
            Event::Removed { .. } | Event::SerialNotAdvanced { .. } => (),
        }
    }
    if errors + keys > 0 {
        return Err(CheckError::Refused { errors, zones, keys });
    }
    println!("{zones} zones can be served");
    Ok(())
}
