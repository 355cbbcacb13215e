//! A push becomes what is served: pulled when somebody says so or time has passed, read, published, reported in the log
//! and in a note on the commit, and told to the secondaries.

use std::sync::Arc;
use std::time::Duration;

use dns::Name;
use dns::server::{Served, Unavailable};
use gitstore::ObjectId;
use platform::memory;

use crate::published::Step;
use crate::repository::{Event, Repository, SerialPolicy};
use crate::service::Service;
use crate::{history, updates};

/// Serves what the remote has for the first time, after a look at what was there before.
pub async fn begin(service: &Service) {
    let past = history::recent(&service.store).await;
    service.published.begin(&past, &service.store.snapshot());
    publish(service);
}

/// Serves what the remote has accepted, if that is not served yet. Whoever learns of a new commit calls this; the order
/// does not matter.
pub fn publish(service: &Service) {
    let steps = service.published.publish(&service.store.snapshot());
    let Some(last) = steps.last() else { return };
    let repository = service.published.served();
    let (zones, keys) = (repository.zones().clone(), repository.keys().clone());
    let now = Arc::new(Served { zones, keys, unavailable: Unavailable::default() });
    let before = service.served.swap(now);
    tracing::debug!("commit {:?} is served", last.commit);
    service.counters.zones.set(repository.zones().len() as i64);
    service.counters.keys.set(repository.keys().len() as i64);
    if steps.iter().any(|step| step.is_first() || !step.events.is_empty()) {
        service.counters.refused_zones.set(repository.refused() as i64);
    }
    steps.iter().for_each(|step| report(service, step));
    keep_catalog(service, &repository, &steps);
    let zones: Vec<Name> = match steps.iter().any(Step::is_first) {
        true => repository.zones().iter().map(|zone| zone.apex().clone()).collect(),
        false => steps.into_iter().flat_map(|step| step.zones).collect(),
    };
    service.notifications.changed(&before, zones);
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
        pull(&service).await;
    }
}

/// Pulls now. Failure is logged; what is served stays.
pub async fn pull(service: &Service) {
    if memory::is_scarce() {
        return tracing::error!("pulling is put off: too little memory is left");
    }
    match service.store.pull().await {
        Ok(_) => {
            publish(service);
            advance_what_waits(service);
            change_catalog(service, &service.published.served());
        }
        Err(error) => tracing::warn!("pulling failed: {error}"),
    }
}

/// Tries again to advance the serials that could not be advanced when their zones were pushed.
fn advance_what_waits(service: &Service) {
    if service.serial == SerialPolicy::Manual || service.counters.refused_zones.get() == 0 {
        return;
    }
    let waiting = service.published.served().held_back();
    if !waiting.is_empty() {
        let service = service.clone();
        tokio::spawn(async move { updates::advance_serials(&service, waiting).await });
    }
}

/// Lets the catalog follow, if one of the zones that changed came or went, or is the catalog itself.
fn keep_catalog(service: &Service, repository: &Repository, steps: &[Step]) {
    let Some(apex) = &service.catalog else { return };
    let concerns = |zone: &Name| zone == apex || !repository.is_in_catalog(apex, zone);
    if steps.iter().any(|step| step.is_first() || step.zones.iter().any(concerns)) {
        change_catalog(service, repository);
    }
}

/// Also after every pull, since the remote may have refused the last change.
fn change_catalog(service: &Service, repository: &Repository) {
    let Some(apex) = service.catalog.clone() else { return };
    match repository.catalog_change(&apex, updates::first_serial()) {
        Ok(None) => (),
        Ok(Some(_)) => {
            let service = service.clone();
            tokio::spawn(async move { updates::update_catalog(&service, apex).await });
        }
        Err(error) => tracing::warn!("{error}"),
    }
}

fn report(service: &Service, step: &Step) {
    for event in &step.events {
        let text = event.to_string();
        match event.is_trouble() {
            true => text.lines().for_each(|line| tracing::warn!("{line}")),
            false => text.lines().for_each(|line| tracing::info!("{line}")),
        }
    }
    let held_back: Vec<Name> = step.events.iter().filter_map(serial_not_advanced).collect();
    if service.serial == SerialPolicy::Auto && !held_back.is_empty() {
        let service = service.clone();
        tokio::spawn(async move { updates::advance_serials(&service, held_back).await });
    }
    if let Some((commit, text)) = note(service, step) {
        let store = service.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.note(commit, text).await {
                tracing::warn!("no note on commit {commit}: {error}");
            }
        });
    }
}

/// The note for whoever pushed: what is served of it and what is not. A start is no news unless there is trouble.
fn note(service: &Service, step: &Step) -> Option<(ObjectId, String)> {
    let told = |event: &&Event| !matches!(event, Event::Ignored { .. });
    let events: Vec<&Event> = step.events.iter().filter(told).collect();
    let quiet = step.is_first() && !events.iter().any(|event| event.is_trouble());
    if events.is_empty() || quiet {
        return None;
    }
    let shown = events.iter().filter(|event| !step.is_first() || event.is_trouble());
    let lines = shown.map(|event| format!("{}: {event}\n", service.name)).collect();
    Some((step.commit?, lines))
}

fn serial_not_advanced(event: &Event) -> Option<Name> {
    match event {
        Event::SerialNotAdvanced { apex, .. } => Some(apex.clone()),
        _ => None,
    }
}
