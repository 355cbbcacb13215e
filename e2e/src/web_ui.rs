//! The web calendar's own tools: its npm packages, and its tests in a browser against a server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::caldav::{ADMIN_PASSWORD, PASSWORD, World};
use crate::process::{Outcome, run_within};

/// How long one suite may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1100);

/// The folder of the web calendar, its packages installed once, whoever comes first.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-ui");
    let lock = File::create(std::env::temp_dir().join("gitstead-web-ui.lock")).expect("a file can be made");
    lock.lock().expect("a file can be locked");
    let (wanted, have) = (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if time(&have).is_none_or(|have| Some(have) < time(&wanted)) {
        let outcome = run_within(PATIENCE, npm(&folder).args(["ci", "--no-audit", "--no-fund"]), "");
        assert!(outcome.success, "{}", outcome.output);
    }
    folder
}

/// `npm run SCRIPT` there.
pub fn script(name: &str) -> Outcome {
    run_within(PATIENCE, npm(&folder()).args(["run", name]), "")
}

/// Runs a suite of tests in Chromium against a server, with the page that the server serves.
pub fn suite(world: &World, name: &str) -> Outcome {
    let folder = folder();
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1"]).arg(format!("tests/e2e/{name}.test.mjs")).current_dir(&folder);
    node.envs([
        ("CALDAV_URL", world.url("")),
        ("CALDAV_USER", "alice".to_owned()),
        ("CALDAV_PASSWORD", PASSWORD.to_owned()),
        ("CALDAV_USER2", "bob".to_owned()),
        ("CALDAV_PASSWORD2", PASSWORD.to_owned()),
        ("CALDAV_ADMIN", "admin".to_owned()),
        ("CALDAV_ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
        ("CALDAV_PAGE", "server".to_owned()),
        ("CALDAV_FULL", "1".to_owned()),
        ("SCREENSHOTS", screenshots().display().to_string()),
    ]);
    run_within(PATIENCE, &mut node, "")
}

/// Where pictures are kept: beside what cargo builds.
fn screenshots() -> PathBuf {
    let target = std::env::current_exe().expect("a program knows its path");
    let target = target.ancestors().find(|folder| folder.ends_with("target")).map(Path::to_owned);
    target.unwrap_or_else(std::env::temp_dir).join("screenshots")
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}
