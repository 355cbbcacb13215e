//! `refs/notes/gitstead` tells, commit by commit, what was served and what was refused.

use e2e::clients::nsupdate;
use e2e::samples::UPDATE;
use e2e::world::World;

#[test]
#[ignore = "needs cargo e2e"]
fn a_good_push_is_noted_with_the_serials_that_are_served() {
    let world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    let note = world.note(&world.push("www moves"));
    assert!(note.contains("example.com") && note.contains("2024010102"), "{note}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_one_who_pushed_reads_it_with_git_log() {
    let world = World::new();
    world.tree.replace("example.com", "IN MX   10 mail", "IN MX   ten mail");
    let commit = world.push("a typo");
    world.note(&commit);
    world.tree.git(&["fetch", "--quiet", "origin", "refs/notes/gitstead:refs/notes/gitstead"]);
    let log = world.tree.git(&["log", "-1", "--notes=gitstead", &commit]);
    assert!(log.contains("a typo") && log.contains("Notes (gitstead)") && log.contains("example.com:"), "{log}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn notes_of_others_stay() {
    let world = World::new();
    let first = world.repository().tip("main");
    world.tree.git(&["fetch", "--quiet", "origin", "+refs/notes/*:refs/notes/*"]);
    world.tree.git(&["notes", "--ref=review", "add", "-m", "looks good", &first]);
    assert!(world.tree.try_push(&["origin", "refs/notes/review"]).success);
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.note(&world.push("www moves"));
    assert_eq!(world.repository().git(&["notes", "--ref=review", "show", &first]), "looks good");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_remote_that_takes_no_notes_still_takes_updates() {
    let world = World::new();
    world.repository().hook("update", "case \"$1\" in refs/heads/*) exit 0;; *) exit 1;; esac");
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.push("www moves");
    world.wait_for("www.example.com A", "192.0.2.81");
    assert!(nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.repository().commits(), 3);
}
