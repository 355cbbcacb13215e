//! Everything that is wrong in a tree, for the person who is about to push it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gitstore::{Entry, EntryKind, Snapshot};

use crate::repository::FileError;
use crate::repository::collection::{CALENDAR_FILE, COLLECTION_FILE, Grantee};
use crate::repository::names::folded;
use crate::repository::{group, user};
use crate::world::{CALENDARS, Collection, Kind, Parser, World};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder.
    pub path: String,
    /// What, and where in it.
    pub error: FileError,
    /// Whether the file is served all the same.
    pub is_warning: bool,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Users with a good file.
    pub users: usize,
    /// Calendars and other collections, inboxes included.
    pub collections: usize,
    /// Good calendar objects and scheduling messages.
    pub objects: usize,
    /// What is wrong, in the order of files.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.is_warning { "warning" } else { "error" };
        match self.error.line {
            Some(line) => write!(f, "{}:{line}: {severity}: {}", self.path, self.error.reason),
            None => write!(f, "{}: {severity}: {}", self.path, self.error.reason),
        }
    }
}

/// Whether a tree is a calendar repository.
pub fn is_calendar_repository(tree: &Snapshot) -> bool {
    [user::FOLDER, CALENDARS].iter().any(|folder| matches!(tree.entry(folder), Some((EntryKind::Directory, _))))
}

/// Reads every file as a server does that starts with them, so that an error here is what the server says.
pub fn check(tree: &Snapshot) -> Checked {
    let world = World::empty().advance(tree, &Parser::default()).world;
    let errors = world.broken().iter().map(|(path, broken)| Finding {
        path: path.clone(),
        error: broken.error.clone(),
        is_warning: false,
    });
    let mut doubts = Doubts { tree, world: &world, findings: errors.collect() };
    doubts.principals();
    doubts.calendars();
    doubts.findings.sort_by(|a, b| (&a.path, a.error.line).cmp(&(&b.path, b.error.line)));
    let collections = || world.collections().filter(|collection| !is_home(collection));
    Checked {
        users: world.users().count(),
        collections: collections().count(),
        objects: collections().flat_map(|collection| collection.members()).filter(|one| one.object.is_some()).count(),
        findings: doubts.findings,
    }
}

/// What a server takes, and somebody may not have meant.
struct Doubts<'a> {
    tree: &'a Snapshot,
    world: &'a World,
    findings: Vec<Finding>,
}

impl Doubts<'_> {
    fn principals(&mut self) {
        for folder in [user::FOLDER, group::FOLDER] {
            self.similar(folder, &self.tree.list(folder));
        }
        for (name, user) in self.world.users() {
            let path = format!("{}/{name}.toml", user::FOLDER);
            if user.password.is_none() && user.app_passwords.is_empty() && !self.world.broken().contains_key(&path) {
                self.warn(&path, "nobody can log in: there is no password");
            }
        }
    }

    fn calendars(&mut self) {
        // A broken file is a user or group all the same: what others share with them is no mistake.
        let (users, mut groups) = (self.names(user::FOLDER), self.names(group::FOLDER));
        groups.extend(self.world.groups().into_keys().map(str::to_owned));
        for collection in self.world.collections() {
            self.similar(&collection.path, &self.tree.list(&collection.path));
            if is_home(collection) && !users.contains(collection.name()) {
                self.warn(&collection.path, "nobody can reach this: there is no such user");
            }
            for share in &collection.file.shares {
                let (kind, name, known) = match &share.grantee {
                    Grantee::User(name) => ("user", name, &users),
                    Grantee::Group(name) => ("group", name, &groups),
                    Grantee::Everyone => continue,
                };
                if !known.contains(name) {
                    let file = if collection.kind == Kind::Calendar { CALENDAR_FILE } else { COLLECTION_FILE };
                    let reason = format!("it is shared with {name}, and there is no such {kind}");
                    self.warn(&format!("{}/{file}", collection.path), &reason);
                }
            }
        }
    }

    fn names(&self, folder: &str) -> BTreeSet<String> {
        let files = self.tree.list(folder).into_iter();
        files.filter_map(|entry| entry.name.strip_suffix(".toml").map(str::to_owned)).collect()
    }

    /// Names of one folder that a clone on another system could not tell apart.
    fn similar(&mut self, folder: &str, entries: &[Entry]) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for entry in entries {
            if let Some(other) = seen.insert(folded(&entry.name), &entry.name) {
                let reason = format!("macOS and Windows cannot tell it from {other}");
                self.warn(&format!("{folder}/{}", entry.name), &reason);
            }
        }
    }

    fn warn(&mut self, path: &str, reason: &str) {
        let error = FileError { line: None, reason: reason.to_owned() };
        self.findings.push(Finding { path: path.to_owned(), error, is_warning: true });
    }
}

fn is_home(collection: &Collection) -> bool {
    collection.path.split('/').count() == 2
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const ICS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n\
                       DTSTART:20260101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn checked(files: &[(&str, &str)]) -> (Checked, Vec<String>) {
        let files = files.iter().map(|(path, text)| (*path, Bytes::copy_from_slice(text.as_bytes())));
        let checked = check(&Snapshot::of_files(files).unwrap());
        let findings = checked.findings.iter().map(ToString::to_string).collect();
        (checked, findings)
    }

    #[test]
    fn a_good_repository_passes() {
        let app = "[[app_password]]\nid = 'x'\nhash = 'sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\n";
        let (checked, findings) = checked(&[
            ("users/alice.toml", &format!("groups = ['staff']\n{app}")),
            ("users/bob.toml", app),
            ("users/README.md", "ours"),
            (
                "calendars/alice/work/.calendar.toml",
                "[[share]]\nwith = 'bob'\naccess = 'read'\n[[share]]\ngroup = 'staff'\naccess = 'read'\n",
            ),
            ("calendars/alice/work/1.ics", ICS),
            ("calendars/alice/files/.collection.toml", ""),
            ("calendars/alice/files/x.txt", "no calendar"),
            ("calendars/alice/files/deep/.calendar.toml", ""),
            ("calendars/alice/files/deep/1.ics", ICS),
        ]);
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!((checked.users, checked.collections, checked.objects), (2, 3, 2));
    }

    #[test]
    fn every_error_comes_at_once_in_the_order_of_files() {
        let (checked, findings) = checked(&[
            ("users/alice.toml", "\nemail = 1\n"),
            ("users/a b.toml", ""),
            ("users/Bob.toml", "password = 'x'\n"),
            ("users/bob.toml", ""),
            ("groups/staff.toml", "display_name = 1\n"),
            ("calendars/alice/work/.calendar.toml", "[[share]]\nwith = 'eve'\naccess = 'read'\n"),
            ("calendars/alice/work/1.ics", "BEGIN:VCALENDAR\r\n"),
            ("calendars/alice/work/a%20b.ics", ICS),
            ("calendars/alice/work/2.ics", ICS),
            ("calendars/alice/work/3.ics", ICS),
            ("calendars/alice/play/.calendar.toml", "color = 1\n"),
            ("calendars/eve/x/1.ics", ICS),
        ]);
        let expected = [
            "calendars/alice/play/.calendar.toml:1: error: color is not a text",
            "calendars/alice/work/.calendar.toml: warning: it is shared with eve, and there is no such user",
            "calendars/alice/work/1.ics:",
            "calendars/alice/work/3.ics: error: 2.ics has the same UID",
            "calendars/alice/work/a%20b.ics: error: a file with this name is written \"a b.ics\"",
            "calendars/eve: warning: nobody can reach this: there is no such user",
            "groups/staff.toml:1: error: display_name is not a text",
            "users/Bob.toml:1: error: password is neither argon2id nor robur's",
            "users/a b.toml: error: the name \"a b\" may only have",
            "users/alice.toml:2: error: email is not a list of texts",
            "users/bob.toml: warning: ",
            "users/bob.toml: warning: ",
        ];
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.starts_with(expected), "{finding} is not {expected}");
        }
        assert_eq!(findings.len(), expected.len(), "{findings:#?}");
        assert_eq!((checked.users, checked.collections, checked.objects), (1, 3, 2));
    }

    #[test]
    fn which_trees_hold_calendars() {
        let is = |path: &str| is_calendar_repository(&Snapshot::of_files([(path, Bytes::new())]).unwrap());
        assert!(is("users/alice.toml") && is("calendars/x/y/1.ics"));
        assert!(!is("example.com") && !is("users"));
    }
}
