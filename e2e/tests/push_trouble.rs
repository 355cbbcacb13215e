//! The push of an update meets a remote that moved, refuses, checks more, speaks an older protocol, or loses the line.

use std::fs;

use e2e::clients::nsupdate;
use e2e::proxy::Proxy;
use e2e::samples::UPDATE;
use e2e::sshd::Options;
use e2e::wait;
use e2e::world::{Scene, World};

const ADD: &str = "update add new.example.com 60 A 192.0.2.50";

#[test]
#[ignore = "needs cargo e2e"]
fn remote_moves_during_push() {
    let world = World::new();
    // Somebody else's commit is there already, and becomes the tip while our push is being looked at.
    world.tree.write("notes.txt", "theirs");
    let theirs = world.tree.commit("somebody was faster");
    assert!(world.tree.try_push(&["origin", "HEAD:refs/heads/theirs"]).success);
    let once = world.remote.folder.join("once");
    world.repository().hook(
        "pre-receive",
        &format!(
            "cat >/dev/null; if [ ! -e {once} ]; then touch {once}; unset $(git rev-parse --local-env-vars) GIT_QUARANTINE_PATH\n\
             git --git-dir={dir} update-ref refs/heads/main {theirs}; fi",
            once = once.display(),
            dir = world.repository().path().display(),
        ),
    );
    let outcome = nsupdate(world.address(), &UPDATE, ADD);
    assert!(outcome.success, "{}", outcome.output);
    assert!(once.exists(), "the race took place");
    assert_eq!(world.repository().commits(), 3);
    assert_eq!(world.repository().subjects()[1], "somebody was faster");
    assert_eq!(world.repository().read("notes.txt").trim(), "theirs");
    assert_eq!(world.repository().read("example.com").matches("192.0.2.50").count(), 1);
}

#[test]
#[ignore = "needs cargo e2e"]
fn remote_moved_before_push_and_nobody_told() {
    let world = World::new();
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010110");
    world.tree.commit("www moves");
    world.tree.push();
    let outcome = nsupdate(world.address(), &UPDATE, ADD);
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.short("www.example.com A"), "192.0.2.81");
    assert_eq!(world.short("new.example.com A"), "192.0.2.50");
    assert_eq!(world.serial("example.com"), 2_024_010_111);
    assert_eq!(world.repository().subjects()[1], "www moves");
}

#[test]
#[ignore = "needs cargo e2e"]
fn hook_refuses_the_push() {
    let world = World::new();
    world.repository().hook("pre-receive", "echo 'the office is closed' >&2; exit 1");
    let outcome = nsupdate(world.address(), &UPDATE, ADD);
    assert!(!outcome.success, "{}", outcome.output);
    assert_eq!(world.short("new.example.com A"), "", "what was refused is not served");
    assert_eq!(world.serial("example.com"), 2_024_010_101);
    assert!(world.primary.log().contains("the office is closed"), "the log says what the hook said");
    world.repository().remove_hook("pre-receive");
    assert!(nsupdate(world.address(), &UPDATE, ADD).success);
    assert_eq!(world.repository().commits(), 2);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_update_hook_refuses_one_reference() {
    let world = World::new();
    world.repository().hook("update", "[ \"$1\" != refs/heads/main ]");
    assert!(!nsupdate(world.address(), &UPDATE, ADD).success);
    assert_eq!(world.short("new.example.com A"), "");
    world.repository().remove_hook("update");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn strict_remotes_take_our_pushes() {
    for (option, value) in [
        ("receive.denyNonFastForwards", "true"),
        ("receive.denyDeletes", "true"),
        ("transfer.fsckObjects", "true"),
        ("receive.unpackLimit", "1"),
        ("receive.autogc", "false"),
    ] {
        let world = World::new();
        world.repository().config(option, value);
        let outcome = nsupdate(world.address(), &UPDATE, ADD);
        assert!(outcome.success, "{option}: {}", outcome.output);
        world.still_takes_updates();
        world.repository().check();
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn packed_references_and_objects_are_read() {
    let remote = Scene::new().remote();
    remote.repository.git(&["gc", "--quiet", "--aggressive"]);
    remote.repository.git(&["pack-refs", "--all"]);
    remote.serving().still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_server_of_protocol_version_0_is_enough() {
    let world = Scene::new().sshd(Options { accept_git_protocol: false, ..Options::default() }).serving();
    world.still_takes_updates();
    world.tree.pull().replace("example.com", "192.0.2.80", "192.0.2.81").replace(
        "example.com",
        "2024010101",
        "2024010110",
    );
    world.push("www moves");
    world.wait_for("www.example.com A", "192.0.2.81");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_line_lost_after_the_push_loses_and_doubles_nothing() {
    let remote = Scene::new().remote();
    let proxy = Proxy::to(([127, 0, 0, 1], remote.sshd.port()).into());
    let port = proxy.address().port();
    let url = remote.sshd.url(&remote.repository).replace(&format!(":{}/", remote.sshd.port()), &format!(":{port}/"));
    let primary = remote.arguments().set("--remote", &format!("{url}#main")).serving(&remote.folder);
    let (arrived, go) = (remote.folder.join("arrived"), remote.folder.join("go"));
    let script =
        format!("cat >/dev/null; touch {}; while [ ! -e {} ]; do sleep 0.02; done", arrived.display(), go.display());
    // The reference has moved when this hook runs, and the client has not been told.
    remote.repository.hook("post-receive", &script);
    let address = primary.address();
    let client = std::thread::spawn(move || nsupdate(address, &UPDATE, ADD));
    wait::until("the push has arrived", || arrived.exists());
    proxy.cut_after(0);
    fs::write(&go, "").expect("the hook can be let go");
    proxy.mend();
    let outcome = client.join().expect("the client does not panic");
    assert!(outcome.success, "it is on the remote, so it is accepted: {}", outcome.output);
    assert_eq!(remote.repository.commits(), 2);
    assert_eq!(remote.repository.read("example.com").matches("192.0.2.50").count(), 1);
    let world = remote.with(primary);
    assert_eq!(world.short("new.example.com A"), "192.0.2.50");
    world.still_takes_updates();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_line_cut_at_any_point_of_a_push_loses_and_doubles_nothing() {
    let remote = Scene::new().remote();
    let proxy = Proxy::to(([127, 0, 0, 1], remote.sshd.port()).into());
    let port = proxy.address().port();
    let url = remote.sshd.url(&remote.repository).replace(&format!(":{}/", remote.sshd.port()), &format!(":{port}/"));
    let primary = remote.arguments().set("--remote", &format!("{url}#main")).serving(&remote.folder);
    let world = remote.with(primary);
    let before = proxy.carried();
    assert!(nsupdate(world.address(), &UPDATE, "update add n0.example.com 60 A 192.0.2.1").success);
    let whole = proxy.carried() - before;
    for number in 1..16 {
        proxy.cut_after(whole * number / 16);
        let command = format!("update add n{number}.example.com 60 A 192.0.2.1");
        let address = world.address();
        let client = std::thread::spawn(move || nsupdate(address, &UPDATE, &command));
        let opened = proxy.opened();
        wait::until("a new connection", || proxy.opened() > opened || client.is_finished());
        proxy.mend();
        let outcome = client.join().expect("the client does not panic");
        let times = world.repository().read("example.com").matches(&format!("n{number} ")).count()
            + world.repository().read("example.com").matches(&format!("n{number}\t")).count();
        assert!(times <= 1, "n{number} is there {times} times");
        assert!(!outcome.success || times == 1, "n{number} was acknowledged and is not there");
    }
    world.repository().check();
    world.still_takes_updates();
}
