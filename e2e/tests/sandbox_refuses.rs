//! What `gitstead run` does not run, and what the sandbox keeps from the service.

use e2e::built;
use e2e::clients::{dig, nsupdate, serial};
use e2e::network::{Network, Tap};
use e2e::primary::Arguments;
use e2e::process::Outcome;
use e2e::samples::UPDATE;
use e2e::wait;
use e2e::world::Scene;

fn gitstead(arguments: &[&str]) -> (Option<i32>, String) {
    let output = built::command("gitstead", "deploy").args(arguments).output().expect("gitstead starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_wrong_command_line_is_one_line_and_64() {
    let network = Network::enter();
    let tap = network.tap();
    let elf = built::elf("dns-primary");
    let elf = elf.to_str().expect("a path in UTF-8");
    let script = "/bin/sh";
    let long = "x".repeat(8192);
    for (arguments, named) in [
        (&["run", "--tap", "nosuchtap", elf][..], "nosuchtap"),
        (&["run", "--tap", "a-name-that-is-too-long", elf], "a-name-that-is-too-long"),
        (&["run", "--tap", "lo", elf], "lo"),
        (&["run", "--tap", tap.name(), "/nonexistent"], "/nonexistent"),
        (&["run", "--tap", tap.name(), script], "gitstead build"),
        (&["run", "--tap", tap.name(), "Cargo.toml"], "not an ELF"),
        (&["run", "--tap", tap.name(), "--user", "nosuchuser", elf], "nosuchuser"),
        (&["run", "--tap", tap.name(), "--user", "root", elf], "root"),
        (&["run", "--tap", tap.name(), elf, "--", &long], "command line"),
    ] {
        let (code, said) = gitstead(arguments);
        assert_eq!(code, Some(64), "{named}: {said}");
        assert!(said.contains(named) && said.trim().lines().count() == 1, "{named}: {said}");
    }
    for (wrong, named) in
        [(&["--memory", "7"][..], "--memory"), (&["--memory", "lots"], "--memory"), (&["--nonsense"], "--nonsense")]
    {
        let (code, said) = gitstead(&[&["run", "--tap", tap.name()], wrong, &[elf]].concat());
        assert!(code == Some(64) && said.contains(named), "{named}: {code:?} {said}");
    }
}

/// What the service itself says about its arguments comes through, and so does its exit code.
#[test]
#[ignore = "needs cargo e2e"]
fn the_services_own_complaints_come_through() {
    let network = Network::enter();
    let tap = network.tap();
    let good = Arguments::sandboxed("ssh://git@10.7.0.1:22/zones.git", &tap).set("--ssh-authenticator", FINGERPRINT);
    for (bad, named) in [
        (good.clone().set("--ipv4", "10.7.0.2"), "--ipv4"),
        (good.clone().set("--ipv4", "10.7.0.255/24"), "--ipv4"),
        (good.clone().flag("--dhcp"), "--dhcp"),
        (good.clone().set("--mac", "01:00:00:00:00:00"), "--mac"),
        (good.clone().set("--listen", "10.7.0.9:53"), "10.7.0.9"),
    ] {
        let Outcome { success, output } = bad.run();
        assert!(!success && output.contains(named), "{named}: {output}");
        assert_eq!(output.trim().lines().count(), 1, "{output}");
    }
}

const FINGERPRINT: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

#[test]
#[ignore = "needs cargo e2e"]
fn without_a_frame_device_there_is_no_stack() {
    let mut command = built::command("dns-primary", "dns-primary");
    let remote = ["--remote", "git@127.0.0.1:x.git", "--ssh-authenticator", FINGERPRINT];
    let output = command.args(remote).args(["--ipv4", "10.7.0.2/24"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("gitstead run"));
}

/// Looked at from outside: another user, no capability, no file, the seal.
#[test]
#[ignore = "needs cargo e2e"]
fn the_service_has_given_up_everything() {
    let mut world = Scene::sandboxed().serving();
    let service = *e2e::process::family(world.primary.process().id()).last().expect("a child");
    let read = |what: &str| std::fs::read_to_string(format!("/proc/{service}/{what}")).expect("root may look");
    let status = read("status");
    for line in
        ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"]
    {
        assert!(status.contains(line), "{line} is not in\n{status}");
    }
    let user = status.lines().find(|line| line.starts_with("Uid:")).expect("a user");
    assert!(!user.split_whitespace().skip(1).any(|uid| uid == "0"), "{user}");
    let root = std::fs::read_dir(format!("/proc/{service}/root")).expect("root may look");
    assert_eq!(root.count(), 0, "its root has no file");
    assert_eq!(read("net/dev").lines().filter(|line| line.contains(':')).count(), 1, "loopback alone");
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50").success);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_tap_that_goes_down_and_up_is_used_again() {
    let world = Scene::sandboxed().serving();
    let tap: &Tap = world.remote.tap();
    tap.set("down");
    tap.set("up");
    // Going down took the route to it away only where the address went too.
    wait::until_equal(Some(2_024_010_101), || serial(world.address(), "example.com"));
    assert!(nsupdate(world.address(), &UPDATE, "update add new.example.com 300 A 192.0.2.50").success);
}

#[test]
#[ignore = "needs cargo e2e"]
fn neighbours_reach_it_over_ipv6_and_a_gateway() {
    let scene = Scene::sandboxed().remote();
    let tap = scene.tap().clone();
    let other = scene.another_tap();
    let listen6 = format!("[{}]:53", tap.service6());
    let primary = scene.arguments().add("--listen", &listen6).serving(&scene.folder);
    let six = (tap.service6(), 53).into();
    assert_eq!(dig(six, "www.example.com A +short"), "192.0.2.80");
    assert_eq!(dig(six, "+tcp www.example.com A +short"), "192.0.2.80");
    let through_the_gateway = format!("-b {} www.example.com A +short", other.host());
    assert_eq!(dig(primary.address(), &through_the_gateway), "192.0.2.80");
}
