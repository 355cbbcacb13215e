//! A repository holds more than zones: all of it is left alone, always.

use std::os::unix::fs::symlink;
use std::time::Duration;

use e2e::clients::nsupdate;
use e2e::message::{self, Signer};
use e2e::samples::{NOTIFY, UPDATE};
use e2e::wire;
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn files_folders_links_and_submodules_survive_updates() {
    let world = World::new();
    world.tree.write("README.md", "# Our zones\n").write("LICENSE", "do as you like\n").write("Makefile", "all:\n");
    world
        .tree
        .write(".gitignore", "*.bak\n")
        .write(".github/workflows/check.yml", "on: push\n")
        .write("old/example.net", "x");
    symlink("example.com", world.tree.path().join("link.example")).expect("a link can be made");
    symlink("/etc/passwd", world.tree.path().join("passwd.example")).expect("a link can be made");
    let commit = world.tree.git(&["rev-parse", "HEAD"]);
    world.tree.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},module")]);
    world.tree.git(&["commit", "--quiet", "-m", "a submodule"]);
    // The submodule has no folder in the work tree, so from here on nothing is added wholesale.
    world.tree.git(&[
        "add",
        "README.md",
        "LICENSE",
        "Makefile",
        ".gitignore",
        ".github",
        "old",
        "link.example",
        "passwd.example",
    ]);
    world.tree.git(&["commit", "--quiet", "-m", "much else"]);
    world.tree.push();
    world.tell();
    let others = || {
        world
            .repository()
            .git(&["ls-tree", "-r", "main"])
            .lines()
            .filter(|line| !line.ends_with("\texample.com"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = others();
    assert_eq!(before.len(), 12);
    for number in 1..=3 {
        let command = format!("update add n{number}.example.com 60 A 192.0.2.{number}");
        assert!(nsupdate(world.address(), &UPDATE, &command).success);
    }
    assert_eq!(others(), before);
    assert_eq!(world.short("www.example.net A"), "", "files in folders are no zones");
    assert_eq!(world.short("www.link.example A"), "", "links are no zones");
    world.repository().check();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_readme_from_the_start_hides_nothing() {
    let world =
        Scene::new().file("README.md", "# Zones\n").file("LICENSE", "MIT\n").file(".gitignore", "*~\n").serving();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    world.still_takes_updates();
    assert_eq!(world.repository().read("README.md").trim(), "# Zones");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_hundred_megabytes_hurt_nobody() {
    let world = World::new();
    // Incompressible enough to arrive as what it is.
    let mut state = 1u64;
    let octets: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    })
    .take(100 << 20)
    .collect();
    world.tree.write("movie.mkv", octets);
    world.tree.replace("example.org", "198.51.100.80", "198.51.100.81").replace("example.org", " 1 86400", " 2 86400");
    world.tree.commit("wrong folder");
    world.tree.push();
    // The acknowledgement may take as long as the download.
    let notify = Signer::new(NOTIFY).sign(&message::notify(1, "example.com"));
    wire::udp_exchange_within(Duration::from_secs(60), world.address(), &notify.octets);
    // Whatever the server makes of such a push, it serves, and it goes on when the blob is gone again.
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    world.tree.remove("movie.mkv");
    world.tree.replace("example.org", "198.51.100.81", "198.51.100.82").replace("example.org", " 2 86400", " 3 86400");
    world.push("right folder");
    world.wait_for("www.example.org A", "198.51.100.82");
    world.still_takes_updates();
}
