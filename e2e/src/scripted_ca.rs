//! A certification authority that does what it is told, for what pebble cannot do: renewal information, rate limits,
//! lies.

use std::path::PathBuf;
use std::process::Command;

use crate::folder::{Folder, write};
use crate::pebble::make_certificate;
use crate::ports::free_port;
use crate::process::Process;

/// A running one.
#[derive(Debug)]
pub struct ScriptedCa {
    process: Process,
    port: u16,
    home: PathBuf,
}

impl ScriptedCa {
    /// Starts one; `behaviour` is JSON: `caa` (a list of domains), `days` (of a certificate), `renew_now` (how many
    /// times it wants a renewal at once), `rate_limited` (how many orders it refuses first) with `retry_after`
    /// (seconds), `invalid`, `wrong_key`, `nonsense`, `refuse_account` (true).
    pub fn start(folder: &Folder, behaviour: &str) -> ScriptedCa {
        let port = free_port();
        let home = folder.subfolder(&format!("ca-{port}"));
        make_certificate(&home);
        write(&home.join("ca.py"), include_str!("scripted_ca.py"));
        let mut command = Command::new("python3");
        command.arg(home.join("ca.py")).arg(port.to_string()).arg(&home).arg(behaviour);
        let mut process = Process::start("scripted CA", &mut command, &home.join("log"));
        process.wait_for_output("listening", |text| text.contains("listening"));
        ScriptedCa { process, port, home }
    }

    /// The arguments that make it our service's CA.
    pub fn arguments(&self) -> Vec<String> {
        let directory = format!("https://localhost:{}/dir", self.port);
        let ca_file = self.root().to_str().expect("test paths are UTF-8").to_owned();
        ["--issuer", &directory, "--ca-file", &ca_file, "--account-key-seed", "test"].map(str::to_owned).into()
    }

    /// The root of its API and of what it issues (PEM).
    pub fn root(&self) -> PathBuf {
        self.home.join("ca.pem")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// Orders that were placed.
    pub fn orders(&self) -> usize {
        self.log().matches("new order").count()
    }
}
