//! The common scene: an SSH server, a repository with the sample zones in it, and our primary serving them.

use std::net::SocketAddr;

use crate::clients::{dig, serial};
use crate::folder::Folder;
use crate::git::{Repository, WorkTree};
use crate::message::{Signer, notify};
use crate::network::{Network, Tap};
use crate::primary::{Arguments, Primary};
use crate::samples;
use crate::sshd::{Options, Sshd};
use crate::{wait, wire};

/// A scene that is about to be set.
#[derive(Debug)]
pub struct Scene {
    files: Vec<(String, String)>,
    options: Options,
    arguments: Vec<(String, String)>,
    sandbox: Option<(Network, Tap)>,
}

impl Scene {
    /// The sample zones and keys, nothing special.
    pub fn new() -> Scene {
        Scene { files: samples::files(), options: Options::default(), arguments: Vec::new(), sandbox: None }
    }

    /// The same, but the primary runs in the sandbox, on a tap in a network of the test's own.
    pub fn sandboxed() -> Scene {
        let network = Network::enter();
        let tap = network.tap();
        Scene { sandbox: Some((network, tap)), ..Scene::new() }
    }

    /// Puts a file into the repository, in place of any of that name.
    pub fn file(mut self, name: &str, content: &str) -> Scene {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// Gives the primary one more argument.
    pub fn argument(mut self, option: &str, value: &str) -> Scene {
        self.arguments.push((option.to_owned(), value.to_owned()));
        self
    }

    /// Sets how the SSH server behaves.
    pub fn sshd(self, options: Options) -> Scene {
        Scene { options, ..self }
    }

    /// Sets everything up except the primary.
    pub fn remote(self) -> Remote {
        let folder = Folder::new();
        let sshd = Sshd::start_with(&folder, &self.options);
        let repository = Repository::with_files(&folder.join("zones.git"), &self.files);
        Remote { sshd, repository, arguments: self.arguments, folder, sandbox: self.sandbox }
    }

    /// Sets everything up and waits until the primary serves.
    pub fn serving(self) -> World {
        self.remote().serving()
    }
}

impl Default for Scene {
    fn default() -> Scene {
        Scene::new()
    }
}

/// The far side: an SSH server and a repository on it.
#[derive(Debug)]
pub struct Remote {
    /// The SSH server.
    pub sshd: Sshd,
    /// The bare repository.
    pub repository: Repository,
    /// The test's folder.
    pub folder: Folder,
    arguments: Vec<(String, String)>,
    sandbox: Option<(Network, Tap)>,
}

impl Remote {
    /// The primary's tap, in the sandbox.
    pub fn tap(&self) -> &Tap {
        &self.sandbox.as_ref().expect("the scene is in the sandbox").1
    }

    /// One more network on the same host, in the sandbox.
    pub fn another_tap(&self) -> Tap {
        self.sandbox.as_ref().expect("the scene is in the sandbox").0.tap()
    }

    /// The command line of a primary for this remote: right key, right fingerprint.
    pub fn arguments(&self) -> Arguments {
        let remote = format!("{}#main", self.sshd.url(&self.repository));
        let arguments = match &self.sandbox {
            None => {
                let key = self.sshd.user_key();
                Arguments::new(&remote).set("--ssh-key-file", key.to_str().expect("test paths are UTF-8"))
            }
            // There is no file to read it from.
            Some((_, tap)) => Arguments::sandboxed(&remote, tap).set("--ssh-key", &self.sshd.user_key_seed()),
        };
        let arguments = arguments.set("--ssh-authenticator", &self.sshd.fingerprint());
        self.arguments.iter().fold(arguments, |arguments, (option, value)| match option.as_str() {
            "--notify" | "--listen" => arguments.add(option, value),
            _ => arguments.set(option, value),
        })
    }

    /// Starts a primary and waits until it serves.
    pub fn serving(self) -> World {
        let primary = self.arguments().serving(&self.folder);
        self.with(primary)
    }

    /// A world around a primary that was started otherwise.
    pub fn with(self, primary: Primary) -> World {
        let tree = self.repository.work_tree(&self.folder.join("work"));
        World { primary, tree, remote: self }
    }
}

/// The whole scene.
#[derive(Debug)]
pub struct World {
    /// Our primary.
    pub primary: Primary,
    /// A clone to edit in.
    pub tree: WorkTree,
    /// The far side.
    pub remote: Remote,
}

impl World {
    /// The common scene, nothing special.
    pub fn new() -> World {
        Scene::new().serving()
    }

    /// Where the primary listens.
    pub fn address(&self) -> SocketAddr {
        self.primary.address()
    }

    /// The bare repository.
    pub fn repository(&self) -> &Repository {
        &self.remote.repository
    }

    /// What the primary answers: `dig` with `+short`.
    pub fn short(&self, what: &str) -> String {
        dig(self.address(), &format!("{what} +short"))
    }

    /// Waits until the primary answers `expected` to `dig what +short`.
    pub fn wait_for(&self, what: &str, expected: &str) {
        wait::until_equal(expected.to_owned(), || self.short(what));
    }

    /// The serial that the primary serves.
    pub fn serial(&self, zone: &str) -> u32 {
        serial(self.address(), zone).unwrap_or_else(|| panic!("the primary serves no SOA for {zone}"))
    }

    /// An operator commits everything in the work tree, pushes, and the post-receive hook tells the primary. Returns
    /// the commit.
    pub fn push(&self, message: &str) -> String {
        self.tree.pull_commit_push(message);
        self.tell();
        self.tree.git(&["rev-parse", "HEAD"])
    }

    /// What a post-receive hook does: a signed NOTIFY, answered.
    pub fn tell(&self) {
        let reply =
            wire::udp_exchange(self.address(), &Signer::new(samples::NOTIFY).sign(&notify(4711, "example.com")).octets);
        assert_eq!((reply.opcode(), reply.rcode()), (4, 0), "the NOTIFY is acknowledged");
    }

    /// Waits until the primary has written a note on `commit`, and returns it.
    pub fn note(&self, commit: &str) -> String {
        wait::find(&format!("a note on commit {commit}"), || {
            Some(self.repository().note(commit)).filter(|note| !note.is_empty())
        })
    }

    /// Shows that everything still works: an update is accepted, committed, and served.
    pub fn still_takes_updates(&self) {
        let outcome =
            crate::clients::nsupdate(self.address(), &samples::ROOT, "update add alive.example.org 60 TXT yes");
        assert!(outcome.success, "{}", outcome.output);
        assert_eq!(self.short("alive.example.org TXT"), "\"yes\"");
        assert!(self.repository().read("example.org").contains("alive"), "the update is a commit");
        let outcome = crate::clients::nsupdate(self.address(), &samples::ROOT, "update delete alive.example.org");
        assert!(outcome.success, "{}", outcome.output);
    }
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}
