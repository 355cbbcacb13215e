//! An operator edits a zone file, commits and pushes: what is served follows.

use e2e::clients::{dig, drill, kdig, ldns_notify};
use e2e::samples::{EXAMPLE_ORG, NOTIFY, ORG, UPDATE};
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn a_pushed_change_is_served() {
    let world = World::new();
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    world.tree.replace("example.com", "192.0.2.80", "192.0.2.81").replace("example.com", "2024010101", "2024010102");
    world.push("www moves");
    world.wait_for("www.example.com A", "192.0.2.81");
    assert_eq!(world.serial("example.com"), 2_024_010_102);
    assert_eq!(world.repository().subjects(), ["www moves", "The zones as they are"]);
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_sample_record_is_served_to_every_client() {
    let world = World::new();
    for (question, answer) in [
        ("www.example.com A", "192.0.2.80"),
        ("www.example.com AAAA", "2001:db8::80"),
        ("example.com MX", "10 mail.example.com."),
        ("example.com TXT", "\"v=spf1 mx -all\""),
        ("anything.apps.example.com A", "192.0.2.99"),
        ("80.2.0.192.in-addr.arpa PTR", "www.example.com."),
    ] {
        assert_eq!(world.short(question), answer, "dig {question}");
        assert_eq!(world.short(&format!("+tcp {question}")), answer, "dig +tcp {question}");
        assert_eq!(kdig(world.address(), &format!("{question} +short")), answer, "kdig {question}");
        let drilled = drill(world.address(), question);
        assert!(drilled.contains(answer), "drill {question}: {drilled}");
    }
    assert_eq!(world.short("blog.example.com A"), "www.example.com.\n192.0.2.80");
    assert!(dig(world.address(), "nowhere.example.com").contains("status: NXDOMAIN"));
    assert!(dig(world.address(), "example.net").contains("status: REFUSED"));
    let nodata = dig(world.address(), "www.example.com MX");
    assert!(nodata.contains("status: NOERROR") && nodata.contains("ANSWER: 0") && nodata.contains("SOA"), "{nodata}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_poll_finds_what_nobody_told() {
    let world = Scene::new().argument("--poll", "1").serving();
    world.tree.replace("example.org", "198.51.100.80", "198.51.100.81").replace("example.org", " 1 86400", " 2 86400");
    world.tree.commit("www moves");
    world.tree.push();
    world.wait_for("www.example.org A", "198.51.100.81");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_stock_tool_can_tell() {
    let world = World::new();
    world.tree.replace("example.org", "198.51.100.80", "198.51.100.81").replace("example.org", " 1 86400", " 2 86400");
    world.tree.commit("www moves");
    world.tree.push();
    let outcome = ldns_notify(world.address(), &NOTIFY, "example.org");
    assert!(outcome.success, "{}", outcome.output);
    world.wait_for("www.example.org A", "198.51.100.81");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_zone_comes_and_goes() {
    let world = World::new();
    world.tree.write("example.net", EXAMPLE_ORG.replace("example.org", "example.net"));
    world.push("one zone more");
    world.wait_for("www.example.net A", "198.51.100.80");
    world.tree.remove("example.net");
    world.push("one zone less");
    e2e::wait::until("the zone is gone", || dig(world.address(), "www.example.net").contains("status: REFUSED"));
    assert_eq!(world.short("www.example.org A"), "198.51.100.80");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_pushed_key_replaces_the_old_one() {
    let world = World::new();
    let forged = UPDATE.forged();
    world.tree.replace("_keys", UPDATE.secret, forged.secret);
    world.push("the laptop was stolen");
    e2e::wait::until("the new key is taken", || {
        e2e::clients::nsupdate(world.address(), &forged, "update add key.example.com 60 TXT new").success
    });
    let old = e2e::clients::nsupdate(world.address(), &UPDATE, "update add key.example.com 60 TXT old");
    assert!(!old.success && old.output.contains("BADSIG"), "{}", old.output);
    assert!(e2e::clients::nsupdate(world.address(), &ORG, "update add key.example.org 60 TXT same").success);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_zone_split_into_files_of_the_repository_is_served_and_updated_in_place() {
    let zone = format!("{EXAMPLE_ORG}$INCLUDE parts/hosts\n");
    let world = Scene::new()
        .file("example.org", &zone)
        .file("parts/hosts", "one A 198.51.100.1\ntwo A 198.51.100.2\n")
        .serving();
    assert_eq!(world.short("two.example.org A"), "198.51.100.2");
    let outcome = e2e::clients::nsupdate(
        world.address(),
        &ORG,
        "update delete two.example.org A\nupdate add two.example.org 3600 A 198.51.100.3",
    );
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(world.short("two.example.org A"), "198.51.100.3");
    assert!(world.repository().read("parts/hosts").contains("198.51.100.3"));
    assert!(!world.repository().read("example.org").contains("198.51.100.3"));
}
