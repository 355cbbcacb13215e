//! The demo's bare repository: first commit and post-receive hook. And git itself, without anybody's configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::Error;

/// Makes a bare repository in `folder` with one commit that holds `files`.
pub async fn create(folder: &Path, name: &str, files: &[(String, String)], message: &str) -> Result<(), Error> {
    git(folder, &["init", "--quiet", "--bare", "--initial-branch=main", name]).await?;
    git(folder, &["clone", "--quiet", name, "first"]).await?;
    let work = folder.join("first");
    for (name, content) in files {
        let path = work.join(name);
        let above = path.parent().unwrap_or(&work);
        fs::create_dir_all(above).and_then(|()| fs::write(&path, content)).map_err(Error::Files)?;
    }
    git(&work, &["add", "--all"]).await?;
    git(&work, &["commit", "--quiet", "--message", message]).await?;
    git(&work, &["push", "--quiet", "origin", "HEAD:refs/heads/main"]).await?;
    fs::remove_dir_all(&work).map_err(Error::Files)
}

/// Installs the hook that tells the server about a push.
///
/// In the background: the server pushes through the same hook, and must not wait for itself.
pub fn install_hook(folder: &Path, command: &str) -> Result<(), Error> {
    let hook = folder.join("zones.git/hooks/post-receive");
    fs::create_dir_all(folder.join("zones.git/hooks")).map_err(Error::Files)?;
    fs::write(&hook, format!("#!/bin/sh\n{command} </dev/null >>'{}' 2>&1 &\n", folder.join("hook.log").display()))
        .map_err(Error::Files)?;
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).map_err(Error::Files)
}

/// Runs git in `folder` and returns what it printed.
pub async fn git(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    git_with(folder, arguments, None).await
}

/// As [`git`], with the ssh command line to use.
pub async fn git_with(folder: &Path, arguments: &[&str], ssh: Option<&str>) -> Result<String, Error> {
    let failed = |reason: String| Error::Git { command: arguments.join(" "), reason };
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command.envs(ISOLATION).envs(ssh.map(|line| ("GIT_SSH_COMMAND", line)));
    let output = command.output().await.map_err(|error| failed(error.to_string()))?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(failed(text(&output.stderr))) }
}

/// The user's configuration may sign commits, rewrite addresses or install hooks; the demo does without.
const ISOLATION: [(&str, &str); 7] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_AUTHOR_NAME", "gitstead demo"),
    ("GIT_AUTHOR_EMAIL", "demo@example.com"),
    ("GIT_COMMITTER_NAME", "gitstead demo"),
    ("GIT_COMMITTER_EMAIL", "demo@example.com"),
];
