//! `cargo e2e`: installs the software that the tests run against, builds once, runs every test of the workspace.
//!
//! `cargo e2e -- FILTER…` runs only the tests whose names match, `--no-install` only checks what is there,
//! `cargo e2e -- fuzz SECONDS` runs the fuzz targets for longer, and `cargo e2e -- bench` prints the benchmarks.

// A command line tool talks to the person at the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod fuzz;
mod packages;

use std::path::Path;
use std::process::{Command, ExitCode};

/// What runs in the sandbox, as one static ELF each.
const SERVICES: [&str; 4] = ["dns-primary", "dns-secondary", "letsencrypt", "caldav"];
/// What runs in a virtual machine, as one image each.
const IMAGES: [&str; 4] = ["guest-probe", "dns-primary", "letsencrypt", "caldav"];
/// How long each fuzz target runs after the tests.
const FUZZ_SECONDS: &str = "10";

fn main() -> ExitCode {
    // `cargo e2e -- x` and `cargo e2e x` mean the same.
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--").collect();
    let install = !arguments.iter().any(|argument| argument == "--no-install");
    arguments.retain(|argument| argument != "--no-install");
    match packages::ensure(install).and_then(|()| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("cargo e2e: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    match arguments.split_first() {
        Some((first, rest)) if first == "bench" => bench(rest),
        Some((first, rest)) if first == "fuzz" => fuzz(rest.first().map_or(FUZZ_SECONDS, String::as_str)),
        Some(_) => test(arguments),
        None => test(arguments).and_then(|()| fuzz(FUZZ_SECONDS)),
    }
}

fn fuzz(seconds: &str) -> Result<(), String> {
    let seconds = seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?;
    fuzz::run(&mut cargo(&[]), seconds, |command| step(command))
}

fn bench(arguments: &[String]) -> Result<(), String> {
    let services = SERVICES.iter().flat_map(|service| ["--package", service]);
    step(cargo(&["build", "--release", "--package", "deploy", "--package", "caldav"]).args(services))?;
    step(&mut gitstead(&["build", "dns-primary"]))?;
    step(cargo(&["run", "--release", "--package", "e2e", "--bin", "bench", "--"]).args(arguments))
}

fn test(filters: &[String]) -> Result<(), String> {
    // The tests start the programs as people do, as files, and so need them built.
    step(cargo(&["build", "--workspace", "--bins", "--examples"]))?;
    for service in SERVICES {
        step(&mut gitstead(&["build", service]))?;
    }
    for service in IMAGES {
        step(&mut gitstead(&["image", service, "--output", &format!("target/{service}.img")]))?;
    }
    if has_nextest() {
        return step(cargo(&["nextest", "run", "--workspace", "--run-ignored", "all", "--no-fail-fast"]).args(filters));
    }
    match filters.split_first() {
        None => step(&mut cargo(&["test", "--workspace", "--no-fail-fast", "--", "--include-ignored"])),
        Some(_) => step(cargo(&["test", "--workspace", "--no-fail-fast", "--", "--include-ignored"]).args(filters)),
    }
}

fn gitstead(arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--quiet", "--package", "deploy", "--bin", "gitstead", "--"]);
    command.args(arguments);
    command
}

fn has_nextest() -> bool {
    cargo(&["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(arguments).env("GITSTEAD_E2E", "1");
    command
}

/// Says what it runs, runs it, and complains if it fails.
fn step(mut command: impl std::borrow::BorrowMut<Command>) -> Result<(), String> {
    let command = command.borrow_mut();
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    println!("{program} {}", words.join(" "));
    let status = command.status().map_err(|error| format!("cannot run {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} {} failed ({status})", words.join(" "))) }
}
