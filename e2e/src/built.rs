//! Our own programs, as files beside the test in the target folder.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::process::run;

/// A command line of `program`, which `package` builds: now, if the test was not started by `cargo e2e`, which has
/// built it.
pub fn command(program: &str, package: &str) -> Command {
    static BUILT: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let profile = profile();
    if std::env::var_os("GITSTEAD_E2E").is_none() {
        let mut built = BUILT.lock().expect("no holder panicked");
        if built.get_or_insert_default().insert(package.to_owned()) {
            build(package, &profile);
        }
    }
    let path = profile.join(program);
    assert!(path.is_file(), "{} is not there; `cargo e2e` builds it", path.display());
    Command::new(path)
}

/// A command line of an example that `package` has, as [`command`].
pub fn example(name: &str, package: &str) -> Command {
    if std::env::var_os("GITSTEAD_E2E").is_none() {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(["build", "--quiet", "--package", package, "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let outcome = run(&mut cargo, "");
        assert!(outcome.success, "{package} cannot be built: {}", outcome.output);
    }
    Command::new(profile().join("examples").join(name))
}

/// `program` as one static ELF, for the sandbox: what `gitstead build` makes; `cargo e2e` has made it.
pub fn elf(program: &str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("no holder panicked");
    let path = built.entry(program.to_owned()).or_insert_with(|| match std::env::var_os("GITSTEAD_E2E") {
        // target/PROFILE/PROGRAM and target/TARGET/release/PROGRAM
        Some(_) => profile().with_file_name("x86_64-unknown-linux-gnu").join("release").join(program),
        None => build_elf(program),
    });
    assert!(path.is_file(), "{} is not there; `cargo e2e` builds it", path.display());
    path.clone()
}

fn build_elf(program: &str) -> PathBuf {
    let output =
        command("gitstead", "deploy").args(["build", program]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap_or_else(|error| panic!("gitstead cannot be started: {error}"));
    assert!(output.status.success(), "{program} cannot be built: {}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// The target folder.
pub(crate) fn target() -> PathBuf {
    profile().parent().expect("a profile lies in the target folder").to_owned()
}

/// The folder of our programs.
fn profile() -> PathBuf {
    // target/PROFILE/deps/TEST or target/PROFILE/PROGRAM
    let this = std::env::current_exe().expect("a program knows its path");
    this.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("there is a folder above").to_owned()
}

fn build(package: &str, profile: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--package", package]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let outcome = run(&mut cargo, "");
    assert!(outcome.success, "{package} cannot be built: {}", outcome.output);
}
