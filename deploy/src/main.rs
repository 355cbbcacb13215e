//! `gitstead`, the operator's tool: one file a command.

// A command line tool talks to the person at the terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod build;
mod caldav_migrate;
mod certificate;
mod check;
mod client;
mod demo;
mod diff;
mod elf;
mod git_server;
mod image;
mod notify;
mod place;
mod prompt;
mod query;
mod run;
mod tree;
mod update;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The exit code for a bad argument (EX_USAGE).
const BAD_ARGUMENT: u8 = 64;

#[derive(Debug, Parser)]
#[command(name = "gitstead", about = "Network services whose only disk is a git repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Arguments),
    CaldavMigrate(caldav_migrate::Arguments),
    Certificate(certificate::Arguments),
    Check(check::Arguments),
    Demo(demo::Arguments),
    Diff(diff::Arguments),
    Image(image::Arguments),
    Notify(notify::Arguments),
    Query(query::Arguments),
    Run(run::Arguments),
    Update(update::Arguments),
    User(user::Arguments),
}

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => run(arguments.command),
        Err(error) => refuse(&error),
    }
}

fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Build(arguments) => build::run(&arguments).map_err(|error| error.to_string()),
        Command::CaldavMigrate(arguments) => caldav_migrate::run(&arguments).map_err(|error| error.to_string()),
        Command::Certificate(arguments) => return get_certificate(&arguments),
        Command::Check(arguments) => check::run(&arguments).map_err(|error| error.to_string()),
        Command::Diff(arguments) => diff::run(&arguments).map_err(|error| error.to_string()),
        Command::Demo(arguments) => demo::run(&arguments).map_err(|error| error.to_string()),
        Command::Image(arguments) => image::run(&arguments).map_err(|error| error.to_string()),
        Command::Notify(arguments) => notify::run(&arguments).map_err(|error| error.to_string()),
        Command::Query(arguments) => query::run(&arguments).map_err(|error| error.to_string()),
        Command::Run(arguments) => return run_service(&arguments),
        Command::Update(arguments) => update::run(&arguments).map_err(|error| error.to_string()),
        Command::User(arguments) => return manage_users(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gitstead: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Its exit codes are for cron: 0 also when nothing is new, 75 when it may go better later.
fn get_certificate(arguments: &certificate::Arguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            runtime.block_on(certificate::run(arguments)).map_err(|error| (error.exit_code(), error.to_string()))
        }
        Err(error) => Err((1, error.to_string())),
    };
    match result {
        Ok(news) => {
            news.into_iter().for_each(|news| println!("{news}"));
            ExitCode::SUCCESS
        }
        Err((code, error)) => {
            eprintln!("gitstead: {error}");
            ExitCode::from(code)
        }
    }
}

/// The service's exit code is ours.
fn run_service(arguments: &run::Arguments) -> ExitCode {
    match run::run(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("gitstead: {error}");
            if error.is_usage() { ExitCode::from(BAD_ARGUMENT) } else { ExitCode::FAILURE }
        }
    }
}

fn manage_users(arguments: &user::Arguments) -> ExitCode {
    match user::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gitstead: {error}");
            if error.is_usage() { ExitCode::from(BAD_ARGUMENT) } else { ExitCode::FAILURE }
        }
    }
}

/// Help was asked for, or the arguments make no sense.
fn refuse(error: &clap::Error) -> ExitCode {
    // Nothing is left to do when even this cannot be printed.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(BAD_ARGUMENT) } else { ExitCode::SUCCESS }
}
