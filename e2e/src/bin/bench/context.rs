//! What the arguments say, and what several scenarios share: the large zone and the servers that hold it.

use std::path::PathBuf;

use e2e::folder::{Folder, ZoneFile, write};

use crate::fleet::Fleet;
use crate::zone_text;

/// The name of the large zone.
pub const LARGE: &str = "big.test";

/// Settings and what is made once.
#[derive(Debug)]
pub struct Context {
    /// How often each figure is measured.
    pub rounds: usize,
    /// Records of the large zone.
    pub records: usize,
    folder: Folder,
    large: Option<PathBuf>,
    fleet: Option<Fleet>,
}

impl Context {
    /// Reads the arguments; the rest are the names of scenarios.
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<(Context, Vec<String>), String> {
        let mut context = Context { rounds: 3, records: 1_000_000, folder: Folder::new(), large: None, fleet: None };
        let (mut arguments, mut wanted) = (arguments, Vec::new());
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().and_then(|value| value.parse().ok()).filter(|value| *value > 0);
                value.ok_or(format!("{argument} takes a number"))
            };
            match argument.as_str() {
                "--rounds" => context.rounds = number()?,
                "--records" => context.records = number()?,
                _ => wanted.push(argument),
            }
        }
        Ok((context, wanted))
    }

    /// The file of the large zone.
    pub fn large_zone(&mut self) -> ZoneFile {
        let path = self.large.get_or_insert_with(|| {
            let path = self.folder.join(LARGE);
            write(&path, zone_text::large(LARGE, self.records));
            path
        });
        ZoneFile { name: LARGE.to_owned(), path: path.clone() }
    }

    /// All servers with the large zone; started when first asked for.
    pub fn fleet(&mut self) -> &mut Fleet {
        let zone = self.large_zone();
        self.fleet.get_or_insert_with(|| Fleet::start(&[zone], LARGE))
    }

    /// Ends the servers with the large zone.
    pub fn dismiss(&mut self) {
        self.fleet = None;
    }
}
