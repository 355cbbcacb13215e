//! What is wrong with a file, where, and what would be right.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing when one looks for it; `check` shows it, a server does not.
    Info,
    /// The file is served, but probably not as it was meant.
    Warning,
    /// The file cannot be served.
    Error,
}

/// A message about one place in a file. At fault: who wrote the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as it is named in the repository.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, a lower-case sentence.
    pub message: String,
    /// What would be right there.
    pub expected: Option<String>,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.path, self.line, self.column, self.severity, self.message)?;
        match &self.expected {
            Some(expected) => write!(f, "; expected {expected}"),
            None => Ok(()),
        }
    }
}

/// An error at an octet of a text, before lines are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub at: u32,
    pub message: String,
    pub expected: Option<String>,
}

impl Problem {
    pub fn new(at: u32, message: impl Into<String>) -> Problem {
        Problem { at, message: message.into(), expected: None }
    }

    pub fn expecting(at: u32, message: impl Into<String>, expected: impl Into<String>) -> Problem {
        Problem { at, message: message.into(), expected: Some(expected.into()) }
    }
}

/// Counts lines and columns; asked in ascending order it looks at each octet once.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    at: usize,
    line: u32,
}

impl Lines {
    pub fn new() -> Lines {
        Lines { at: 0, line: 1 }
    }

    /// Line and column of an octet of `text`, which must be the same text each time.
    pub fn locate(&mut self, text: &[u8], at: u32) -> (u32, u32) {
        let at = (at as usize).min(text.len());
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        if start < self.at {
            *self = Lines::new();
        }
        self.line += memchr::memchr_iter(b'\n', &text[self.at..start]).count() as u32;
        self.at = start;
        let before = text[start..at].strip_prefix(super::lexer::BYTE_ORDER_MARK).unwrap_or(&text[start..at]);
        let continues = |octet: &&u8| **octet & 0xc0 != 0x80;
        (self.line, before.iter().filter(continues).count() as u32 + 1)
    }

    pub fn diagnostic(&mut self, path: &str, text: &[u8], severity: Severity, problem: Problem) -> Diagnostic {
        let (line, column) = self.locate(text, problem.at);
        let Problem { message, expected, .. } = problem;
        Diagnostic { path: path.to_owned(), line, column, severity, message, expected }
    }
}

/// A piece of a file as it is shown in a message: in quotes, cut short, harmless on a terminal.
pub(crate) fn shown(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut shown: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
