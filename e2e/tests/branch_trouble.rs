//! The branch is missing, empty, rewritten, or another one altogether.

use e2e::clients::nsupdate;
use e2e::folder::Folder;
use e2e::git::Repository;
use e2e::primary::Arguments;
use e2e::samples::{self, UPDATE};
use e2e::sshd::Sshd;
use e2e::wait;
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn a_missing_branch_is_waited_for() {
    let remote = Scene::new().remote();
    let arguments = remote.arguments().set("--remote", &format!("{}#later", remote.sshd.url(&remote.repository)));
    let mut primary = arguments.set("--poll", "1").start(&remote.folder);
    primary.wait_for_log("later");
    assert!(!primary.log().contains("serving"));
    remote.repository.git(&["branch", "later", "main"]);
    primary.wait_until_serving();
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_empty_repository_is_waited_for() {
    let folder = Folder::new();
    let sshd = Sshd::start(&folder);
    let repository = Repository::empty(&folder.join("zones.git"));
    let key = sshd.user_key();
    let mut primary = Arguments::new(&sshd.url(&repository))
        .set("--ssh-key-file", key.to_str().expect("test paths are UTF-8"))
        .set("--ssh-authenticator", &sshd.fingerprint())
        .set("--poll", "1")
        .start(&folder);
    primary.wait_for_log("main");
    let tree = repository.work_tree(&folder.join("work"));
    samples::files().iter().for_each(|(name, content)| {
        tree.write(name, content);
    });
    tree.commit("at last");
    tree.push();
    primary.wait_until_serving();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_forced_push_is_followed() {
    let world = World::new();
    assert!(nsupdate(world.address(), &UPDATE, "update add gone.example.com 60 A 192.0.2.1").success);
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010105");
    world.tree.git(&["commit", "--quiet", "--all", "--amend", "-m", "history, as it should have been"]);
    assert!(world.tree.try_push(&["--force", "origin", "main"]).success);
    world.tell();
    world.wait_for("www.example.com A", "192.0.2.81");
    assert_eq!(world.short("gone.example.com A"), "");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_unrelated_history_is_followed() {
    let world = World::new();
    world.tree.git(&["checkout", "--quiet", "--orphan", "new"]);
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.82").replace("example.com", "2024010101", "2024010106");
    world.tree.commit("we begin anew");
    assert!(world.tree.try_push(&["--force", "origin", "new:main"]).success);
    world.tell();
    world.wait_for("www.example.com A", "192.0.2.82");
    world.still_takes_updates();
    assert_eq!(world.repository().git(&["rev-list", "--max-parents=0", "--count", "main"]), "1");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_branch_that_disappears_leaves_the_zones_in_memory() {
    let world = World::new();
    let tip = world.repository().tip("main");
    world.repository().git(&["update-ref", "-d", "refs/heads/main"]);
    world.tell();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert!(!nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.repository().tip("main"), "", "an update does not bring the branch back");
    world.repository().git(&["update-ref", "refs/heads/main", &tip]);
    world.tell();
    wait::until("updates are taken again", || {
        nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1").success
    });
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_remote_may_be_a_local_path() {
    let folder = Folder::new();
    let repository = Repository::with_files(&folder.join("zones.git"), &samples::files());
    let primary = Arguments::new(&repository.local_remote("main")).serving(&folder);
    assert!(nsupdate(primary.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1").success);
    assert_eq!(repository.commits(), 2);
}
