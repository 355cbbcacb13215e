//! `gitstead image`: a service and the guest kernel as one file that a virtual machine boots.
//!
//! Beside the file lies a list of what is in it, and on request what starts it. The same sources give the same octets,
//! wherever they are built: `--verify` shows it for an image that somebody else has built.

mod bundle;
mod launch;
mod lz4;
mod parts_list;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::elf::{self, BuildError, Sources, cargo};
use bundle::{Bundle, BundleError};
use launch::Launch;

/// Build one bootable file from the guest kernel and a service, from the sources in this folder.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The service, such as dns-primary; with --elf what it is to be called.
    #[arg(required_unless_present = "verify")]
    service: Option<String>,
    /// Where the image goes; what belongs to it goes beside it [default: SERVICE.img]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Arguments for a machine that is started without any
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true, default_value = "")]
    arguments: String,
    /// Take this static executable instead of building the service
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// Also write what starts it; can be given several times
    #[arg(long, value_name = "KIND")]
    launch: Vec<Launch>,
    /// Build it again and compare: 0 if these sources give this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "arguments", "launch"])]
    verify: Option<PathBuf>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Kernel or service cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The operator's: the executable is not one that the kernel boots, or a file is no image.
    #[error("{}: {reason}", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: BundleError,
    },
    /// The environment's: a file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The image is not what these sources give.
    #[error("{}: is {found}, but these sources give {expected}", path.display())]
    Different {
        /// The image.
        path: PathBuf,
        /// Its SHA-256.
        found: String,
        /// That of what was built.
        expected: String,
    },
}

/// Builds or verifies, and prints what came of it.
pub fn run(arguments: &Arguments) -> Result<(), ImageError> {
    match &arguments.verify {
        Some(path) => verify(path, arguments.elf.as_deref()),
        None => build(arguments),
    }
}

fn build(arguments: &Arguments) -> Result<(), ImageError> {
    let name = arguments.service.as_deref().unwrap_or_default();
    let octets = image(name, &arguments.arguments, arguments.elf.as_deref())?;
    let output = arguments.output.clone().unwrap_or(PathBuf::from(format!("{name}.img")));
    write(&output, &octets)?;
    if arguments.elf.is_none() {
        write(&output.with_added_extension("cdx.json"), parts_list::write(name, &sha256(&octets))?.as_bytes())?;
    }
    for launch in &arguments.launch {
        let path = output.with_extension(launch.extension());
        write(&path, launch.text(name, &output).as_bytes())?;
        if launch.is_program() {
            make_executable(&path)?;
        }
    }
    println!("{}  {}  {} octets", sha256(&octets), output.display(), octets.len());
    Ok(())
}

fn verify(path: &Path, elf: Option<&Path>) -> Result<(), ImageError> {
    let found = read(path)?;
    let bundle = Bundle::decode(&found).map_err(|reason| ImageError::Bundle { path: path.to_owned(), reason })?;
    let built = image(bundle.name, bundle.arguments, elf)?;
    let (found, expected) = (sha256(&found), sha256(&built));
    if found != expected {
        return Err(ImageError::Different { path: path.to_owned(), found, expected });
    }
    println!("{found}  {}  is what these sources give", path.display());
    Ok(())
}

/// The image's octets.
fn image(name: &str, arguments: &str, elf: Option<&Path>) -> Result<Vec<u8>, ImageError> {
    let kernel_path = kernel()?;
    let elf_path = match elf {
        Some(path) => path.to_owned(),
        None => elf::build(name)?,
    };
    let (kernel, elf) = (read(&kernel_path)?, read(&elf_path)?);
    let bundle = Bundle { name, arguments, elf: &elf };
    bundle.encode(&kernel).map_err(|reason| ImageError::Bundle { path: elf_path, reason })
}

/// Builds the guest kernel, a workspace of its own.
fn kernel() -> Result<PathBuf, ImageError> {
    let sources = Sources::here()?;
    let (manifest, target) = (sources.root.join("deploy/guest/Cargo.toml"), sources.target.join("guest"));
    let (manifest, target_text) = (manifest.to_string_lossy(), target.to_string_lossy());
    let options =
        ["--release", "--locked", "--bin", "guest", "--manifest-path", &manifest, "--target-dir", &target_text];
    cargo(&[&["build"][..], &options].concat(), &sources.same_names())?;
    Ok(target.join("release/guest"))
}

fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    std::fs::read(path).map_err(|reason| ImageError::File { path: path.to_owned(), reason })
}

fn write(path: &Path, octets: &[u8]) -> Result<(), ImageError> {
    std::fs::write(path, octets).map_err(|reason| ImageError::File { path: path.to_owned(), reason })
}

fn make_executable(path: &Path) -> Result<(), ImageError> {
    use std::os::unix::fs::PermissionsExt;
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, executable).map_err(|reason| ImageError::File { path: path.to_owned(), reason })
}
