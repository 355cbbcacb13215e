//! Zone files as text (RFC 1035 section 5): read, printed, and edited without touching an octet that need not change.
//!
//! Relative names before any `$ORIGIN` are completed with the zone's name, as every server but MirageOS's does. When there is no SOA at
//! the apex that way, but there is one with the root for origin, the file is read with the root (as MirageOS does).

pub mod rdata_text;

mod chunk;
mod diagnostic;
mod entry;
mod generate;
mod lexer;
mod parser;
mod source;

use bytes::Bytes;

pub use diagnostic::{Diagnostic, Severity};

use crate::name::Name;
use crate::record::Record;
use parser::{Objection, Reading};

/// The files of one repository.
pub trait Files {
    /// The file at `path`; the error is a reason in words.
    fn read(&self, path: &str) -> Result<Bytes, String>;
}

/// The records of a file, whether or not they make a zone.
#[derive(Debug)]
pub struct Records {
    /// All that could be read, in order.
    pub records: Vec<Record>,
    /// What is wrong with the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read or tried.
    pub files: Vec<String>,
}

/// Reads the records of the zone file at `path`.
pub fn records(path: &str, apex: &Name, files: &dyn Files) -> Records {
    let (records, reading) = with_either_origin(path, apex, files, |origin, text| {
        let mut records = Vec::new();
        let mut take = |record| {
            records.push(record);
            Ok(())
        };
        let reading = parser::read(path, text, apex, origin, files, &mut take);
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
