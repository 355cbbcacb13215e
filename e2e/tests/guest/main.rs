//! The guest kernel in a virtual machine: what it gives an application, what it keeps from it, and what it says when the
//! machine or the command line is not as it should be.

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

/// Its arithmetic is tested on the host, in a workspace of its own.
#[test]
#[ignore = "needs cargo e2e"]
fn the_kernels_unit_tests_pass() {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../");
    cargo.args(["test", "--lib", "--locked", "--manifest-path"]).arg(format!("{root}deploy/guest/Cargo.toml"));
    cargo.arg("--target-dir").arg(format!("{root}target/guest"));
    let outcome = e2e::process::run_within(std::time::Duration::from_secs(600), &mut cargo, "");
    assert!(outcome.success && outcome.output.contains("test result: ok. "), "{}", outcome.output);
}
