//! An authoritative DNS primary whose zones lie in a git repository.

use std::process::ExitCode;

use dns_primary::config::Arguments;
use platform::Program;

#[global_allocator]
static MEMORY: platform::Arena = platform::Arena;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        about: "Authoritative DNS primary whose zones lie in a git repository",
        version: env!("CARGO_PKG_VERSION"),
    };
    platform::run::<Arguments, _, _>(program, dns_primary::service::run)
}
