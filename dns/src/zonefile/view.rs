//! A chunk read again: its entries with their tokens and what they mean.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{Chunk, Chunker};
use super::diagnostic::Problem;
use super::entry::{Fields, Interpreter, Item, State};
use super::lexer::{Entry, Lexer, Token};
use crate::name::Name;
use crate::record::Record;

/// The entries of a chunk.
#[derive(Debug)]
pub(crate) struct View {
    pub text: Bytes,
    tokens: Vec<Token>,
    pub entries: Vec<Line>,
    /// What `$ORIGIN` and `$TTL` set, each time they change.
    settings: Vec<Settings>,
}

/// What is set for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub origin: Name,
    pub default_ttl: Option<u32>,
}

/// An entry.
#[derive(Debug)]
pub(crate) struct Line {
    pub entry: Entry,
    pub meaning: Meaning,
    tokens: Range<usize>,
    settings: usize,
}

/// What an entry means.
#[derive(Debug)]
pub(crate) enum Meaning {
    Record(Fields, Record),
    Generate(Fields, Vec<Record>),
    /// A file, by its index in the document.
    Include(usize),
    Setting,
}

impl View {
    /// Reads `chunk`; `first` when it is the first one of its file.
    pub fn read(chunk: &Chunk, first: bool) -> Result<View, Problem> {
        let text = chunk.text.clone();
        let mut view = View { text: text.clone(), tokens: Vec::new(), entries: Vec::new(), settings: Vec::new() };
        let mut includes = chunk.includes.iter();
        let (mut state, mut tokens) = (chunk.state.clone(), Vec::new());
        let mut interpreter = Interpreter::default();
        let mut lexer = if first { Lexer::new(&text) } else { Lexer::inside(&text) };
        view.set(&state);
        while let Some(entry) = lexer.next_entry(&mut tokens) {
            let entry = entry?;
            let meaning = match interpreter.interpret(&text, &entry, &tokens, &mut state)? {
                Item::Record(fields, record) => Meaning::Record(fields, record),
                Item::Generate(fields, generate) => {
                    let mut records = Vec::new();
                    generate.expand(&text, &tokens, &state, |record| {
                        records.push(record);
                        Ok(())
                    })?;
                    Meaning::Generate(fields, records)
                }
                Item::Include { at, .. } => Meaning::Include(next_include(&mut includes, at)?),
                Item::Setting => Meaning::Setting,
            };
            view.set(&state);
            let start = view.tokens.len();
            view.tokens.extend_from_slice(&tokens);
            let (tokens, settings) = (start..view.tokens.len(), view.settings.len() - 1);
            view.entries.push(Line { entry, meaning, tokens, settings });
        }
        Ok(view)
    }

    pub fn tokens(&self, line: &Line) -> &[Token] {
        &self.tokens[line.tokens.clone()]
    }

    /// What is set at `line`; for `$ORIGIN` and `$TTL`, behind it.
    pub fn settings(&self, line: &Line) -> &Settings {
        &self.settings[line.settings]
    }

    /// What is set at the chunk's end.
    pub fn last_settings(&self) -> &Settings {
        &self.settings[self.settings.len() - 1]
    }

    fn set(&mut self, state: &State) {
        let same = |last: &Settings| last.default_ttl == state.default_ttl && last.origin == state.origin;
        if !self.settings.last().is_some_and(same) {
            self.settings.push(Settings { origin: state.origin.clone(), default_ttl: state.default_ttl });
        }
    }
}

/// Cuts a text that takes the place of a chunk, which also shows that it can be read.
pub(crate) fn cut(text: Bytes, mut state: State, includes: &[usize], first: bool) -> Result<Vec<Arc<Chunk>>, Problem> {
    let mut chunker = Chunker::new(text.clone(), state.clone());
    let mut interpreter = Interpreter::default();
    let mut lexer = if first { Lexer::new(&text) } else { Lexer::inside(&text) };
    let (mut tokens, mut includes) = (Vec::new(), includes.iter());
    while let Some(entry) = lexer.next_entry(&mut tokens) {
        let entry = entry?;
        match interpreter.interpret(&text, &entry, &tokens, &mut state)? {
            Item::Record(_, record) => chunker.owner(record.owner.as_octets()),
            Item::Generate(_, generate) => generate.expand(&text, &tokens, &state, |record| {
                chunker.owner(record.owner.as_octets());
                Ok(())
            })?,
            Item::Include { at, .. } => chunker.include(next_include(&mut includes, at)?),
            Item::Setting => {}
        }
        chunker.entry_end(entry.end as usize, &state);
    }
    Ok(chunker.finish(&state))
}

fn next_include(includes: &mut std::slice::Iter<'_, usize>, at: u32) -> Result<usize, Problem> {
    includes.next().copied().ok_or_else(|| Problem::new(at, "an included file is not known"))
}
