//! An authoritative DNS secondary that keeps its zones in memory.

use std::process::ExitCode;

use dns_secondary::config::Arguments;
use platform::Program;

#[global_allocator]
static MEMORY: platform::Arena = platform::Arena;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        about: "Authoritative DNS secondary that keeps its zones in memory",
        version: env!("CARGO_PKG_VERSION"),
    };
    platform::run::<Arguments, _, _>(program, dns_secondary::service::run)
}
