//! A push becomes what is served: pulled when somebody says so or time has passed, read, published, and what cannot be
//! read is reported in the log and in a note on the commit.

use std::sync::Arc;
use std::time::Duration;

use platform::memory;

use crate::service::Service;
use crate::world::Step;

/// Serves what the remote has accepted, if that is not served yet. Whoever learns of a new commit calls this; the order
/// does not matter.
pub fn publish(service: &Service) {
    if let Some(step) = service.published.publish(&service.store.snapshot()) {
        service.past.remember(service.published.world().snapshot());
        report(service, &step);
    }
    service.counters.follow(&service.published.world());
}

/// Publishes every new snapshot until the store is closed.
pub async fn follow_changes(service: Arc<Service>) {
    let mut changes = service.store.changes();
    while changes.next().await.is_some() {
        publish(&service);
    }
}

/// Pulls every so often, for pushes that nobody told us of.
pub async fn poll(service: Arc<Service>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let _ = pull(&service).await;
    }
}

/// Pulls now. Failure is logged; what is served stays.
pub async fn pull(service: &Service) -> Result<(), String> {
    if memory::is_scarce() {
        tracing::error!("pulling is put off: too little memory is left");
        return Err("too little memory is left".to_owned());
    }
    match service.store.pull().await {
        Ok(_) => {
            publish(service);
            Ok(())
        }
        Err(error) => {
            tracing::warn!("pulling failed: {error}");
            Err(error.to_string())
        }
    }
}

/// Tells whoever pushed what is not served of it.
pub fn report(service: &Service, step: &Step) {
    step.broke.iter().for_each(|(path, error)| tracing::warn!("{path}: {error}; the last good version stays"));
    step.healed.iter().for_each(|path| tracing::info!("{path} can be read again"));
    let lines: String = step
        .broke
        .iter()
        .map(|(path, error)| format!("{}: {path}: {error}; not served\n", service.name))
        .chain(step.healed.iter().map(|path| format!("{}: {path} is served again\n", service.name)))
        .collect();
    let Some(commit) = step.commit.filter(|_| !lines.is_empty()) else { return };
    let store = service.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.note(commit, lines).await {
            tracing::warn!("no note on commit {commit}: {error}");
        }
    });
}
