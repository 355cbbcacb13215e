//! Notes on commits, as git-notes(1) keeps them: a tree of its own on a reference of its own, one file a commit.
//!
//! Git spreads large trees over directories and reads whatever layout it finds. So do we; a new note goes to
//! `ab/cdef…`, an old one stays where it is.

use gix_hash::ObjectId;

use crate::edit::Edit;
use crate::error::ReadError;

/// Appends a block of lines to the note of a commit.
pub(crate) fn append(edit: &mut Edit, commit: ObjectId, text: &str) -> Result<(), ReadError> {
    let layouts = layouts(&commit.to_string());
    let found = layouts.iter().find_map(|path| edit.read(path).ok().map(|note| (path.clone(), note)));
    let (path, note) = match found {
        Some((path, note)) => (path, note.to_vec()),
        None => (layouts[1].clone(), Vec::new()),
    };
    let text = text.trim_end().as_bytes();
    if !text.is_empty() && note.windows(text.len()).any(|part| part == text) {
        // Said already, by an earlier start for example.
        return Ok(());
    }
    let mut note = note;
    if note.last().is_some_and(|last| *last != b'\n') {
        note.push(b'\n');
    }
    note.extend_from_slice(text);
    note.push(b'\n');
    edit.write(&path, note)
}

/// Where a note can lie: in the root, or below one, two, … directories of two digits each.
fn layouts(hex: &str) -> Vec<String> {
    (0..hex.len() / 2)
        .map(|levels| {
            let directories = (0..levels).map(|level| &hex[2 * level..2 * level + 2]);
            directories.chain([&hex[2 * levels..]]).collect::<Vec<_>>().join("/")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn notes_are_found_in_every_layout_and_grow_where_they_are() {
        let commit = ObjectId::from_hex(b"0123456789abcdef0123456789abcdef01234567").unwrap();
        for path in [
            "0123456789abcdef0123456789abcdef01234567",
            "01/23456789abcdef0123456789abcdef01234567",
            "01/23/456789abcdef0123456789abcdef01234567",
        ] {
            let mut edit = Edit::new(Snapshot::empty(), String::new());
            edit.write(path, "theirs").unwrap();
            append(&mut edit, commit, "ours\n\n").unwrap();
            append(&mut edit, commit, "ours").unwrap();
            assert_eq!(edit.read(path).unwrap(), "theirs\nours\n", "nothing is said twice");
        }
        let mut edit = Edit::new(Snapshot::empty(), String::new());
        append(&mut edit, commit, "first").unwrap();
        assert_eq!(edit.read("01/23456789abcdef0123456789abcdef01234567").unwrap(), "first\n");
    }
}
