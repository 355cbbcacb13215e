//! TOML files that people edit as well: values read with complaints that name the line, and changed where they stand.

use toml_edit::{Document, DocumentMut, Item, Table, Value};

use super::FileError;

/// Reads a document so that its values know where they stand.
pub(super) fn parse(text: &str) -> Result<Document<&str>, FileError> {
    Document::parse(text).map_err(|error| complaint(text, &error))
}

/// Reads a document in order to change it.
pub(super) fn parse_to_change(text: &str) -> Result<DocumentMut, FileError> {
    text.parse().map_err(|error| complaint(text, &error))
}

fn complaint(text: &str, error: &toml_edit::TomlError) -> FileError {
    let line = error.span().map(|span| line_of(text, span.start));
    FileError { line, reason: error.message().lines().collect::<Vec<_>>().join(" ") }
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    u32::try_from(before.iter().filter(|octet| **octet == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The values of one table.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    text: &'a str,
    table: &'a Table,
}

impl<'a> Reader<'a> {
    /// Of the document that `text` is.
    pub(super) fn new(text: &'a str, table: &'a Table) -> Reader<'a> {
        Reader { text, table }
    }

    /// A complaint about the value of a key, or about the table if it is not there.
    pub(super) fn complain(&self, key: &str, reason: impl std::fmt::Display) -> FileError {
        let span = self.table.key(key).and_then(|key| key.span()).or_else(|| self.table.span());
        FileError { line: span.map(|span| line_of(self.text, span.start)), reason: format!("{key} {reason}") }
    }

    /// A text.
    pub(super) fn string(&self, key: &str) -> Result<Option<&'a str>, FileError> {
        self.value(key, "is not a text", Item::as_str)
    }

    /// A text that must be there.
    pub(super) fn required(&self, key: &str) -> Result<&'a str, FileError> {
        self.string(key)?.ok_or_else(|| self.complain(key, "is missing"))
    }

    /// A day, quoted or not.
    pub(super) fn day(&self, key: &str) -> Result<Option<String>, FileError> {
        let text = |item: &Item| {
            item.as_str().map(str::to_owned).or_else(|| item.as_datetime().map(|moment| moment.to_string()))
        };
        self.value(key, "is not a day", text)
    }

    /// Yes or no.
    pub(super) fn boolean(&self, key: &str) -> Result<Option<bool>, FileError> {
        self.value(key, "is not true or false", Item::as_bool)
    }

    /// A list of texts.
    pub(super) fn strings(&self, key: &str) -> Result<Vec<&'a str>, FileError> {
        let list = |item: &'a Item| item.as_array()?.iter().map(Value::as_str).collect();
        Ok(self.value(key, "is not a list of texts", list)?.unwrap_or_default())
    }

    /// A text or a list of them.
    pub(super) fn one_or_more(&self, key: &str) -> Result<Vec<&'a str>, FileError> {
        match self.table.get(key).and_then(Item::as_str) {
            Some(text) => Ok(vec![text]),
            None => self.strings(key),
        }
    }

    /// The tables of one name.
    pub(super) fn tables(&self, key: &str) -> Result<Vec<Reader<'a>>, FileError> {
        let text = self.text;
        let tables = |item: &'a Item| {
            Some(item.as_array_of_tables()?.iter().map(|table| Reader { text, table }).collect::<Vec<_>>())
        };
        Ok(self.value(key, &format!("is not written as [[{key}]]"), tables)?.unwrap_or_default())
    }

    fn value<T>(
        &self,
        key: &str,
        complaint: &str,
        read: impl FnOnce(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, FileError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        read(item).map(Some).ok_or_else(|| self.complain(key, complaint))
    }
}

/// Sets a value, keeping what stands around an old one; none removes it.
pub(super) fn set(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    match (value, table.get_mut(key)) {
        (None, _) => drop(table.remove(key)),
        (Some(value), Some(Item::Value(old))) => {
            let (mut new, decor) = (value.into(), old.decor().clone());
            *new.decor_mut() = decor;
            *old = new;
        }
        (Some(value), _) => drop(table.insert(key, toml_edit::value(value))),
    }
}
