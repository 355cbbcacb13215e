//! What a store promises, over a repository on a local path. Cases are named by what goes wrong, or by what is shown.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Repository, open, person, write};
use gitstore::{Cause, CommitError, Edit, EntryKind, ReadError, RemoteError, Splice, Store};

/// Adds one to the number in a file.
async fn count_up(store: &Store, path: &'static str) -> Result<usize, CommitError<ReadError>> {
    let edit = move |edit: &mut Edit| {
        let before: usize = match edit.read(path) {
            Ok(text) => std::str::from_utf8(&text).unwrap().trim().parse().unwrap(),
            Err(_) => 0,
        };
        edit.write(path, format!("{}\n", before + 1))?;
        Ok(before + 1)
    };
    store.commit(person("Counter"), "count", edit).await.map(|done| done.value)
}

#[tokio::test]
async fn empty_repository_gets_its_branch_by_the_first_commit() {
    let repository = Repository::empty();
    let store = repository.open().await;
    assert_eq!(store.snapshot().commit(), None);
    assert!(store.snapshot().list("").is_empty());
    let done = write(&store, "d/hello", "world\n").await.unwrap();
    assert_eq!(repository.tip(), done.commit.unwrap().to_string());
    assert_eq!(repository.show("d/hello"), "world");
    assert_eq!(repository.git(&["log", "-1", "--format=%an %ae %cn"]), "Author author@example.org Store");
    repository.check();
}

#[tokio::test]
async fn a_snapshot_shows_what_git_shows() {
    let repository = Repository::with(&[("a", "one\n"), ("d/b", "two\n"), ("d/e/c", "three\n")]);
    let store = repository.open().await;
    let before = store.snapshot();
    assert_eq!(before.tree_id().to_string(), repository.git(&["rev-parse", "main^{tree}"]));
    assert_eq!(before.read("d/e/c").unwrap(), "three\n");
    assert_eq!(before.read("d"), Err(ReadError::NotAFile("d".into())));
    assert_eq!(before.read("x/y"), Err(ReadError::NotFound("x/y".into())));
    let names: Vec<_> = before.list("d").into_iter().map(|entry| (entry.name, entry.kind)).collect();
    assert_eq!(names, [("b".into(), EntryKind::File), ("e".into(), EntryKind::Directory)]);
    repository.commit(&[("d/e/c", "THREE\n"), ("a", "-"), ("d/n", "new\n")], "theirs");
    let after = store.pull().await.unwrap();
    let changed: Vec<_> = after.changed_paths(&before).into_iter().map(|change| change.path).collect();
    assert_eq!(changed, ["a", "d/e/c", "d/n"]);
    assert_eq!(before.read("a").unwrap(), "one\n");
}

#[tokio::test]
async fn edit_gives_up_and_edit_changes_nothing() {
    let repository = Repository::with(&[("a", "one\n")]);
    let store = repository.open().await;
    let refused: Result<gitstore::Committed<()>, _> = store.commit(person("A"), "m", |_| Err("no")).await;
    assert!(matches!(refused, Err(CommitError::Edit("no"))));
    let same = store.commit(person("A"), "m", |edit| edit.write("a", "one\n")).await.unwrap();
    assert_eq!(same.commit, None);
    assert_eq!(repository.messages(), ["first"]);
    assert_eq!(store.status().pushes, 0);
}

#[tokio::test]
async fn commits_grouped_into_few_pushes_each_with_its_author() {
    let repository = Repository::with(&[("a", "one\n")]);
    let store = repository.open().await;
    let commits = (0..40).map(|at| {
        let store = store.clone();
        tokio::spawn(async move {
            let path = format!("f{at}");
            store.commit(person(&format!("P{at}")), format!("commit {at}"), move |edit| edit.write(&path, "x\n")).await
        })
    });
    let mut ids = HashSet::new();
    for commit in commits.collect::<Vec<_>>() {
        ids.insert(commit.await.unwrap().unwrap().commit.unwrap());
    }
    assert_eq!(ids.len(), 40);
    assert!(store.status().pushes < 10, "{} pushes", store.status().pushes);
    assert_eq!(repository.messages().len(), 41);
    let authors: HashSet<String> =
        repository.git(&["log", "--format=%an %s", "main"]).lines().map(str::to_owned).collect();
    assert!(authors.contains("P7 commit 7"));
    repository.check();
}

#[tokio::test]
async fn remote_moves_before_push() {
    let repository = Repository::with(&[("n", "5\n")]);
    let store = repository.open().await;
    repository.commit(&[("n", "10\n"), ("theirs", "kept\n")], "theirs");
    assert_eq!(count_up(&store, "n").await.unwrap(), 11);
    assert_eq!(repository.messages(), ["count", "theirs", "first"]);
    assert_eq!(repository.show("theirs"), "kept");
}

#[tokio::test]
async fn remote_moves_during_push() {
    let repository = Repository::with(&[("n", "5\n")]);
    let theirs = repository.commit_over(&repository.tip(), &[("n", "10\n")], "theirs");
    std::fs::write(repository.path().join("theirs"), &theirs).unwrap();
    // Once, between our looking and our writing, the branch moves.
    repository.hook(
        "pre-receive",
        "[ -f theirs ] || exit 0\nid=$(cat theirs); rm theirs\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\ngit update-ref refs/heads/main $id",
    );
    let store = repository.open().await;
    assert_eq!(count_up(&store, "n").await.unwrap(), 11);
    assert_eq!(repository.messages(), ["count", "theirs", "first"]);
    assert!(!repository.path().join("theirs").exists());
}

#[tokio::test]
async fn two_stores_one_repository() {
    let repository = Repository::with(&[("n", "0\n")]);
    let stores = [repository.open().await, repository.open().await];
    let mut tasks = Vec::new();
    for turn in 0..30 {
        let store = stores[turn % 2].clone();
        tasks.push(tokio::spawn(async move { count_up(&store, "n").await.unwrap() }));
    }
    let mut seen = HashSet::new();
    for task in tasks {
        assert!(seen.insert(task.await.unwrap()), "two commits saw the same number");
    }
    assert_eq!(repository.show("n"), "30");
    assert_eq!(repository.messages().len(), 31);
    repository.check();
}

#[tokio::test]
async fn hook_refuses_one_of_many() {
    let repository = Repository::with(&[("a", "one\n")]);
    repository.hook("update", "git cat-file -e $3:bad 2>/dev/null && { echo no bad files here >&2; exit 1; }\nexit 0");
    let store = repository.open().await;
    let commits = ["good1", "bad", "good2", "good3"].map(|path| {
        let store = store.clone();
        tokio::spawn(async move { write(&store, path, "x\n").await })
    });
    let mut results = Vec::new();
    for commit in commits {
        results.push(commit.await.unwrap());
    }
    let Err(CommitError::Refused { reason }) = &results[1] else { panic!("{results:?}") };
    assert!(reason.contains("hook declined") && reason.contains("no bad files here"), "{reason}");
    for good in [0, 2, 3] {
        assert!(results[good].is_ok());
    }
    assert_eq!(repository.messages().len(), 4);
    assert_eq!(store.snapshot().list("").len(), 4);
}

#[tokio::test]
async fn remote_gone_then_back() {
    let repository = Repository::with(&[("a", "one\n")]);
    let mut options = repository.options();
    options.write_deadline = Duration::from_millis(700);
    let store = open(options).await;
    let away = repository.path().with_extension("away");
    std::fs::rename(repository.path(), &away).unwrap();
    let failed = write(&store, "b", "x\n").await;
    assert!(matches!(failed, Err(CommitError::RemoteDown { .. })), "{failed:?}");
    assert!(store.pull().await.is_err());
    assert!(store.status().last_error.is_some());
    assert_eq!(store.snapshot().read("a").unwrap(), "one\n");
    assert_eq!(store.snapshot().read("b"), Err(ReadError::NotFound("b".into())));
    std::fs::rename(&away, repository.path()).unwrap();
    assert_eq!(repository.messages(), ["first"]);
    write(&store, "b", "y\n").await.unwrap();
    assert_eq!(repository.show("b"), "y");
    assert_eq!(store.status().last_error, None);
}

#[tokio::test]
async fn force_pushed_to_an_unrelated_history() {
    let repository = Repository::with(&[("n", "1\n"), ("gone", "x\n")]);
    let store = repository.open().await;
    let unrelated = repository.commit_over("", &[("n", "100\n")], "unrelated");
    repository.git(&["update-ref", "refs/heads/main", &unrelated]);
    assert_eq!(count_up(&store, "n").await.unwrap(), 101);
    assert_eq!(store.snapshot().list("").len(), 1);
    assert_eq!(repository.messages(), ["count", "unrelated"]);
    // Back to the past, and without what made it: objects that were known are not there any more.
    repository.git(&["update-ref", "refs/heads/main", &unrelated]);
    repository.git(&["reflog", "expire", "--expire=all", "--all"]);
    repository.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(count_up(&store, "n").await.unwrap(), 101);
    repository.check();
}

#[tokio::test]
async fn branch_deleted_meanwhile() {
    let repository = Repository::with(&[("a", "one\n")]);
    repository.commit_on("refs/heads/other", &[("z", "z\n")], "other");
    let mut options = repository.options();
    options.write_deadline = Duration::from_millis(500);
    let store = open(options).await;
    repository.git(&["update-ref", "-d", "refs/heads/main"]);
    let Err(RemoteError::BranchMissing { others, .. }) = store.pull().await else { panic!("the branch is gone") };
    assert_eq!(others, "other");
    assert_eq!(store.snapshot().read("a").unwrap(), "one\n");
    assert!(write(&store, "b", "x\n").await.is_err());
    assert_eq!(repository.try_git(&["rev-parse", "--verify", "--quiet", "main"]), None);
}

#[tokio::test]
async fn large_blob_skipped_and_carried_along() {
    let noise = |seed: u64| {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            format!("{:016x}\n", state ^ (state >> 31))
        };
        (0..4000).map(|_| next()).collect::<String>()
    };
    let large = noise(1);
    let repository = Repository::with(&[("large", &large), ("small", "one\n")]);
    let mut options = repository.options();
    options.limits.object_octets = 20_000;
    let store = open(options).await;
    assert_eq!(store.snapshot().read("large"), Err(ReadError::TooLarge("large".into())));
    assert_eq!(store.snapshot().read("small").unwrap(), "one\n");
    write(&store, "small", "two\n").await.unwrap();
    assert_eq!(repository.show("large"), large.trim_end());
    // The server sends this as a delta against what we do not hold.
    repository.git(&["repack", "-adq"]);
    repository.commit(&[("large", &large.replace("7\n", "8\n")), ("small", "three\n")], "theirs");
    repository.git(&["repack", "-adq"]);
    let pulled = store.pull().await.unwrap();
    assert_eq!(pulled.read("small").unwrap(), "three\n");
    assert_eq!(pulled.read("large"), Err(ReadError::TooLarge("large".into())));
    write(&store, "small", "four\n").await.unwrap();
    repository.check();
}

#[tokio::test]
async fn a_small_change_to_a_large_file_sends_little() {
    let text: String = (0..60_000).map(|line| format!("host{line} 300 IN A 192.0.2.{}\n", line * 7 % 256)).collect();
    let repository = Repository::with(&[("zone", &text)]);
    let store = repository.open().await;
    for whole in [false, true] {
        let before = store.status().octets_sent;
        let edit = move |edit: &mut Edit| {
            if !whole {
                return edit.splice("zone", &[Splice { range: 500_000..500_010, replacement: "changed".into() }]);
            }
            let text = String::from_utf8(edit.read("zone")?.to_vec()).unwrap();
            edit.write("zone", text.replace("host7 ", "HOST7 ").replace("host50000 ", "other "))
        };
        store.commit(person("A"), "small", edit).await.unwrap();
        let sent = store.status().octets_sent - before;
        assert!(sent < 1500, "{sent} octets");
    }
    assert_eq!(store.snapshot().read("zone").unwrap(), format!("{}\n", repository.show("zone")));
    repository.check();
}

#[tokio::test]
async fn an_object_made_and_unmade_in_one_push_closes_no_circle() {
    let (one, two): (String, String) =
        ((0..900).map(|at| format!("a{at}\n")).collect(), (1..901).map(|at| format!("a{at}\n")).collect());
    let repository = Repository::with(&[("a", &one), ("b", &two)]);
    let store = repository.open().await;
    let mut tasks = Vec::new();
    for turn in 0..6 {
        let (store, text) = (store.clone(), if turn % 2 == 0 { two.clone() } else { one.clone() });
        tasks.push(tokio::spawn(async move { write(&store, if turn < 4 { "a" } else { "b" }, &text).await.unwrap() }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    repository.check();
    let fresh = repository.open().await;
    assert_eq!(fresh.snapshot().tree_id(), store.snapshot().tree_id());
}

#[tokio::test]
async fn changes_are_told_once_and_in_order_even_if_nobody_reads() {
    let repository = Repository::with(&[("n", "0\n")]);
    let store = repository.open().await;
    let mut changes = store.changes();
    for _ in 0..100 {
        count_up(&store, "n").await.unwrap();
    }
    let theirs = repository.commit(&[("n", "500\n")], "theirs");
    store.pull().await.unwrap();
    let (mut last, mut told) = (None, 0);
    while last != Some(theirs) {
        let change = changes.next().await.unwrap();
        if let Some(last) = last {
            assert_eq!(change.before.commit(), Some(last));
        }
        last = change.after.commit();
        told += 1;
        assert_eq!(change.cause == Cause::Pulled, last == Some(theirs));
    }
    assert_eq!(told, 16);
    drop(store);
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn pulls_asked_for_together_are_one() {
    let repository = Repository::with(&[("n", "0\n")]);
    let store = repository.open().await;
    let pulls: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn({
                let store = store.clone();
                async move { store.pull().await.unwrap() }
            })
        })
        .collect();
    for pull in pulls {
        pull.await.unwrap();
    }
    assert!(store.status().pulls <= 2, "{} pulls", store.status().pulls);
}

#[tokio::test]
async fn an_edit_sees_the_commits_before_it_in_the_same_push() {
    let repository = Repository::with(&[("n", "0\n")]);
    let store = repository.open().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (store, runs) = (store.clone(), runs.clone());
        tasks.push(tokio::spawn(async move {
            let edit = move |edit: &mut Edit| {
                runs.fetch_add(1, Ordering::SeqCst);
                let text = edit.read("n")?;
                edit.write("n", format!("{}x", String::from_utf8_lossy(&text)))?;
                edit.set_message(format!("length {}", text.len() + 1));
                Ok::<_, ReadError>(edit.tree().read("n")?.len())
            };
            store.commit(person("A"), "unset", edit).await.unwrap()
        }));
    }
    let mut lengths = Vec::new();
    for task in tasks {
        let done = task.await.unwrap();
        assert_eq!(done.snapshot.read("n").unwrap().len(), done.value);
        lengths.push(done.value);
    }
    lengths.sort_unstable();
    assert_eq!(lengths, (3..13).collect::<Vec<_>>());
    assert_eq!(runs.load(Ordering::SeqCst), 10);
    assert_eq!(repository.messages()[0], "length 12");
}

#[tokio::test]
async fn drained_store_finishes_its_queue_and_refuses_more() {
    let repository = Repository::with(&[("n", "0\n")]);
    let store = repository.open().await;
    let queued: Vec<_> = (0..5)
        .map(|_| {
            tokio::spawn({
                let store = store.clone();
                async move { count_up(&store, "n").await }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    store.drain().await;
    for commit in queued {
        commit.await.unwrap().unwrap();
    }
    assert!(matches!(count_up(&store, "n").await, Err(CommitError::Closed)));
    assert!(matches!(store.pull().await, Err(RemoteError::Closed)));
    assert_eq!(repository.show("n"), "5");
    assert_eq!(store.snapshot().read("n").unwrap(), "5\n");
}

#[tokio::test]
async fn ten_thousand_files_in_one_directory() {
    let repository = Repository::empty();
    let store = repository.open().await;
    let fill = |edit: &mut Edit| {
        (0..10_000).try_for_each(|at| edit.write(&format!("zone{at}.example"), format!("zone {at}\n")))
    };
    store.commit(person("A"), "fill", fill).await.unwrap();
    let before = (store.snapshot(), store.status().octets_sent);
    write(&store, "zone4711.example", "changed\n").await.unwrap();
    assert!(store.status().octets_sent - before.1 < 1000);
    let changed = store.snapshot().changed_paths(&before.0);
    assert_eq!(changed.len(), 1);
    repository.commit(&[("zone1.example", "-")], "theirs");
    assert_eq!(store.pull().await.unwrap().list("").len(), 9_999);
    repository.check();
}

#[tokio::test]
async fn pushes_keep_their_distance() {
    let repository = Repository::with(&[("n", "0\n")]);
    let mut options = repository.options();
    options.push_interval = Some(Duration::from_millis(300));
    let store = open(options).await;
    count_up(&store, "n").await.unwrap();
    let start = std::time::Instant::now();
    // Asked for one after the other, and yet in one push.
    let first = tokio::spawn({
        let store = store.clone();
        async move { count_up(&store, "n").await }
    });
    write(&store, "other", "x\n").await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(store.status().pushes, 2);
    count_up(&store, "n").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!(repository.messages().len(), 5);
}

#[tokio::test]
async fn a_hook_takes_longer_than_the_deadline() {
    let repository = Repository::with(&[("a", "one\n")]);
    repository.hook("pre-receive", "while [ ! -f go ]; do sleep 0.02; done");
    let mut options = repository.options();
    options.write_deadline = Duration::from_millis(2500);
    let store = open(options).await;
    let result = write(&store, "b", "two\n").await;
    let Err(CommitError::Unknown { commit, .. }) = result else { panic!("{result:?}") };
    assert_eq!(repository.messages(), ["first"]);
    assert_eq!(store.snapshot().read("b"), Err(ReadError::NotFound("b".into())));
    std::fs::write(repository.path().join("go"), "").unwrap();
    // The earlier push may win, lose or be gone by now: whatever it is, the next commit stands on the truth.
    write(&store, "c", "three\n").await.unwrap();
    let messages = repository.messages();
    let taken = messages.iter().filter(|message| *message == "write b").count();
    assert!(taken <= 1 && messages.len() == 2 + taken, "{messages:?}");
    assert_eq!(store.snapshot().read("b").is_ok(), taken == 1);
    assert_eq!(repository.try_git(&["merge-base", "--is-ancestor", &commit.to_string(), "main"]).is_some(), taken == 1);
    repository.check();
}
