//! `users/NAME.toml`: who may log in, by which passwords, and to which groups they belong.
//!
//! People edit these files as well: a change touches one value, comments, order and unknown keys stay.

use std::fmt;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value};

use super::names::check_principal;
use super::toml_text::{Reader, parse, parse_to_change, set, without_tables};
use super::{FileError, names};
use crate::password::{AppHash, StoredHash};

/// The folder of all users.
pub const FOLDER: &str = "users";

/// Most characters of a display name or a label.
const LONGEST_TEXT: usize = 200;

/// What a file says of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// As others are to see the name.
    pub display_name: Option<String>,
    /// Calendar user addresses, without `mailto:`; the first is the preferred one.
    pub email: Vec<String>,
    /// What the password is compared with; without it only app passwords log in.
    pub password: Option<StoredHash>,
    /// May they manage users and groups?
    pub administrator: bool,
    /// The groups that they are members of.
    pub groups: Vec<String>,
    /// Passwords of single devices.
    pub app_passwords: Vec<AppPassword>,
}

/// A password that a program of a user logs in with, and that can be taken back without changing any other.
#[derive(Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// What the secret begins with, before the first dash.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The day on which it was made, `YYYY-MM-DD`.
    pub created: Option<String>,
    /// What it is compared with.
    pub hash: AppHash,
}

impl fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppPassword({} {:?})", self.id, self.label)
    }
}

/// The file of a user.
pub fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.toml")
}

/// The user whose file this is. None for other files; an error for one that is named as no user can be.
pub fn name_of(path: &str) -> Option<Result<&str, names::NameError>> {
    let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".toml")?;
    (!name.contains('/') && !name.starts_with('.')).then(|| check_principal(name).map(|()| name))
}

impl User {
    /// Reads a file; unknown keys are none of our business.
    pub fn parse(text: &str) -> Result<User, FileError> {
        let document = parse(text)?;
        let reader = Reader::new(text, document.as_table());
        let password = reader.string("password")?.map(StoredHash::parse).transpose();
        Ok(User {
            display_name: short_text(&reader, "display_name")?,
            email: reader
                .one_or_more("email")?
                .into_iter()
                .map(|text| address(&reader, text))
                .collect::<Result<_, _>>()?,
            password: password.map_err(|error| reader.complain("password", error))?,
            administrator: reader.boolean("administrator")?.unwrap_or(false),
            groups: reader.strings("groups")?.into_iter().map(|name| group(&reader, name)).collect::<Result<_, _>>()?,
            app_passwords: app_passwords(&reader)?,
        })
    }

    /// The app password that a secret claims to be.
    pub fn app_password(&self, secret: &str) -> Option<&AppPassword> {
        let (id, _) = secret.split_once('-')?;
        self.app_passwords.iter().find(|app| app.id == id)
    }
}

fn short_text(reader: &Reader<'_>, key: &str) -> Result<Option<String>, FileError> {
    match reader.string(key)? {
        Some(text) if text.chars().count() > LONGEST_TEXT || text.chars().any(char::is_control) => {
            Err(reader.complain(key, format!("is not one line of at most {LONGEST_TEXT} characters")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn address(reader: &Reader<'_>, text: &str) -> Result<String, FileError> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let good = address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !address.contains(|c: char| c.is_whitespace() || c.is_control());
    if good { Ok(address.to_owned()) } else { Err(reader.complain("email", format!("{text:?} is not an address"))) }
}

fn group(reader: &Reader<'_>, name: &str) -> Result<String, FileError> {
    check_principal(name)
        .map(|()| name.to_owned())
        .map_err(|error| reader.complain("groups", format!("names a group: {error}")))
}

fn app_passwords(reader: &Reader<'_>) -> Result<Vec<AppPassword>, FileError> {
    let mut found: Vec<AppPassword> = Vec::new();
    for table in reader.tables("app_password")? {
        let app = app_password(&table)?;
        if found.iter().any(|other| other.id == app.id) {
            return Err(table.complain("id", format!("{:?} is there twice", app.id)));
        }
        found.push(app);
    }
    Ok(found)
}

fn app_password(reader: &Reader<'_>) -> Result<AppPassword, FileError> {
    let id = reader.required("id")?;
    if id.is_empty() || !id.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
        return Err(reader.complain("id", "may only have letters and digits"));
    }
    Ok(AppPassword {
        id: id.to_owned(),
        label: short_text(reader, "label")?.unwrap_or_default(),
        created: reader.day("created")?,
        hash: AppHash::parse(reader.required("hash")?).map_err(|error| reader.complain("hash", error))?,
    })
}

/// A file with another password, or none. An older hash of another kind is gone with it.
pub fn set_password(old: &str, password: Option<&StoredHash>) -> Result<String, FileError> {
    change(old, |file| set(file, "password", password.map(StoredHash::text)))
}

/// A file with another display name.
pub fn set_display_name(old: &str, name: Option<&str>) -> Result<String, FileError> {
    change(old, |file| set(file, "display_name", name))
}

/// A file with other addresses.
pub fn set_email(old: &str, addresses: &[String]) -> Result<String, FileError> {
    change(old, |file| set_or_leave_out(file, "email", list(addresses), addresses.is_empty()))
}

/// A file that gives or takes the rights of an administrator.
pub fn set_administrator(old: &str, administrator: bool) -> Result<String, FileError> {
    change(old, |file| set_or_leave_out(file, "administrator", administrator, !administrator))
}

/// A file with other groups.
pub fn set_groups(old: &str, groups: &[String]) -> Result<String, FileError> {
    change(old, |file| set_or_leave_out(file, "groups", list(groups), groups.is_empty()))
}

/// A file with one more app password.
pub fn add_app_password(old: &str, app: &AppPassword) -> Result<String, FileError> {
    let mut table = Table::new();
    table.insert("id", toml_edit::value(app.id.as_str()));
    table.insert("label", toml_edit::value(app.label.as_str()));
    if let Some(created) = &app.created {
        table.insert("created", toml_edit::value(created.as_str()));
    }
    table.insert("hash", toml_edit::value(app.hash.text()));
    change(old, |file| {
        let tables = file.entry("app_password").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        if let Item::ArrayOfTables(tables) = tables {
            tables.push(table);
        }
    })
}

/// A file without that app password.
pub fn remove_app_password(old: &str, id: &str) -> Result<String, FileError> {
    User::parse(old)?;
    let is_meant = |table: &Table| table.get("id").and_then(Item::as_str) == Some(id);
    Ok(without_tables(old, "app_password", is_meant)?.unwrap_or_else(|| old.to_owned()))
}

/// What was a user's file stays one: a broken file is not touched, and none is broken.
fn change(old: &str, change: impl FnOnce(&mut DocumentMut)) -> Result<String, FileError> {
    User::parse(old)?;
    let mut file = parse_to_change(old)?;
    change(&mut file);
    let new = file.to_string();
    User::parse(&new)?;
    Ok(new)
}

/// What is the default is written only in place of something else: with the key would go the comment above it.
fn set_or_leave_out(file: &mut DocumentMut, key: &str, value: impl Into<Value>, is_default: bool) {
    if !is_default || file.contains_key(key) {
        set(file, key, Some(value));
    }
}

fn list(texts: &[String]) -> Array {
    texts.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::testing::cheap;

    fn file() -> String {
        format!(
            "# the boss\ndisplay_name = 'Alice'  # so she says\nemail = \"mailto:alice@example.org\"\npassword = \"{}\"\n\
             unknown = 1\ngroups = [\"staff\"]\n\n[[app_password]]\n# lost?\nid = \"k3v9\"\nlabel = \"phone\"\n\
             created = 2026-11-27\nhash = \"sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"\n",
            cheap("secret").text()
        )
    }

    #[test]
    fn a_file_is_read() {
        let user = User::parse(&file()).unwrap();
        assert_eq!(user.display_name.as_deref(), Some("Alice"));
        assert_eq!(user.email, ["alice@example.org"]);
        assert_eq!(user.groups, ["staff"]);
        assert!(!user.administrator);
        assert_eq!(user.app_password("k3v9-x").map(|app| app.label.as_str()), Some("phone"));
        assert_eq!(user.app_passwords[0].created.as_deref(), Some("2026-11-27"));
        assert!(user.app_password("k3v9").is_none());
        assert_eq!(User::parse("").unwrap(), User::default());
        let shown = format!("{user:?}");
        assert!(!shown.contains("$argon2") && !shown.contains("47DEQ"), "{shown}");
    }

    #[test]
    fn a_change_touches_one_value() {
        let old = file();
        let changed = set_groups(&old, &["staff".to_owned(), "board".to_owned()]).unwrap();
        assert_eq!(changed, old.replace("[\"staff\"]", "[\"staff\", \"board\"]"));
        let changed = set_display_name(&old, Some("Al")).unwrap();
        assert!(changed.contains("display_name = \"Al\"  # so she says"), "{changed}");
        assert_eq!(set_administrator(&old, false).unwrap(), old);
        let raised = set_administrator(&old, true).unwrap();
        assert_eq!(
            set_administrator(&raised, false).unwrap(),
            raised.replace("administrator = true", "administrator = false")
        );
        let robur = StoredHash::parse("robur:c2FsdA==:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").unwrap();
        let changed = set_password(&old, Some(&robur)).unwrap();
        assert_eq!(User::parse(&changed).unwrap().password, Some(robur));
        assert!(changed.starts_with("# the boss\n") && changed.contains("unknown = 1\n"), "{changed}");
        assert!(User::parse(&set_password(&old, None).unwrap()).unwrap().password.is_none());
        let mailed = set_email("", &["a@b".to_owned()]).unwrap();
        assert_eq!(mailed, "email = [\"a@b\"]\n");
    }

    #[test]
    fn app_passwords_come_and_go() {
        let old = file();
        let mut app = User::parse(&old).unwrap().app_passwords.remove(0);
        app.id = "new".to_owned();
        let two = add_app_password(&old, &app).unwrap();
        assert!(two.starts_with(&old), "{two}");
        assert_eq!(User::parse(&two).unwrap().app_passwords[1], app);
        assert_eq!(remove_app_password(&two, "new").unwrap(), old);
        let none = remove_app_password(&old, "k3v9").unwrap();
        assert!(User::parse(&none).unwrap().app_passwords.is_empty() && none.contains("unknown = 1"), "{none}");
    }

    #[test]
    fn complaints_name_the_line() {
        let hash = "hash = 'sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\n";
        for (text, complaint) in [
            ("a = 1\nemail = 'x'\n".to_owned(), "line 2: email \"x\" is not an address"),
            ("email = [1]".to_owned(), "line 1: email is not a list of texts"),
            ("\n\npassword = 'secret'".to_owned(), "line 3: password is neither argon2id nor robur"),
            ("administrator = 'yes'".to_owned(), "line 1: administrator is not true or false"),
            ("groups = ['.git']".to_owned(), "line 1: groups names a group: "),
            ("\n[[app_password]]\nid = 'x'\n".to_owned(), "line 2: hash is missing"),
            (format!("[[app_password]]\nid = 'a-b'\n{hash}"), "line 2: id may only have"),
            (
                format!("[[app_password]]\nid = 'a'\n{hash}[[app_password]]\nid = 'a'\n{hash}"),
                "line 5: id \"a\" is there twice",
            ),
            ("app_password = 1".to_owned(), "line 1: app_password is not written as [[app_password]]"),
            ("a = 1\nb =\n".to_owned(), "line 2: "),
        ] {
            let error = User::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(complaint), "{text}: {error}");
            assert!(set_groups(&text, &[]).is_err(), "a broken file is not touched");
        }
    }

    #[test]
    fn which_files_are_users() {
        assert_eq!(name_of("users/alice.toml"), Some(Ok("alice")));
        assert_eq!(path("alice"), "users/alice.toml");
        assert!(matches!(name_of("users/a b.toml"), Some(Err(_))));
        for other in ["users/README.md", "users/x/y.toml", "groups/x.toml", "users/.x.toml", "usersx.toml"] {
            assert_eq!(name_of(other), None, "{other}");
        }
    }
}
