//! Requests as a person types them with curl.

use e2e::caldav::{PULL_TOKEN, World, curl, event};
use e2e::folder::write;

const START: &str = "20260105T120000Z";

#[test]
#[ignore = "needs cargo e2e"]
fn a_calendar_is_found_from_the_host_alone() {
    let world = World::new();
    let well_known = world.url("/.well-known/caldav");
    let ask = "<propfind xmlns=\"DAV:\"><prop><current-user-principal/></prop></propfind>";
    let follow =
        ["--location", "--post301", "--request", "PROPFIND", "--header", "Depth: 0", "--data", ask, &well_known];
    assert!(curl("alice", &follow).output.contains("/principals/alice/"));
    let options = curl("alice", &["--include", "--request", "OPTIONS", &world.url("/calendars/alice/")]).output;
    assert!(options.contains("calendar-access") && options.contains("MKCALENDAR"), "{options}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_event_is_stored_read_and_kept_as_it_came() {
    let world = World::new();
    world.calendar("alice", "work");
    let url = world.url("/calendars/alice/work/lunch.ics");
    let body = event("lunch", START, "X-ODD;P=\"a:b\":kept\r\nDESCRIPTION:folded in\r\n  an odd place\r\n");
    write(&world.folder.join("lunch.ics"), &body);
    let file = world.folder.join("lunch.ics").display().to_string();
    let stored = curl("alice", &["--include", "--header", "Expect:", "--upload-file", &file, &url]).output;
    assert!(stored.starts_with("HTTP/1.1 201") && stored.to_lowercase().contains("\netag: \""), "{stored}");
    assert_eq!(curl("alice", &[&url]).output, body);
    assert_eq!(world.clone("tree").read("calendars/alice/work/lunch.ics"), body);
    assert_eq!(world.repository.subjects()[0], "alice: add \"Event lunch\"");
    let again = curl(
        "alice",
        &["--include", "--header", "If-None-Match: *", "--header", "Expect:", "--upload-file", &file, &url],
    )
    .output;
    assert!(again.starts_with("HTTP/1.1 412"), "{again}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_hook_tells_the_server_that_somebody_pushed() {
    let world = World::new();
    world.calendar("alice", "work");
    let (hook, token) = (world.url("/.well-known/gitstead/pull"), format!("Authorization: Bearer {PULL_TOKEN}"));
    world.repository.hook("post-receive", &format!("curl --silent --request POST --header '{token}' {hook}"));
    let tree = world.clone("tree");
    tree.write("calendars/alice/work/by-hand.ics", event("by-hand", START, "")).commit("by hand");
    tree.push();
    assert_eq!(curl("alice", &[&world.url("/calendars/alice/work/by-hand.ics")]).output, event("by-hand", START, ""));
}

#[test]
#[ignore = "needs cargo e2e"]
fn robur_s_scripts_still_make_users() {
    let world = World::new();
    let admin = format!("admin:{}", e2e::caldav::ADMIN_PASSWORD);
    let url = world.url("/users/robert?password=s3cret:with-a-colon");
    let made = curl("alice", &["--include", "--user", &admin, "--request", "PUT", &url]).output;
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    assert!(curl("robert", &["--head", &world.url("/calendars/robert/")]).output.starts_with("HTTP/1.1 200"));
}
