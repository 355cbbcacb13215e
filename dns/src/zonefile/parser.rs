//! Files to records: all entries of a file and of those that it includes, and all errors at once.
//!
//! `$INCLUDE` takes a path from the root of the repository, else one beside the including file. What an included file
//! sets (origin, TTL, previous owner) ends with it; what it finds set, it inherits.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use super::Files;
use super::chunk::{Chunk, Chunker};
use super::diagnostic::{Diagnostic, Lines, Problem, Severity};
use super::entry::{Interpreter, Item, State};
use super::lexer::{Lexer, Token};
use crate::name::Name;
use crate::record::Record;
use crate::record_type::RecordType;

/// Records of a zone at most, `$GENERATE` and `$INCLUDE` included.
const MAX_RECORDS: usize = 10_000_000;
/// Files inside files at most.
const MAX_DEPTH: usize = 8;
/// Errors after which reading stops.
const MAX_ERRORS: usize = 1000;

/// A file and its chunks.
#[derive(Clone, Debug)]
pub(crate) struct FileText {
    pub path: String,
    pub chunks: Vec<Arc<Chunk>>,
}

/// What a record's taker says against it.
pub(crate) type Objection = (Severity, String);

/// What came of reading.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The main file first; one that included another has the lower index.
    pub texts: Vec<FileText>,
    pub diagnostics: Vec<Diagnostic>,
    /// Every path read or tried.
    pub tried: Vec<String>,
    pub has_errors: bool,
    /// Whether there is an SOA at the apex.
    pub soa_at_apex: bool,
    /// Whether a relative name was completed with the initial origin.
    pub initial_origin_used: bool,
}

/// Reads `path` and what it includes, and hands each record to `take`.
pub(crate) fn read(
    path: &str,
    text: Bytes,
    apex: &Name,
    origin: &Name,
    files: &dyn Files,
    take: &mut dyn FnMut(Record) -> Result<(), Objection>,
) -> Reading {
    let reading = Reading {
        texts: Vec::new(),
        diagnostics: Vec::new(),
        tried: vec![path.to_owned()],
        has_errors: false,
        soa_at_apex: false,
        initial_origin_used: false,
    };
    let included = HashSet::from([path.to_owned()]);
    let interpreter = Interpreter::default();
    let mut parser =
        Parser { files, apex, take, interpreter, included, records: 0, errors: 0, doubled: false, reading };
    parser.file(path, text, State::new(origin.clone()), 0);
    parser.reading
}

struct Parser<'a> {
    files: &'a dyn Files,
    apex: &'a Name,
    take: &'a mut dyn FnMut(Record) -> Result<(), Objection>,
    interpreter: Interpreter,
    included: HashSet<String>,
    records: usize,
    errors: usize,
    /// Whether a name with the apex twice in it was reported; one is enough.
    doubled: bool,
    reading: Reading,
}

/// The file being read.
struct Current<'a> {
    path: &'a str,
    text: &'a [u8],
    lines: Lines,
    chunker: Chunker,
    depth: usize,
}

impl Parser<'_> {
    fn file(&mut self, path: &str, text: Bytes, mut state: State, depth: usize) {
        let index = self.reading.texts.len();
        self.reading.texts.push(FileText { path: path.to_owned(), chunks: Vec::new() });
        let chunker = Chunker::new(text.clone(), state.clone());
        let mut current = Current { path, text: &text, lines: Lines::new(), chunker, depth };
        if u32::try_from(text.len()).is_err() {
            self.report(&mut current, Severity::Error, Problem::new(0, "the file is longer than 4 GiB"));
            return;
        }
        let (mut lexer, mut tokens) = (Lexer::new(&text), Vec::new());
        while let Some(entry) = lexer.next_entry(&mut tokens) {
            let initial = state.initial;
            let outcome = entry.and_then(|entry| {
                let item = self.interpreter.interpret(&text, &entry, &tokens, &mut state)?;
                self.item(item, &tokens, &state, &mut current)?;
                current.chunker.entry_end(entry.end as usize, &state);
                Ok(())
            });
            if let Err(problem) = outcome {
                self.report(&mut current, Severity::Error, problem);
            }
            self.reading.initial_origin_used |= initial && std::mem::take(&mut self.interpreter.relative);
            if self.stopped() {
                break;
            }
        }
        self.reading.texts[index].chunks = current.chunker.finish(&state);
    }

    fn stopped(&self) -> bool {
        self.errors >= MAX_ERRORS || self.records > MAX_RECORDS
    }

    fn item(&mut self, item: Item, tokens: &[Token], state: &State, current: &mut Current<'_>) -> Result<(), Problem> {
        match item {
            Item::Setting => Ok(()),
            Item::Record(_, record) => self.record(record, tokens[0].start, current),
            Item::Generate(_, generate) => {
                generate.expand(current.text, tokens, state, |record| self.record(record, tokens[0].start, current))
            }
            Item::Include { path, at, origin } => self.include(&path, at, State { origin, ..state.clone() }, current),
        }
    }

    fn record(&mut self, record: Record, at: u32, current: &mut Current<'_>) -> Result<(), Problem> {
        self.records += 1;
        if self.records > MAX_RECORDS {
            return Err(Problem::new(at, format!("there are more than {MAX_RECORDS} records")));
        }
        current.chunker.owner(record.owner.as_octets());
        self.reading.soa_at_apex |= record.rtype == RecordType::SOA && record.owner == *self.apex;
        if !self.doubled && self.is_doubled(&record.owner) {
            self.doubled = true;
            let message = format!("{} ends in the zone's name twice", record.owner);
            self.report(current, Severity::Warning, Problem::expecting(at, message, "a final dot"));
        }
        if let Err((severity, message)) = (self.take)(record) {
            self.report(current, severity, Problem::new(at, message));
        }
        Ok(())
    }

    /// The mark of a forgotten final dot, or of a file for MirageOS that relies on the root for its origin.
    fn is_doubled(&self, owner: &Name) -> bool {
        let apex = self.apex.as_octets();
        let labels = &apex[..apex.len() - 1];
        let before = owner.as_octets().len().checked_sub(apex.len() + labels.len());
        let alike = |at: usize| owner.as_octets()[at..at + labels.len()].eq_ignore_ascii_case(labels);
        !labels.is_empty() && before.is_some_and(|at| alike(at) && alike(at + labels.len()))
    }

    fn report(&mut self, current: &mut Current<'_>, severity: Severity, problem: Problem) {
        if severity == Severity::Error {
            self.errors += 1;
            self.reading.has_errors = true;
        }
        let Current { path, text, lines, .. } = current;
        let mut diagnostic = lines.diagnostic(path, text, severity, problem);
        if self.errors == MAX_ERRORS {
            diagnostic.message.push_str(&format!(" (there are {MAX_ERRORS} errors, the rest is not read)"));
        }
        self.reading.diagnostics.push(diagnostic);
    }

    fn include(&mut self, path: &str, at: u32, state: State, current: &mut Current<'_>) -> Result<(), Problem> {
        if current.depth == MAX_DEPTH {
            return Err(Problem::new(at, format!("files include each other more than {MAX_DEPTH} deep")));
        }
        let candidates = candidates(path, current.path).ok_or_else(|| {
            Problem::expecting(at, "an included file lies outside the repository", "a path in this repository")
        })?;
        let (path, text) = self.open(candidates).map_err(|reason| Problem::new(at, reason))?;
        if !self.included.insert(path.clone()) {
            return Err(Problem::new(at, format!("the file {path} is included twice")));
        }
        current.chunker.include(self.reading.texts.len());
        self.file(&path, text, state, current.depth + 1);
        Ok(())
    }

    fn open(&mut self, candidates: Vec<String>) -> Result<(String, Bytes), String> {
        let mut first = None;
        for path in candidates {
            if !self.reading.tried.contains(&path) {
                self.reading.tried.push(path.clone());
            }
            match self.files.read(&path) {
                Ok(text) => return Ok((path, text)),
                Err(reason) => {
                    first.get_or_insert_with(|| format!("cannot read {path}: {reason}"));
                }
            }
        }
        Err(first.unwrap_or_else(|| "an included file has no name".to_owned()))
    }
}

/// Where an included file may lie: from the root, else beside the file that includes it. None for what leaves the
/// repository.
fn candidates(path: &str, including: &str) -> Option<Vec<String>> {
    if path.starts_with('/') {
        return None;
    }
    let folder = including.rfind('/').map_or("", |slash| &including[..=slash]);
    let sibling = normal(&format!("{folder}{path}"));
    let mut candidates: Vec<String> = normal(path).into_iter().chain(sibling).filter(|path| !path.is_empty()).collect();
    candidates.dedup();
    (!candidates.is_empty()).then_some(candidates)
}

/// A path without `.` and `..`; none when it leaves the root.
fn normal(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_paths() {
        let list = |path, including| candidates(path, including);
        let some = |paths: &[&str]| Some(paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        assert_eq!(list("a", "zone"), some(&["a"]));
        assert_eq!(list("a", "x/zone"), some(&["a", "x/a"]));
        assert_eq!(list("../a", "x/zone"), some(&["a"]));
        assert_eq!(list("x/./y/../a", "zone"), some(&["x/a"]));
        for outside in ["/etc/passwd", "../a", "x/../../a", "."] {
            assert_eq!(list(outside, "zone"), None, "{outside}");
        }
    }
}
