//! The last lines of a commit of ours: which files it changed (`Changed: PATH`).
//!
//! So the versions of one file are found in the log alone, which comes without files; commits of others are looked into.

use std::collections::BTreeSet;

const CHANGED: &str = "Changed: ";
/// Stands for the paths where there are more than [`NAMED`].
const MANY: &str = "many files";
/// Files that a commit names; one that changes more is looked into as well.
const NAMED: usize = 20;

/// The lines for a commit that changes these files.
pub fn of<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let paths: BTreeSet<&str> = paths.collect();
    match paths.len() {
        0 => String::new(),
        few if few <= NAMED => paths.iter().map(|path| format!("\n{CHANGED}{path}")).collect(),
        _ => format!("\n{CHANGED}{MANY}"),
    }
}

/// The files that a commit with this message says it changed; none if it does not say so.
pub fn read(message: &str) -> Option<Vec<&str>> {
    let paths: Vec<&str> = message.lines().filter_map(|line| line.strip_prefix(CHANGED)).collect();
    (!paths.is_empty() && !paths.contains(&MANY)).then_some(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_says_what_it_changed() {
        let written = |count: usize| {
            let paths: Vec<String> = (0..count).map(|number| format!("a/{number}")).collect();
            of(paths.iter().map(String::as_str))
        };
        assert_eq!(written(2), "\nChanged: a/0\nChanged: a/1");
        assert_eq!(written(21), "\nChanged: many files");
        assert_eq!(written(0), "");
        assert_eq!(read("alice: add lunch\n\nChanged: a/0\nChanged: a/1"), Some(vec!["a/0", "a/1"]));
        assert_eq!(read(&written(21)), None);
        assert_eq!(read("by hand"), None);
    }
}
