//! The same store over SSH: protocols 2 and 0, keys, pins, connections that break.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;

use common::server::Server;
use common::{Repository, open, write};

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
