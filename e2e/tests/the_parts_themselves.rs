//! The parts against each other, without our programs: what the other tests stand on.

use e2e::bind::Bind;
use e2e::clients::{dig, dig_signed, drill, kdig, knsupdate, ldns_notify, nsupdate, serial};
use e2e::folder::Folder;
use e2e::git::Repository;
use e2e::knot::Knot;
use e2e::message::{self, Signer, kind};
use e2e::nsd::Nsd;
use e2e::ports::free_address;
use e2e::proxy::Proxy;
use e2e::samples::{self, EXAMPLE_COM, NOTIFY, UPDATE};
use e2e::sshd::{Options, Sshd};
use e2e::{process, wait, wire};

#[test]
#[ignore = "needs cargo e2e"]
fn git_clones_and_pushes_over_ssh() {
    let folder = Folder::new();
    let sshd = Sshd::start(&folder);
    let repository = Repository::with_files(&folder.join("zones.git"), &samples::files());
    let tree = sshd.work_tree(&repository, &folder.join("work"));
    tree.replace("example.com", "192.0.2.80", "192.0.2.81").commit("www moves");
    tree.push();
    assert_eq!(repository.subjects(), ["www moves", "The zones as they are"]);
    assert!(repository.read("example.com").contains("192.0.2.81"));
    assert!(sshd.logins() >= 2);
}

#[test]
#[ignore = "needs cargo e2e"]
fn sshd_stops_starts_and_forces_commands() {
    let folder = Folder::new();
    let mut sshd = Sshd::start(&folder);
    let repository = Repository::with_files(&folder.join("zones.git"), &samples::files());
    let tree = sshd.work_tree(&repository, &folder.join("work"));
    sshd.stop();
    assert!(!tree.try_push(&["origin", "main"]).success);
    sshd.set_options(&Options { forced_command: Some("echo garbage".to_owned()), ..Options::default() });
    sshd.start_again();
    let refused = tree.try_push(&["origin", "main"]);
    assert!(!refused.success && refused.output.contains("protocol error"), "{}", refused.output);
    sshd.set_options(&Options::default());
    assert!(tree.try_push(&["origin", "main"]).success);
}

#[test]
#[ignore = "needs cargo e2e"]
fn protocol_version_follows_the_server() {
    let folder = Folder::new();
    let sshd = Sshd::start_with(&folder, &Options { accept_git_protocol: false, ..Options::default() });
    let repository = Repository::with_files(&folder.join("zones.git"), &samples::files());
    let version = || {
        let mut git = e2e::git::git(folder.path());
        git.args(["-c", "protocol.version=2", "ls-remote", &sshd.url(&repository)]);
        git.env("GIT_SSH_COMMAND", sshd.ssh_command()).env("GIT_TRACE_PACKET", "1");
        let text = process::run(&mut git, "").output;
        if text.contains("version 2") { 2 } else { 0 }
    };
    assert_eq!(version(), 0);
    let restarted = Sshd::start_with(&Folder::new(), &Options::default());
    drop(restarted);
    sshd.set_options(&Options::default());
    let mut sshd = sshd;
    sshd.stop();
    sshd.start_again();
    let mut git = e2e::git::git(folder.path());
    git.args(["-c", "protocol.version=2", "ls-remote", &sshd.url(&repository)]);
    git.env("GIT_SSH_COMMAND", sshd.ssh_command()).env("GIT_TRACE_PACKET", "1");
    assert!(process::run(&mut git, "").output.contains("version 2"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_seed_is_the_key() {
    let folder = Folder::new();
    let sshd = Sshd::start(&folder);
    assert_eq!(sshd.user_key_seed().len(), "ed25519:".len() + 44);
    assert!(sshd.fingerprint().starts_with("SHA256:"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn bind_takes_updates_from_every_client() {
    let folder = Folder::new();
    let bind = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let server = bind.address();
    let outcome = nsupdate(server, &UPDATE, "update add one.example.com 60 A 192.0.2.1");
    assert!(outcome.success, "{}", outcome.output);
    let outcome = knsupdate(server, &UPDATE, "zone example.com\nupdate add two.example.com 60 A 192.0.2.2");
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(dig(server, "one.example.com A +short"), "192.0.2.1");
    assert_eq!(kdig(server, "two.example.com A +short"), "192.0.2.2");
    assert!(drill(server, "two.example.com A").contains("192.0.2.2"));
    assert!(dig_signed(server, &UPDATE, "example.com AXFR").contains("two.example.com."));
    let refused = nsupdate(server, &UPDATE.forged(), "update add three.example.com 60 A 192.0.2.3");
    assert!(!refused.success && refused.output.contains("BADSIG"), "{}", refused.output);
    assert_eq!(serial(server, "example.com"), Some(2_024_010_103));
}

#[test]
#[ignore = "needs cargo e2e"]
fn messages_signed_here_are_understood_by_bind() {
    let folder = Folder::new();
    let bind = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let server = bind.address();
    let update = message::update(7, "example.com", &[message::a("raw.example.com", 60, [192, 0, 2, 4])]);
    let signed = Signer::new(UPDATE).sign(&update);
    let reply = wire::tcp_exchange(server, &signed.octets);
    assert_eq!((reply.id(), reply.rcode(), reply.opcode()), (7, 0, 5));
    assert!(reply.is_signed_by(&UPDATE, &signed.mac));
    assert!(!reply.is_signed_by(&UPDATE.forged(), &signed.mac));
    assert_eq!(dig(server, "raw.example.com A +short"), "192.0.2.4");

    let late = Signer::new(UPDATE).seconds_ago(3600).sign(&update);
    let reply = wire::udp_exchange(server, &late.octets);
    let tsig = reply.tsig().expect("an error reply has a TSIG");
    assert_eq!((reply.rcode(), tsig.error, tsig.other.len()), (9, 18, 6));
    assert!(reply.is_signed_by(&UPDATE, &late.mac));

    let query = message::query(8, "www.example.com", kind::A);
    assert_eq!(wire::udp_exchange(server, &query).question(), &query[12..]);
}

#[test]
#[ignore = "needs cargo e2e"]
fn secondaries_transfer_from_a_bind_primary() {
    let (folder, second) = (Folder::new(), Folder::new());
    let primary = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let of = primary.address();
    let nsd = Nsd::secondary(&folder, free_address(), of, &["example.com"], &UPDATE);
    let knot = Knot::secondary(&folder, free_address(), of, &["example.com"], &UPDATE);
    let bind = Bind::secondary(&second, free_address(), of, &["example.com"], &UPDATE);
    let secondaries = [nsd.address(), knot.address(), bind.address()];
    for secondary in secondaries {
        wait::until_equal("192.0.2.80".to_owned(), || dig(secondary, "www.example.com A +short"));
    }
    let outcome = nsupdate(of, &UPDATE, "update add new.example.com 60 A 192.0.2.5");
    assert!(outcome.success, "{}", outcome.output);
    for secondary in secondaries {
        let outcome = ldns_notify(secondary, &UPDATE, "example.com");
        assert!(outcome.success, "{}", outcome.output);
        wait::until_equal("192.0.2.5".to_owned(), || dig(secondary, "new.example.com A +short"));
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn knot_primary_takes_updates() {
    let folder = Folder::new();
    let knot = Knot::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let outcome = knsupdate(knot.address(), &UPDATE, "zone example.com\nupdate add one.example.com 60 A 192.0.2.1");
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(kdig(knot.address(), "one.example.com A +short"), "192.0.2.1");
    assert!(!knsupdate(knot.address(), &NOTIFY, "zone example.com\nupdate add two.example.com 60 A 192.0.2.2").success);
}

#[test]
#[ignore = "needs cargo e2e"]
fn git_fails_over_a_line_that_is_cut() {
    let folder = Folder::new();
    let sshd = Sshd::start(&folder);
    let repository = Repository::with_files(&folder.join("zones.git"), &samples::files());
    let proxy = Proxy::to(([127, 0, 0, 1], sshd.port()).into());
    let url = sshd.url(&repository).replace(&format!(":{}", sshd.port()), &format!(":{}", proxy.address().port()));
    let tree = e2e::git::WorkTree::clone(&url, &folder.join("work"), Some(sshd.ssh_command()));
    tree.commit("nothing");
    proxy.cut_after(2000);
    assert!(!tree.try_push(&["origin", "main"]).success);
    proxy.mend();
    tree.push();
    assert_eq!(repository.commits(), 2);
}
