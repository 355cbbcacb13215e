//! A service as one static ELF: what the sandbox executes and what the guest kernel carries.
//!
//! The same file runs on a host, in the sandbox and in a virtual machine. It is linked at a fixed address and without a
//! loader, and asks for randomness by system call, since there may be no files to open.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Named although it is the host's, so that build scripts and macros are built without the flags below.
const TARGET: &str = "x86_64-unknown-linux-gnu";
const FLAGS: [&str; 6] = [
    "-C",
    "target-feature=+crt-static",
    "-C",
    "relocation-model=static",
    "--cfg",
    "getrandom_backend=\"linux_getrandom\"",
];
/// Without names of functions and lines it is a fifth as large.
const STRIP: (&str, &str) = ("CARGO_PROFILE_RELEASE_STRIP", "symbols");

/// Why there is no ELF.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The environment's: there is no cargo, or it cannot be started.
    #[error("cargo cannot be started: {0}")]
    Cargo(io::Error),
    /// The operator's: not in the folder of gitstead's sources, or no service of that name.
    #[error("`cargo {command}` failed: {reason}")]
    Failed {
        /// The command line without `cargo`.
        command: String,
        /// What it printed.
        reason: String,
    },
}

/// Builds `service` (a package of the workspace that the current folder lies in) and returns the file.
pub fn build(service: &str) -> Result<PathBuf, BuildError> {
    let sources = Sources::here()?;
    let flags: Vec<String> = FLAGS.map(str::to_owned).into_iter().chain(sources.same_names()).collect();
    cargo(&["build", "--release", "--locked", "--target", TARGET, "--package", service, "--bin", service], &flags)?;
    Ok(sources.target.join(TARGET).join("release").join(service))
}

/// Where sources and what is made of them lie.
#[derive(Debug)]
pub struct Sources {
    /// The workspace's folder.
    pub root: PathBuf,
    /// Its target folder.
    pub target: PathBuf,
}

impl Sources {
    /// Those that the current folder lies in.
    pub fn here() -> Result<Sources, BuildError> {
        let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"], &[])?;
        let folder = |name, otherwise| PathBuf::from(value(&metadata, name).unwrap_or(otherwise));
        Ok(Sources { root: folder("workspace_root", "."), target: folder("target_directory", "target") })
    }

    /// Flags that keep the folders' names out of what is built, so that it is the same wherever it is built.
    pub fn same_names(&self) -> Vec<String> {
        let home = std::env::var("HOME").unwrap_or_default();
        let cargo = std::env::var("CARGO_HOME").unwrap_or(format!("{home}/.cargo"));
        // The last that fits counts: the target folder may lie inside the root.
        [(cargo.as_ref(), "/cargo"), (self.root.as_path(), "/gitstead"), (self.target.as_path(), "/target")]
            .map(|(folder, name): (&Path, &str)| format!("--remap-path-prefix={}={name}", folder.display()))
            .to_vec()
    }
}

/// Runs cargo and returns what it prints. The flags are the compiler's, and may have blanks in them.
pub fn cargo(arguments: &[&str], flags: &[String]) -> Result<String, BuildError> {
    let program = std::env::var_os("CARGO").unwrap_or(OsString::from("cargo"));
    let output = Command::new(program)
        .args(arguments)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env(STRIP.0, STRIP.1)
        .output()
        .map_err(BuildError::Cargo)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BuildError::Failed { command: arguments.join(" "), reason })
}

/// The value of `"name":"…"` in what `cargo metadata` prints.
fn value<'a>(metadata: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = metadata.rsplit_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_cargos() {
        let metadata = r#"{"packages":[],"target_directory":"/a folder/target","version":1}"#;
        assert_eq!(value(metadata, "target_directory"), Some("/a folder/target"));
        assert_eq!(value(metadata, "workspace_root"), None);
        let here = Sources::here().unwrap();
        assert!(here.root.join("deploy/guest/link.ld").is_file(), "{here:?}");
        assert!(here.same_names()[2].ends_with("=/target"), "{:?}", here.same_names());
    }

    #[test]
    fn what_cargo_refuses_is_shown() {
        let error = build("no-such-service").unwrap_err().to_string();
        assert!(error.contains("no-such-service"), "{error}");
    }
}
