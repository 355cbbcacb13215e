//! An UPDATE becomes a commit: checked and turned into edits of zone files on the tree that the commit will stand on,
//! once more if somebody else pushed first, and answered when the remote has it.

use std::net::IpAddr;
use std::sync::Arc;

use dns::keys::Right;
use dns::message::Rcode;
use dns::server::Request;
use dns::tsig::Verification;
use dns::update::{self, ZoneChange};
use dns::{Name, Serial};
use gitstore::{Edit, Identity};
use platform::{clock, memory};

use crate::changelog;
use crate::error::{self, UpdateError};
use crate::published::Published;
use crate::repository::{Plan, PlannedChange, Repository};
use crate::service::Service;

/// Carries out an update; the response code for its sender.
pub async fn update(service: &Service, request: Request, peer: IpAddr) -> Rcode {
    let Some(verification) = request.verification.clone() else { return Rcode::REFUSED };
    let key = verification.key().name.clone();
    if memory::is_scarce() {
        tracing::error!("update by {key} from {peer} failed: too little memory is left");
        service.counters.updates_failed.inc();
        return Rcode::SERVFAIL;
    }
    let _place = match service.waiting.enter(&key) {
        Ok(place) => place,
        Err(full) => {
            if full.is_first {
                tracing::warn!("updates by {key} get SERVFAIL: {} of them wait for the remote already", full.waiting);
            }
            service.counters.updates_failed.inc();
            return Rcode::SERVFAIL;
        }
    };
    let published = Arc::clone(&service.published);
    let author = Identity { name: author_name(&key), ..Identity::service(&service.name) };
    let edit = move |edit: &mut Edit| run(&published, edit, &request, &verification, peer);
    match service.store.commit(author, String::new(), edit).await {
        Ok(committed) => {
            crate::follow::publish(service);
            let ignored = committed.value;
            tracing::info!("update by {key} from {peer}: {}", outcome(committed.commit.as_ref(), &ignored));
            service.counters.updates_accepted.inc();
            Rcode::NOERROR
        }
        Err(error) => {
            tracing::warn!("update by {key} from {peer} failed: {error}");
            service.counters.updates_failed.inc();
            error::rcode(&error)
        }
    }
}

/// Commits the next serial of each of `apexes` that is still held back when the commit is made.
pub async fn advance_serials(service: &Service, apexes: Vec<Name>) {
    let published = Arc::clone(&service.published);
    let names = apexes.clone();
    let edit = move |edit: &mut Edit| {
        let repository = published.at(edit.base());
        let changes = repository.advance_serials(&names);
        edit.set_message(changelog::serials(&changes));
        write_down(&published, edit, &repository, changes)
    };
    match service.store.commit(Identity::service(&service.name), String::new(), edit).await {
        Ok(_) => crate::follow::publish(service),
        Err(error) => tracing::warn!("the serials of {apexes:?} could not be advanced: {error}"),
    }
}

/// Commits what makes the catalog list the zones that are there when the commit is made.
pub async fn update_catalog(service: &Service, apex: Name) {
    let published = Arc::clone(&service.published);
    let (name, first) = (apex.clone(), first_serial());
    let edit = move |edit: &mut Edit| {
        let repository = published.at(edit.base());
        let change = repository.catalog_change(&name, first)?;
        if let Some(change) = &change {
            edit.set_message(changelog::catalog(change));
        }
        write_down(&published, edit, &repository, change.into_iter().collect())
    };
    match service.store.commit(Identity::service(&service.name), String::new(), edit).await {
        Ok(_) => crate::follow::publish(service),
        Err(error) => tracing::warn!("the catalog {apex} could not be changed: {error}"),
    }
}

/// The serial of a catalog that begins, perhaps once more after somebody deleted it: the time, which is ahead of any
/// catalog that began earlier and changed less than once a second.
pub fn first_serial() -> Serial {
    Serial(clock::unix_seconds() as u32)
}

fn run(
    published: &Published,
    edit: &mut Edit,
    request: &Request,
    verification: &Verification,
    peer: IpAddr,
) -> Result<Vec<String>, UpdateError> {
    let repository = published.at(edit.base());
    let may = |name: &Name| verification.key().may(Right::Update, name);
    let outcome = update::run(repository.zones_in_files(), &request.message, &may, &update::Options::default())?;
    edit.set_message(changelog::message(&outcome.changes, &verification.key().name, peer));
    write_down(published, edit, &repository, outcome.changes)?;
    Ok(outcome.ignored)
}

fn write_down(
    published: &Published,
    edit: &mut Edit,
    repository: &Repository,
    changes: Vec<ZoneChange>,
) -> Result<(), UpdateError> {
    if changes.is_empty() {
        return Ok(());
    }
    let zones = changes.iter().map(|change| change.apex.clone()).collect();
    let plan: Plan = repository.plan(changes)?;
    for change in &plan.changes {
        match change {
            PlannedChange::Edit(file) => edit.splice(&file.path, &splices(file))?,
            PlannedChange::Write { path, text } => edit.write(path, text.clone())?,
        }
    }
    let base = edit.base().clone();
    published.remember(&base, plan.finish(edit.tree()), zones);
    Ok(())
}

fn splices(file: &dns::zonefile::FileChange) -> Vec<gitstore::Splice> {
    let splice = |splice: &dns::zonefile::Splice| gitstore::Splice {
        range: splice.range.clone(),
        replacement: splice.replacement.clone(),
    };
    file.splices.iter().map(splice).collect()
}

fn outcome(commit: Option<&gitstore::ObjectId>, ignored: &[String]) -> String {
    let done = commit.map_or("nothing to change".to_owned(), |commit| format!("commit {commit}"));
    if ignored.is_empty() { done } else { format!("{done}; ignored as RFC 2136 says: {}", ignored.join("; ")) }
}

fn author_name(key: &Name) -> String {
    key.to_string().trim_end_matches('.').to_owned()
}
