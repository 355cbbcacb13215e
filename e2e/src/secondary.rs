//! The program under test, `dns-secondary`, with the command line that an operator would type.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::Command;

use crate::built;
use crate::folder::Folder;
use crate::process::Process;
use crate::samples::Key;

/// A command line that is still being put together.
#[derive(Debug)]
pub struct Secondary(Vec<String>, SocketAddr);

/// A running `dns-secondary`.
#[derive(Debug)]
pub struct Running(RefCell<Process>);

impl Secondary {
    /// At an address, with a key.
    pub fn new(address: SocketAddr, key: &Key) -> Secondary {
        let algorithm = key.algorithm.trim_start_matches("hmac-").to_uppercase();
        let key = format!("{}:{algorithm}:{}", key.name, key.secret);
        Secondary(vec![], address).with("--listen", address).with("--keys", key).with("--logs", "*:debug")
    }

    /// From this primary.
    pub fn primary(self, primary: SocketAddr, key: &Key) -> Secondary {
        self.with("--primary", format!("{primary}@{}", key.name))
    }

    /// A zone from a primary of its own, unsigned.
    pub fn from(self, zone: &str, primary: SocketAddr) -> Secondary {
        self.with("--zone", format!("{zone}@{primary}"))
    }

    /// So many mebibytes of a transfer at most.
    pub fn limit(self, mebibytes: u32) -> Secondary {
        self.with("--transfer-limit", mebibytes)
    }

    /// Logs little.
    pub fn quiet(mut self) -> Secondary {
        self.0.retain(|word| word != "--logs" && word != "*:debug");
        self.with("--logs", "*:info")
    }

    /// A zone.
    pub fn zone(self, zone: &str) -> Secondary {
        self.with("--zone", zone)
    }

    /// A catalog.
    pub fn catalog(self, zone: &str) -> Secondary {
        self.with("--catalog", zone)
    }

    /// Tells this one.
    pub fn notify(self, address: SocketAddr, key: &Key) -> Secondary {
        self.with("--notify", format!("{address}@{}", key.name))
    }

    /// Starts it and waits until it answers.
    pub fn start(self, folder: &Folder) -> Running {
        let mut command: Command = built::command("dns-secondary", "dns-secondary");
        let log = folder.subfolder("dns-secondary").join(format!("{}.log", self.1.port()));
        let running = Running(RefCell::new(Process::start("dns-secondary", command.args(&self.0), &log)));
        running.wait_for_log("serving on");
        running
    }

    fn with(mut self, option: &str, value: impl ToString) -> Secondary {
        self.0.extend([option.to_owned(), value.to_string()]);
        self
    }
}

impl Running {
    /// Waits until a line of its log contains `text`.
    pub fn wait_for_log(&self, text: &str) {
        self.0.borrow_mut().wait_for_output(text, |log| log.contains(text));
    }
}
