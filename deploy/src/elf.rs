//! A service as one static ELF: what the sandbox executes and what the guest kernel carries.
//!
//! The same file runs on a host, in the sandbox and in a virtual machine. It is linked at a fixed address and without a
//! loader, and asks for randomness by system call, since there may be no files to open.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// Named although it is the host's, so that build scripts and macros are built without the flags below.
const TARGET: &str = "x86_64-unknown-linux-gnu";
const FLAGS: &str =
    "-C target-feature=+crt-static -C relocation-model=static --cfg getrandom_backend=\"linux_getrandom\"";
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
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"])?;
    cargo(&["build", "--release", "--locked", "--target", TARGET, "--package", service, "--bin", service])?;
    Ok(target_folder(&metadata).join(TARGET).join("release").join(service))
}

fn cargo(arguments: &[&str]) -> Result<String, BuildError> {
    let program = std::env::var_os("CARGO").unwrap_or(OsString::from("cargo"));
    let output = Command::new(program)
        .args(arguments)
        .env("RUSTFLAGS", FLAGS)
        .env(STRIP.0, STRIP.1)
        .output()
        .map_err(BuildError::Cargo)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BuildError::Failed { command: arguments.join(" "), reason })
}

/// `"target_directory":"…"` of what `cargo metadata` prints.
fn target_folder(metadata: &str) -> PathBuf {
    let value = metadata.rsplit_once("\"target_directory\":\"").and_then(|(_, rest)| rest.split_once('"'));
    PathBuf::from(value.map_or("target", |(folder, _)| folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_cargos() {
        let metadata = r#"{"packages":[],"target_directory":"/a folder/target","version":1}"#;
        assert_eq!(target_folder(metadata), PathBuf::from("/a folder/target"));
        assert_eq!(
            target_folder(&cargo(&["metadata", "--format-version", "1", "--no-deps"]).unwrap()).file_name().unwrap(),
            "target"
        );
    }

    #[test]
    fn what_cargo_refuses_is_shown() {
        let error = build("no-such-service").unwrap_err().to_string();
        assert!(error.contains("no-such-service"), "{error}");
    }
}
