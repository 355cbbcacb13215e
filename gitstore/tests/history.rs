//! Older commits on demand, and notes on commits.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;

use common::server::Server;
use common::{Repository, open, write};
use gitstore::{ObjectId, Options, RemoteError};

fn long_history() -> (Repository, Vec<ObjectId>) {
    let repository = Repository::empty();
    let mut stream = String::from("blob\nmark :1\ndata 5\nsame\n\n");
    for at in 0..90 {
        let (message, text) = (format!("commit {at}"), format!("{at}\n"));
        stream += &format!("commit refs/heads/main\ncommitter Somebody Else <else@example.org> {at} +0000\n");
        stream += &format!("data {}\n{message}\nM 100644 :1 same\n", message.len());
        stream += &format!("M 100644 inline n\ndata {}\n{text}\n", text.len());
    }
    repository.git_with_input(&["fast-import", "--quiet"], &stream);
    let ids = repository.git(&["rev-list", "--reverse", "main"]);
    let commits = ids.lines().map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect();
    (repository, commits)
}

async fn history_is_there(repository: &Repository, commits: &[ObjectId], options: Options) {
    let store = open(options).await;
    let log = store.log(None, 3).await.unwrap();
    let messages: Vec<_> = log.iter().map(|info| info.message.trim()).collect();
    assert_eq!(messages, ["commit 89", "commit 88", "commit 87"]);
    assert_eq!(log[0].author.name, "Somebody Else");
    assert_eq!(store.log(None, 1000).await.unwrap().len(), 90);
    assert_eq!(store.log(Some(commits[4]), 1000).await.unwrap().len(), 5);
    let old = store.snapshot_at(commits[3]).await.unwrap();
    assert_eq!(old.read("n").unwrap(), "3\n");
    assert_eq!(store.snapshot().changed_paths(&old).len(), 1);
    // A commit that exists, but not on this branch, is nobody's business.
    let secret = repository.commit_on("refs/heads/secret", &[("s", "s\n")], "secret");
    assert!(matches!(store.snapshot_at(secret).await, Err(RemoteError::NoSuchCommit(_))));
    assert!(matches!(store.log(Some(secret), 1).await, Err(RemoteError::NoSuchCommit(_))));
    // The past does not get in the way of the future.
    write(&store, "n", "ninety\n").await.unwrap();
    assert_eq!(store.log(None, 2).await.unwrap()[1].id, commits[89]);
    assert_eq!(store.snapshot_at(commits[50]).await.unwrap().read("n").unwrap(), "50\n");
}

#[tokio::test]
async fn history_over_a_local_path() {
    let (repository, commits) = long_history();
    history_is_there(&repository, &commits, repository.options()).await;
}

#[tokio::test]
async fn history_with_a_server_that_filters() {
    let (repository, commits) = long_history();
    repository.config("uploadpack.allowFilter", "true");
    history_is_there(&repository, &commits, repository.options()).await;
}

#[tokio::test]
async fn history_in_protocol_0() {
    let (repository, commits) = long_history();
    let server = Server::start().await;
    server.behaviour.protocol_0.store(true, Ordering::SeqCst);
    history_is_there(&repository, &commits, server.options(&repository)).await;
}

#[tokio::test]
async fn notes_are_what_git_shows() {
    let repository = Repository::with(&[("a", "one\n")]);
    let first = repository.tip();
    repository.git(&["notes", "--ref=gitstead", "add", "-m", "theirs", &first]);
    let store = repository.open().await;
    let first = ObjectId::from_hex(first.as_bytes()).unwrap();
    store.note(first, "refused: line 3").await.unwrap();
    store.note(first, "served again").await.unwrap();
    let second = write(&store, "a", "two\n").await.unwrap().commit.unwrap();
    let (one, other) = tokio::join!(store.note(second, "one"), store.note(second, "two"));
    one.unwrap();
    other.unwrap();
    let show = |commit: ObjectId| repository.git(&["notes", "--ref=gitstead", "show", &commit.to_string()]);
    assert_eq!(show(first), "theirs\nrefused: line 3\nserved again");
    assert_eq!(show(second), "one\ntwo");
    assert_eq!(repository.messages().len(), 2);
    repository.git(&["notes", "--ref=gitstead", "append", "-m", "theirs again", &second.to_string()]);
    store.note(second, "three").await.unwrap();
    assert!(show(second).ends_with("theirs again\nthree"));
    repository.check();
}

#[tokio::test]
async fn notes_begin_where_there_are_none() {
    let repository = Repository::with(&[("a", "one\n")]);
    let store = repository.open().await;
    let tip = store.snapshot().commit().unwrap();
    store.note(tip, "first\nsecond\n").await.unwrap();
    assert_eq!(repository.git(&["notes", "--ref=gitstead", "show", "main"]), "first\nsecond");
    let hex = tip.to_string();
    let path = repository.git(&["ls-tree", "-r", "--name-only", "refs/notes/gitstead"]);
    assert_eq!(path, format!("{}/{}", &hex[..2], &hex[2..]));
}
