//! TOML files that people edit as well: values read with complaints that name the line, and changed where they stand.

use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table, Value};

use super::FileError;

/// Reads a document so that its values know where they stand.
pub(crate) fn parse(text: &str) -> Result<Document<&str>, FileError> {
    Document::parse(text).map_err(|error| complaint(text, &error))
}

/// Reads a document in order to change it.
pub(crate) fn parse_to_change(text: &str) -> Result<DocumentMut, FileError> {
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
pub(crate) struct Reader<'a> {
    text: &'a str,
    table: &'a Table,
}

impl<'a> Reader<'a> {
    /// Of the document that `text` is.
    pub(crate) fn new(text: &'a str, table: &'a Table) -> Reader<'a> {
        Reader { text, table }
    }

    /// A complaint about the value of a key, or about the table if it is not there.
    pub(crate) fn complain(&self, key: &str, reason: impl std::fmt::Display) -> FileError {
        let span = self.table.key(key).and_then(|key| key.span()).or_else(|| self.table.span());
        FileError { line: span.map(|span| line_of(self.text, span.start)), reason: format!("{key} {reason}") }
    }

    /// A text.
    pub(crate) fn string(&self, key: &str) -> Result<Option<&'a str>, FileError> {
        self.value(key, "is not a text", Item::as_str)
    }

    /// A text that must be there.
    pub(crate) fn required(&self, key: &str) -> Result<&'a str, FileError> {
        self.string(key)?.ok_or_else(|| self.complain(key, "is missing"))
    }

    /// A day, quoted or not.
    pub(crate) fn day(&self, key: &str) -> Result<Option<String>, FileError> {
        let text = |item: &Item| {
            item.as_str().map(str::to_owned).or_else(|| item.as_datetime().map(|moment| moment.to_string()))
        };
        self.value(key, "is not a day", text)
    }

    /// Yes or no.
    pub(crate) fn boolean(&self, key: &str) -> Result<Option<bool>, FileError> {
        self.value(key, "is not true or false", Item::as_bool)
    }

    /// A whole number.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, FileError> {
        self.value(key, "is not a whole number", Item::as_integer)
    }

    /// A list of texts.
    pub(crate) fn strings(&self, key: &str) -> Result<Vec<&'a str>, FileError> {
        let list = |item: &'a Item| item.as_array()?.iter().map(Value::as_str).collect();
        Ok(self.value(key, "is not a list of texts", list)?.unwrap_or_default())
    }

    /// A text or a list of them.
    pub(crate) fn one_or_more(&self, key: &str) -> Result<Vec<&'a str>, FileError> {
        match self.table.get(key).and_then(Item::as_str) {
            Some(text) => Ok(vec![text]),
            None => self.strings(key),
        }
    }

    /// The tables of one name.
    pub(crate) fn tables(&self, key: &str) -> Result<Vec<Reader<'a>>, FileError> {
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
pub(crate) fn set(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    match (value, table.get_mut(key)) {
        (None, _) => drop(table.remove(key)),
        (Some(value), Some(Item::Value(old))) => {
            let (mut new, decor) = (value.into(), old.decor().clone());
            if !is_same(old, &new) {
                *new.decor_mut() = decor;
                *old = new;
            }
        }
        (Some(value), _) => drop(table.insert(key, toml_edit::value(value))),
    }
}

/// Replaces the tables of one name; those that say what they said keep their comments.
pub(crate) fn set_tables(table: &mut Table, key: &str, wanted: impl Iterator<Item = Table>) {
    let old: Vec<Table> = match table.remove(key) {
        Some(Item::ArrayOfTables(tables)) => tables.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let mut tables = ArrayOfTables::new();
    for new in wanted {
        tables.push(old.iter().find(|old| says_the_same(old, &new)).cloned().unwrap_or(new));
    }
    if !tables.is_empty() {
        table.insert(key, Item::ArrayOfTables(tables));
    }
}

fn says_the_same(old: &Table, new: &Table) -> bool {
    let same = |(key, item): (&str, &Item)| match (old.get(key), item) {
        (Some(Item::Value(old)), Item::Value(new)) => is_same(old, new),
        _ => false,
    };
    new.iter().all(same)
}

/// Whether two values are equal, however they are written.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.value() == other.value(),
        (Value::Integer(one), Value::Integer(other)) => one.value() == other.value(),
        (Value::Boolean(one), Value::Boolean(other)) => one.value() == other.value(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other))
        }
        _ => false,
    }
}

/// The text without those of the tables of one name; nothing if there are none.
pub(crate) fn without_tables(
    text: &str,
    key: &str,
    is_meant: impl Fn(&Table) -> bool,
) -> Result<Option<String>, FileError> {
    let mut file = parse_to_change(text)?;
    let Some(Item::ArrayOfTables(tables)) = file.get_mut(key) else { return Ok(None) };
    let before = tables.len();
    tables.retain(|table| !is_meant(table));
    let left = tables.len();
    if left == 0 {
        file.remove(key);
    }
    Ok((left < before).then(|| file.to_string()))
}
