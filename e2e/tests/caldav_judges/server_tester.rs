//! caldav-server-tester, which tries out what a server can do: ours can do all but what is explained here.

use std::process::Command;
use std::time::Duration;

use e2e::caldav::{PASSWORD, Scene};
use e2e::folder::write;
use e2e::process::run_within;
use e2e::python;

/// Features that it does not call full, each with what it says instead and why that is right.
const OTHERS: [(&str, &str, &str); 7] = [
    ("create-calendar.auto", "unsupported", "a calendar that nobody made is not there: to look at it must not make it"),
    ("get-current-user-principal.has-calendar", "?", "no level but the answer to a question: yes"),
    (
        "scheduling.schedule-tag.stable-partstat",
        "unsupported",
        "it is the attendee's own PUT that it looks at: the tag stays when others answer (RFC 6638 section 3.2.10)",
    ),
    (
        "search.text.comp-type-optional",
        "unsupported",
        "a prop-filter of VCALENDAR is about its own properties (RFC 4791 section 9.7.2)",
    ),
    (
        "search.time-range.comp-type-optional",
        "unsupported",
        "a time-range stands in a component that has a time (RFC 4791 section 9.9)",
    ),
    (
        "url.encode-at.identity",
        "unsupported",
        "an @ and a %40 are one name of a file, and so one resource, as everywhere",
    ),
    ("well-known", "unknown", "it does not try that on loopback; curl does"),
];

#[test]
#[ignore = "needs cargo e2e"]
fn it_finds_all_that_the_standards_have() {
    let users = ["alice@example.org", "bob@example.org", "carol@example.org"];
    let world = users.into_iter().fold(Scene::default(), Scene::user).serving();
    let account = |(section, name): (&str, &&str)| {
        format!(
            "\"{section}\": {{\"caldav_url\": \"{}\", \"caldav_username\": \"{name}\", \"caldav_password\": \"{PASSWORD}\"}}",
            world.url("/")
        )
    };
    let sections = ["default", "second", "third"];
    let accounts: Vec<String> = sections.into_iter().zip(&users).map(account).collect();
    let configuration = world.folder.join("calendar.conf");
    write(&configuration, format!("{{{}}}\n", accounts.join(",\n")));
    let mut tester = Command::new(
        python::environment(&["caldav-server-tester==1.7.0", "caldav==3.6.0", "vobject==0.9.9"])
            .join("caldav-server-tester"),
    );
    tester.env("HOME", world.folder.path()).env("CALDAV_CONFIG_FILE", &configuration).args([
        "--format",
        "text",
        "--verbose",
    ]);
    tester.args(sections.iter().flat_map(|section| ["--config-section", section]));
    let output = run_within(Duration::from_secs(600), &mut tester, "").output;
    let (mut found, mut feature) = (Vec::new(), "");
    for line in output.lines() {
        feature = line.strip_prefix("## ").unwrap_or(feature);
        if let Some(level) = line.strip_prefix("Feature support level found: ") {
            found.push((feature.trim(), level.trim()));
        }
    }
    assert!(found.len() > 90, "{output}");
    let others: Vec<(&str, &str)> = found.iter().copied().filter(|(_, level)| *level != "full").collect();
    assert_eq!(others, OTHERS.map(|(feature, level, _)| (feature, level)), "{output}");
    println!("{} features, {} of them full", found.len(), found.len() - others.len());
}
