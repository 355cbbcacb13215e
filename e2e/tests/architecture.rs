//! ARCHITECTURE.md is true: the packages use each other as its table says, and in no other way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Rows of the table whose first cell is a package in backquotes.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let text = read(&root().join("ARCHITECTURE.md"));
    let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').collect::<Vec<_>>());
    rows.map(|cells| (quoted(cells[1]).pop_first().expect("a package"), quoted(cells[2]))).collect()
}

/// The members of the workspace.
fn packages() -> Vec<String> {
    let manifest = read(&root().join("Cargo.toml"));
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = [")).expect("a list of members");
    members.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Names in the tables of dependencies of a manifest; those for tests count too.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if let Some(name) = line.split(['.', ' ', '=']).next().filter(|name| inside && !name.is_empty()) {
            names.insert(name.to_owned());
        }
    }
    names
}

#[test]
fn packages_use_what_the_table_says() {
    let (table, packages) = (table(), packages());
    let listed: BTreeSet<&String> = table.keys().collect();
    assert_eq!(listed, packages.iter().collect(), "the table lists the workspace's members");
    for package in &packages {
        let manifest = read(&root().join(package).join("Cargo.toml"));
        let used: BTreeSet<String> =
            dependencies(&manifest).into_iter().filter(|name| packages.contains(name)).collect();
        assert!(used.is_subset(&table[package]), "{package} uses {used:?}, the table allows {:?}", table[package]);
    }
}

#[test]
fn the_pure_rooms_have_no_io() {
    for room in ["dns", "ical"] {
        let used = dependencies(&read(&root().join(room).join("Cargo.toml")));
        for forbidden in ["tokio", "getrandom", "rand", "socket2", "libc", "rustix", "gix-object", "russh"] {
            assert!(!used.contains(forbidden), "{room} uses {forbidden}");
        }
        for_each_source(&root().join(room).join("src"), &mut |path, text| {
            for forbidden in ["std::net::Tcp", "std::net::Udp", "std::fs", "std::time::Instant::now", "SystemTime::now"]
            {
                assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
            }
        });
    }
}

#[test]
fn the_network_is_in_one_file_of_gitstore() {
    for_each_source(&root().join("gitstore/src"), &mut |path, text| {
        let may = path.ends_with("remote.rs");
        assert!(may || !text.contains("tcp_connect"), "{} opens connections", path.display());
    });
}

fn for_each_source(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            for_each_source(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path, &read(&path));
        }
    }
}
