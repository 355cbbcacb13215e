//! The guest kernel in a virtual machine: what it gives an application, what it keeps from it, and what it says when
//! the machine or the command line is not as it should be.

// Helpers of tests stop the test as tests do.
#![allow(clippy::unwrap_used)]

mod bad_machines;
mod misdeeds;
mod network;
mod ordinary_life;

use e2e::folder::Folder;
use e2e::qemu::{self, Ended, Machine};

/// Boots the probe with the arguments, and returns how it ended.
fn run(arguments: &str) -> Ended {
    run_on(arguments, |machine| machine)
}

/// As [`run`], on another machine than the usual one.
fn run_on(arguments: &str, change: impl FnOnce(Machine) -> Machine) -> Ended {
    let folder = Folder::new();
    let image = qemu::image(&folder, "guest-probe");
    change(Machine::new(&image).arguments(arguments)).run(&folder)
}

/// The line of the probe that starts with `what`, without that.
fn line<'a>(ended: &'a Ended, what: &str) -> &'a str {
    let start = format!("probe: {what} ");
    let line = ended.console.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no line {start:?}: {}", ended.console))
}

/// The kernel stays small, and its README says how small.
#[test]
fn the_readme_counts_the_kernels_lines() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/guest");
    let (mut code, mut tests, mut unsafe_blocks) = (0, 0, 0);
    for path in sources(std::path::Path::new(folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let (own, of_tests) = text.split_once("#[cfg(test)]\nmod tests").unwrap_or((&text, ""));
        code += lines(own);
        tests += lines(of_tests) + if of_tests.is_empty() { 0 } else { 1 };
        unsafe_blocks += own.matches("unsafe {").count();
    }
    let readme = std::fs::read_to_string(format!("{folder}/README.md")).unwrap();
    let said =
        [format!("{code} lines of Rust"), format!("{tests} lines of tests"), format!("{unsafe_blocks} `unsafe`")];
    said.iter().for_each(|said| assert!(readme.contains(said), "the README does not say {said}"));
    assert!(code <= 3000, "{code} lines");
}

/// Lines that are neither blank nor a comment.
fn lines(text: &str) -> usize {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The Rust files in a folder and below, without what is built.
fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) =
        entries.filter(|path| !path.ends_with("target")).partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().filter(|path| path.extension().is_some_and(|name| name == "rs")).chain(below).collect()
}

/// Its arithmetic is tested on the host; it is a workspace of its own, with formatting and lints of its own.
#[test]
#[ignore = "needs cargo e2e"]
fn the_kernels_own_gate_passes() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    let step = |arguments: &[&str]| {
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        // Flags of whoever runs the tests are not the kernel's.
        cargo.env_remove("RUSTFLAGS").env("CARGO_TARGET_DIR", format!("{root}target/guest"));
        cargo.args(arguments).current_dir(format!("{root}deploy/guest"));
        let outcome = e2e::process::run_within(std::time::Duration::from_secs(600), &mut cargo, "");
        assert!(outcome.success, "cargo {}: {}", arguments.join(" "), outcome.output);
        outcome.output
    };
    step(&["fmt", "--check"]);
    step(&["clippy", "--locked", "--lib", "--bins", "--", "-D", "warnings"]);
    step(&["clippy", "--locked", "--lib", "--tests", "--", "-D", "warnings"]);
    assert!(step(&["test", "--locked", "--lib"]).contains("test result: ok. "));
}
