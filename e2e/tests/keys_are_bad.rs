//! A key file with errors: the bad keys grant nothing, the good ones go on, and the note says which is which.

use e2e::clients::nsupdate;
use e2e::samples::{HOST, Key, ORG, ROOT, UPDATE, key_file};
use e2e::world::{Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn a_bad_secret_spoils_only_its_key() {
    let keys = key_file().replace(UPDATE.secret, "not*base64");
    let world = Scene::new().file("_keys", &keys).serving();
    refused(&world, &UPDATE);
    assert!(nsupdate(world.address(), &HOST, "update add x.host.example.com 60 A 192.0.2.1").success);
    let note = world.note(&world.repository().git(&["rev-parse", "main~1"]));
    assert!(note.contains("_keys:1:"), "{note}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_outside_the_zone_of_its_file_grants_nothing() {
    let keys = key_file().replace(&UPDATE.record(), "");
    let world = Scene::new().file("_keys", &keys).file("example.org._keys", &UPDATE.record()).serving();
    refused(&world, &UPDATE);
    assert!(world.note(&world.repository().tip("main")).contains("example.org._keys:1:"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_in_the_file_of_its_zone_is_good() {
    let keys = key_file().replace(&UPDATE.record(), "");
    let world = Scene::new().file("_keys", &keys).file("example.com._keys", &UPDATE.record()).serving();
    assert!(nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1").success);
    assert_eq!(world.short("laptop._update.example.com DNSKEY"), "", "keys are not served");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_name_that_says_nothing_grants_nothing() {
    let plain = UPDATE.named("plain.example.com");
    let world = Scene::new().file("_keys", &format!("{}{}", key_file(), plain.record())).serving();
    refused(&world, &plain);
    refused(&world, &e2e::samples::TRANSFER);
    refused(&world, &e2e::samples::NOTIFY);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_file_that_breaks_keeps_the_last_good_keys() {
    let world = World::new();
    world.tree.write("_keys", "((((\n");
    let commit = world.push("a cat on the keyboard");
    assert!(world.note(&commit).contains("_keys:1:"));
    assert!(nsupdate(world.address(), &ORG, "update add x.example.org 60 A 192.0.2.1").success);
    assert!(nsupdate(world.address(), &ROOT, "update add y.example.org 60 A 192.0.2.1").success);
}

fn refused(world: &World, key: &Key) {
    let outcome = nsupdate(world.address(), key, "update add no.example.com 60 A 192.0.2.1");
    assert!(!outcome.success, "{} may not update", key.name);
    assert_eq!(world.short("no.example.com A"), "");
}
