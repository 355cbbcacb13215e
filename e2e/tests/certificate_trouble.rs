//! CAs that want a renewal, want to be left alone, or tell lies.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use e2e::letsencrypt::{Letsencrypt, Requester, verify};
use e2e::samples::{ROOT, UPDATE};
use e2e::scripted_ca::ScriptedCa;
use e2e::wait;
use e2e::world::World;

struct Scene {
    ca: ScriptedCa,
    service: Letsencrypt,
    world: World,
}

/// Our service with a CA that behaves so, and more arguments.
fn scene(behaviour: &str, more: &[&str]) -> Scene {
    let world = World::new();
    let ca = ScriptedCa::start(&world.remote.folder, behaviour);
    let (arguments, server) = (ca.arguments(), world.address().to_string());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--check", &server]).collect();
    let service = Letsencrypt::start(&world.remote.folder, world.address(), &ROOT, &[&arguments, more].concat());
    Scene { ca, service, world }
}

/// A request for `www.example.com`.
fn ask(scene: &Scene) -> Requester {
    let requester = Requester::new(&scene.world.remote.folder, "www.example.com", &[]);
    requester.ask(scene.world.address(), &UPDATE);
    requester
}

fn wait_for_words(scene: &Scene, requester: &Requester, words: &str) {
    wait::until(&format!("it is told {words:?}"), || requester.words(scene.world.address()).contains(words));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_ca_that_wants_a_renewal_gets_it() {
    let scene = scene("{\"renew_now\": 1, \"days\": 6}", &["--profile", "shortlived"]);
    let requester = ask(&scene);
    let first = std::fs::read_to_string(requester.wait_for_chain(scene.world.address())).unwrap();
    // Not within the first minute: a CA may want it of every certificate.
    wait::find_within(Duration::from_secs(90), "it is renewed", || {
        let chain = std::fs::read_to_string(requester.chain(scene.world.address())?).unwrap();
        (chain != first).then_some(())
    });
    wait::until("the new one is asked about", || scene.ca.log().matches("asked when to renew").count() == 2);
    verify(&scene.ca.root(), &requester.chain(scene.world.address()).unwrap(), "www.example.com");
    let log = scene.ca.log();
    assert!(log.contains("new order 0 replaces None profile shortlived"), "{log}");
    assert!(log.contains("new order 1 replaces ") && !log.contains("new order 1 replaces None"), "{log}");
    assert_eq!(scene.ca.orders(), 2);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_ca_that_wants_to_be_left_alone_is() {
    let scene = scene("{\"rate_limited\": 1, \"retry_after\": 7200}", &[]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "rateLimited");
    let next = requester.words(scene.world.address());
    let next = next.split("next=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let seconds = e2e::letsencrypt::seconds_until(&next);
    assert!((7000..7300).contains(&seconds), "{seconds} seconds, as the CA asked for");
    // A change of the zone does not restart its clock.
    scene.world.still_takes_updates();
    assert_eq!(scene.ca.orders(), 0);
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_the_ca_says_of_a_proof_is_passed_on() {
    let scene = scene("{\"invalid\": true}", &[]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "nothing there, as told");
    assert_eq!(scene.world.short("_acme-challenge.www.example.com TXT"), "", "proofs go also after a failure");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_certificate_for_another_key_is_not_written_into_dns() {
    let scene = scene("{\"wrong_key\": true}", &[]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "for another key");
    assert_eq!(requester.chain(scene.world.address()), None);
}

#[test]
#[ignore = "needs cargo e2e"]
fn nonsense_from_the_ca_is_called_that() {
    let scene = scene("{\"nonsense\": true}", &[]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "cannot be understood");
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_account_that_is_refused_is_said() {
    let scene = scene("{\"refuse_account\": true}", &[]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "refuses the account");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_profile_that_the_ca_does_not_have_is_named() {
    let scene = scene("{}", &["--profile", "classic"]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "no profile classic");
}

#[test]
#[ignore = "needs cargo e2e"]
fn one_host_that_fails_does_not_delay_another() {
    let mut scene = scene("{\"rate_limited\": 1, \"retry_after\": 7200}", &["--orders", "1"]);
    let requester = ask(&scene);
    wait_for_words(&scene, &requester, "rateLimited");
    let other = Requester::new(&scene.world.remote.folder, "mail.example.com", &[]);
    other.ask(scene.world.address(), &UPDATE);
    other.wait_for_chain(scene.world.address());
    // Also after a restart the failing one keeps its turn.
    scene.service.kill();
    scene.service.start_again();
    scene.service.wait_for_log("example.com. ");
    let third = Requester::new(&scene.world.remote.folder, "ftp.example.com", &[]);
    third.ask(scene.world.address(), &UPDATE);
    third.wait_for_chain(scene.world.address());
    assert_eq!(scene.ca.orders(), 2);
    assert!(requester.words(scene.world.address()).contains("rateLimited"));
}
