//! The texts of a zone: its file and those that it includes, ready to be edited.

use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{Chunk, owner_hash};
use super::diagnostic::{Lines, Problem};
use super::edit;
use super::parser::FileText;
use super::view::View;
use crate::name::Name;
use crate::record_type::RecordType;
use crate::transfer::difference::Difference;
use crate::zone::{Zone, ZoneProblem};

/// The texts that a zone was read from. A clone costs a reference count.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) files: Arc<[FileText]>,
}

/// A document after an edit, and how the files come from those before it.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The document after the edit.
    pub document: Document,
    /// What changed; empty when nothing had to.
    pub changes: Vec<FileChange>,
}

/// How a file changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file, as it is named in the repository.
    pub path: String,
    /// In ascending order, not overlapping.
    pub splices: Vec<Splice>,
}

/// A piece of a file with something else in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Octets of the file before the edit.
    pub range: std::ops::Range<usize>,
    /// What comes in their place.
    pub replacement: Bytes,
}

/// A place in a file, from 1.
pub(crate) struct Position {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

/// Why a text cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The zone cannot be changed so. At fault: who asks for the change.
    #[error("the zone cannot be changed so: {}", .0.first().map_or_else(String::new, ToString::to_string))]
    Zone(Vec<ZoneProblem>),
    /// The document is not that of the zone. At fault: us.
    #[error("the zone file does not hold the records {owner} {rtype} that the zone has")]
    OutOfStep {
        /// Whose records.
        owner: Name,
        /// Their type.
        rtype: RecordType,
    },
    /// The text could not be read again. At fault: us.
    #[error("{path} could not be read after an edit: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        message: String,
    },
}

impl FileChange {
    /// The text after the change, from that before it.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        splice(text, &self.splices)
    }
}

impl Document {
    pub(crate) fn new(files: Vec<FileText>) -> Document {
        Document { files: files.into() }
    }

    /// The files, that of the zone first.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// The whole text of a file.
    pub fn text(&self, path: &str) -> Option<Vec<u8>> {
        let file = self.files.iter().find(|file| file.path == path)?;
        Some(file.chunks.iter().flat_map(|chunk| chunk.text.iter().copied()).collect())
    }

    /// The same document on `text`, which must be what [`Document::text`] gives: so that only one copy of it stays in
    /// memory.
    pub fn sharing(&self, path: &str, text: &Bytes) -> Document {
        let share = |file: &FileText| {
            let length: usize = file.chunks.iter().map(|chunk| chunk.text.len()).sum();
            if file.path != path || length != text.len() {
                return file.clone();
            }
            let mut at = 0;
            let slice = |chunk: &Arc<Chunk>| {
                at += chunk.text.len();
                Arc::new(chunk.sharing(text.slice(at - chunk.text.len()..at)))
            };
            FileText { path: file.path.clone(), chunks: file.chunks.iter().map(slice).collect() }
        };
        Document { files: self.files.iter().map(share).collect() }
    }

    /// Octets that it takes beside the texts.
    pub fn overhead(&self) -> usize {
        self.files.iter().flat_map(|file| &file.chunks).map(|chunk| chunk.overhead() + 8).sum()
    }

    /// Changes the texts so that they say what `zone` is after `difference`. `zone` is what the document says now.
    pub fn edit(&self, zone: &Zone, difference: &Difference) -> Result<Edited, EditError> {
        edit::edit(self, zone, difference)
    }

    /// Where the first record of an owner, and of a type when one is given, stands; the start when it stands nowhere.
    pub(crate) fn position(&self, owner: &Name, rtype: Option<RecordType>) -> Position {
        let start = || Position { path: self.files[0].path.clone(), line: 1, column: 1 };
        let of_type = rtype.and_then(|rtype| self.find(owner, Some(rtype)));
        of_type.or_else(|| self.find(owner, None)).unwrap_or_else(start)
    }

    fn find(&self, owner: &Name, rtype: Option<RecordType>) -> Option<Position> {
        let hash = owner_hash(owner.as_octets());
        for file in self.files.iter() {
            for (index, chunk) in file.chunks.iter().enumerate().filter(|(_, chunk)| chunk.may_hold(hash)) {
                let view = View::read(chunk, index == 0).ok()?;
                if let Some(at) = edit::first_entry(&view, owner, rtype) {
                    let newlines = |chunk: &Arc<Chunk>| memchr::memchr_iter(b'\n', &chunk.text).count() as u32;
                    let before: u32 = file.chunks[..index].iter().map(newlines).sum();
                    let (line, column) = Lines::new().locate(&chunk.text, at);
                    return Some(Position { path: file.path.clone(), line: before + line, column });
                }
            }
        }
        None
    }

    pub(crate) fn view(&self, file: usize, chunk: usize) -> Result<View, EditError> {
        View::read(&self.files[file].chunks[chunk], chunk == 0).map_err(|problem| self.unreadable(file, problem))
    }

    pub(crate) fn unreadable(&self, file: usize, problem: Problem) -> EditError {
        EditError::Unreadable { path: self.files[file].path.clone(), message: problem.message }
    }
}

/// `text` with `splices` applied.
pub(crate) fn splice(text: &[u8], splices: &[Splice]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 256);
    let mut at = 0;
    for splice in splices {
        out.extend_from_slice(&text[at..splice.range.start]);
        out.extend_from_slice(&splice.replacement);
        at = splice.range.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}
