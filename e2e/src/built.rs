//! Our own programs, as files beside the test in the target folder.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use crate::process::run;

/// A command line of `program`, which `package` builds: now, if the test was not started by `cargo e2e`, which has built it.
pub fn command(program: &str, package: &str) -> Command {
    static BUILT: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    // target/PROFILE/deps/TEST or target/PROFILE/PROGRAM
    let this = std::env::current_exe().expect("a program knows its path");
    let profile = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("there is a folder above");
    if std::env::var_os("GITSTEAD_E2E").is_none() {
        let mut built = BUILT.lock().expect("no holder panicked");
        if built.get_or_insert_default().insert(package.to_owned()) {
            build(package, profile);
        }
    }
    let path = profile.join(program);
    assert!(path.is_file(), "{} is not there; `cargo e2e` builds it", path.display());
    Command::new(path)
}

/// A command line of an example that `package` has, as [`command`].
pub fn example(name: &str, package: &str) -> Command {
    let this = std::env::current_exe().expect("a program knows its path");
    let profile = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("there is a folder above");
    if std::env::var_os("GITSTEAD_E2E").is_none() {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .args(["build", "--quiet", "--package", package, "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let outcome = run(&mut cargo, "");
        assert!(outcome.success, "{package} cannot be built: {}", outcome.output);
    }
    Command::new(profile.join("examples").join(name))
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
