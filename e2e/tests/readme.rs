//! The README's own commands, run as they stand there.

use std::process::Command;

use e2e::built;
use e2e::process::{Outcome, run};
use e2e::samples::{EXAMPLE_COM, NOTIFY};
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn the_pre_receive_hook_refuses_what_could_not_be_served() {
    let remote = Scene::new().remote();
    remote.repository.hook("pre-receive", &format!("{}\n{}", with_gitstead(), block("pre-receive")));
    let tree = remote.repository.work_tree(&remote.folder.join("work"));
    tree.replace("example.com", "IN MX   10 mail", "IN MX   ten mail").commit("a typo");
    let line = 1 + EXAMPLE_COM.lines().position(|line| line.contains("MX")).expect("there is one");
    let refused = tree.try_push(&["origin", "main"]);
    assert!(!refused.success && refused.output.contains(&format!("example.com:{line}:")), "{}", refused.output);
    tree.replace("example.com", "IN MX   ten mail", "IN MX   20 mail").commit("no typo");
    let accepted = tree.try_push(&["origin", "main"]);
    assert!(accepted.success, "{}", accepted.output);
    assert!(tree.try_push(&["origin", "main:other"]).success, "other branches are nobody's business");
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_post_receive_hook_makes_the_server_pull() {
    let world = World::new();
    let variables = format!("DNS_SERVER={} DNS_KEY={}:SHA256:{}", world.address(), NOTIFY.name, NOTIFY.secret);
    let hook = format!("{}\nexport {variables}\n{}", with_gitstead(), block("post-receive"));
    world.repository().hook("post-receive", &hook);
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.tree.commit("www moves");
    world.tree.push();
    world.wait_for("www.example.com A", "192.0.2.81");
    // The server pushes through the same hook, and must not wait for itself.
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_ci_job_shows_what_would_change_and_fails_on_errors() {
    let remote = Scene::new().remote();
    let tree = remote.repository.work_tree(&remote.folder.join("work"));
    let job = |tree: &e2e::git::WorkTree| -> Outcome {
        let script = format!("{}\n{}", with_gitstead(), block("ci"));
        run(Command::new("sh").args(["-c", &script]).current_dir(tree.path()), "")
    };
    tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    tree.commit("www moves");
    let good = job(&tree);
    assert!(good.success, "{}", good.output);
    assert!(good.output.contains("192.0.2.80") && good.output.contains("192.0.2.81"), "{}", good.output);
    tree.replace("example.com", "192.0.2.81", "192.0.2.811").commit("a typo");
    let bad = job(&tree);
    assert!(!bad.success && bad.output.contains("example.com:"), "{}", bad.output);
}

/// The code block of the README that is marked with `name`.
fn block(name: &str) -> String {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("there is a README");
    let (_, rest) = readme.split_once(&format!("```sh {name}\n")).expect("the README has the block");
    rest.split_once("```").expect("a block ends").0.to_owned()
}

/// The line of a script that puts our tool into its path.
fn with_gitstead() -> String {
    let program = built::command("gitstead", "deploy");
    let folder = std::path::Path::new(program.get_program()).parent().expect("a program has a folder").to_owned();
    format!("export PATH={}:$PATH", folder.display())
}
