//! How zones and keys lie in the git repository: a file for each zone at the root, named by the zone; TSIG keys in
//! `_keys` and `ZONE._keys`; every other file is somebody else's and is left alone.
//!
//! A [`Repository`] is what one tree means. It is immutable and shares what a commit did not touch with the one before,
//! so that a push of one zone and an update of one record cost what they change. What was served last stays served when
//! a file breaks: that is why a repository is reached by [`Repository::advance`] from the one before, and not from its
//! tree alone.

mod advance;
mod catalog;
mod files;
mod past;
mod plan;
mod shards;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use dns::keys::KeySet;
use dns::transfer::Difference;
use dns::zone_set::ZoneSet;
use dns::zonefile::{Diagnostic, Document, KeyRecord, Severity};
use dns::{Name, Serial, Zone};
use gitstore::Snapshot;

pub use advance::Advanced;
pub use catalog::CatalogError;
pub use files::zone_name;
pub use past::Past;
pub use plan::{Plan, PlanError, PlannedChange};
use shards::Shards;

/// What to do about a zone whose content changed but whose serial was not advanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SerialPolicy {
    /// Commit the next serial.
    Auto,
    /// Go on serving the old zone until somebody advances it.
    Manual,
}

/// What one tree of the repository means.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    snapshot: Option<Snapshot>,
    zone_files: Shards<Arc<ZoneFile>>,
    /// Which zones read a file, for files that are included.
    included_by: Arc<HashMap<String, BTreeSet<Name>>>,
    key_files: Arc<BTreeMap<String, Vec<KeyRecord>>>,
    keys: KeySet,
    /// Zones as they are served.
    zones: ZoneSet,
    /// Zones as their files say; those of broken files as they are served.
    written: ZoneSet,
}

/// The file at the root that holds a zone, or should.
#[derive(Debug)]
struct ZoneFile {
    path: String,
    /// Every file that was read for it, its own included.
    files: Vec<String>,
    content: Content,
    /// What is served, from this or an earlier version.
    served: Option<Zone>,
    /// Other files whose names mean the same zone, such as one in capital letters.
    rivals: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Content {
    /// It is no zone file.
    Ignored,
    /// It cannot be read as a zone.
    Broken,
    /// It is a zone, and what is served unless its serial was not advanced.
    Zone { zone: Zone, document: Document },
}

/// What happened to a file, for the log, the metrics and the note on the commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A zone is served in this version from now on.
    Served {
        /// The zone.
        apex: Name,
        /// Its version.
        serial: Serial,
        /// What is odd about it but does not keep it from being served.
        warnings: Vec<Diagnostic>,
    },
    /// A zone is no longer there.
    Removed {
        /// The zone.
        apex: Name,
    },
    /// A file that should be a zone cannot be read as one.
    Refused {
        /// The zone.
        apex: Name,
        /// What is wrong, all of it.
        diagnostics: Vec<Diagnostic>,
        /// The version that stays.
        still: Option<Serial>,
    },
    /// The content of a zone changed, its serial did not advance.
    SerialNotAdvanced {
        /// The zone.
        apex: Name,
        /// The serial that was pushed.
        pushed: Serial,
        /// The serial that is served.
        served: Serial,
    },
    /// A file that is no zone file.
    Ignored {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file's name means a zone that another file holds.
    Rival {
        /// The file.
        path: String,
        /// The file that holds the zone.
        holder: String,
    },
    /// Key files were read.
    Keys {
        /// Keys that may be used.
        count: usize,
        /// What was refused and why, with file and line.
        problems: Vec<String>,
    },
}

impl Repository {
    /// The zones as they are to be served.
    pub fn zones(&self) -> &ZoneSet {
        &self.zones
    }

    /// The zones as their files say, which is what an update changes.
    pub fn zones_in_files(&self) -> &ZoneSet {
        &self.written
    }

    /// The keys.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The tree that this is the meaning of; none before the first.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// How many zone files are not served as they are: broken, or held back.
    pub fn refused(&self) -> usize {
        let refused = |file: &ZoneFile| matches!(file.content, Content::Broken) || file.held_back().is_some();
        self.zone_files.iter().filter(|(_, file)| refused(file)).count()
    }

    fn zone_file(&self, apex: &Name) -> Option<&Arc<ZoneFile>> {
        self.zone_files.get(apex)
    }
}

impl ZoneFile {
    /// The zone in the file, when it is held back because its serial was not advanced.
    fn held_back(&self) -> Option<(&Zone, Serial)> {
        match (&self.content, &self.served) {
            (Content::Zone { zone, .. }, Some(served)) if is_held_back(zone, served) => Some((zone, served.serial())),
            _ => None,
        }
    }
}

/// The content differs, and whoever compares serials would not see it.
fn is_held_back(zone: &Zone, served: &Zone) -> bool {
    !zone.serial().is_after(served.serial()) && !Difference::between(served, zone).is_empty()
}

impl Event {
    /// Whether somebody has to do something about it.
    pub fn is_trouble(&self) -> bool {
        match self {
            Event::Refused { .. } | Event::SerialNotAdvanced { .. } | Event::Rival { .. } => true,
            Event::Keys { problems, .. } => !problems.is_empty(),
            Event::Served { .. } | Event::Removed { .. } | Event::Ignored { .. } => false,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Served { apex, serial, warnings } => {
                write!(f, "{apex} is served with serial {serial}")?;
                let mut shown = warnings.iter().filter(|warning| warning.severity > Severity::Info);
                shown.try_for_each(|warning| write!(f, "\n  {warning}"))
            }
            Event::Removed { apex } => write!(f, "{apex} is no longer served"),
            Event::Refused { apex, diagnostics, still } => {
                match still {
                    Some(serial) => write!(f, "{apex} is refused, serial {serial} is still served:")?,
                    None => write!(f, "{apex} is refused and not served:")?,
                }
                diagnostics.iter().try_for_each(|diagnostic| write!(f, "\n  {diagnostic}"))
            }
            Event::SerialNotAdvanced { apex, pushed, served } => {
                write!(f, "{apex} changed but its serial {pushed} is not after {served}, which is served")
            }
            Event::Ignored { path, reason } => write!(f, "{path} is no zone file: {reason}"),
            Event::Rival { path, holder } => write!(f, "{path} is not served: {holder} holds the same zone"),
            Event::Keys { count, problems } => {
                write!(f, "{count} keys may be used")?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}
