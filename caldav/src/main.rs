//! A CalDAV server whose store is a git repository.

use std::process::ExitCode;

use caldav::config::Arguments;
use platform::Program;

#[global_allocator]
static MEMORY: platform::Arena = platform::Arena;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        about: "CalDAV server whose store is a git repository",
        version: env!("CARGO_PKG_VERSION"),
    };
    platform::run::<Arguments, _, _>(program, caldav::service::run)
}
