//! A repository in a temporary directory, and stores on it.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

pub mod server;
pub mod warnings;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gitstore::{CommitError, Committed, HostKeyPolicy, Identity, ObjectId, Options, Store};
use platform::net::Net;

pub struct Repository {
    directory: tempfile::TempDir,
}

impl Repository {
    /// A bare repository without commits.
    pub fn empty() -> Repository {
        let repository = Repository { directory: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--bare", "-b", "main", "."]);
        repository
    }

    /// A bare repository with one commit of these files.
    pub fn with(files: &[(&str, &str)]) -> Repository {
        let repository = Repository::empty();
        repository.commit(files, "first");
        repository
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.directory.path(), arguments)
    }

    pub fn git_with_input(&self, arguments: &[&str], input: &str) -> String {
        run(&mut command(self.directory.path(), arguments), input).unwrap()
    }

    pub fn config(&self, name: &str, value: &str) {
        self.git(&["config", name, value]);
    }

    /// Somebody else commits to main: files written, or removed where the text is `-`.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> ObjectId {
        self.commit_on("refs/heads/main", files, message)
    }

    pub fn commit_on(&self, reference: &str, files: &[(&str, &str)], message: &str) -> ObjectId {
        let old = self.try_git(&["rev-parse", "--verify", "--quiet", reference]).unwrap_or_default();
        let id = self.commit_over(&old, files, message);
        self.git(&["update-ref", reference, &id]);
        ObjectId::from_hex(id.as_bytes()).unwrap()
    }

    /// A commit that no reference leads to.
    pub fn commit_over(&self, parent: &str, files: &[(&str, &str)], message: &str) -> String {
        let index = tempfile::NamedTempFile::new().unwrap();
        std::fs::remove_file(index.path()).unwrap();
        let run = |arguments: &[&str], input: &str| {
            run(command(self.directory.path(), arguments).env("GIT_INDEX_FILE", index.path()), input)
        };
        if !parent.is_empty() {
            run(&["read-tree", parent], "").unwrap();
        }
        for (path, text) in files {
            if *text == "-" {
                let gone = format!("0 {}\t{path}\n", "0".repeat(40));
                run(&["update-index", "--index-info"], &gone).unwrap();
                continue;
            }
            let blob = run(&["hash-object", "-w", "--stdin"], text).unwrap();
            run(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], "").unwrap();
        }
        let tree = run(&["write-tree"], "").unwrap();
        let mut arguments = vec!["commit-tree", &tree, "-m", message];
        if !parent.is_empty() {
            arguments.extend(["-p", parent]);
        }
        run(&arguments, "").unwrap()
    }

    pub fn try_git(&self, arguments: &[&str]) -> Option<String> {
        run(&mut command(self.directory.path(), arguments), "").ok()
    }

    pub fn tip(&self) -> String {
        self.git(&["rev-parse", "main"])
    }

    pub fn show(&self, path: &str) -> String {
        self.git(&["show", &format!("main:{path}")])
    }

    /// Messages on main, the newest first.
    pub fn messages(&self) -> Vec<String> {
        self.git(&["log", "--format=%s", "main"]).lines().map(str::to_owned).collect()
    }

    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.directory.path().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Everything in the repository is sound, by git's own judgement.
    pub fn check(&self) {
        self.git(&["fsck", "--strict", "--full"]);
    }

    pub fn options(&self) -> Options {
        let remote = format!("{}#main", self.path().display()).parse().unwrap();
        let mut options = Options::new(remote, HostKeyPolicy::AcceptAnything, person("Store"));
        options.write_deadline = Duration::from_secs(20);
        options
    }

    pub async fn open(&self) -> Store {
        open(self.options()).await
    }
}

pub async fn open(options: Options) -> Store {
    tokio::time::timeout(Duration::from_secs(30), Store::open(options, Net::host())).await.unwrap().unwrap()
}

pub fn person(name: &str) -> Identity {
    Identity { name: name.to_owned(), email: format!("{}@example.org", name.to_lowercase()) }
}

pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(directory).args(arguments);
    plain_environment(|name, value| {
        command.env(name, value);
    });
    command
}

/// Git as it is, not as its user likes it.
pub fn plain_environment(mut set: impl FnMut(&str, &str)) {
    set("GIT_CONFIG_GLOBAL", "/dev/null");
    set("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        set(&format!("GIT_{role}_NAME"), "Somebody Else");
        set(&format!("GIT_{role}_EMAIL"), "else@example.org");
    }
}

pub fn git(directory: &Path, arguments: &[&str]) -> String {
    run(&mut command(directory, arguments), "").unwrap_or_else(|error| panic!("git {arguments:?}: {error}"))
}

fn run(command: &mut Command, input: &str) -> Result<String, String> {
    use std::io::Write as _;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Writes one file, as one commit.
pub async fn write(store: &Store, path: &str, text: &str) -> Result<Committed<()>, CommitError<gitstore::ReadError>> {
    let (place, text) = (path.to_owned(), text.to_owned());
    store.commit(person("Author"), format!("write {path}"), move |edit| edit.write(&place, text.clone())).await
}
