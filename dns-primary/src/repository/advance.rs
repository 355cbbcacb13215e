//! From what one tree means to what the next one means, reading only what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dns::keys::{KeyEntry, KeySet, domain_of_file};
use dns::zonefile::{self, Diagnostic, Document, KeyRecord, Severity};
use dns::{Name, Zone};
use gitstore::{EntryKind, ReadError, Snapshot};

use super::files::{Tree, looks_like_a_zone, read_regular, zone_name};
use super::{Content, Event, Repository, ZoneFile, is_held_back};

/// A repository and what was seen on the way to it.
#[derive(Debug)]
pub struct Advanced {
    /// What the tree means.
    pub repository: Repository,
    /// What changed, in the order of files.
    pub events: Vec<Event>,
}

impl Repository {
    /// What `snapshot` means to those who were served this repository so far.
    pub fn advance(&self, snapshot: &Snapshot) -> Advanced {
        let mut advancing = Advancing { next: self.clone(), snapshot, events: vec![] };
        let changed = advancing.changed_files();
        advancing.read_keys(&changed);
        for (path, apex) in advancing.touched_zone_files(&changed) {
            advancing.read_zone_file(&path, &apex);
        }
        advancing.next.snapshot = Some(snapshot.clone());
        Advanced { repository: advancing.next, events: advancing.events }
    }
}

struct Advancing<'a> {
    next: Repository,
    snapshot: &'a Snapshot,
    events: Vec<Event>,
}

/// What reading a zone file came to.
struct Read {
    files: Vec<String>,
    content: Content,
    served: Option<Zone>,
}

impl Advancing<'_> {
    /// Every changed file, and whether it is a regular file now.
    fn changed_files(&self) -> BTreeMap<String, bool> {
        let regular = |kind: EntryKind| matches!(kind, EntryKind::File | EntryKind::Executable);
        match &self.next.snapshot {
            Some(before) => {
                let changed = self.snapshot.changed_paths(before).into_iter();
                changed.map(|path| (path.path, path.after.is_some_and(|(kind, _)| regular(kind)))).collect()
            }
            None => {
                let entries = self.snapshot.list("").into_iter();
                entries.map(|entry| (entry.name, regular(entry.kind))).collect()
            }
        }
    }

    /// Files that may mean another zone than before: those that changed, and those that include one that changed.
    fn touched_zone_files(&self, changed: &BTreeMap<String, bool>) -> BTreeSet<(String, Name)> {
        let mut touched = BTreeSet::new();
        for path in changed.keys() {
            touched.extend(zone_name(path).map(|apex| (path.clone(), apex)));
            for apex in self.next.included_by.get(path).into_iter().flatten() {
                touched.extend(self.next.zone_file(apex).map(|file| (file.path.clone(), apex.clone())));
            }
        }
        touched
    }

    fn read_keys(&mut self, changed: &BTreeMap<String, bool>) {
        let changed: Vec<_> = changed.iter().filter(|(path, _)| domain_of_file(path).is_some()).collect();
        if changed.is_empty() {
            return;
        }
        let mut problems = vec![];
        let mut key_files = BTreeMap::clone(&self.next.key_files);
        for (path, regular) in changed {
            let before = key_files.remove(path).unwrap_or_default();
            if !regular {
                continue;
            }
            match read_regular(self.snapshot, path) {
                Ok(text) => {
                    let (records, diagnostics) = zonefile::parse_keys(path, &text);
                    problems.extend(diagnostics.iter().map(ToString::to_string));
                    // A typo that hides every key must not lock everybody out; a bad key among good ones is just gone.
                    let unreadable = records.is_empty() && !diagnostics.is_empty();
                    key_files.insert(path.clone(), if unreadable { before } else { records });
                }
                Err(error) => {
                    problems.push(format!("{path}: error: {error}"));
                    key_files.insert(path.clone(), before);
                }
            }
        }
        let collected = KeySet::collect(key_files.iter().flat_map(|(path, records)| entries(path, records)));
        problems.extend(collected.refused.iter().map(ToString::to_string));
        self.events.push(Event::Keys { count: collected.keys.len(), problems });
        self.next.key_files = Arc::new(key_files);
        self.next.keys = collected.keys;
    }

    fn read_zone_file(&mut self, path: &str, apex: &Name) {
        let before = self.next.zone_file(apex).cloned();
        if let Some(holder) = before.as_ref().filter(|before| before.path != path) {
            return self.rival(path, apex, holder);
        }
        let (served, rivals) = before.map(|file| (file.served.clone(), file.rivals.clone())).unwrap_or_default();
        let was_served = served.is_some();
        match self.read_content(path, apex, served) {
            Some(Read { files, content, served }) => {
                self.keep(apex, ZoneFile { path: path.to_owned(), files, content, served, rivals });
            }
            None => self.removed(path, apex, was_served, rivals),
        }
    }

    /// None when there is no file.
    fn read_content(&mut self, path: &str, apex: &Name, served: Option<Zone>) -> Option<Read> {
        let alone = vec![path.to_owned()];
        let text = match read_regular(self.snapshot, path) {
            // A directory, a symbolic link or a submodule was not meant to be a zone; it may have been one before.
            Err(ReadError::NotFound(_) | ReadError::NotAFile(_)) => return None,
            Err(error) => {
                self.broken(apex, vec![unreadable(path, &error)], served.as_ref());
                return Some(Read { files: alone, content: Content::Broken, served });
            }
            Ok(text) => text,
        };
        if served.is_none() && !looks_like_a_zone(&text) {
            self.ignored(path, "it has no SOA record".to_owned());
            return Some(Read { files: alone, content: Content::Ignored, served: None });
        }
        let parsed = zonefile::parse(path, apex, &Tree(self.snapshot));
        let (content, served) = match (parsed.zone, parsed.document) {
            (Some(zone), Some(document)) => self.good(zone, document, parsed.diagnostics, served),
            _ => {
                self.broken(apex, parsed.diagnostics, served.as_ref());
                (Content::Broken, served)
            }
        };
        Some(Read { files: parsed.files, content, served })
    }

    fn good(
        &mut self,
        zone: Zone,
        document: Document,
        warnings: Vec<Diagnostic>,
        served: Option<Zone>,
    ) -> (Content, Option<Zone>) {
        let apex = zone.apex().clone();
        let serving = match served {
            Some(served) if is_held_back(&zone, &served) => {
                self.events.push(Event::SerialNotAdvanced { apex, pushed: zone.serial(), served: served.serial() });
                served
            }
            // The same content in another spelling: nobody has to be told.
            Some(served) if !zone.serial().is_after(served.serial()) => served,
            _ => {
                self.events.push(Event::Served { apex, serial: zone.serial(), warnings });
                zone.clone()
            }
        };
        self.next.zones = self.next.zones.with(serving.clone());
        self.next.written = self.next.written.with(zone.clone());
        (Content::Zone { zone, document }, Some(serving))
    }

    fn broken(&mut self, apex: &Name, diagnostics: Vec<Diagnostic>, served: Option<&Zone>) {
        let errors = diagnostics.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
        self.events.push(Event::Refused { apex: apex.clone(), diagnostics: errors, still: served.map(Zone::serial) });
    }

    fn ignored(&mut self, path: &str, reason: String) {
        self.events.push(Event::Ignored { path: path.to_owned(), reason });
    }

    /// Another file holds the zone already; this one waits until that one goes.
    fn rival(&mut self, path: &str, apex: &Name, holder: &ZoneFile) {
        let mut rivals = holder.rivals.clone();
        match read_regular(self.snapshot, path) {
            Ok(_) => {
                self.events.push(Event::Rival { path: path.to_owned(), holder: holder.path.clone() });
                rivals.insert(path.to_owned());
            }
            Err(_) => {
                rivals.remove(path);
            }
        }
        let (files, content) = (holder.files.clone(), holder.content.clone());
        let file = ZoneFile { path: holder.path.clone(), files, content, served: holder.served.clone(), rivals };
        self.keep(apex, file);
    }

    fn removed(&mut self, path: &str, apex: &Name, served: bool, mut rivals: BTreeSet<String>) {
        self.forget(apex);
        rivals.remove(path);
        if served {
            self.next.zones = self.next.zones.without(apex);
            self.next.written = self.next.written.without(apex);
            self.events.push(Event::Removed { apex: apex.clone() });
        }
        for rival in rivals {
            self.read_zone_file(&rival, apex);
        }
    }

    fn keep(&mut self, apex: &Name, file: ZoneFile) {
        self.forget(apex);
        for included in file.files.iter().filter(|included| **included != file.path) {
            Arc::make_mut(&mut self.next.included_by).entry(included.clone()).or_default().insert(apex.clone());
        }
        self.next.zone_files.insert(apex.clone(), Arc::new(file));
    }

    fn forget(&mut self, apex: &Name) {
        let Some(file) = self.next.zone_file(apex).cloned() else { return };
        for included in file.files.iter().filter(|included| **included != file.path) {
            let included_by = Arc::make_mut(&mut self.next.included_by);
            if let Some(zones) = included_by.get_mut(included) {
                zones.remove(apex);
                if zones.is_empty() {
                    included_by.remove(included);
                }
            }
        }
        self.next.zone_files.remove(apex);
    }
}

fn entries<'a>(path: &'a str, records: &'a [KeyRecord]) -> impl Iterator<Item = KeyEntry> + 'a {
    let domain = domain_of_file(path).unwrap_or_else(Name::root);
    records.iter().map(move |record| KeyEntry {
        place: format!("{path}:{}:{}", record.line, record.column),
        domain: domain.clone(),
        name: record.name.clone(),
        algorithm: record.algorithm,
        secret: record.secret.clone(),
    })
}

fn unreadable(path: &str, error: &ReadError) -> Diagnostic {
    let (path, message) = (path.to_owned(), error.to_string());
    Diagnostic { path, line: 1, column: 1, severity: Severity::Error, message, expected: None }
}
