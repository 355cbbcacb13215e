//! The program under test, `dns-primary`, with the command line that an operator would type.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::built;
use crate::folder::Folder;
use crate::network::Tap;
use crate::ports::free_address;
use crate::process::{Outcome, Process, run};

/// A command line of `dns-primary` that is still being put together.
#[derive(Debug, Clone)]
pub struct Arguments {
    address: SocketAddr,
    sandbox: Option<Sandbox>,
    arguments: Vec<(String, Option<String>)>,
}

impl Arguments {
    /// For zones at `remote`, on a free port; pulls only when notified.
    pub fn new(remote: &str) -> Arguments {
        Arguments::at(free_address(), None, remote)
    }

    /// For zones at `remote`, in the sandbox on a tap.
    pub fn sandboxed(remote: &str, tap: &Tap) -> Arguments {
        let sandbox = Sandbox { tap: tap.clone(), memory: 32 };
        let new = Arguments::at(tap.dns(), Some(sandbox), remote);
        tap.arguments().iter().fold(new, |new, (option, value)| new.set(option, value))
    }

    fn at(address: SocketAddr, sandbox: Option<Sandbox>, remote: &str) -> Arguments {
        let new = Arguments { address, sandbox, arguments: Vec::new() };
        new.set("--remote", remote).set("--listen", &address.to_string()).set("--poll", "0").set("--logs", "*:debug")
    }

    /// So much memory in MiB, in the sandbox.
    pub fn memory(mut self, memory: u32) -> Arguments {
        self.sandbox.as_mut().expect("only the sandbox limits memory").memory = memory;
        self
    }

    /// Where it will listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives an option its value, in place of any it had.
    pub fn set(self, option: &str, value: &str) -> Arguments {
        self.without(option).add(option, value)
    }

    /// Gives an option one more value.
    pub fn add(mut self, option: &str, value: &str) -> Arguments {
        self.arguments.push((option.to_owned(), Some(value.to_owned())));
        self
    }

    /// Sets an option that has no value.
    pub fn flag(mut self, option: &str) -> Arguments {
        self.arguments.push((option.to_owned(), None));
        self
    }

    /// Takes an option away.
    pub fn without(mut self, option: &str) -> Arguments {
        self.arguments.retain(|(name, _)| name != option);
        self
    }

    /// Starts the program and returns at once.
    pub fn start(self, folder: &Folder) -> Primary {
        let mut primary = Primary { arguments: self, folder: folder.subfolder("primary"), starts: 0, process: None };
        primary.start_again();
        primary
    }

    /// Starts the program and waits until it serves.
    pub fn serving(self, folder: &Folder) -> Primary {
        let mut primary = self.start(folder);
        primary.wait_until_serving();
        primary
    }

    /// Runs the program to its end: for arguments that it has to refuse.
    pub fn run(&self) -> Outcome {
        run(&mut self.command(), "")
    }

    fn command(&self) -> Command {
        let mut command = match &self.sandbox {
            None => built::command("dns-primary", "dns-primary"),
            Some(sandbox) => sandbox.command("dns-primary"),
        };
        for (option, value) in &self.arguments {
            command.arg(option).args(value);
        }
        command
    }
}

/// Where a service runs that has a tap instead of the host's sockets.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Its tap.
    pub tap: Tap,
    /// Its memory in MiB.
    pub memory: u32,
}

impl Sandbox {
    /// The command line up to the service's own arguments.
    pub fn command(&self, service: &str) -> Command {
        let elf = built::elf(service);
        let mut command = built::command("gitstead", "deploy");
        command.args(["run", "--tap", self.tap.name(), "--memory", &self.memory.to_string()]).arg(elf).arg("--");
        command
    }
}

/// A running (or for a while ended) `dns-primary`.
#[derive(Debug)]
pub struct Primary {
    arguments: Arguments,
    folder: PathBuf,
    starts: usize,
    process: Option<Process>,
}

impl Primary {
    /// Where it listens, UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.arguments.address
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the primary was started")
    }

    /// What it logged since it was last started.
    pub fn log(&self) -> String {
        self.process.as_ref().map_or(String::new(), Process::output)
    }

    /// Waits until it logs that it serves.
    pub fn wait_until_serving(&mut self) {
        self.wait_for_log("serving");
    }

    /// Waits until a line of its log contains `text`.
    pub fn wait_for_log(&mut self, text: &str) {
        self.process().wait_for_output(&format!("{text:?}"), |log| log.contains(text));
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// SIGTERM; how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.process().terminate()
    }

    /// Starts it with the same arguments on the same port; its log begins anew.
    pub fn start_again(&mut self) {
        self.process = None;
        self.starts += 1;
        // Two primaries may share a folder, so the port is part of the name.
        let name = format!("{}.{}.log", self.address().port(), self.starts);
        self.process = Some(Process::start("dns-primary", &mut self.arguments.command(), &self.folder.join(name)));
    }
}
