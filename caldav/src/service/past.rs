//! Older commits: looked up in what this process has seen, then in git.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use gitstore::{EntryKind, ObjectId, RemoteError, Snapshot, Store};
use http::{HeaderValue, StatusCode};

use crate::error::Error;
use crate::method::with_etag;
use crate::report::sync::invalid;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE};
use crate::repository::trailer;
use crate::request::Response;
use crate::world::{Changed, Collection, Kind, Parser, World};

/// Commits that are looked through at most.
pub const COMMITS: usize = 5000;
/// Commits of others that are looked into, since they do not say what they changed.
pub const STRANGERS: usize = 50;
/// Snapshots that are remembered; they share what they have in common.
const REMEMBERED: usize = 256;
/// How long a start looks for what is broken now.
const PATIENCE: Duration = Duration::from_secs(5);

/// Snapshots of older commits.
#[derive(Debug, Default)]
pub struct Past(Mutex<VecDeque<Snapshot>>);

impl Past {
    /// Remembers a snapshot.
    pub fn remember(&self, snapshot: &Snapshot) {
        let mut known = self.0.lock().expect("no holder of the past panics");
        if known.iter().any(|known| known.commit() == snapshot.commit()) {
            return;
        }
        if known.len() >= REMEMBERED {
            known.pop_front();
        }
        known.push_back(snapshot.clone());
    }

    /// The files of a commit of the branch.
    pub async fn snapshot(&self, store: &Store, commit: ObjectId) -> Result<Snapshot, RemoteError> {
        let known = {
            let known = self.0.lock().expect("no holder of the past panics");
            known.iter().find(|known| known.commit() == Some(commit)).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let snapshot = store.snapshot_at(commit).await?;
        self.remember(&snapshot);
        Ok(snapshot)
    }

    /// The files of the commit that a sync token is.
    pub async fn of_token(&self, store: &Store, commit: ObjectId) -> Result<Snapshot, Error> {
        let found = match self.snapshot(store, commit).await {
            // Another server of the repository may have made it.
            Err(RemoteError::NoSuchCommit(_)) => {
                store.pull().await.map_err(|error| failed(&error))?;
                self.snapshot(store, commit).await
            }
            other => other,
        };
        found.map_err(|error| match error {
            RemoteError::NoSuchCommit(_) => invalid(),
            other => failed(&other),
        })
    }

    /// Older commits in which files that are broken in `world` were whole, the oldest first: what a start learns from
    /// them is served until the files are mended, as it would be without the start.
    pub async fn whole(&self, store: &Store, world: &World) -> Vec<Snapshot> {
        let mut found = Vec::new();
        match tokio::time::timeout(PATIENCE, self.find_whole(store, world, &mut found)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("what broken files were before is not known: {error}"),
            Err(_) => tracing::warn!("what broken files were before is not known: the remote takes too long to tell"),
        }
        found.reverse();
        found
    }

    async fn find_whole(&self, store: &Store, world: &World, found: &mut Vec<Snapshot>) -> Result<(), RemoteError> {
        let mut broken: BTreeSet<&str> = world.broken().keys().map(String::as_str).collect();
        let (commits, parser, mut strangers) = (store.log(world.commit(), COMMITS).await?, Parser::default(), 0);
        for (info, parent) in commits.iter().zip(commits.iter().skip(1)) {
            match trailer::read(&info.message) {
                _ if broken.is_empty() => break,
                Some(said) if !is_about(&said, &broken) => continue,
                None if strangers >= STRANGERS => continue,
                Some(_) => {}
                None => strangers += 1,
            }
            let before = self.snapshot(store, parent.id).await?;
            let left =
                broken.iter().copied().filter(|path| before.entry(path).is_some() && !is_whole(&before, path, &parser));
            let left: BTreeSet<&str> = left.collect();
            if broken.iter().any(|path| before.entry(path).is_some() && !left.contains(path)) {
                found.push(before);
            }
            broken = left;
        }
        Ok(())
    }

    /// The octets of a version.
    pub async fn version(&self, store: &Store, path: &str, commit: ObjectId) -> Result<Response, Error> {
        let snapshot = self.snapshot(store, commit).await.map_err(|error| failed(&error))?;
        let octets = snapshot.read(path).map_err(|_| Error::NotFound)?;
        let mut response = with_etag(StatusCode::OK, &gitstore::blob_id(&octets));
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("text/calendar; charset=utf-8"));
        headers.insert("cache-control", HeaderValue::from_static("private, max-age=31536000, immutable"));
        *response.body_mut() = octets;
        Ok(response)
    }
}

/// Whether one of these paths is, or is in, what a commit says it changed.
fn is_about(said: &[&str], paths: &BTreeSet<&str>) -> bool {
    said.iter().any(|said| paths.iter().any(|path| trailer::includes(said, path)))
}

/// Whether a file can be read, as far as that hangs on itself and on what its folder is for.
fn is_whole(snapshot: &Snapshot, path: &str, parser: &Parser) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let around = [CALENDAR_FILE, COLLECTION_FILE].map(|file| format!("{folder}/{file}"));
    let names = around.iter().map(String::as_str).chain([path]);
    let files: BTreeMap<&str, _> = names.filter_map(|name| Some((name, snapshot.read(name).ok()?))).collect();
    if !files.contains_key(path) {
        return false;
    }
    let Ok(alone) = Snapshot::of_files(files) else { return false };
    !World::empty().advance(&alone, parser).world.broken().contains_key(path)
}

/// What a client hears when a commit cannot be looked into.
pub fn failed(error: &RemoteError) -> Error {
    match error {
        RemoteError::NoSuchCommit(_) => Error::NotFound,
        other => Error::RemoteDown(other.to_string()),
    }
}

/// Names of files directly in a directory that differ; those that begin with a dot are the repository's own.
pub fn changed(now: &Snapshot, then: &Snapshot, directory: &str) -> BTreeSet<String> {
    let names = now.changed_paths(then).into_iter().filter_map(|change| {
        let name = change.path.strip_prefix(directory)?.strip_prefix('/')?;
        (!name.contains('/') && !name.starts_with('.')).then(|| name.to_owned())
    });
    names.collect()
}

/// What changed in a collection since an older tree, folders in it included.
pub fn changed_members(now: &Snapshot, then: &Snapshot, collection: &Collection, parser: &Parser) -> Changed {
    let names = changed(now, then, &collection.path).into_iter().chain(changed_folders(now, then, &collection.path));
    let was_visible = |name: &str| was_visible(then, collection, name, parser);
    names
        .map(|name| {
            let was_visible = was_visible(&name);
            (name, was_visible)
        })
        .collect()
}

/// Names of folders directly in a directory that came, went, or have other properties.
fn changed_folders(now: &Snapshot, then: &Snapshot, directory: &str) -> BTreeSet<String> {
    let is_folder = |snapshot: &Snapshot, name: &str| {
        snapshot.entry(&format!("{directory}/{name}")).is_some_and(|(kind, _)| kind == EntryKind::Directory)
    };
    let names = now.changed_paths(then).into_iter().filter_map(|change| {
        let (name, rest) = change.path.strip_prefix(directory)?.strip_prefix('/')?.split_once('/')?;
        (rest == COLLECTION_FILE || is_folder(now, name) != is_folder(then, name)).then(|| name.to_owned())
    });
    names.collect()
}

/// Whether everybody who may read a collection saw what had this name in an older tree.
fn was_visible(then: &Snapshot, collection: &Collection, name: &str, parser: &Parser) -> bool {
    let path = format!("{}/{name}", collection.path);
    let Some((EntryKind::File | EntryKind::Executable, id)) = then.entry(&path) else { return false };
    match collection.kind {
        Kind::Plain => true,
        Kind::Inbox => false,
        Kind::Calendar => {
            let object = then.read(&path).ok().and_then(|octets| parser.parse(id, &octets).ok());
            object.is_some_and(|object| object.class() != ical::Class::Private)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(class: &str) -> String {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{class}\r\n\
             DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nCLASS:{class}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    }

    #[test]
    fn an_older_tree_says_what_readers_saw() {
        let (public, private) = (event("PUBLIC"), event("PRIVATE"));
        let files = [("c/a/w/1.ics", public), ("c/a/w/2.ics", private), ("c/a/w/in/3.txt", String::new())];
        let then = Snapshot::of_files(files.map(|(path, text)| (path, text.into()))).unwrap();
        let now = Snapshot::of_files([("c/a/w/4.ics", event("PUBLIC").into())]).unwrap();
        let collection = Collection::new("c/a/w", Kind::Calendar);
        let changed: Vec<(String, bool)> =
            changed_members(&now, &then, &collection, &Parser::default()).into_iter().collect();
        let changed: Vec<(&str, bool)> = changed.iter().map(|(name, was)| (name.as_str(), *was)).collect();
        assert_eq!(changed, [("1.ics", true), ("2.ics", false), ("4.ics", false), ("in", false)]);
    }
}
