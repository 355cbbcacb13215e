//! Python programs and libraries as second opinions, each set of them in an environment of its own in the target
//! folder.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::built;
use crate::process::run_within;

/// The folder of programs (`python3`, and those of the packages) of an environment with `packages`, each with its
/// version: `khal==0.11.3`. Built once; tests that need it at the same time wait for each other.
pub fn environment(packages: &[&str]) -> PathBuf {
    once("python", packages, install).join("environment/bin")
}

/// The source of `package`, as it was published: it may hold tests that the installed one does not. Its folder.
pub fn source(package: &str) -> PathBuf {
    once("python-source", &[package], download).join(package.replace("==", "-"))
}

/// A folder in the target folder that `make` fills with `packages`, once; who needs it at the same time waits.
pub(crate) fn once(kind: &str, packages: &[&str], make: impl Fn(&Path, &[&str])) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    packages.hash(&mut hasher);
    let folder = built::target().join(kind).join(format!("{:016x}", hasher.finish()));
    std::fs::create_dir_all(&folder).expect("a folder in the target folder can be made");
    let lock = File::create(folder.join("lock")).expect("a file in the target folder can be made");
    lock.lock().expect("a file can be locked");
    let complete = folder.join("complete");
    if !complete.is_file() {
        make(&folder, packages);
        std::fs::write(&complete, packages.join("\n")).expect("a file in the target folder can be written");
    }
    folder
}

fn download(folder: &Path, packages: &[&str]) {
    let mut pip = Command::new("pip3");
    pip.args(["download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--no-binary", ":all:"]);
    must(pip.arg("--dest").arg(folder).args(packages));
    for package in packages {
        let archive = folder.join(format!("{}.tar.gz", package.replace("==", "-")));
        must(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(folder));
    }
}

fn install(folder: &Path, packages: &[&str]) {
    let environment = folder.join("environment");
    // Debian has what gives an environment a pip of its own in another package.
    must(Command::new("python3").args(["-m", "venv", "--clear", "--without-pip"]).arg(&environment));
    let mut pip = Command::new("pip3");
    pip.arg("--python").arg(environment.join("bin/python3"));
    must(pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(packages));
}

/// Runs a command that may have much to fetch.
pub(crate) fn must(command: &mut Command) {
    let outcome = run_within(Duration::from_secs(280), command, "");
    assert!(outcome.success, "{command:?} fails (it needs the network): {}", outcome.output);
}
