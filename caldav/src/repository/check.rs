//! Everything that is wrong in a tree, for the person who is about to push it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gitstore::{Entry, EntryKind, Snapshot};
use ical::{CalendarObject, Zones};

use super::FileError;
use super::collection::{CALENDAR_FILE, COLLECTION_FILE, CollectionFile, Grantee};
use super::group::{self, Group};
use super::names::{self, check_principal, folded};
use super::user::{self, User};

/// The folder of all calendars.
const CALENDARS: &str = "calendars";

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
    /// Calendars and other collections with a good file or none.
    pub collections: usize,
    /// Good calendar objects.
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

/// Reads every file.
pub fn check(tree: &Snapshot) -> Checked {
    let mut check = Check { tree, known: Known::default(), zones: Zones::new(), checked: Checked::default() };
    check.groups();
    check.users();
    check.calendars();
    check.checked.findings.sort_by(|a, b| (&a.path, a.error.line).cmp(&(&b.path, b.error.line)));
    check.checked
}

struct Check<'a> {
    tree: &'a Snapshot,
    known: Known,
    zones: Zones,
    checked: Checked,
}

/// Whom shares may name.
#[derive(Default)]
struct Known {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl Check<'_> {
    fn users(&mut self) {
        self.similar(user::FOLDER, &self.tree.list(user::FOLDER));
        for (path, name) in self.principals(user::FOLDER) {
            // A broken file is a user all the same: what others share with them is no mistake.
            self.known.users.insert(name);
            if let Some(user) = self.text(&path).and_then(|text| self.good(&path, User::parse(&text))) {
                self.checked.users += 1;
                if user.password.is_none() && user.app_passwords.is_empty() {
                    self.warn(&path, "nobody can log in: there is no password");
                }
                self.known.groups.extend(user.groups);
            }
        }
    }

    fn groups(&mut self) {
        self.similar(group::FOLDER, &self.tree.list(group::FOLDER));
        for (path, name) in self.principals(group::FOLDER) {
            self.known.groups.insert(name);
            let _ = self.text(&path).and_then(|text| self.good(&path, Group::parse(&text)));
        }
    }

    /// Files and names of users or groups.
    fn principals(&mut self, folder: &str) -> Vec<(String, String)> {
        let mut principals = Vec::new();
        for entry in self.tree.list(folder) {
            let path = format!("{folder}/{}", entry.name);
            let Some(name) = entry.name.strip_suffix(".toml").filter(|_| is_regular(entry.kind)) else { continue };
            match check_principal(name) {
                Ok(()) => principals.push((path, name.to_owned())),
                Err(error) => self.complain(&path, FileError { line: None, reason: error.to_string() }),
            }
        }
        principals
    }

    fn calendars(&mut self) {
        for owner in self.tree.list(CALENDARS).into_iter().filter(|entry| entry.kind == EntryKind::Directory) {
            let path = format!("{CALENDARS}/{}", owner.name);
            if !self.known.users.contains(&owner.name) {
                self.warn(&path, "nobody can reach this: there is no such user");
            }
            let collections = self.tree.list(&path);
            self.similar(&path, &collections);
            for collection in collections.into_iter().filter(|entry| entry.kind == EntryKind::Directory) {
                self.name(&path, &collection.name);
                self.collection(&format!("{path}/{}", collection.name));
            }
        }
    }

    fn collection(&mut self, path: &str) {
        let before = self.checked.findings.len();
        let entries = self.tree.list(path);
        self.similar(path, &entries);
        let is_inbox = path.ends_with("/inbox");
        let is_calendar = entries.iter().all(|entry| entry.name != COLLECTION_FILE);
        for entry in entries.iter().filter(|entry| is_regular(entry.kind)) {
            let file = format!("{path}/{}", entry.name);
            match entry.name.as_str() {
                CALENDAR_FILE | COLLECTION_FILE => self.collection_file(&file),
                hidden if hidden.starts_with('.') => (),
                name => {
                    self.name(path, name);
                    if is_inbox || is_calendar {
                        self.object(&file, is_inbox);
                    }
                }
            }
        }
        self.checked.collections += usize::from(before == self.checked.findings.len());
    }

    fn collection_file(&mut self, path: &str) {
        let Some(file) = self.text(path).and_then(|text| self.good(path, CollectionFile::parse(&text))) else { return };
        for share in file.shares {
            let (kind, name, is_known) = match &share.grantee {
                Grantee::User(name) => ("user", name, self.known.users.contains(name)),
                Grantee::Group(name) => ("group", name, self.known.groups.contains(name)),
                Grantee::Everyone => continue,
            };
            if !is_known {
                self.warn(path, &format!("it is shared with {name}, and there is no such {kind}"));
            }
        }
    }

    fn object(&mut self, path: &str, is_message: bool) {
        let Ok(octets) = self.tree.read(path) else { return self.warn(path, "it cannot be read") };
        let parse = if is_message { CalendarObject::parse_message } else { CalendarObject::parse };
        match parse(octets, &self.zones) {
            Ok(_) => self.checked.objects += 1,
            Err(fault) => self.complain(path, FileError { line: fault.line, reason: fault.reason }),
        }
    }

    fn name(&mut self, folder: &str, name: &str) {
        if let Err(error) = names::segment(name) {
            self.complain(&format!("{folder}/{name}"), FileError { line: None, reason: error.to_string() });
        }
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

    fn text(&mut self, path: &str) -> Option<String> {
        let octets = self.tree.read(path).map_err(|error| error.to_string());
        let text =
            octets.and_then(|octets| String::from_utf8(octets.to_vec()).map_err(|_| "it is not UTF-8".to_owned()));
        text.map_err(|reason| self.complain(path, FileError { line: None, reason })).ok()
    }

    fn good<T>(&mut self, path: &str, parsed: Result<T, FileError>) -> Option<T> {
        parsed.map_err(|error| self.complain(path, error)).ok()
    }

    fn complain(&mut self, path: &str, error: FileError) {
        self.checked.findings.push(Finding { path: path.to_owned(), error, is_warning: false });
    }

    fn warn(&mut self, path: &str, reason: &str) {
        let error = FileError { line: None, reason: reason.to_owned() };
        self.checked.findings.push(Finding { path: path.to_owned(), error, is_warning: true });
    }
}

fn is_regular(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::File | EntryKind::Executable)
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
        ]);
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!((checked.users, checked.collections, checked.objects), (2, 2, 1));
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
            ("calendars/alice/play/.calendar.toml", "color = 1\n"),
            ("calendars/eve/x/1.ics", ICS),
        ]);
        let expected = [
            "calendars/alice/play/.calendar.toml:1: error: color is not a text",
            "calendars/alice/work/.calendar.toml: warning: it is shared with eve, and there is no such user",
            "calendars/alice/work/1.ics:",
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
        assert_eq!((checked.users, checked.collections, checked.objects), (1, 1, 2));
    }

    #[test]
    fn which_trees_hold_calendars() {
        let is = |path: &str| is_calendar_repository(&Snapshot::of_files([(path, Bytes::new())]).unwrap());
        assert!(is("users/alice.toml") && is("calendars/x/y/1.ics"));
        assert!(!is("example.com") && !is("users"));
    }
}
