//! The web calendar in a real browser, served by `caldav` whose store is on a real remote. What the tests do stands in
//! `web-ui/tests`; screenshots of it are kept in `target/screenshots`.

use e2e::caldav::{Scene, World};
use e2e::web_ui::{script, suite};

#[test]
#[ignore = "needs cargo e2e"]
fn what_is_in_the_repository_is_what_the_sources_give() {
    let outcome = script("verify");
    assert!(outcome.success, "{}", outcome.output);
}

#[test]
#[ignore = "needs cargo e2e"]
fn its_pure_parts() {
    let outcome = script("test");
    assert!(outcome.success, "{}", outcome.output);
}

#[test]
#[ignore = "needs cargo e2e"]
fn editing() {
    let world = passes("editing");
    let subjects = world.repository.subjects();
    assert!(subjects.iter().any(|subject| subject.starts_with("alice: ")), "each change is a commit: {subjects:?}");
    world.repository.check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn calendars() {
    passes("calendars");
}

#[test]
#[ignore = "needs cargo e2e"]
fn people() {
    passes("people");
}

#[test]
#[ignore = "needs cargo e2e"]
fn trouble() {
    passes("trouble");
}

#[test]
#[ignore = "needs cargo e2e"]
fn looks() {
    passes("looks");
}

fn passes(name: &str) -> World {
    let world = Scene::new().flag("--subscribe-to-private").serving();
    let outcome = suite(&world, name);
    assert!(outcome.success, "{}", outcome.output);
    world
}
