//! The web calendar in a real browser, served by `caldav` whose store is on a real remote. What the tests do stands in
//! `web-ui/tests`; screenshots of it are kept in `target/screenshots`.

use std::process::Command;

use e2e::caldav::{PASSWORD, Scene, World};
use e2e::process::run;
use e2e::python;
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
    a_foreign_client_sees_the_same(&world);
}

/// python-caldav finds each object that is in the repository, and icalendar understands it.
fn a_foreign_client_sees_the_same(world: &World) {
    let script = "import sys, caldav\n\
        url, user, password = sys.argv[1:]\n\
        for calendar in caldav.DAVClient(url, username=user, password=password).principal().calendars():\n\
        \x20   for found in calendar.search():\n\
        \x20       part = found.icalendar_component\n\
        \x20       print(part['UID'], part['SUMMARY'])\n";
    let mut python = Command::new(python::environment(&["caldav==3.6.0"]).join("python3"));
    python.args(["-c", script, &world.url("/"), "alice", PASSWORD]);
    let outcome = run(&mut python, "");
    assert!(outcome.success, "{}", outcome.output);
    let mut seen: Vec<&str> = outcome.output.lines().map(str::trim).collect();
    let files = world.repository.git(&["ls-tree", "-r", "--name-only", "main", "calendars/alice"]);
    let mut stored: Vec<String> = files
        .lines()
        .filter(|path| path.ends_with(".ics"))
        .map(|path| {
            let text = world.repository.read(path).replace("\r\n ", "");
            let value =
                |name: &str| text.lines().find_map(|line| line.trim_end().strip_prefix(name)).unwrap_or_default();
            let summary = value("SUMMARY:").replace("\\,", ",").replace("\\;", ";");
            format!("{} {summary}", value("UID:"))
        })
        .collect();
    seen.sort_unstable();
    stored.sort_unstable();
    assert!(stored.len() > 3, "the page has made some: {stored:?}");
    assert_eq!(seen, stored);
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

#[test]
#[ignore = "needs cargo e2e"]
fn large() {
    let world = Scene::new().serving();
    let tree = world.checkout("tree");
    for count in [10_000, 20_000] {
        for number in 0..count {
            tree.write(&format!("calendars/alice/large{count}/{number}.ics"), one_of_many(number, count));
        }
    }
    tree.pull_commit_push("many events");
    assert_eq!(world.tell().status, 204);
    let outcome = suite(&world, "large");
    assert!(outcome.success, "{}", outcome.output);
    // Times are printed for people to read, and not looked at here.
    outcome.output.lines().filter(|line| line.starts_with("# ")).for_each(|line| println!("{line}"));
}

/// So many events are spread over five years.
fn one_of_many(number: u64, count: u64) -> String {
    let hours = number * 5 * 365 * 24 / count;
    let (day, hour) = (hours / 24, hours % 24);
    let (year, day) = (2022 + day / 365, day % 365);
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:large-{count}-{number}\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:{year}{:02}{:02}T{hour:02}0000Z\r\nDURATION:PT45M\r\nSUMMARY:Event {number}\r\n\
         DESCRIPTION:Some words that an event usually has\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        day / 31 + 1,
        day % 31 % 28 + 1,
    )
}

fn passes(name: &str) -> World {
    let world = Scene::new().flag("--subscribe-to-private").serving();
    let outcome = suite(&world, name);
    assert!(outcome.success, "{}", outcome.output);
    world
}
