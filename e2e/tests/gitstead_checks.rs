//! `gitstead check` and `gitstead diff`: what a person or a hook is told before a push.

use e2e::built;
use e2e::folder::{Folder, write};
use e2e::process::{Outcome, run};
use e2e::samples::{EXAMPLE_COM, EXAMPLE_ORG, UPDATE, key_file};

fn gitstead(arguments: &[&str]) -> Outcome {
    run(built::command("gitstead", "deploy").args(arguments), "")
}

fn tree(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    for (name, text) in files {
        write(&folder.join(name), text);
    }
    folder
}

fn path(folder: &Folder) -> &str {
    folder.path().to_str().expect("test paths are UTF-8")
}

#[test]
#[ignore = "needs cargo e2e"]
fn good_files_pass() {
    let folder = tree(&[("example.com", EXAMPLE_COM), ("_keys", &key_file()), ("README.md", "# zones\n")]);
    let outcome = gitstead(&["check", path(&folder)]);
    assert!(outcome.success, "{}", outcome.output);
    assert!(outcome.output.contains("1 zones can be served"), "{}", outcome.output);
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_error_of_every_file_comes_at_once() {
    let bad = "@ 60 SOA ns1 root 1 2 3 4\nwww A 300.1.2.3\nmx MX ten mail\n";
    let keys = format!("{}b._update. DNSKEY 0 3 163 no*base64\n", UPDATE.record());
    let folder =
        tree(&[("example.com", bad), ("example.org", EXAMPLE_ORG), ("other.example", "@ SOA x\n"), ("_keys", &keys)]);
    let outcome = gitstead(&["check", path(&folder)]);
    assert!(!outcome.success);
    for expected in [
        "example.com:1:26: error: the entry ends too early; expected a number of seconds",
        "example.com:2:7: error: `300.1.2.3` is not an IPv4 address; expected four numbers from 0 to 255 with dots between them",
        "example.com:3:7: error: `ten` is not a number from 0 to 65535",
        "other.example:1:",
        "_keys:2:",
        "2 of 3 zones could not be served, 1 keys or key files are refused",
    ] {
        assert!(outcome.output.contains(expected), "{expected} is missing in\n{}", outcome.output);
    }
    assert!(!outcome.output.contains(UPDATE.secret), "secrets stay secret");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_difference_is_shown_record_by_record() {
    let old =
        tree(&[("example.com", EXAMPLE_COM), ("gone.example", &EXAMPLE_ORG.replace("example.org", "gone.example"))]);
    let text = EXAMPLE_COM.replace("192.0.2.80", "192.0.2.81").replace("2024010101", "2024010102");
    let new = tree(&[("example.com", &text), ("example.org", EXAMPLE_ORG)]);
    let outcome = gitstead(&["diff", path(&old), path(&new)]);
    assert!(outcome.success, "{}", outcome.output);
    for expected in [
        "zone example.com. serial 2024010101 to 2024010102\n",
        "- www.example.com. 3600 A 192.0.2.80\n",
        "+ www.example.com. 3600 A 192.0.2.81\n",
        "zone example.org. is new, serial 1\n",
        "zone gone.example. is removed with ",
    ] {
        assert!(outcome.output.contains(expected), "{expected} is missing in\n{}", outcome.output);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_cannot_be_read_is_said() {
    let outcome = gitstead(&["check", "no-such-folder-or-revision"]);
    assert!(!outcome.success && outcome.output.contains("no-such-folder-or-revision is neither"), "{}", outcome.output);
}
