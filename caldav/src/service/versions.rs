//! The versions of an event or of a calendar's events, from the log of the branch.

use gitstore::{CommitInfo, ObjectId, Snapshot};
use http::StatusCode;

use crate::error::Error;
use crate::repository::trailer;
use crate::request::Response;
use crate::resource::{etag, push_segment};
use crate::service::Service;
use crate::service::past::{COMMITS, STRANGERS, changed, failed};
use crate::webdav::http_date;
use crate::webdav::multistatus::response;
use crate::webdav::names::{DAV, GITSTEAD, Name};
use crate::webdav::xml::Writer;

/// All versions of a resource, the newest first (RFC 3253 section 3.7).
pub async fn versions(service: &Service, wanted: &Wanted<'_>) -> Result<Response, Error> {
    let (store, past) = (&service.store, &service.past);
    let commits = store.log(None, COMMITS).await.map_err(|error| failed(&error))?;
    let mut xml = Writer::document((DAV, "multistatus"));
    let (mut found, mut strangers) = (0, 0);
    for (at, info) in commits.iter().enumerate() {
        match trailer::read(&info.message) {
            Some(said) if !said.iter().any(|path| wanted.concerns(path)) => continue,
            Some(_) => {}
            None if strangers >= STRANGERS => continue,
            None => strangers += 1,
        }
        let newer = past.snapshot(store, info.id).await.map_err(|error| failed(&error))?;
        let older = match commits.get(at + 1) {
            Some(parent) => Some(past.snapshot(store, parent.id).await.map_err(|error| failed(&error))?),
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
        trailer::includes(path, self.path) || self.is_calendar && trailer::includes(self.path, path)
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
    fn a_change_above_concerns_what_is_below() {
        let wanted =
            |path: &'static str, is_calendar| Wanted { href: "", path, is_calendar, limit: 1, properties: &[] };
        let one = wanted("c/a/w/x.ics", false);
        assert!(one.concerns("c/a/w") && !one.concerns("c/a/w/y.ics"));
        let all = wanted("c/a/w", true);
        assert!(all.concerns("c/a/w/y.ics") && !all.concerns("c/a/wo/y.ics"));
    }
}
