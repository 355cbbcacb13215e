//! A robur repository becomes one of ours, as one change of the tree.
//!
//! Nothing is lost: what has no counterpart lies afterwards in a folder of its own, with the path that it had, and
//! every such thing is reported. Octets of calendar objects stay as they are, so git sees that they only moved.

use std::collections::BTreeMap;

use bytes::Bytes;
use gitstore::{Edit, ReadError};

use super::layout::{File, Folder};
use super::{calendars, principals};
use crate::repository::{FileError, user};

/// Where everything lies that could not be translated.
pub const UNTRANSLATED: &str = "untranslated";

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each user, group and calendar, in a line.
    pub steps: Vec<String>,
    /// Calendar objects.
    pub objects: usize,
    /// What is not as it was.
    pub problems: Vec<String>,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// At fault: who asked.
    #[error("there are no .prop files in principals and calendars: this is no repository of robur's server")]
    NotRobur,
    /// At fault: who asked.
    #[error("there are users in {}/ already", user::FOLDER)]
    AlreadyOurs,
    /// At fault: who pushed something that cannot be read.
    #[error(transparent)]
    Tree(#[from] ReadError),
}

/// Changes the whole tree.
pub fn migrate(edit: &mut Edit) -> Result<Report, MigrateError> {
    let tree = edit.tree();
    if !tree.list(user::FOLDER).is_empty() {
        return Err(MigrateError::AlreadyOurs);
    }
    let (principals, calendars) = (Folder::read(&tree, "principals")?, Folder::read(&tree, "calendars")?);
    if !principals.is_described() && !calendars.is_described() {
        return Err(MigrateError::NotRobur);
    }
    let mut migration = Migration::default();
    let people = principals::translate(&mut migration, &principals);
    calendars::translate(&mut migration, &calendars, &people);
    migration.apply(edit)
}

/// What is to be done to the tree.
#[derive(Debug, Default)]
pub(super) struct Migration {
    removed: Vec<String>,
    moved: BTreeMap<String, String>,
    written: BTreeMap<String, Bytes>,
    pub(super) report: Report,
}

impl Migration {
    pub(super) fn problem(&mut self, text: String) {
        self.report.problems.push(text);
    }

    /// A text that our own reader takes; else it is a problem.
    pub(super) fn readable(&mut self, path: &str, text: Result<String, FileError>) -> Option<String> {
        text.map_err(|error| self.problem(format!("{path}: {error}"))).ok()
    }

    pub(super) fn write(&mut self, path: String, text: String) {
        self.written.insert(path, text.into());
    }

    pub(super) fn remove(&mut self, path: String) {
        self.removed.push(path);
    }

    pub(super) fn move_to(&mut self, file: &File, path: String) {
        self.removed.push(file.path.clone());
        self.written.insert(path, file.octets.clone());
    }

    /// Keeps something that has no counterpart.
    pub(super) fn set_aside(&mut self, path: String) {
        let target = format!("{UNTRANSLATED}/{path}");
        self.moved.insert(path, target);
    }

    /// What no client has put there.
    pub(super) fn set_aside_strays(&mut self, folder: &Folder) {
        for path in &folder.strays {
            self.problem(format!("{path} describes no file"));
            self.set_aside(path.clone());
        }
        for path in &folder.links {
            self.problem(format!("{path} is no file, and stays where it is"));
        }
    }

    pub(super) fn set_aside_file(&mut self, file: &File) {
        self.set_aside(file.path.clone());
        if file.properties.exists() {
            self.set_aside(file.prop());
        }
    }

    /// The files in it and what is stray, not its folders.
    pub(super) fn set_aside_files(&mut self, folder: &Folder) {
        for file in &folder.files {
            self.problem(format!("{} has no counterpart", file.path));
            self.set_aside_file(file);
        }
        self.set_aside_strays(folder);
    }

    pub(super) fn set_aside_contents(&mut self, folder: &Folder) {
        self.set_aside_files(folder);
        for inner in &folder.folders {
            self.set_aside_folder(inner);
        }
    }

    pub(super) fn set_aside_folder(&mut self, folder: &Folder) {
        if folder.properties.exists() {
            self.set_aside(folder.prop());
        }
        self.set_aside_contents(folder);
    }

    /// The properties of a folder have been translated.
    pub(super) fn drop_prop(&mut self, folder: &Folder) {
        if folder.properties.exists() {
            self.remove(folder.prop());
        }
    }

    /// First everything goes, then everything comes: a file may come where a folder was.
    fn apply(self, edit: &mut Edit) -> Result<Report, MigrateError> {
        let Migration { removed, moved, mut written, report } = self;
        for (from, to) in &moved {
            written.insert(to.clone(), edit.read(from)?);
        }
        for path in removed.iter().chain(moved.keys()) {
            edit.remove(path)?;
        }
        for (path, octets) in written {
            edit.write(&path, octets)?;
        }
        edit.set_message(message(&report));
        Ok(report)
    }
}

fn message(report: &Report) -> String {
    let mut message = "Migrate from robur's CalDAV server\n\n".to_owned();
    report.steps.iter().for_each(|step| message += &format!("{step}\n"));
    if !report.problems.is_empty() {
        message += "\nNot as it was:\n\n";
        report.problems.iter().for_each(|problem| message += &format!("{problem}\n"));
    }
    message
}
