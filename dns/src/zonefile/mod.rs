//! Zone files as text (RFC 1035 section 5): read, printed, and edited without touching an octet that need not change.
//!
//! Relative names before any `$ORIGIN` are completed with the zone's name, as every server but MirageOS's does. When
//! there is no SOA at the apex that way, but there is one with the root for origin, the file is read with the root (as
//! MirageOS does).

pub mod rdata_text;

mod chunk;
mod diagnostic;
mod document;
mod edit;
mod entry;
mod generate;
mod keys;
mod lexer;
mod parser;
mod print;
mod source;
mod view;

use bytes::Bytes;

pub use diagnostic::{Diagnostic, Severity};
pub use document::{Document, EditError, Edited, FileChange, Splice};
pub use keys::{KeyRecord, parse_keys};
pub use print::print;

use crate::name::Name;
use crate::record::Record;
use crate::zone::{Finished, Zone, ZoneProblem};
use document::Position;
use parser::Reading;

/// The files of one repository.
pub trait Files {
    /// The file at `path`; the error is a reason in words.
    fn read(&self, path: &str) -> Result<Bytes, String>;
}

/// What came of parsing a zone file.
#[derive(Debug)]
pub struct Parsed {
    /// The zone; none when there is an error.
    pub zone: Option<Zone>,
    /// Its texts; there when the zone is.
    pub document: Option<Document>,
    /// What is wrong with the files.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read or tried, also those that could not be read.
    pub files: Vec<String>,
}

/// Parses the file at `path` as the zone `apex`.
pub fn parse(path: &str, apex: &Name, files: &dyn Files) -> Parsed {
    let (builder, reading) = with_either_origin(path, apex, files, |origin, text| {
        let mut builder = Zone::builder(apex.clone());
        let reading = parser::read(path, text, apex, origin, files, &mut |record| {
            builder.add(record).map_err(|problem| (severity(&problem), problem.to_string()))
        });
        (builder, reading)
    });
    let Reading { texts, mut diagnostics, tried: files, has_errors, .. } = reading;
    let Some(builder) = builder.filter(|_| !has_errors) else {
        return Parsed { zone: None, document: None, diagnostics, files };
    };
    let document = Document::new(texts);
    let Finished { zone, problems } = builder.finish();
    diagnostics.extend(problems.iter().take(MAX_PROBLEMS).map(|problem| diagnose(problem, &document)));
    Parsed { document: zone.as_ref().map(|_| document), zone, diagnostics, files }
}

/// Problems of the zone as a whole that are reported at most.
const MAX_PROBLEMS: usize = 1000;

fn severity(problem: &ZoneProblem) -> Severity {
    if problem.fatal { Severity::Error } else { Severity::Warning }
}

/// A problem of the zone at the first record that it is about, else at the start of the file.
fn diagnose(problem: &ZoneProblem, document: &Document) -> Diagnostic {
    let Position { path, line, column } = document.position(&problem.owner, problem.rtype);
    Diagnostic { path, line, column, severity: severity(problem), message: problem.to_string(), expected: None }
}

/// The records of a file, whether or not they make a zone.
#[derive(Debug)]
pub struct Records {
    /// All that could be read, in order.
    pub records: Vec<Record>,
    /// What is wrong with the files.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read or tried.
    pub files: Vec<String>,
}

/// Parses the records of the file at `path` without making a zone of them.
pub fn parse_records(path: &str, apex: &Name, files: &dyn Files) -> Records {
    let (records, reading) = with_either_origin(path, apex, files, |origin, text| {
        let mut records = Vec::new();
        let reading = parser::read(path, text, apex, origin, files, &mut |record| {
            records.push(record);
            Ok(())
        });
        (records, reading)
    });
    Records { records: records.unwrap_or_default(), diagnostics: reading.diagnostics, files: reading.tried }
}

/// Reads with the apex for origin, and with the root where only that gives an SOA.
fn with_either_origin<T>(
    path: &str,
    apex: &Name,
    files: &dyn Files,
    mut read: impl FnMut(&Name, Bytes) -> (T, Reading),
) -> (Option<T>, Reading) {
    let text = match files.read(path) {
        Ok(text) => text,
        Err(reason) => return (None, unreadable(path, &reason)),
    };
    let (value, reading) = read(apex, text.clone());
    if reading.soa_at_apex || !reading.initial_origin_used {
        return (Some(value), reading);
    }
    let (other, mut from_root) = read(&Name::root(), text);
    if !from_root.soa_at_apex {
        return (Some(value), reading);
    }
    let message = "names without a final dot are read as absolute, since only so there is an SOA at the zone's name";
    let expected = Some(format!("$ORIGIN {apex}"));
    let (line, column, severity) = (1, 1, Severity::Info);
    let info = Diagnostic { path: path.to_owned(), line, column, severity, message: message.to_owned(), expected };
    from_root.diagnostics.insert(0, info);
    (Some(other), from_root)
}

fn unreadable(path: &str, reason: &str) -> Reading {
    let message = format!("cannot read {path}: {reason}");
    let severity = Severity::Error;
    Reading {
        texts: Vec::new(),
        diagnostics: vec![Diagnostic { path: path.to_owned(), line: 1, column: 1, severity, message, expected: None }],
        tried: vec![path.to_owned()],
        has_errors: true,
        soa_at_apex: false,
        initial_origin_used: false,
    }
}

#[cfg(test)]
mod tests;
