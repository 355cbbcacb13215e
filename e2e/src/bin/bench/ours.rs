//! Our primary in a scene of its own: OpenSSH, a bare repository, and a line that counts octets.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::folder::Folder;
use e2e::git::Repository;
use e2e::primary::{Arguments, Primary};
use e2e::process::{Process, ProcessorTime};
use e2e::proxy::Proxy;
use e2e::sshd::Sshd;
use e2e::wait;
use e2e::wire::serves;

use crate::machine::{SERVERS, on_core};
use crate::zone_text;

/// Longest that anything may take to load.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// The far side, and the primary once it is started.
#[derive(Debug)]
pub struct Ours {
    primary: Option<Primary>,
    line: Proxy,
    /// The SSH server.
    pub sshd: Sshd,
    /// The bare repository.
    pub repository: Repository,
    /// Where all of it is.
    pub folder: Folder,
}

impl Ours {
    /// A repository with `files` and the keys, on an SSH server; the primary is not started.
    pub fn new(files: &[(String, String)]) -> Ours {
        let folder = Folder::new();
        let sshd = Sshd::start(&folder);
        let repository = Repository::empty(&folder.join("zones.git"));
        let tree = repository.work_tree(&folder.join("first"));
        for (name, content) in files {
            tree.write(name, content);
        }
        tree.write("_keys", zone_text::keys()).commit("The zones as they are");
        tree.push();
        let line = Proxy::to(([127, 0, 0, 1], sshd.port()).into());
        Ours { primary: None, line, sshd, repository, folder }
    }

    /// Starts the primary on the servers' core, with more arguments, and waits until it serves `zone`.
    pub fn serve(&mut self, zone: &str, notify: &[String]) {
        self.stop();
        let port = self.line.address().port();
        let url = format!("ssh://{}@127.0.0.1:{port}{}#main", self.sshd.user(), self.repository.path().display());
        let arguments = Arguments::new(&url)
            .set("--ssh-key-file", self.sshd.user_key().to_str().expect("paths are UTF-8"))
            .set("--ssh-authenticator", &self.sshd.fingerprint())
            .set("--logs", "*:warning")
            .flag("--axfr");
        let arguments = notify.iter().fold(arguments, |arguments, target| arguments.add("--notify", target));
        self.primary = Some(on_core(SERVERS, || arguments.start(&self.folder)));
        let address = self.address();
        wait::find_within(PATIENCE, "our primary serves", || {
            assert!(self.process().ended().is_none(), "dns-primary runs");
            serves(address, zone).then_some(())
        });
    }

    /// Ends the primary.
    pub fn stop(&mut self) {
        self.primary = None;
    }

    /// Where the primary listens.
    pub fn address(&self) -> SocketAddr {
        self.primary.as_ref().expect("the primary was started").address()
    }

    /// The primary's process.
    pub fn process(&mut self) -> &mut Process {
        self.primary.as_mut().expect("the primary was started").process()
    }

    /// Octets that the primary sent to the SSH server so far, encrypted.
    pub fn uploaded(&self) -> u64 {
        self.line.uploaded()
    }

    /// Processor time of the SSH server, git on its side included.
    pub fn remote_time(&self) -> ProcessorTime {
        self.sshd.process().family_time()
    }
}
