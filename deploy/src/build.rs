//! `gitstead build`: a service as one static ELF.

use crate::elf::{self, BuildError};

/// Build a service from the sources in this folder as one static ELF, and print where it lies.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The service, such as dns-primary.
    service: String,
}

/// Builds, and prints the path.
pub fn run(arguments: &Arguments) -> Result<(), BuildError> {
    println!("{}", elf::build(&arguments.service)?.display());
    Ok(())
}
