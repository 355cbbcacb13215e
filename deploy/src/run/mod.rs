//! `gitstead run`: a service in a sandbox of the host's kernel, on a tap instead of the host's sockets.
//!
//! What Solo5 calls a tender: it opens the tap as file descriptor 3, gives up every right, and executes the service,
//! which seals itself. Nothing of ours stays in between but a process that passes on signals and the exit code.

mod error;
mod program;
mod sandbox;
mod tap;

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

pub use error::RunError;
use program::Program;

/// Longest command line; a guest kernel has room for so much.
const LONGEST: usize = 8192;

/// Run a service in a sandbox, with a tap as its only way out.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The tap, which must be there and up; each frame on it is the service's.
    #[arg(long, value_name = "TAP")]
    tap: String,

    /// Memory of the service in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = clap::value_parser!(u32).range(8..))]
    memory: u32,

    /// The user that the service runs as, when this is run by root.
    #[arg(long, value_name = "USER", default_value = "nobody")]
    user: String,

    /// The service, one static ELF: see gitstead build.
    program: PathBuf,

    /// The arguments of the service.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// Runs the service until it ends; its exit code.
pub fn run(arguments: &Arguments) -> Result<u8, RunError> {
    let program = Program::open(&arguments.program)?;
    let tap = tap::Tap::open(&arguments.tap)?;
    let line = command_line(arguments, tap.mtu)?;
    let owner = sandbox::User::find(&arguments.user)?;
    sandbox::run(program, tap.frames, &line, owner, u64::from(arguments.memory) << 20)
}

/// The service's command line: its name, what only we know, what the operator says.
fn command_line(arguments: &Arguments, mtu: u16) -> Result<Vec<CString>, RunError> {
    let name = arguments.program.file_name().unwrap_or_default().to_owned();
    let known = [name, format!("--mtu={mtu}").into(), format!("--memory={}", arguments.memory).into()];
    let words = known.into_iter().chain(arguments.arguments.iter().cloned());
    let line: Vec<CString> =
        words.map(|word| CString::new(word.into_vec())).collect::<Result<_, _>>().map_err(|_| RunError::Nul)?;
    let length: usize = line.iter().map(|word| word.as_bytes_with_nul().len()).sum();
    if length > LONGEST { Err(RunError::TooLong { length, longest: LONGEST }) } else { Ok(line) }
}
