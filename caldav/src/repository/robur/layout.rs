//! The folders of a robur repository: files, and the `.prop` files that belong to them.

use bytes::Bytes;
use gitstore::{EntryKind, ReadError, Snapshot};

use super::Properties;
use crate::repository::FileError;

const PROP: &str = ".prop";

/// A folder.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) path: String,
    pub(super) properties: Described,
    pub(super) files: Vec<File>,
    /// `.prop` files without the file that they describe.
    pub(super) strays: Vec<String>,
    /// Symbolic links and submodules.
    pub(super) links: Vec<String>,
    pub(super) folders: Vec<Folder>,
}

/// A file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) octets: Bytes,
    pub(super) properties: Described,
}

/// What a `.prop` file says, if there is one.
#[derive(Debug, Default)]
pub(super) enum Described {
    #[default]
    Nowhere,
    Badly(FileError),
    Well(Properties),
}

impl Folder {
    /// Reads a folder with all that is in it; an empty one if there is none.
    pub(super) fn read(tree: &Snapshot, path: &str) -> Result<Folder, ReadError> {
        let mut folder = Folder { path: path.to_owned(), ..Folder::default() };
        let entries = tree.list(path);
        let mut described = Vec::new();
        for entry in &entries {
            let inside = format!("{path}/{}", entry.name);
            match entry.kind {
                EntryKind::Directory => folder.folders.push(Folder::read(tree, &inside)?),
                EntryKind::File | EntryKind::Executable if entry.name == PROP => {
                    folder.properties = Described::read(tree, &inside)?;
                }
                EntryKind::File | EntryKind::Executable => match entry.name.strip_suffix(PROP) {
                    Some(name) => described.push(name),
                    None => folder.files.push(File {
                        name: entry.name.clone(),
                        octets: tree.read(&inside)?,
                        path: inside,
                        properties: Described::Nowhere,
                    }),
                },
                EntryKind::Symlink | EntryKind::Submodule => folder.links.push(inside),
            }
        }
        for name in described {
            let prop = format!("{path}/{name}{PROP}");
            match folder.files.iter_mut().find(|file| file.name == name) {
                Some(file) => file.properties = Described::read(tree, &prop)?,
                None => folder.strays.push(prop),
            }
        }
        Ok(folder)
    }

    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The file of its properties.
    pub(super) fn prop(&self) -> String {
        format!("{}/{PROP}", self.path)
    }

    /// Whether anything in it has properties.
    pub(super) fn is_described(&self) -> bool {
        !matches!(self.properties, Described::Nowhere)
            || self.files.iter().any(|file| !matches!(file.properties, Described::Nowhere))
            || self.folders.iter().any(Folder::is_described)
    }
}

impl File {
    /// The file of its properties.
    pub(super) fn prop(&self) -> String {
        format!("{}{PROP}", self.path)
    }

    /// Whether it is a calendar object; nothing else was ever put there by a client.
    pub(super) fn is_calendar(&self) -> bool {
        let text = self.octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.octets).trim_ascii_start();
        text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"))
    }
}

impl Described {
    fn read(tree: &Snapshot, path: &str) -> Result<Described, ReadError> {
        Ok(match Properties::parse(&tree.read(path)?) {
            Ok(properties) => Described::Well(properties),
            Err(error) => Described::Badly(error),
        })
    }

    /// What it says, which may be nothing.
    pub(super) fn properties(&self) -> Properties {
        match self {
            Described::Well(properties) => properties.clone(),
            Described::Nowhere | Described::Badly(_) => Properties::default(),
        }
    }

    /// Whether there is a file.
    pub(super) fn exists(&self) -> bool {
        !matches!(self, Described::Nowhere)
    }
}
