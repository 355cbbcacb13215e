//! What a zone was in an older tree: for those who have that version and ask what changed since.

use dns::{Name, Serial, Zone, zonefile};
use gitstore::{ReadError, Snapshot};

use super::Repository;
use super::files::{Tree, read_regular};

/// Octets of a zone file that is read again from the history.
const MOST_OCTETS: usize = 8 << 20;

/// What a zone was.
#[derive(Clone, Debug)]
pub enum Past {
    /// There was none, at least not where it is now.
    Absent,
    /// Its file could not be read as a zone: what was served then is what the tree before says.
    Broken,
    /// This version.
    Zone(Zone),
}

impl Past {
    /// Its serial, when it was a zone.
    pub fn serial(&self) -> Option<Serial> {
        match self {
            Past::Zone(zone) => Some(zone.serial()),
            Past::Absent | Past::Broken => None,
        }
    }
}

impl Repository {
    /// What the zone `apex` was in `snapshot`, by the file that holds it today.
    pub fn zone_in(&self, apex: &Name, snapshot: &Snapshot) -> Past {
        let Some(path) = self.zone_file(apex).map(|file| file.path.as_str()) else { return Past::Absent };
        match read_regular(snapshot, path) {
            Err(ReadError::NotFound(_) | ReadError::NotAFile(_)) => return Past::Absent,
            Ok(text) if text.len() <= MOST_OCTETS => {}
            Ok(_) | Err(_) => return Past::Broken,
        }
        zonefile::parse(path, apex, &Tree(snapshot)).zone.map_or(Past::Broken, Past::Zone)
    }
}
