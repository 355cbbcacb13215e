//! OpenSSH's server on a loopback port, for the user who runs the test, with keys made for this test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::folder::{Folder, write};
use crate::git::{ISOLATION, Repository, WorkTree};
use crate::network;
use crate::ports::free_port;
use crate::process::{Process, run};
use crate::wait;

/// What differs between SSH servers.
#[derive(Debug, Clone)]
pub struct Options {
    /// Lets clients set `GIT_PROTOCOL`, as hosts that speak protocol version 2 do; without it they meet version 0.
    pub accept_git_protocol: bool,
    /// A program to run whatever the client asks for, as hosts with restricted accounts do.
    pub forced_command: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options { accept_git_protocol: true, forced_command: None }
    }
}

/// A running (or for a while stopped) SSH server.
#[derive(Debug)]
pub struct Sshd {
    process: Option<Process>,
    folder: PathBuf,
    user: String,
    port: u16,
}

impl Sshd {
    /// Starts a server and makes its keys; `folder` gets a subfolder `sshd`.
    pub fn start(folder: &Folder) -> Sshd {
        Sshd::start_with(folder, &Options::default())
    }

    /// As [`Sshd::start`], with options.
    pub fn start_with(folder: &Folder, options: &Options) -> Sshd {
        let user = run(Command::new("id").arg("-un"), "").output.trim().to_owned();
        let mut sshd = Sshd { process: None, folder: folder.subfolder("sshd"), user, port: free_port() };
        for key in ["host_key", "user_key", "stranger_key"] {
            make_key(&sshd.folder.join(key));
        }
        sshd.set_options(options);
        sshd.start_again();
        sshd
    }

    /// Takes other options; they hold from the next start (a forced command: from the next login).
    pub fn set_options(&self, options: &Options) {
        write(&self.folder.join("sshd_config"), self.configuration(options));
        let public = fs::read_to_string(self.folder.join("user_key.pub")).expect("the public key was made");
        let prefix = options.forced_command.as_ref().map_or(String::new(), |command| format!("command=\"{command}\" "));
        write(&self.folder.join("authorized_keys"), format!("{prefix}{public}"));
    }

    /// Starts it on the port it had before, with the keys it had before.
    pub fn start_again(&mut self) {
        // Needed by a server that runs as root, and only root can make it.
        let _ = fs::create_dir_all("/run/sshd");
        let mut command = Command::new(program("sshd"));
        command.args(["-D", "-e", "-f"]).arg(self.folder.join("sshd_config"));
        let mut process = Process::start("sshd", &mut command, &self.folder.join("sshd.log"));
        process.wait_for_output("that it listens", |text| text.contains("Server listening"));
        self.process = Some(process);
    }

    /// Ends it and every connection it has.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Lets it and its connections hang.
    pub fn pause(&self) {
        self.process.as_ref().expect("the server runs").pause();
    }

    /// Undoes [`Sshd::pause`].
    pub fn resume(&self) {
        self.process.as_ref().expect("the server runs").resume();
    }

    /// What it logged since it was last started.
    pub fn log(&self) -> String {
        self.process.as_ref().map_or(String::new(), Process::output)
    }

    /// How many logins it has accepted since it was last started.
    pub fn logins(&self) -> usize {
        self.log().matches("Accepted publickey").count()
    }

    /// Its process, which connections and git are children of.
    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("the server runs")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user whose key is accepted.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The host key's fingerprint, `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        let outcome = run(Command::new("ssh-keygen").arg("-lf").arg(self.folder.join("host_key.pub")), "");
        outcome.output.split_whitespace().nth(1).expect("the fingerprint is the second word").to_owned()
    }

    /// The file of the private key that is accepted.
    pub fn user_key(&self) -> PathBuf {
        self.folder.join("user_key")
    }

    /// The file of a private key that is not accepted.
    pub fn stranger_key(&self) -> PathBuf {
        self.folder.join("stranger_key")
    }

    /// The accepted key as `--ssh-key` takes it: `ed25519:` and the seed in base64.
    pub fn user_key_seed(&self) -> String {
        let decode = |text: &str| STANDARD.decode(text).expect("OpenSSH writes base64");
        let public = fs::read_to_string(self.folder.join("user_key.pub")).expect("the public key was made");
        let public = decode(public.split_whitespace().nth(1).expect("the key is the second word"));
        let private = fs::read_to_string(self.user_key()).expect("the private key was made");
        let private = decode(&private.lines().filter(|line| !line.starts_with('-')).collect::<String>());
        // The secret of an Ed25519 key is its 32-octet seed followed by the 32-octet public key.
        let public = &public[public.len() - 32..];
        let place = private.windows(32).rposition(|window| window == public).expect("the public key follows the seed");
        format!("ed25519:{}", STANDARD.encode(&private[place - 32..place]))
    }

    /// The address of a repository on this server, `ssh://user@address:port/path`.
    pub fn url(&self, repository: &Repository) -> String {
        format!("ssh://{}@{}:{}{}", self.user, network::host(), self.port, repository.path().display())
    }

    /// The `GIT_SSH_COMMAND` of an operator whose key is accepted.
    pub fn ssh_command(&self) -> String {
        let key = self.user_key();
        let options = "-F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
        format!("ssh {options} -o LogLevel=ERROR -i {}", key.display())
    }

    /// A clone that talks to the repository through this server.
    pub fn work_tree(&self, repository: &Repository, path: &Path) -> WorkTree {
        WorkTree::clone(&self.url(repository), path, Some(self.ssh_command()))
    }

    fn configuration(&self, options: &Options) -> String {
        let folder = self.folder.display();
        let isolation: Vec<String> = ISOLATION[..2].iter().map(|(name, value)| format!("{name}={value}")).collect();
        // With a shell level below 2, bash would read the user's own .bashrc for every command, whatever it holds.
        let accept = if options.accept_git_protocol { "AcceptEnv GIT_PROTOCOL\n" } else { "" };
        format!(
            "Port {port}\nListenAddress {address}\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n\
             PidFile none\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nUsePAM no\n\
             MaxStartups 1000\nMaxSessions 100\nPrintMotd no\nSetEnv SHLVL=2 {environment}\n{accept}",
            port = self.port,
            address = network::host(),
            environment = isolation.join(" "),
        )
    }
}

/// An OpenSSH key pair without a passphrase at `path` and `path.pub`.
pub fn make_key(path: &Path) {
    let outcome =
        run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f"]).arg(path), "");
    assert!(outcome.success, "ssh-keygen failed: {}", outcome.output);
}

/// The path of a server program, which an ordinary user's `PATH` need not lead to.
pub fn program(name: &str) -> PathBuf {
    let folders = std::env::var("PATH").unwrap_or_default();
    let candidates = folders.split(':').chain(["/usr/sbin", "/sbin", "/usr/local/sbin"]);
    let found = candidates.map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed; `cargo e2e` installs it"))
}

/// Waits until the server has written `text` into its log.
pub fn wait_for_log(sshd: &Sshd, text: &str) {
    wait::until(&format!("sshd logs {text:?}"), || sshd.log().contains(text));
}
