//! JavaScript libraries of npm as clients, each set of them in a folder of its own in the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::{must, once};

/// A folder below which scripts find `packages`, each with its version: `tsdav@2.3.0`. Built once.
pub fn folder(packages: &[&str]) -> PathBuf {
    once("node", packages, install)
}

fn install(folder: &Path, packages: &[&str]) {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(folder);
    must(npm.args(packages));
}
