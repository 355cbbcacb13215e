//! The last lines of a commit of ours: which files it changed (`Changed: PATH`), or where there are many in which
//! directories (`Changed: DIRECTORY/`).
//!
//! So the versions of one file are found in the log alone, which comes without files; commits of others are looked into.

use std::collections::BTreeSet;

use gitstore::Edit;

const CHANGED: &str = "Changed: ";
/// Stands for the paths where there are more than [`NAMED`] directories.
const MANY: &str = "many files";
/// Files that a commit names, or directories; one that changes more is looked into as well.
const NAMED: usize = 20;

/// The lines for a commit that changes these files.
pub fn of<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let paths: BTreeSet<&str> = paths.collect();
    match paths.len() {
        0 => String::new(),
        few if few <= NAMED => lines(&paths),
        _ => {
            let directories: BTreeSet<&str> = paths.iter().map(|path| directory(path)).collect();
            let are_few = directories.len() <= NAMED && !directories.contains("");
            if are_few { lines(&directories) } else { format!("\n{CHANGED}{MANY}") }
        }
    }
}

/// Gives a commit its message, with the lines for what it has changed so far.
pub fn sign(edit: &mut Edit, message: impl Into<String>) {
    let (message, changed) = (message.into(), edit.tree().changed_paths(edit.base()));
    let trailer = of(changed.iter().map(|change| change.path.as_str()));
    edit.set_message(if trailer.is_empty() { message } else { format!("{message}\n{trailer}") });
}

fn lines(paths: &BTreeSet<&str>) -> String {
    paths.iter().map(|path| format!("\n{CHANGED}{path}")).collect()
}

/// The directory that a path is in, with its slash.
fn directory(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

/// Whether a change that is called so can be one of this path: a directory stands for all that is in it.
pub fn includes(said: &str, path: &str) -> bool {
    path.strip_prefix(said).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The files and directories that a commit with this message says it changed; none if it does not say so.
pub fn read(message: &str) -> Option<Vec<&str>> {
    let paths = message.lines().filter_map(|line| line.strip_prefix(CHANGED));
    let paths: Vec<&str> = paths.map(|path| path.strip_suffix('/').unwrap_or(path)).collect();
    (!paths.is_empty() && !paths.contains(&MANY)).then_some(paths)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gitstore::Snapshot;

    use super::*;

    #[test]
    fn a_commit_says_what_it_changed() {
        let written = |count: usize| {
            let paths: Vec<String> = (0..count).map(|number| format!("a/{number}")).collect();
            of(paths.iter().map(String::as_str))
        };
        assert_eq!(written(2), "\nChanged: a/0\nChanged: a/1");
        assert_eq!(written(21), "\nChanged: a/");
        assert_eq!(read(&written(21)), Some(vec!["a"]));
        let scattered: Vec<String> = (0..21).map(|number| format!("{number}/a")).collect();
        let scattered = of(scattered.iter().map(String::as_str));
        assert_eq!(scattered, "\nChanged: many files");
        assert_eq!(written(0), "");
        assert_eq!(read("alice: add lunch\n\nChanged: a/0\nChanged: a/1"), Some(vec!["a/0", "a/1"]));
        assert_eq!(read(&scattered), None);
        assert_eq!(read("by hand"), None);
        assert!(includes("a", "a/0") && includes("a/0", "a/0") && !includes("a", "ab/0"));
    }

    #[test]
    fn an_edit_is_signed_with_what_it_changed() {
        let mut edit = Snapshot::of_files([("a/0", Bytes::from("0"))]).unwrap().edit();
        edit.write("a/1", "1").unwrap();
        sign(&mut edit, "one more");
        assert_eq!(edit.message(), "one more\n\nChanged: a/1");
    }
}
