//! python-caldav's own tests, from its sources, against our server; nothing is said of what the server cannot do.

use std::process::Command;
use std::time::Duration;

use e2e::caldav::{PASSWORD, Scene};
use e2e::folder::write;
use e2e::process::run_within;
use e2e::python;

const CALDAV: &str = "caldav==3.6.0";
const PACKAGES: [&str; 7] = [
    CALDAV,
    "pytest==9.2.0",
    "pytest-asyncio==1.5.0",
    "vobject==0.9.9",
    "tzlocal==5.4.5",
    "proxy.py==2.4.10",
    "PyYAML==6.0.4",
];

/// Tests that fail, each with the reason.
const FAILURES: [(&str, &str); 0] = [];

#[test]
#[ignore = "needs cargo e2e"]
fn its_own_tests_pass() {
    // With addresses as names, the tests know how to invite them.
    let users = ["alice@example.org", "bob@example.org", "carol@example.org"];
    let world = users.into_iter().fold(Scene::default(), Scene::user).serving();
    let account =
        |name: &str| format!("url: {}\n        username: {name}\n        password: {PASSWORD}\n", world.url("/"));
    let scheduling: String = users.iter().map(|name| format!("      - {}", account(name))).collect();
    let home = world.folder.subfolder("home");
    std::fs::create_dir_all(home.join(".config/caldav")).expect("a folder can be made");
    write(
        &home.join(".config/caldav/test_servers.yaml"),
        format!(
            "test-servers:\n  radicale:\n    enabled: false\n  xandikos:\n    enabled: false\n  gitstead:\n    type: external\n\
             \x20   enabled: true\n    features: {{}}\n    {}    scheduling_users:\n{scheduling}",
            account(users[0]).replace("        ", "    ")
        ),
    );
    let mut pytest = Command::new(python::environment(&PACKAGES).join("python3"));
    pytest
        .current_dir(python::source(CALDAV))
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("PYTHON_CALDAV_TEST_EMBEDDED", "0").env("PYTHON_CALDAV_TEST_DOCKER", "0");
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", "-k", "gitstead", "-rfE"]);
    pytest.args([
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        "tests/test_caldav.py",
        "tests/test_async_integration.py",
    ]);
    let output = run_within(Duration::from_secs(900), &mut pytest, "").output;
    let words = |line: &str| line.split(' ').nth(1).and_then(|test| Some(test.split_once("::")?.1.to_owned()));
    let bad = output.lines().filter(|line| line.starts_with("FAILED tests") || line.starts_with("ERROR tests"));
    let bad: Vec<String> = bad.filter_map(words).collect();
    assert_eq!(bad, FAILURES.map(|(test, _)| test), "{output}");
    let counts = output.lines().find(|line| line.contains(" passed"));
    println!("{}", counts.unwrap_or_else(|| panic!("no test passed: {output}")));
}
