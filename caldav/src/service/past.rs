//! Answers from older commits: looked up in what this process has seen, then in git.
//!
//! A commit of ours says in its last lines which files it changed (`Changed: PATH`), so that the versions of one file
//! are found in the log alone, which comes without files. Commits of others are looked into.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use gitstore::{CommitInfo, ObjectId, RemoteError, Snapshot, Store};
use http::{HeaderValue, StatusCode};

use crate::error::Error;
use crate::method::{Write, with_etag};
use crate::report::sync::invalid;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE};
use crate::request::Response;
use crate::resource::{etag, push_segment};
use crate::webdav::http_date;
use crate::webdav::multistatus::response;
use crate::webdav::names::{DAV, GITSTEAD, Name};
use crate::webdav::xml::Writer;
use crate::world::{Parser, World};

/// Commits that are looked through for versions of one resource.
const COMMITS: usize = 5000;
/// Commits of others that are looked into, since they do not say what they changed.
const STRANGERS: usize = 50;
/// Snapshots that are remembered; they share what they have in common.
const REMEMBERED: usize = 256;
/// Files that a commit names; one that changes more is looked into as well.
const NAMED: usize = 20;

/// How long a start looks for what is broken now.
const PATIENCE: Duration = Duration::from_secs(5);

const CHANGED: &str = "Changed: ";
const MANY: &str = "many files";

/// The last lines of a commit's message.
pub fn trailer(writes: &[Write]) -> String {
    let paths: BTreeSet<&str> = writes.iter().map(Write::path).collect();
    match paths.len() {
        0 => String::new(),
        few if few <= NAMED => paths.iter().map(|path| format!("\n{CHANGED}{path}")).collect(),
        _ => format!("\n{CHANGED}{MANY}"),
    }
}

/// What a commit says that it changed; none if it does not say so.
fn said(info: &CommitInfo) -> Option<Vec<&str>> {
    let said: Vec<&str> = info.message.lines().filter_map(|line| line.strip_prefix(CHANGED)).collect();
    (!said.is_empty() && !said.contains(&MANY)).then_some(said)
}

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
            match said(info) {
                _ if broken.is_empty() => break,
                Some(said) if said.iter().all(|path| !broken.contains(path)) => continue,
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

    /// All versions, the newest first.
    pub async fn versions(&self, store: &Store, wanted: &Wanted<'_>) -> Result<Response, Error> {
        let commits = store.log(None, COMMITS).await.map_err(|error| failed(&error))?;
        let mut xml = Writer::document((DAV, "multistatus"));
        let (mut found, mut strangers) = (0, 0);
        for (at, info) in commits.iter().enumerate() {
            match said(info) {
                Some(said) if !said.iter().any(|path| wanted.concerns(path)) => continue,
                Some(_) => {}
                None if strangers >= STRANGERS => continue,
                None => strangers += 1,
            }
            let newer = self.snapshot(store, info.id).await.map_err(|error| failed(&error))?;
            let older = match commits.get(at + 1) {
                Some(parent) => Some(self.snapshot(store, parent.id).await.map_err(|error| failed(&error))?),
                None => None,
            };
            for version in differences(info, &newer, older.as_ref(), wanted).into_iter().take(wanted.limit - found) {
                found += 1;
                write(&version, wanted, &mut xml);
            }
            if found >= wanted.limit {
                break;
            }
        }
        xml.end((DAV, "multistatus"));
        Ok(response(StatusCode::MULTI_STATUS, xml.finish()))
    }
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

fn failed(error: &RemoteError) -> Error {
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

/// A version: a commit that changed a file.
struct Version<'a> {
    info: &'a CommitInfo,
    /// The file in its directory.
    name: String,
    /// The commit whose tree has it: for a file that was removed the one before.
    commit: ObjectId,
    id: ObjectId,
    change: &'static str,
}

/// What is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The path in URLs of the resource.
    pub href: &'a str,
    /// The file, or the directory.
    pub path: &'a str,
    /// Whether it is a directory.
    pub is_calendar: bool,
    /// How many versions.
    pub limit: usize,
    /// Which properties of each; all of them if empty.
    pub properties: &'a [(String, String)],
}

impl Wanted<'_> {
    /// Whether a change of a path can be a version: of a directory above, too, since that may have been moved or
    /// removed.
    fn concerns(&self, path: &str) -> bool {
        let is_below = |path: &str, above: &str| path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        path == self.path || is_below(self.path, path) || self.is_calendar && is_below(path, self.path)
    }
}

fn differences<'a>(
    info: &'a CommitInfo,
    newer: &Snapshot,
    older: Option<&Snapshot>,
    wanted: &Wanted<'_>,
) -> Vec<Version<'a>> {
    let all = |snapshot: &Snapshot| snapshot.list(wanted.path).into_iter().map(|entry| entry.name);
    let names: Vec<String> = match (wanted.is_calendar, older) {
        (false, _) => vec![String::new()],
        (true, Some(older)) => changed(newer, older, wanted.path).into_iter().collect(),
        (true, None) => all(newer).filter(|name| !name.starts_with('.')).collect(),
    };
    let version = |name: String| {
        let path = if name.is_empty() { wanted.path.to_owned() } else { format!("{}/{name}", wanted.path) };
        let id = |snapshot: &Snapshot| snapshot.entry(&path).map(|(_, id)| id);
        let (after, before) = (id(newer), older.and_then(id));
        if after == before {
            return None;
        }
        let (commit, id, change) = match (before, after) {
            (_, None) => (older?.commit()?, before?, "removed"),
            (None, Some(id)) => (info.id, id, "added"),
            (Some(_), Some(id)) => (info.id, id, "changed"),
        };
        Some(Version { info, name, commit, id, change })
    };
    names.into_iter().filter_map(version).collect()
}

fn write(version: &Version<'_>, wanted: &Wanted<'_>, xml: &mut Writer) {
    let (outer, propstat, prop) = ((DAV, "response"), (DAV, "propstat"), (DAV, "prop"));
    let mut href = wanted.href.to_owned();
    if !version.name.is_empty() {
        push_segment(&mut href, &version.name);
    }
    xml.start(outer);
    xml.href(&format!("{href}?{}={}", crate::method::get::VERSION, version.commit));
    xml.start(propstat);
    xml.start(prop);
    let (subject, info) = (version.info.message.lines().next().unwrap_or_default(), version.info);
    let values: [(Name<'_>, String); 6] = [
        ((DAV, "version-name"), info.id.to_string()),
        ((DAV, "creator-displayname"), info.author.name.clone()),
        ((DAV, "getlastmodified"), http_date::print(u64::try_from(info.time).unwrap_or(0))),
        ((DAV, "comment"), subject.to_owned()),
        ((DAV, "getetag"), etag(&version.id)),
        ((GITSTEAD, "change"), version.change.to_owned()),
    ];
    let is_asked = |name: Name<'_>| {
        let mut asked = wanted.properties.iter();
        wanted.properties.is_empty() || asked.any(|(namespace, local)| (namespace.as_str(), local.as_str()) == name)
    };
    for (name, value) in values.iter().filter(|(name, _)| is_asked(*name)) {
        xml.leaf(*name, value);
    }
    xml.end(prop);
    xml.leaf((DAV, "status"), "HTTP/1.1 200 OK");
    xml.end(propstat);
    xml.end(outer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_says_what_it_changed() {
        let writes = |count: usize| (0..count).map(|n| Write::Remove(format!("a/{n}"))).collect::<Vec<_>>();
        assert_eq!(trailer(&writes(2)), "\nChanged: a/0\nChanged: a/1");
        assert_eq!(trailer(&writes(21)), "\nChanged: many files");
        assert_eq!(trailer(&[]), "");
        let wanted =
            |path: &'static str, is_calendar| Wanted { href: "", path, is_calendar, limit: 1, properties: &[] };
        assert!(
            wanted("c/a/w/x.ics", false).concerns("c/a/w") && !wanted("c/a/w/x.ics", false).concerns("c/a/w/y.ics")
        );
        assert!(wanted("c/a/w", true).concerns("c/a/w/y.ics") && !wanted("c/a/w", true).concerns("c/a/wo/y.ics"));
    }
}
