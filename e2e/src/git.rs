//! Git as operators use it: a bare repository on the server, clones to work in. Untouched by the user's configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folder::write;
use crate::process::{Outcome, run};

/// The variables that keep git from reading anybody's configuration, also on the far side of an SSH connection.
pub const ISOLATION: [(&str, &str); 7] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_AUTHOR_NAME", "Olga"),
    ("GIT_AUTHOR_EMAIL", "olga@example.com"),
    ("GIT_COMMITTER_NAME", "Olga"),
    ("GIT_COMMITTER_EMAIL", "olga@example.com"),
];

/// A bare repository, default branch `main`.
#[derive(Debug, Clone)]
pub struct Repository {
    path: PathBuf,
}

impl Repository {
    /// A repository without a commit, at `path`.
    pub fn empty(path: &Path) -> Repository {
        let text = path.to_str().expect("test paths are UTF-8");
        succeed(git(Path::new("/")).args(["init", "--quiet", "--bare", "-b", "main", text]));
        Repository { path: path.to_owned() }
    }

    /// A repository with one commit that holds `files`.
    pub fn with_files(path: &Path, files: &[(String, String)]) -> Repository {
        let repository = Repository::empty(path);
        let tree = repository.work_tree(&path.with_extension("first"));
        for (name, content) in files {
            tree.write(name, content);
        }
        tree.commit("The zones as they are");
        tree.push();
        repository
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its path with a branch, as `--remote` takes it.
    pub fn local_remote(&self, branch: &str) -> String {
        format!("{}#{branch}", self.path.display())
    }

    /// Sets a configuration option, e.g. `receive.denyNonFastForwards` `true`.
    pub fn config(&self, option: &str, value: &str) -> &Repository {
        self.git(&["config", option, value]);
        self
    }

    /// Installs a hook; `script` is the text below `#!/bin/sh`.
    pub fn hook(&self, name: &str, script: &str) -> &Repository {
        let path = self.path.join("hooks").join(name);
        fs::create_dir_all(self.path.join("hooks")).expect("the hooks folder can be made");
        // Renamed into place: a hook that is being run must not be seen half written.
        let draft = path.with_extension("new");
        write(&draft, format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).expect("a hook can be made executable");
        fs::rename(&draft, &path).expect("a hook can be put in place");
        self
    }

    /// Takes a hook away.
    pub fn remove_hook(&self, name: &str) {
        fs::remove_file(self.path.join("hooks").join(name)).expect("the hook is there");
    }

    /// Runs git in it and returns what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        succeed(git(&self.path).args(arguments))
    }

    /// The object ID of a branch's tip; empty if there is no such branch.
    pub fn tip(&self, branch: &str) -> String {
        let reference = format!("refs/heads/{branch}");
        run(git(&self.path).args(["for-each-ref", "--format=%(objectname)", &reference]), "").output.trim().to_owned()
    }

    /// How many commits `main` has.
    pub fn commits(&self) -> usize {
        self.git(&["rev-list", "--count", "main"]).parse().expect("git counts in decimals")
    }

    /// How often `main` was pushed to since [`Repository::count_pushes`] was called first.
    pub fn count_pushes(&self) -> usize {
        self.config("core.logAllRefUpdates", "always");
        fs::read_to_string(self.path.join("logs/refs/heads/main")).map_or(0, |log| log.lines().count())
    }

    /// The subjects of the commits on `main`, newest first.
    pub fn subjects(&self) -> Vec<String> {
        self.git(&["log", "--format=%s", "main"]).lines().map(str::to_owned).collect()
    }

    /// What `main` holds at `path`, octet for octet.
    pub fn read(&self, path: &str) -> String {
        let outcome = run(git(&self.path).args(["show", &format!("main:{path}")]), "");
        assert!(outcome.success, "{path}: {}", outcome.output);
        outcome.output
    }

    /// The note in `refs/notes/gitstead` on a commit; empty if there is none.
    pub fn note(&self, commit: &str) -> String {
        let outcome = run(git(&self.path).args(["notes", "--ref=gitstead", "show", commit]), "");
        if outcome.success { outcome.output } else { String::new() }
    }

    /// Checks every object and every link.
    pub fn check(&self) {
        self.git(&["fsck", "--strict", "--no-dangling"]);
    }

    /// A clone to work in, which talks to the repository through the file system.
    pub fn work_tree(&self, path: &Path) -> WorkTree {
        WorkTree::clone(self.path.to_str().expect("test paths are UTF-8"), path, None)
    }
}

/// A clone with a work tree, as an operator has on their machine.
#[derive(Debug)]
pub struct WorkTree {
    path: PathBuf,
    ssh_command: Option<String>,
}

impl WorkTree {
    /// `git clone url path`, with the ssh command line to use if it is an SSH address.
    pub fn clone(url: &str, path: &Path, ssh_command: Option<String>) -> WorkTree {
        let tree = WorkTree { path: path.to_owned(), ssh_command };
        let text = path.to_str().expect("test paths are UTF-8");
        succeed(tree.command(Path::new("/")).args(["clone", "--quiet", url, text]));
        succeed(tree.command(path).args(["symbolic-ref", "HEAD", "refs/heads/main"]));
        tree
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file; folders on the way are made.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &WorkTree {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
        write(&path, content);
        self
    }

    /// What a file holds.
    pub fn read(&self, name: &str) -> String {
        let path = self.path.join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// Replaces text in a file; panics if it is not there.
    pub fn replace(&self, name: &str, old: &str, new: &str) -> &WorkTree {
        let text = self.read(name);
        assert!(text.contains(old), "{name} does not contain {old:?}");
        self.write(name, text.replace(old, new))
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> &WorkTree {
        fs::remove_file(self.path.join(name)).expect("the file is there");
        self
    }

    /// Runs git in it and returns what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        succeed(self.command(&self.path).args(arguments))
    }

    /// Commits everything and returns the commit's object ID.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// `git push origin main`.
    pub fn push(&self) -> &WorkTree {
        self.git(&["push", "--quiet", "origin", "main"]);
        self
    }

    /// `git push origin main` with the SSH command of the clone's own configuration (`core.sshCommand`).
    pub fn push_as_configured(&self) {
        succeed(self.command(&self.path).env_remove("GIT_SSH_COMMAND").args(["push", "--quiet", "origin", "main"]));
    }

    /// A push that may fail: `git push`, with more arguments.
    pub fn try_push(&self, arguments: &[&str]) -> Outcome {
        run(self.command(&self.path).arg("push").args(arguments), "")
    }

    /// `git pull --rebase origin main`.
    pub fn pull(&self) -> &WorkTree {
        self.git(&["pull", "--quiet", "--rebase", "origin", "main"]);
        self
    }

    /// Commits everything, takes in what others pushed meanwhile, and pushes; edits of the same lines are a failure.
    pub fn pull_commit_push(&self, message: &str) -> String {
        self.commit(message);
        self.pull().push();
        self.git(&["rev-parse", "HEAD"])
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = git(folder);
        if let Some(ssh) = &self.ssh_command {
            command.env("GIT_SSH_COMMAND", ssh);
        }
        command
    }
}

/// A git command line, isolated, to be run in `folder`.
pub fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("HOME", "/nonexistent").env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
    command.envs(ISOLATION);
    command
}

fn succeed(command: &mut Command) -> String {
    let outcome = run(command, "");
    assert!(outcome.success, "{command:?} failed: {}", outcome.output);
    outcome.output.trim_end().to_owned()
}
