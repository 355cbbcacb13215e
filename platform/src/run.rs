//! What every service's `main` calls.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};

use crate::boot::{BootError, CommonArguments};
use crate::shutdown::{Shutdown, Signals};
use crate::{Metrics, Net, frames, log, memory, seal};

/// The exit code for arguments that cannot be used (sysexits' EX_USAGE, as MirageOS).
const EXIT_USAGE: u8 = 64;
/// The exit code when something around the service is missing, which a later start may find (sysexits' EX_UNAVAILABLE).
const EXIT_UNAVAILABLE: u8 = 69;

/// What `--help` and the logs call a service.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Name of the executable, and of the host when `--name` is not given.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// The version of the package.
    pub version: &'static str,
}

/// Everything a service may touch of the world outside.
#[derive(Clone, Debug)]
pub struct Boot {
    /// The network.
    pub net: Net,
    /// `--name`, or the program's.
    pub name: String,
    /// Where the service registers its metrics.
    pub metrics: Metrics,
    /// Says when to end.
    pub shutdown: Shutdown,
    seal: Option<Seal>,
}

/// How to seal the process.
#[derive(Clone, Copy, Debug)]
struct Seal {
    own_stack: bool,
}

impl Boot {
    /// Whether [`Boot::seal`] will do anything.
    pub fn is_to_be_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// To be called once everything is open and every thread runs: from here on the process can open no file, start no
    /// program and no thread, and get no memory beside what it has.
    pub fn seal(&self) -> Result<(), BootError> {
        let Some(Seal { own_stack }) = self.seal else { return Ok(()) };
        seal::seal(own_stack)?;
        tracing::info!("sealed");
        Ok(())
    }
}

/// Reads the boot arguments, starts logging and a current-thread runtime, and runs the service until it ends.
///
/// Exit codes: 0 when the service ended as asked, 64 when an argument cannot be used, 69 when something around it is
/// missing.
pub fn run<A, S, F>(program: Program, service: S) -> ExitCode
where
    A: Args + FromArgMatches,
    S: FnOnce(Boot, A) -> F,
    F: Future<Output = Result<(), BootError>>,
{
    let (common, own) = match parse::<A>(program) {
        Ok(arguments) => arguments,
        Err(error) => return usage(program, &error),
    };
    let addresses = match common.network.addresses() {
        Ok(addresses) => addresses,
        Err(error) => return usage(program, &error.to_string()),
    };
    // The frame device first, before its number could be anything else's.
    let frames = match addresses.as_ref().map(|_| frames::take()).transpose() {
        Ok(frames) => frames,
        Err(error) => {
            return usage(program, &format!("no frame device on file descriptor 3 ({error}); see gitstead run"));
        }
    };
    raise_file_limit();
    let signals = match Signals::hold() {
        Ok(signals) => signals,
        Err(error) => return unavailable(program, &error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return unavailable(program, &error.to_string()),
    };
    if let Some(memory) = common.memory {
        memory::limit(memory);
    }
    let ended = runtime.block_on(async {
        let net = match addresses.zip(frames) {
            Some((addresses, frames)) => {
                Net::own(frames, &addresses).await.map_err(|error| BootError::Surroundings(error.to_string()))?
            }
            None => Net::host_with(common.seal == Some(true), common.network.resolvers()),
        };
        let boot = start(program, &common, net, signals).await?;
        service(boot, own).await
    });
    let code = match ended {
        Ok(()) => 0,
        Err(error) => {
            complain(program, &error.to_string());
            match error {
                BootError::Argument(_) => EXIT_USAGE,
                BootError::Surroundings(_) => EXIT_UNAVAILABLE,
            }
        }
    };
    // What the runtime and the C library would do on the way out, a seal forbids; there is nothing left to lose.
    seal::exit(code)
}

fn parse<A: Args + FromArgMatches>(program: Program) -> Result<(CommonArguments, A), String> {
    let command = A::augment_args(Command::new(program.name).about(program.about).version(program.version));
    let command = CommonArguments::augment_args(command);
    let matches = command.try_get_matches().map_err(|error| {
        if !error.use_stderr() {
            // --help and --version
            error.exit();
        }
        one_line(&error.to_string())
    })?;
    let read = |error: clap::Error| one_line(&error.to_string());
    Ok((CommonArguments::from_arg_matches(&matches).map_err(read)?, A::from_arg_matches(&matches).map_err(read)?))
}

/// A connection is a file descriptor: takes as many as the host allows (`ulimit -Hn`), since the usual 1,024 are soon
/// used up.
fn raise_file_limit() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    // What is there already must do, then.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, raised);
}

/// The sentence of a clap error, without its usage section.
fn one_line(error: &str) -> String {
    let sentence = error.split("\n\n").next().unwrap_or(error);
    sentence.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn usage(program: Program, error: &str) -> ExitCode {
    complain(program, error);
    ExitCode::from(EXIT_USAGE)
}

fn unavailable(program: Program, error: &str) -> ExitCode {
    complain(program, error);
    ExitCode::from(EXIT_UNAVAILABLE)
}

#[expect(clippy::print_stderr, reason = "for whoever typed the arguments, not for the log")]
fn complain(program: Program, error: &str) {
    eprintln!("{}: {error}", program.name);
}

async fn start(program: Program, common: &CommonArguments, net: Net, signals: Signals) -> Result<Boot, BootError> {
    let name = common.name.clone().unwrap_or_else(|| program.name.to_owned());
    let metrics = Metrics::default();
    metrics.register(|registry| registry.register_collector(Box::new(memory::Gauges)));
    if let Some(syslog) = log::start(common.logs.clone(), &name, common.syslog) {
        tokio::spawn(syslog.run(net.clone()));
    }
    if let Some(server) = common.monitor {
        tokio::spawn(metrics.clone().push(net.clone(), server, name.clone()));
    }
    if let Some(address) = common.metrics {
        let serving = metrics.clone().serve(net.clone(), address);
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!("metrics cannot be served on {address}: {error}");
            }
        });
    }
    let shutdown = signals.listen().map_err(|error| BootError::Surroundings(error.to_string()))?;
    tokio::time::sleep(Duration::from_secs(common.delay)).await;
    let own_stack = net.is_own();
    let seal = common.seal.unwrap_or(own_stack).then_some(Seal { own_stack });
    Ok(Boot { net, name, metrics, shutdown, seal })
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_usage_error_is_one_line() {
        let error = "error: the following required arguments were not provided:\n  --remote <REMOTE>\n\nUsage: x\n";
        assert_eq!(one_line(error), "the following required arguments were not provided: --remote <REMOTE>");
    }
}
