//! tsdav, the library of web applications, as a client.

use std::process::Command;

use e2e::caldav::{PASSWORD, World};
use e2e::node;
use e2e::process::run;

#[test]
#[ignore = "needs cargo e2e"]
fn tsdav_finds_nothing_wrong() {
    let world = World::new();
    let modules = node::folder(&["tsdav@2.3.0"]).join("node_modules");
    let mut node = Command::new("node");
    node.arg("-").env("NODE_PATH", modules).env("URL", world.url("")).env("NAME", "alice").env("PASSWORD", PASSWORD);
    let outcome = run(&mut node, include_str!("../../src/tsdav.js"));
    let steps: Vec<&str> = outcome.output.lines().collect();
    let bad: Vec<&&str> = steps.iter().filter(|line| !line.starts_with("ok ")).collect();
    assert_eq!(bad, [&"the end"], "{}", outcome.output);
    assert_eq!(steps.len(), 25, "{}", outcome.output);
}
