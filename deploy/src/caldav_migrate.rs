//! `gitstead caldav-migrate`: a repository of robur's CalDAV server becomes one of ours, its history kept.
//!
//! The way to both repositories is the git program's own, with the keys and known hosts of who runs this: robur's
//! server also lives on https:// and git://, which gitstore does not speak. The change itself is made by gitstore in a
//! copy.

use std::path::Path;
use std::process::{Command, Stdio};

use caldav::repository::robur::{self, MigrateError, Report, UNTRANSLATED};
use gitstore::{CommitError, HostKeyPolicy, Identity, OpenError, Options, Store};
use platform::Net;

use crate::place;

/// Turn a repository of robur's CalDAV server into one of ours, on top of its history
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The old repository, URL#BRANCH, as git itself takes it; the branch is main when none is named
    from: String,
    /// The new one: the same, or one that has the same history or none
    #[arg(required_unless_present = "dry_run")]
    to: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// git has said why.
    #[error("git {0} failed")]
    Git(String),
    /// The environment's.
    #[error("git cannot be started: {0}")]
    Start(std::io::Error),
    /// The environment's.
    #[error("there is no room for a copy: {0}")]
    Copy(#[from] std::io::Error),
    /// See there.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The copy cannot be opened or written, which is the environment's fault or ours.
    #[error("the copy: {0}")]
    Open(#[from] OpenError),
    /// The same.
    #[error("the copy: {0}")]
    Commit(CommitError<MigrateError>),
}

/// Migrates, and prints what was done and what could not be.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let copy = tempfile::Builder::new().prefix("gitstead-").tempdir()?;
    let (from, branch) = split(&arguments.from);
    git(copy.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "."])?;
    git(copy.path(), &["fetch", "--quiet", "--no-tags", "--", &absolute(from), &format!("{branch}:refs/heads/main")])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(migrate(copy.path(), arguments.dry_run))?;
    print(&report);
    if let (Some(to), false) = (&arguments.to, arguments.dry_run) {
        let (to, branch) = split(to);
        // Never forced: what is there already must be the history that this stands on.
        git(copy.path(), &["push", "--quiet", "--", &absolute(to), &format!("refs/heads/main:refs/heads/{branch}")])?;
    }
    Ok(())
}

async fn migrate(copy: &Path, dry_run: bool) -> Result<Report, Error> {
    let address = format!("{}#main", copy.display()).parse().expect("a temporary folder has an absolute path");
    let options = Options::new(address, HostKeyPolicy::AcceptAnything, Identity::service("gitstead"));
    let store = Store::open_at_once(options, Net::host()).await?;
    if dry_run {
        return Ok(robur::migrate(&mut store.snapshot().edit())?);
    }
    match store.commit(place::author(), String::new(), robur::migrate).await {
        Ok(committed) => Ok(committed.value),
        Err(CommitError::Edit(error)) => Err(error.into()),
        Err(error) => Err(Error::Commit(error)),
    }
}

fn print(report: &Report) {
    report.steps.iter().for_each(|step| println!("{step}"));
    report.problems.iter().for_each(|problem| println!("problem: {problem}"));
    println!("{} calendar objects, {} problems", report.objects, report.problems.len());
    if !report.problems.is_empty() {
        println!("files that have no counterpart are kept in {UNTRANSLATED}/");
    }
}

/// URL and branch.
fn split(text: &str) -> (&str, &str) {
    text.rsplit_once('#').unwrap_or((text, "main"))
}

/// git runs in the copy, so a path has to say where it begins.
fn absolute(url: &str) -> String {
    let path = Path::new(url).canonicalize();
    path.map_or_else(|_| url.to_owned(), |path| path.display().to_string())
}

/// What git says goes to the terminal, and it may ask there for passwords.
fn git(folder: &Path, arguments: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("git");
    command.current_dir(folder).env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").args(arguments);
    let status = command.stdout(Stdio::null()).status().map_err(Error::Start)?;
    if status.success() { Ok(()) } else { Err(Error::Git(arguments[0].to_owned())) }
}
