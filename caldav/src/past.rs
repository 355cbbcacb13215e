//! Answers from older commits: looked up in what this process has seen, then in git.

use std::collections::BTreeSet;

use gitstore::{CommitInfo, ObjectId, RemoteError, Snapshot, Store};
use http::{HeaderValue, StatusCode};

use crate::error::Error;
use crate::http_date;
use crate::method::with_etag;
use crate::report::sync::invalid;
use crate::request::Response;
use crate::resource::{etag, push_segment};
use crate::webdav::multistatus::response;
use crate::webdav::names::{DAV, GITSTEAD, Name};
use crate::webdav::xml::Writer;

/// Commits that are looked through for versions of one resource.
const COMMITS: usize = 2000;

fn failed(error: &RemoteError) -> Error {
    match error {
        RemoteError::NoSuchCommit(_) => Error::NotFound,
        other => Error::RemoteDown(other.to_string()),
    }
}

/// The members of a directory that differ between a commit and now.
pub async fn changed_since(store: &Store, now: &Snapshot, commit: ObjectId, directory: &str) -> Result<BTreeSet<String>, Error> {
    let then = match store.snapshot_at(commit).await {
        // Another server of the repository may have made it.
        Err(RemoteError::NoSuchCommit(_)) => {
            store.pull().await.map_err(|error| failed(&error))?;
            store.snapshot_at(commit).await
        }
        other => other,
    };
    let then = then.map_err(|error| match error {
        RemoteError::NoSuchCommit(_) => invalid(),
        other => failed(&other),
    })?;
    Ok(changed(now, &then, directory))
}

/// Names of files directly in a directory that differ; those that begin with a dot are the repository's own.
fn changed(now: &Snapshot, then: &Snapshot, directory: &str) -> BTreeSet<String> {
    let names = now.changed_paths(then).into_iter().filter_map(|change| {
        let name = change.path.strip_prefix(directory)?.strip_prefix('/')?;
        (!name.contains('/') && !name.starts_with('.')).then(|| name.to_owned())
    });
    names.collect()
}

/// The octets of a version.
pub async fn version(store: &Store, path: &str, commit: ObjectId) -> Result<Response, Error> {
    let snapshot = store.snapshot_at(commit).await.map_err(|error| failed(&error))?;
    let octets = snapshot.read(path).map_err(|_| Error::NotFound)?;
    let mut response = with_etag(StatusCode::OK, &gitstore::blob_id(&octets));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/calendar; charset=utf-8"));
    headers.insert("cache-control", HeaderValue::from_static("private, max-age=31536000, immutable"));
    *response.body_mut() = octets;
    Ok(response)
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

/// All versions, the newest first.
pub async fn versions(store: &Store, wanted: &Wanted<'_>) -> Result<Response, Error> {
    let commits = store.log(None, COMMITS).await.map_err(|error| failed(&error))?;
    let mut xml = Writer::document((DAV, "multistatus"));
    let mut found = 0;
    let mut newer = store.snapshot();
    for (at, info) in commits.iter().enumerate() {
        if found >= wanted.limit {
            break;
        }
        if newer.commit() != Some(info.id) {
            newer = store.snapshot_at(info.id).await.map_err(|error| failed(&error))?;
        }
        let older = match commits.get(at + 1) {
            Some(parent) => Some(store.snapshot_at(parent.id).await.map_err(|error| failed(&error))?),
            None => None,
        };
        for version in differences(info, &newer, older.as_ref(), wanted).into_iter().take(wanted.limit - found) {
            found += 1;
            write(&version, wanted, &mut xml);
        }
        if let Some(older) = older {
            newer = older;
        }
    }
    xml.end((DAV, "multistatus"));
    Ok(response(StatusCode::MULTI_STATUS, xml.finish()))
}

fn differences<'a>(info: &'a CommitInfo, newer: &Snapshot, older: Option<&Snapshot>, wanted: &Wanted<'_>) -> Vec<Version<'a>> {
    let names: Vec<String> = match (wanted.is_calendar, older) {
        (false, _) => vec![String::new()],
        (true, Some(older)) => changed(newer, older, wanted.path).into_iter().collect(),
        (true, None) => newer.list(wanted.path).into_iter().map(|entry| entry.name).filter(|name| !name.starts_with('.')).collect(),
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
        wanted.properties.is_empty() || wanted.properties.iter().any(|(namespace, local)| (namespace.as_str(), local.as_str()) == name)
    };
    for (name, value) in values.iter().filter(|(name, _)| is_asked(*name)) {
        xml.leaf(*name, value);
    }
    xml.end(prop);
    xml.leaf((DAV, "status"), "HTTP/1.1 200 OK");
    xml.end(propstat);
    xml.end(outer);
}
