//! WebDAV as litmus tests it and cadaver uses it.

use std::process::Command;
use std::time::Duration;

use e2e::caldav::{PASSWORD, World};
use e2e::folder::{Folder, write};
use e2e::process::{run, run_within};

fn litmus(arguments: &[&str]) -> String {
    let (world, folder) = (World::new(), Folder::new());
    let mut litmus = Command::new("litmus");
    // It writes what it did into the folder that it runs in.
    litmus.current_dir(folder.path()).args(arguments).args([&world.url("/calendars/alice/"), "alice", PASSWORD]);
    let outcome = run_within(Duration::from_secs(200), &mut litmus, "");
    assert!(outcome.success, "{}", outcome.output);
    world.repository.check();
    outcome.output
}

#[test]
#[ignore = "needs cargo e2e"]
fn litmus_passes_whole() {
    for arguments in [&[][..], &["-k"]] {
        let output = litmus(arguments);
        for (suite, count) in [("basic", 16), ("copymove", 13), ("props", 30), ("locks", 41), ("http", 4)] {
            let expected = format!("summary for `{suite}': of {count} tests run: {count} passed, 0 failed");
            assert!(output.contains(&expected), "{expected} is missing in\n{output}");
        }
        assert!(!output.contains("skipped"), "{output}");
        let warnings: Vec<&str> = output.lines().filter(|line| line.contains("WARNING")).collect();
        // HTTP libraries drop a fragment, which no client may send, before a server sees it.
        assert!(matches!(warnings[..], [one] if one.contains("Request-URI including fragment")), "{warnings:?}");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn cadaver_has_an_afternoon() {
    let (world, folder) = (World::new(), Folder::new());
    write(&folder.join(".netrc"), format!("machine 127.0.0.1\nlogin alice\npassword {PASSWORD}\n"));
    write(&folder.join("notes.txt"), "what cadaver brought\n");
    let session = "mkcol docs\ncd docs\nput notes.txt\nls\npropset notes.txt colour green\npropget notes.txt colour\n\
                   lock notes.txt\nput notes.txt\nunlock notes.txt\ncopy notes.txt copy.txt\nmove copy.txt moved.txt\nls\n\
                   cat moved.txt\ndelete moved.txt\nget notes.txt back.txt\ncd ..\nrmcol docs\nls\nquit\n";
    let mut cadaver = Command::new("cadaver");
    cadaver.current_dir(folder.path()).env("HOME", folder.path()).arg(world.url("/calendars/alice/"));
    let output = run(&mut cadaver, session).output;
    for expected in
        ["`docs': succeeded", "Uploading notes.txt", "Value of colour is: green", "Locking `notes.txt': succeeded"]
    {
        assert!(output.contains(expected), "{expected} is missing in\n{output}");
    }
    for expected in
        ["Unlocking `notes.txt': succeeded", "moved.txt", "what cadaver brought", "Deleting `moved.txt': succeeded"]
    {
        assert!(output.contains(expected), "{expected} is missing in\n{output}");
    }
    assert!(!output.contains("failed"), "{output}");
    assert_eq!(std::fs::read_to_string(folder.join("back.txt")).expect("it was fetched"), "what cadaver brought\n");
    let subjects = world.repository.subjects();
    assert!(subjects[0].contains("remove the folder docs"), "{subjects:?}");
}
