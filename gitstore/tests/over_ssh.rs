//! The same store over SSH: protocols 2 and 0, keys, pins, connections that break.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;
use std::time::Duration;

use common::server::{RSA_HOST_KEY, RSA_USER_KEY, Server};
use common::warnings::Warnings;
use common::{Repository, open, write};
use gitstore::{CommitError, HostKeyPolicy, Options, ReadError, SshKey, Store};
use platform::net::Net;
use russh::keys::{Algorithm, HashAlg, PrivateKey};

#[tokio::test]
async fn files_are_read_and_written_in_both_protocols() {
    for protocol_0 in [false, true] {
        let server = Server::start().await;
        server.behaviour.protocol_0.store(protocol_0, Ordering::SeqCst);
        let repository = Repository::with(&[("a", "one\n"), ("d/b", "two\n")]);
        let store = open(server.options(&repository)).await;
        assert_eq!(store.snapshot().read("d/b").unwrap(), "two\n");
        let done = write(&store, "d/b", "three\n").await.unwrap();
        assert_eq!(repository.tip(), done.commit.unwrap().to_string());
        assert_eq!(repository.show("d/b"), "three");
        let theirs = repository.commit(&[("a", "four\n")], "theirs");
        let pulled = store.pull().await.unwrap();
        assert_eq!(pulled.commit(), Some(theirs));
        assert_eq!(store.snapshot().read("a").unwrap(), "four\n");
        repository.check();
        assert_eq!(server.behaviour.connections.load(Ordering::SeqCst), 1);
    }
}

/// Opens, and gives the first warning about why that does not work.
async fn complaint(options: Options) -> String {
    let mut warnings = Warnings::listen();
    let opening = tokio::spawn(Store::open(options, Net::host()));
    let warning = tokio::time::timeout(Duration::from_secs(20), warnings.next()).await.unwrap();
    opening.abort();
    warning
}

#[tokio::test]
async fn wrong_host_key() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let mut options = server.options(&repository);
    let other: SshKey = "ed25519:AgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".parse().unwrap();
    options.host_key = HostKeyPolicy::Pinned(other.public_openssh().parse().unwrap());
    let warning = complaint(options).await;
    assert!(warning.contains("host key ssh-ed25519 SHA256:") && warning.contains("not the pinned"), "{warning}");
}

#[tokio::test]
async fn wrong_user_key_and_then_a_password() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let mut options = server.options(&repository);
    options.ssh_key = Some("ed25519:AgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".parse().unwrap());
    let warning = complaint(options.clone()).await;
    assert!(warning.contains("refuses to log in git: the key refused"), "{warning}");
    options.ssh_password = Some("a bad password".into());
    let warning = complaint(options.clone()).await;
    assert!(warning.contains("the key and the password refused"), "{warning}");
    options.ssh_password = Some("a good password".into());
    assert_eq!(open(options).await.snapshot().read("a").unwrap(), "one\n");
}

#[tokio::test]
async fn rsa_user_key_signs_with_the_hash_that_the_server_takes() {
    let repository = Repository::with(&[("a", "one\n")]);
    for hash in [HashAlg::Sha256, HashAlg::Sha512] {
        let rsa = Algorithm::Rsa { hash: Some(hash) };
        // What the server prefers is what it tells in server-sig-algs; SHA-1 stands there as bait.
        let taken = vec![Algorithm::Ed25519, Algorithm::Rsa { hash: None }, rsa.clone()];
        let server = Server::start_with(|config| config.preferred.key = taken.into()).await;
        let mut options = server.options(&repository);
        options.ssh_key = Some(SshKey::from_openssh(RSA_USER_KEY).unwrap());
        let store = open(options).await;
        write(&store, "b", "two\n").await.unwrap();
        assert_eq!(*server.behaviour.login.lock().unwrap(), Some(rsa));
    }
    assert_eq!(repository.messages(), ["write b", "first"]);
}

#[tokio::test]
async fn rsa_user_key_that_the_server_does_not_know() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let mut options = server.options(&repository);
    options.ssh_key = Some(SshKey::from_openssh(RSA_HOST_KEY).unwrap());
    let warning = complaint(options).await;
    assert!(warning.contains("refuses to log in git: the key refused"), "{warning}");
}

/// Every form of pin of the RSA host key; the bare fingerprint last.
fn rsa_pins() -> Vec<String> {
    let key = PrivateKey::from_openssh(RSA_HOST_KEY).unwrap();
    let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
    let line = key.public_key().to_openssh().unwrap();
    let blob = line.split(' ').nth(1).unwrap().to_owned();
    vec![fingerprint.replace("SHA256:", "rsa:"), blob, line.clone(), fingerprint]
}

#[tokio::test]
async fn rsa_host_key_alone_or_beside_another() {
    let repository = Repository::with(&[("a", "one\n")]);
    let rsa = PrivateKey::from_openssh(RSA_HOST_KEY).unwrap();
    let alone = Server::start_with(|config| config.keys = vec![rsa.clone()]).await;
    let beside = Server::start_with(|config| config.keys.push(rsa)).await;
    for server in [&alone, &beside] {
        for pin in rsa_pins() {
            let mut options = server.options(&repository);
            options.host_key = HostKeyPolicy::Pinned(pin.parse().unwrap());
            assert_eq!(open(options).await.snapshot().read("a").unwrap(), "one\n", "{pin}");
        }
    }
    assert_eq!(alone.behaviour.connections.load(Ordering::SeqCst), 4);
    // A bare fingerprint does not tell that RSA is meant, which is found out by a second connection.
    assert_eq!(beside.behaviour.connections.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn rsa_host_key_signs_with_either_hash_but_not_with_sha_1() {
    let repository = Repository::with(&[("a", "one\n")]);
    let rsa = PrivateKey::from_openssh(RSA_HOST_KEY).unwrap();
    for hash in [Some(HashAlg::Sha256), Some(HashAlg::Sha512), None] {
        let server = Server::start_with(|config| {
            config.keys = vec![rsa.clone()];
            config.preferred.key = vec![Algorithm::Rsa { hash }].into();
        });
        let server = server.await;
        let mut options = server.options(&repository);
        options.host_key = HostKeyPolicy::Pinned(rsa_pins()[0].parse().unwrap());
        if hash.is_none() {
            let warning = complaint(options).await;
            assert!(warning.contains("no SSH"), "{warning}");
        } else {
            assert_eq!(open(options).await.snapshot().read("a").unwrap(), "one\n");
        }
    }
}

#[tokio::test]
async fn wrong_rsa_host_key() {
    let repository = Repository::with(&[("a", "one\n")]);
    let rsa = PrivateKey::from_openssh(RSA_USER_KEY).unwrap();
    let alone = Server::start_with(|config| config.keys = vec![rsa.clone()]).await;
    let beside = Server::start_with(|config| config.keys.push(rsa)).await;
    for pin in rsa_pins() {
        for (server, shown) in [(&alone, "ssh-rsa"), (&beside, "ssh-")] {
            let mut options = server.options(&repository);
            options.host_key = HostKeyPolicy::Pinned(pin.parse().unwrap());
            let warning = complaint(options).await;
            assert!(warning.contains(&format!("host key {shown}")) && warning.contains("not the pinned"), "{warning}");
        }
    }
}

#[tokio::test]
async fn repository_or_branch_missing() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    for protocol_0 in [false, true] {
        server.behaviour.protocol_0.store(protocol_0, Ordering::SeqCst);
        let mut options = server.options(&repository);
        options.remote =
            format!("{}-elsewhere", options.remote).replace("#main-elsewhere", "-elsewhere").parse().unwrap();
        let warning = complaint(options).await;
        assert!(warning.contains("does not appear to be a git repository"), "{warning}");
        let mut options = server.options(&repository);
        options.remote = options.remote.to_string().replace("#main", "#mian").parse().unwrap();
        let warning = complaint(options).await;
        assert!(warning.contains("has no branch mian, though it has main"), "{warning}");
    }
}

#[tokio::test]
async fn nobody_listens_then_somebody_does() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    server.behaviour.down.store(true, Ordering::SeqCst);
    let mut warnings = Warnings::listen();
    let opening = tokio::spawn(Store::open(server.options(&repository), Net::host()));
    assert!(warnings.next().await.contains("cannot be reached"));
    server.behaviour.down.store(false, Ordering::SeqCst);
    let store = opening.await.unwrap().unwrap();
    assert_eq!(store.snapshot().read("a").unwrap(), "one\n");
}

#[tokio::test]
async fn push_outcome_unknown_and_it_was_taken() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let store = open(server.options(&repository)).await;
    server.behaviour.swallow_report.store(true, Ordering::SeqCst);
    let done = write(&store, "b", "two\n").await.unwrap();
    assert_eq!(repository.tip(), done.commit.unwrap().to_string());
    assert_eq!(repository.messages(), ["write b", "first"]);
    assert_eq!(store.snapshot().read("b").unwrap(), "two\n");
    assert_eq!(store.status().pushes, 1);
}

#[tokio::test]
async fn push_outcome_unknown_and_others_went_on_from_it() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    // Somebody builds on our commit before we can look.
    repository.hook(
        "post-receive",
        "c=$(git commit-tree -m theirs -p main main^{tree}); c=$(git commit-tree -m again -p $c main^{tree}); git update-ref refs/heads/main $c",
    );
    let store = open(server.options(&repository)).await;
    server.behaviour.swallow_report.store(true, Ordering::SeqCst);
    let done = write(&store, "b", "two\n").await.unwrap();
    assert_eq!(repository.messages(), ["again", "theirs", "write b", "first"]);
    assert_eq!(repository.git(&["rev-parse", "main~2"]), done.commit.unwrap().to_string());
    assert_eq!(repository.tip(), store.snapshot().commit().unwrap().to_string());
    assert_eq!(done.snapshot.commit(), done.commit);
}

#[tokio::test]
async fn push_outcome_unknown_and_it_was_not_taken() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let store = open(server.options(&repository)).await;
    let mut warnings = Warnings::listen();
    server.behaviour.cut_push_after.store(250, Ordering::SeqCst);
    let writing = tokio::spawn({
        let store = store.clone();
        async move { write(&store, "b", "two\n").await }
    });
    assert!(warnings.next().await.contains("whether a push was taken is not known"));
    server.behaviour.cut_push_after.store(0, Ordering::SeqCst);
    let done = writing.await.unwrap().unwrap();
    assert_eq!(repository.tip(), done.commit.unwrap().to_string());
    assert_eq!(repository.messages(), ["write b", "first"]);
}

#[tokio::test]
async fn push_outcome_unknown_until_the_deadline() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let mut options = server.options(&repository);
    options.write_deadline = Duration::from_millis(600);
    let store = open(options).await;
    let mut warnings = Warnings::listen();
    server.behaviour.swallow_report.store(true, Ordering::SeqCst);
    server.behaviour.down.store(true, Ordering::SeqCst);
    let result = write(&store, "b", "two\n").await;
    assert!(warnings.next().await.contains("whether a push was taken is not known"));
    let Err(CommitError::Unknown { commit, .. }) = result else { panic!("{result:?}") };
    assert_eq!(repository.tip(), commit.to_string());
    assert_eq!(store.snapshot().read("b"), Err(ReadError::NotFound("b".into())));
    server.behaviour.down.store(false, Ordering::SeqCst);
    assert_eq!(store.pull().await.unwrap().commit(), Some(commit));
}

#[tokio::test]
async fn connection_lost_between_two_commands() {
    let server = Server::start().await;
    let repository = Repository::with(&[("a", "one\n")]);
    let store = open(server.options(&repository)).await;
    // The fetch at the end of a push that is cut leaves a dead connection behind; the next command must not mind.
    server.behaviour.swallow_report.store(true, Ordering::SeqCst);
    write(&store, "b", "two\n").await.unwrap();
    server.behaviour.swallow_report.store(false, Ordering::SeqCst);
    let before = server.behaviour.connections.load(Ordering::SeqCst);
    for turn in 0..3 {
        write(&store, "c", &format!("{turn}\n")).await.unwrap();
    }
    assert_eq!(repository.messages().len(), 5);
    assert_eq!(server.behaviour.connections.load(Ordering::SeqCst), before);
}
