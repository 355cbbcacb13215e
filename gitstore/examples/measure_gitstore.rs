//! What a remote takes: commits a second with many outstanding, and the cost of a small change to a large file.
//!
//! `measure REMOTE KEYFILE rate COUNT OUTSTANDING` or `measure REMOTE KEYFILE large MEGABYTES`. It writes to the
//! branch.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gitstore::{CommitError, HostKeyPolicy, Identity, Options, ReadError, Splice, SshKey, Store};
use platform::net::Net;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [remote, key, kind, rest @ ..] = &arguments[..] else { return Err("see the head of this file".into()) };
    let mut options = Options::new(remote.parse()?, HostKeyPolicy::AcceptAnything, somebody());
    options.ssh_key = Some(SshKey::from_openssh(&std::fs::read_to_string(key)?)?);
    options.write_deadline = Duration::from_secs(120);
    let store = Store::open(options, Net::host()).await?;
    let number = |at: usize| rest.get(at).and_then(|text| text.parse().ok());
    match &kind[..] {
        "rate" => rate(store, number(0).unwrap_or(3000), number(1).unwrap_or(50)).await,
        "large" => large(store, number(0).unwrap_or(34) << 20).await?,
        _ => return Err("rate or large".into()),
    }
    Ok(())
}

fn somebody() -> Identity {
    Identity { name: "Measure".into(), email: "measure@example.org".into() }
}

async fn rate(store: Store, count: usize, outstanding: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let (before, start, cpu) = (store.status(), Instant::now(), processor_time());
    let mut tasks = Vec::new();
    for lane in 0..outstanding {
        let (store, next) = (store.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < count {
                let turn = next.load(Ordering::Relaxed);
                let edit =
                    move |edit: &mut gitstore::Edit| edit.write(&format!("file{lane}"), format!("turn {turn}\n"));
                let done: Result<_, CommitError<ReadError>> = store.commit(somebody(), "measure", edit).await;
                if let Err(error) = done {
                    println!("failed: {error}");
                }
            }
        }));
    }
    for task in tasks {
        let _ = task.await;
    }
    let (took, status) = (start.elapsed(), store.status());
    let (commits, pushes) = (status.commits - before.commits, status.pushes - before.pushes);
    println!(
        "{commits} commits in {pushes} pushes, {:.0} commits/s, {:.1} ms a push, {:.0} us CPU and {} octets a commit",
        commits as f64 / took.as_secs_f64(),
        took.as_secs_f64() * 1e3 / pushes as f64,
        (processor_time() - cpu).as_secs_f64() * 1e6 / commits as f64,
        (status.octets_sent - before.octets_sent) / commits.max(1),
    );
}

async fn large(store: Store, octets: usize) -> Result<(), Box<dyn Error>> {
    let line = |at: usize| format!("host{at} 300 IN A 192.0.2.{}\n", at % 256);
    let mut text = String::with_capacity(octets + 64);
    let mut at = 0;
    while text.len() < octets {
        text.push_str(&line(at));
        at += 1;
    }
    store
        .commit(somebody(), "a large file", move |edit| edit.write("zone", text.clone()))
        .await
        .map_err(|error: CommitError<ReadError>| error.to_string())?;
    for turn in 0..5 {
        let (before, start, cpu) = (store.status(), Instant::now(), processor_time());
        let edit = move |edit: &mut gitstore::Edit| {
            let place = octets / 2 + turn;
            edit.splice("zone", &[Splice { range: place..place + 10, replacement: "something else".into() }])
        };
        let done: Result<_, CommitError<ReadError>> = store.commit(somebody(), "one line", edit).await;
        done.map_err(|error| error.to_string())?;
        println!(
            "splice: {:.1} ms CPU, {:.1} ms in all, {} octets sent",
            (processor_time() - cpu).as_secs_f64() * 1e3,
            start.elapsed().as_secs_f64() * 1e3,
            store.status().octets_sent - before.octets_sent,
        );
    }
    Ok(())
}

/// Processor time of this process (it has one thread), as Linux counts it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}
