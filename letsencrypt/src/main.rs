//! Certificates for whoever puts a signing request into DNS.

use std::process::ExitCode;

use letsencrypt::config::Arguments;
use platform::Program;

#[global_allocator]
static MEMORY: platform::Arena = platform::Arena;

fn main() -> ExitCode {
    let program = Program {
        name: env!("CARGO_PKG_NAME"),
        about: "Certificates for whoever puts a signing request into DNS",
        version: env!("CARGO_PKG_VERSION"),
    };
    platform::run::<Arguments, _, _>(program, letsencrypt::service::run)
}
