//! `gitstead demo --check`: the very steps that the demo tells to paste, each with what must come of it.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use dns::keys::{Key, KeyStringError};

use super::repository::{git, git_with};
use super::scene::Scene;
use super::{Error, calendar_check, samples};
use crate::certificate;
use crate::client::{self, Change};

const PATIENCE: Duration = Duration::from_secs(20);
const BEFORE: &str = "192.0.2.80";
const AFTER: &str = "192.0.2.81";
const ADDED: &str = "192.0.2.99";

/// Clone, edit, push, see it served; update, see the commit; ask for a certificate, see it come.
pub async fn run(scene: &Scene) -> Result<(), Error> {
    let (www, new) = (format!("www.{}", samples::ZONE), format!("new.{}", samples::ZONE));
    wait_for("the zones are served", scene, &www, BEFORE).await?;

    let ssh = clone(scene).await?;
    let (work, ssh) = (scene.folder().join("zones-demo"), ssh.as_deref());
    edit(&work)?;
    git(&work, &["commit", "--quiet", "--all", "--message", "www moves"]).await?;
    git_with(&work, &["push", "--quiet"], ssh).await?;
    wait_for("what was pushed is served", scene, &www, AFTER).await?;

    update(scene, Change::Add(format!("{new} 300 A {ADDED}"))).await?;
    wait_for("the update is served", scene, &new, ADDED).await?;

    git_with(&work, &["pull", "--quiet"], ssh).await?;
    let log = git(&work, &["log", "--patch", "--max-count=1"]).await?;
    expect("the update is a commit", log.contains(ADDED) && log.contains(samples::UPDATE_KEY), &log)?;
    let log = git(&work, &["log", "--format=%s"]).await?;
    expect("the pushed commit is still there", log.contains("www moves"), &log)?;

    certificate(scene).await?;
    calendar_check::run(scene, ssh).await?;
    println!("ok: all of it works");
    Ok(())
}

/// Gets a certificate for www, twice: the second time it is there already.
async fn certificate(scene: &Scene) -> Result<(), Error> {
    let step = "a certificate comes through DNS";
    let failed = |reason: &dyn std::fmt::Display| Error::Check { step, reason: reason.to_string() };
    let (host, folder) = (format!("www.{}", samples::ZONE), scene.folder().join("tls"));
    let (ip, port) = (scene.dns().ip().to_string(), scene.dns().port().to_string());
    let (key, out) = (scene.update_key(), folder.display().to_string());
    let line = ["certificate", &host, "--dns-server", &ip, "--port", &port, "--dns-key", &key, "--out", &out];
    let arguments = certificate::Line::try_parse_from(line).map_err(|error| failed(&error))?.arguments;
    let news = certificate::run(&arguments).await.map_err(|error| failed(&error))?;
    expect(step, news.is_some(), "no new files")?;
    let again = certificate::run(&arguments).await.map_err(|error| failed(&error))?;
    expect(step, again.is_none(), "it was not used again")?;
    let root = String::from_utf8_lossy(&scene.root().await?).into_owned();
    expect("the CA shows its root", root.starts_with("-----BEGIN CERTIFICATE-----"), &root)?;
    println!("ok: {step}: {}", news.unwrap_or_default());
    Ok(())
}

/// Clones over SSH if there is an ssh program, and otherwise by path; returns the ssh command line to go on with.
async fn clone(scene: &Scene) -> Result<Option<String>, Error> {
    let has_ssh = tokio::process::Command::new("ssh").arg("-V").output().await.is_ok();
    let ssh = has_ssh.then(|| scene.ssh_command());
    if has_ssh {
        git_with(scene.folder(), &["clone", "--quiet", &scene.url(), "zones-demo"], ssh.as_deref()).await?;
        println!("ok: cloned {}", scene.url());
    } else {
        git(scene.folder(), &["clone", "--quiet", "zones.git", "zones-demo"]).await?;
        println!("ok: cloned by path, as there is no ssh program here (the server itself goes over SSH)");
    }
    Ok(ssh)
}

/// What `sed` does in the instructions.
fn edit(work: &Path) -> Result<(), Error> {
    let path = work.join(samples::ZONE);
    let text = std::fs::read_to_string(&path).map_err(Error::Files)?;
    std::fs::write(&path, text.replace(BEFORE, AFTER)).map_err(Error::Files)
}

/// Asks again until the answer is there: a push is served a moment after git is done with it.
async fn wait_for(step: &'static str, scene: &Scene, name: &str, address: &str) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = query(step, scene, name).await?;
        if answer.iter().any(|record| record.ends_with(address)) {
            println!("ok: {step}: {name} A {address}");
            return Ok(());
        }
        expect(step, Instant::now() < deadline, &format!("{name} has no address {address}, the answer is {answer:?}"))?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn query(step: &'static str, scene: &Scene, name: &str) -> Result<Vec<String>, Error> {
    let (server, name) = (scene.dns(), name.to_owned());
    blocking(step, move || client::query(server, &name, "A")).await
}

async fn update(scene: &Scene, change: Change) -> Result<(), Error> {
    let step = "an update is accepted";
    let failed = |error: KeyStringError| Error::Check { step, reason: error.to_string() };
    let (server, key) = (scene.dns(), scene.update_key().parse::<Key>().map_err(failed)?);
    blocking(step, move || client::update(server, samples::ZONE, &key, &[change])).await?;
    println!("ok: {step}");
    Ok(())
}

/// The client waits for its answer in a thread of its own: the git server, which the answer depends on, runs in this
/// one.
async fn blocking<T: Send + 'static>(
    step: &'static str,
    work: impl FnOnce() -> Result<T, client::Error> + Send + 'static,
) -> Result<T, Error> {
    let failed = |reason: String| Error::Check { step, reason };
    let result = tokio::task::spawn_blocking(work).await.map_err(|error| failed(error.to_string()))?;
    result.map_err(|error| failed(error.to_string()))
}

fn expect(step: &'static str, is_so: bool, reason: &str) -> Result<(), Error> {
    if is_so { Ok(()) } else { Err(Error::Check { step, reason: reason.to_owned() }) }
}
