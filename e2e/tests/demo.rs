//! `cargo demo`: it checks itself, and leaves nothing behind.

use std::fs;
use std::process::Command;

use e2e::built;
use e2e::folder::Folder;
use e2e::process::{Process, family, run, wait_until_gone};

#[test]
#[ignore = "needs cargo e2e"]
fn the_check_passes() {
    let folder = Folder::new();
    let outcome = run(demo(&folder).arg("--check"), "");
    assert!(outcome.success, "{}", outcome.output);
    assert!(outcome.output.contains("ok: all of it works"), "{}", outcome.output);
    nothing_is_left(&folder);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_signal_ends_all_of_it() {
    let folder = Folder::new();
    let mut demo = Process::start("demo", &mut demo(&folder), &folder.join("log"));
    demo.wait_for_output("what to paste", |text| text.contains("Ctrl-C ends all of it"));
    let members = family(demo.id());
    assert!(members.len() >= 2, "dns-primary runs");
    assert!(demo.terminate().success());
    wait_until_gone(&members[1..]);
    nothing_is_left(&folder);
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_it_tells_to_paste_works() {
    let folder = Folder::new();
    let mut demo = Process::start("demo", &mut demo(&folder), &folder.join("log"));
    demo.wait_for_output("what to paste", |text| text.contains("Ctrl-C ends all of it"));
    let text = demo.output();
    let lines: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("  ")).map(patiently).collect();
    let identity = "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b";
    let script = format!("set -e\n{identity}\nexport GIT_PAGER=cat\n{}\n", lines.join("\n"));
    let outcome = run(Command::new("sh").arg("-c").arg(script).current_dir(folder.path()), "");
    assert!(outcome.success, "{}", outcome.output);
    for expected in [
        "192.0.2.81",
        "192.0.2.99",
        "www moves",
        "laptop._update.example.com",
        "Notes (gitstead)",
        "Verification: OK",
        "Verified peername",
    ] {
        assert!(outcome.output.contains(expected), "{expected} in {}", outcome.output);
    }
}

/// A person looks again when a push is not served yet, or the note on it is not written yet.
fn patiently(line: &str) -> String {
    match line {
        _ if line.contains("www.example.com +short") => {
            format!("until {line} | grep -F 192.0.2.81; do sleep 0.05; done")
        }
        _ if line.contains("refs/notes") => format!("until {line} | grep -F 'Notes (gitstead)'; do sleep 0.05; done"),
        // And until the server listens that was started before.
        _ if line.contains("s_client") => format!("until {line}; do sleep 0.05; done"),
        _ => line.to_owned(),
    }
}

/// The demo with its temporary files in `folder`.
fn demo(folder: &Folder) -> Command {
    let mut command = built::command("gitstead", "deploy");
    command.arg("demo").env("TMPDIR", folder.subfolder("tmp")).env_remove("CARGO");
    command
}

fn nothing_is_left(folder: &Folder) {
    let left: Vec<_> = fs::read_dir(folder.join("tmp")).expect("the folder is there").collect();
    assert!(left.is_empty(), "{left:?}");
}
