//! Subscriptions: a calendar that lies elsewhere as one .ics file, and is read here like any other.
//!
//! The file is fetched from time to time (`service/subscriptions.rs`), taken apart by UID, and what differs is
//! committed: so its history is kept as well, and clients synchronise it like a calendar of their own. Nobody can write
//! to it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use gitstore::{Edit, ReadError};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::repository::collection::{CALENDAR_FILE, CollectionFile};
use crate::repository::trailer;
use crate::webdav::names::DAV;

/// Objects of one calendar.
const MOST: usize = 20_000;

/// What lies in the directory of a subscription: the names of its files, and what is in each.
pub type Objects = BTreeMap<String, Bytes>;

/// Whether an address can be subscribed to.
pub fn check(source: &str) -> Result<(), Error> {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https" | "webcal") if source.len() <= 2048 => Ok(()),
        _ => {
            let reason = format!("{source} is no address of a calendar: it begins with https://, http:// or webcal://");
            Err(Error::conflict((DAV, "valid-property-value"), reason))
        }
    }
}

/// Makes the directory of what is subscribed to at `source` hold these objects and no others; files that say the same
/// stay as they are.
pub fn replace(edit: &mut Edit, path: &str, source: &str, objects: &Objects) -> Result<(), ReadError> {
    // It was removed, or is no such subscription any more, while the file was fetched.
    if !is_subscribed(edit, path, source) {
        return Ok(());
    }
    let present: Vec<String> =
        edit.list(path).into_iter().map(|entry| entry.name).filter(|name| !name.starts_with('.')).collect();
    for name in present.iter().filter(|name| !objects.contains_key(*name)) {
        edit.remove(&format!("{path}/{name}"))?;
    }
    for (name, octets) in objects {
        let file = format!("{path}/{name}");
        if !edit.read(&file).is_ok_and(|present| without_stamps(&present) == without_stamps(octets)) {
            edit.write(&file, octets.clone())?;
        }
    }
    let message = edit.message().to_owned();
    trailer::sign(edit, message);
    Ok(())
}

fn is_subscribed(edit: &Edit, path: &str, source: &str) -> bool {
    let octets = edit.read(&format!("{path}/{CALENDAR_FILE}")).unwrap_or_default();
    let file = std::str::from_utf8(&octets).ok().and_then(|text| CollectionFile::parse(text).ok());
    file.is_some_and(|file| file.source.as_deref() == Some(source))
}

/// The lines of a text, but for `DTSTAMP`: many servers write there when they were asked, and nothing else is new.
fn without_stamps(octets: &[u8]) -> Vec<u8> {
    let mut is_stamp = false;
    let lines = octets.split_inclusive(|octet| *octet == b'\n').filter(|line| {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.get(..7).is_some_and(|name| name.eq_ignore_ascii_case(b"DTSTAMP"));
            is_stamp = name && matches!(line.get(7), Some(b':' | b';'));
        }
        !is_stamp
    });
    lines.flatten().copied().collect()
}

/// One object for each UID, by the name of its file; and how many there are that cannot be read.
pub fn split(octets: &Bytes) -> Result<(Objects, usize), String> {
    let document = ical::Document::parse(octets.clone()).map_err(|error| error.to_string())?;
    let mut zones: BTreeMap<String, &[u8]> = BTreeMap::new();
    let mut by_uid: BTreeMap<String, Vec<ical::Component<'_>>> = BTreeMap::new();
    for component in document.root().components() {
        match component.is("VTIMEZONE") {
            true => {
                let id = component.property("TZID").map(|id| id.text()).unwrap_or_default();
                zones.insert(id, component.octets());
            }
            false => by_uid.entry(uid(component)).or_default().push(component),
        }
    }
    if by_uid.len() > MOST {
        return Err(format!("it has more than {MOST} objects"));
    }
    let known = ical::Zones::default();
    let (mut objects, mut refused) = (BTreeMap::new(), 0);
    for (uid, components) in by_uid {
        let text = Bytes::from(assemble(&uid, &components, &zones));
        match ical::CalendarObject::parse(text.clone(), &known) {
            Ok(_) => drop(objects.insert(file_name(&uid), text)),
            Err(_) => refused += 1,
        }
    }
    Ok((objects, refused))
}

/// The UID; one made of the content for what has none, as some published calendars do.
fn uid(component: ical::Component<'_>) -> String {
    match component.property("UID").map(|uid| uid.text()).filter(|uid| !uid.is_empty()) {
        Some(uid) => uid,
        None => format!("{}@subscription", &hex(&without_stamps(component.octets()))[..32]),
    }
}

fn assemble(uid: &str, components: &[ical::Component<'_>], zones: &BTreeMap<String, &[u8]>) -> Vec<u8> {
    let mut text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{}\r\n", crate::PRODUCT).into_bytes();
    let named = components.iter().flat_map(|component| component.properties());
    let mut wanted: Vec<String> =
        named.filter_map(|property| property.parameter("TZID").map(|id| id.into_owned())).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted.iter().filter_map(|id| zones.get(id)).for_each(|zone| text.extend_from_slice(zone));
    for component in components {
        let octets = component.octets();
        let begin = octets.iter().position(|octet| *octet == b'\n').map_or(octets.len(), |at| at + 1);
        text.extend_from_slice(&octets[..begin]);
        if component.property("UID").is_none() {
            text.extend_from_slice(format!("UID:{uid}\r\n").as_bytes());
        }
        text.extend_from_slice(&octets[begin..]);
    }
    text.extend_from_slice(b"END:VCALENDAR\r\n");
    text
}

fn file_name(uid: &str) -> String {
    format!("{}.ics", &hex(uid.as_bytes())[..32])
}

fn hex(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// How often a calendar says that it changes (RFC 7986 section 5.7, and what was there before it).
pub fn interval(octets: &Bytes) -> Option<Duration> {
    let document = ical::Document::parse(octets.clone()).ok()?;
    let root = document.root();
    let text = root.property("REFRESH-INTERVAL").or_else(|| root.property("X-PUBLISHED-TTL"))?.value().into_owned();
    let (mut seconds, mut number) = (0_u64, 0_u64);
    for letter in text.chars() {
        let unit = match letter {
            '0'..='9' => {
                number = number.saturating_mul(10).saturating_add(u64::from(letter.to_digit(10)?));
                continue;
            }
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            'P' | 'T' => 0,
            _ => return None,
        };
        seconds = seconds.saturating_add(number.saturating_mul(unit));
        number = 0;
    }
    (seconds > 0).then(|| Duration::from_secs(seconds.min(7 * 86_400)))
}

#[cfg(test)]
mod tests {
    use gitstore::Snapshot;

    use super::*;

    #[test]
    fn a_file_becomes_objects() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nREFRESH-INTERVAL;VALUE=DURATION:PT2H\r\n\
            BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T000000Z\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:c\r\nDTSTAMP:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let octets = Bytes::from(text);
        let (objects, refused) = split(&octets).unwrap();
        assert_eq!((objects.len(), refused), (2, 1));
        assert_eq!(interval(&octets), Some(Duration::from_secs(7200)));
        assert_eq!(split(&octets).unwrap().0, objects, "the same file gives the same objects");
        assert!(split(&Bytes::from("<html>")).is_err());
    }

    #[test]
    fn another_stamp_is_no_other_object() {
        let feed = |stamp: &str, summary: &str| {
            let text = format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nDTSTAMP:{stamp}\r\n\
                 DTSTART:20260101T000000Z\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            );
            split(&text.into()).unwrap().0
        };
        let (source, path) = ("https://example.com/a.ics", "calendars/alice/feed");
        let file = Bytes::from(format!("source = '{source}'"));
        let mut edit = Snapshot::of_files([(format!("{path}/.calendar.toml"), file)]).unwrap().edit();
        replace(&mut edit, path, source, &feed("20260101T000000Z", "a")).unwrap();
        let first = edit.tree();
        replace(&mut edit, path, source, &feed("20260102T000000Z", "a")).unwrap();
        assert_eq!(edit.tree().tree_id(), first.tree_id());
        replace(&mut edit, path, "https://example.com/b.ics", &feed("20260102T000000Z", "b")).unwrap();
        assert_eq!(edit.tree().tree_id(), first.tree_id(), "what was fetched for an earlier subscription is not kept");
        replace(&mut edit, path, source, &feed("20260102T000000Z", "b")).unwrap();
        assert_ne!(edit.tree().tree_id(), first.tree_id());
    }

    #[test]
    fn addresses() {
        assert!(check("webcal://example.com/a.ics").is_ok());
        assert!(check("file:///etc/passwd").is_err() && check("example.com").is_err());
    }
}
