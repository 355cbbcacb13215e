//! From changes of zones to changes of files, and to what the tree that has them will mean.

use std::sync::Arc;

use bytes::Bytes;
use dns::transfer::Difference;
use dns::update::ZoneChange;
use dns::zonefile::{self, Document, FileChange, Files};
use dns::{Name, Serial, Zone};
use gitstore::Snapshot;

use super::files::path_of;
use super::{Content, Repository, ZoneFile};

/// Changes of zones turned into changes of files.
#[derive(Debug)]
pub struct Plan {
    next: Repository,
    /// Zones and which of their files changed.
    changed: Vec<(Name, Vec<String>)>,
    /// What to do to the files.
    pub changes: Vec<PlannedChange>,
}

/// A change of one file.
#[derive(Debug)]
pub enum PlannedChange {
    /// Replace ranges of its text.
    Edit(FileChange),
    /// Write it anew.
    Write {
        /// The file.
        path: String,
        /// Its text.
        text: Bytes,
    },
}

/// Why an update cannot be written down.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// At fault: who pushed the file.
    #[error("{0} is broken in the repository and must be mended there first")]
    Broken(String),
    /// At fault: us; the file could not be edited.
    #[error("{path} could not be edited: {reason}")]
    Edit {
        /// The file.
        path: String,
        /// What the editor says.
        reason: String,
    },
    /// At fault: the client; no file can be named so, or another file is in the way.
    #[error("there can be no file for a zone named {0}")]
    Name(Name),
}

impl Repository {
    /// Turns changes of zones into changes of files. A serial that would not come after the served one is advanced.
    pub fn plan(&self, changes: Vec<ZoneChange>) -> Result<Plan, PlanError> {
        let mut plan = Plan { next: self.clone(), changed: vec![], changes: vec![] };
        for change in changes {
            plan.change_zone(change)?;
        }
        Ok(plan)
    }

    /// Zones that are not served as their files have them, since their serials were not advanced.
    pub fn held_back(&self) -> Vec<Name> {
        let held = self.zone_files.iter().filter(|(_, file)| file.held_back().is_some());
        held.map(|(apex, _)| apex.clone()).collect()
    }

    /// The changes that advance the serials of those of `apexes` that are held back.
    pub fn advance_serials(&self, apexes: &[Name]) -> Vec<ZoneChange> {
        let file = |apex| self.zone_file(apex);
        apexes.iter().filter_map(file).filter_map(|file| file.held_back()).map(advance_serial).collect()
    }
}

impl Plan {
    /// What the repository means once its tree is `snapshot`.
    pub fn finish(mut self, snapshot: Snapshot) -> Repository {
        for (apex, paths) in std::mem::take(&mut self.changed) {
            if let Some(file) = self.next.zone_file(&apex).map(|file| file.sharing(&paths, &snapshot)) {
                self.next.zone_files.insert(apex, Arc::new(file));
            }
        }
        self.next.snapshot = Some(snapshot);
        self.next
    }

    fn change_zone(&mut self, change: ZoneChange) -> Result<(), PlanError> {
        match self.next.zone_file(&change.apex).cloned() {
            Some(file) => self.edit(&file, change.difference, change.after),
            None => self.create(change.after),
        }
    }

    fn edit(&mut self, file: &ZoneFile, mut difference: Difference, mut after: Zone) -> Result<(), PlanError> {
        let Content::Zone { zone, document } = &file.content else { return Err(PlanError::Broken(file.path.clone())) };
        let apex = zone.apex().clone();
        if let Some(served) = file.served.as_ref().filter(|served| !after.serial().is_after(served.serial())) {
            after = raise_serial(&after, served.serial(), &mut difference);
        }
        let failed = |error: &dyn ToString| PlanError::Edit { path: file.path.clone(), reason: error.to_string() };
        let edited = document.edit(zone, &difference).map_err(|error| failed(&error))?;
        self.changed.push((apex.clone(), edited.changes.iter().map(|change| change.path.clone()).collect()));
        self.changes.extend(edited.changes.into_iter().map(PlannedChange::Edit));
        let content = Content::Zone { zone: after.clone(), document: edited.document };
        let (path, files, rivals) = (file.path.clone(), file.files.clone(), file.rivals.clone());
        self.serve(apex, ZoneFile { path, files, content, served: Some(after), rivals });
        Ok(())
    }

    /// A zone that came to be by an update gets a file of its own.
    fn create(&mut self, zone: Zone) -> Result<(), PlanError> {
        let apex = zone.apex().clone();
        let in_the_way = |path: &String| self.next.snapshot.as_ref().is_some_and(|tree| tree.entry(path).is_some());
        let path = path_of(&apex).filter(|path| !in_the_way(path)).ok_or_else(|| PlanError::Name(apex.clone()))?;
        let text = Bytes::from(zonefile::print(&zone));
        let document = zonefile::parse(&path, &apex, &OneFile(&path, &text)).document;
        let document =
            document.ok_or_else(|| PlanError::Edit { path: path.clone(), reason: "it does not read back".into() })?;
        let content = Content::Zone { zone: zone.clone(), document };
        self.changed.push((apex.clone(), vec![path.clone()]));
        self.changes.push(PlannedChange::Write { path: path.clone(), text });
        let (files, rivals) = (vec![path.clone()], Default::default());
        self.serve(apex, ZoneFile { path, files, content, served: Some(zone), rivals });
        Ok(())
    }

    fn serve(&mut self, apex: Name, file: ZoneFile) {
        if let Some(zone) = &file.served {
            self.next.zones = self.next.zones.with(zone.clone());
            self.next.written = self.next.written.with(zone.clone());
        }
        self.next.zone_files.insert(apex, Arc::new(file));
    }
}

impl ZoneFile {
    /// The same, with the texts of `snapshot` in place of copies: one text in memory is enough.
    fn sharing(&self, paths: &[String], snapshot: &Snapshot) -> ZoneFile {
        let content = match &self.content {
            Content::Zone { zone, document } => {
                let share = |document: Document, path: &String| match snapshot.read(path) {
                    Ok(text) => document.sharing(path, &text),
                    Err(_) => document,
                };
                Content::Zone { zone: zone.clone(), document: paths.iter().fold(document.clone(), share) }
            }
            other => other.clone(),
        };
        let (path, files) = (self.path.clone(), self.files.clone());
        ZoneFile { path, files, content, served: self.served.clone(), rivals: self.rivals.clone() }
    }
}

fn advance_serial((zone, served): (&Zone, Serial)) -> ZoneChange {
    let mut difference = Difference::default();
    let after = raise_serial(zone, served, &mut difference);
    ZoneChange { apex: zone.apex().clone(), before: Some(zone.clone()), after, difference }
}

/// Gives `zone` the serial after `served`, and says so in `difference`, which led to `zone`.
fn raise_serial(zone: &Zone, served: Serial, difference: &mut Difference) -> Zone {
    let before = zone.soa_record();
    let mut after = before.clone();
    after.rdata = dns::Soa { serial: served.next(), ..zone.soa() }.encode();
    let step = Difference { removed: vec![before.clone()], added: vec![after.clone()] };
    let raised = zone.apply(&step).expect("a zone stays a zone when its serial changes");
    match difference.added.iter_mut().find(|record| **record == before) {
        Some(added) => *added = after,
        None => {
            difference.removed.push(before);
            difference.added.push(after);
        }
    }
    raised
}

/// A repository of one file.
struct OneFile<'a>(&'a str, &'a Bytes);

impl Files for OneFile<'_> {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        if path == self.0 { Ok(self.1.clone()) } else { Err("there is no such file".to_owned()) }
    }
}
