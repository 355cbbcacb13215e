//! What an administrator asks for, as changes of the tree: users, app passwords, and in `groups` who belongs together.
//!
//! Everything here is a function from an edit to a changed edit, with the message of its commit. It may run again on a
//! newer tree, so hashes and random numbers are made beforehand. Files that are broken are left alone, and the message
//! says which.

mod groups;
#[cfg(test)]
mod tests;

use gitstore::{Edit, EntryKind, ReadError};
use toml_edit::Item;

use crate::password::{AppSecret, LONGEST_PASSWORD, StoredHash};
use crate::repository::collection::{CALENDAR_FILE, CollectionFile};
use crate::repository::names::{NameError, check_principal, folded};
use crate::repository::toml_text::without_tables;
use crate::repository::user::{self, AppPassword, User};
use crate::repository::{FileError, group, trailer};

pub use groups::{Members, add_member, create_group, groups, members, remove_group, remove_member, set_members};

/// Who is made when there is nobody.
pub const FIRST_ADMINISTRATOR: &str = "admin";

/// Name and display name of the calendar that a new user has.
const FIRST_CALENDAR: (&str, &str) = ("calendar", "Calendar");

/// The folder of all calendars.
const CALENDARS: &str = "calendars";

/// Files that hold shares.
const SHARING_FILES: [&str; 2] = [".calendar.toml", ".collection.toml"];

/// Why a request was not carried out; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountsError {
    /// At fault: who asked; nobody can be called so.
    #[error(transparent)]
    Name(#[from] NameError),
    /// At fault: who asked; some clone could not hold both files.
    #[error("{0} differs from {1}, who is there, only by capitals")]
    Similar(String, String),
    /// At fault: who asked.
    #[error("there is a user {0} already")]
    UserExists(String),
    /// At fault: who asked.
    #[error("there is a group {0} already")]
    GroupExists(String),
    /// At fault: who asked.
    #[error("there is no user {0}")]
    NoSuchUser(String),
    /// At fault: who asked.
    #[error("there is no group {0}")]
    NoSuchGroup(String),
    /// At fault: who asked.
    #[error("{user} has no app password {id}")]
    NoSuchAppPassword {
        /// Whose.
        user: String,
        /// Which.
        id: String,
    },
    /// At fault: who asked; somebody else's calendars would become this user's.
    #[error(
        "{CALENDARS}/{0} holds calendars of a user who was removed; they must be removed, or be meant for this one"
    )]
    CalendarsLeft(String),
    /// At fault: who pushed the file.
    #[error("{path}: {error}")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong.
        error: FileError,
    },
    /// At fault: who asked.
    #[error("{0}")]
    Password(&'static str),
    /// At fault: who pushed, something is in the way.
    #[error(transparent)]
    Tree(#[from] ReadError),
}

/// What is to become of a user; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// The display name; an empty one is removed.
    pub display_name: Option<String>,
    /// All addresses.
    pub email: Option<Vec<String>>,
    /// What the password is compared with.
    pub password: Option<StoredHash>,
    /// The rights of an administrator.
    pub administrator: Option<bool>,
    /// All groups.
    pub groups: Option<Vec<String>>,
}

/// What is to become of the calendars of a user who is removed, or whose name a removed one had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendars {
    /// They stay where they are, where nobody can reach them; nobody gets them by accident.
    Keep,
    /// They go with the user.
    Remove,
    /// A new user takes them over.
    TakeOver,
}

/// May this become somebody's password?
pub fn check_new_password(password: &str) -> Result<(), AccountsError> {
    match password {
        "" => Err(AccountsError::Password("the password is empty")),
        long if long.len() > LONGEST_PASSWORD => {
            Err(AccountsError::Password("the password is longer than 1024 octets"))
        }
        bad if bad.chars().any(char::is_control) => {
            Err(AccountsError::Password("the password contains a control character, which no client can send"))
        }
        _ => Ok(()),
    }
}

/// Makes a user.
pub fn create_user(edit: &mut Edit, name: &str, change: &UserChange, left: Calendars) -> Result<(), AccountsError> {
    check_principal(name)?;
    for (other, _) in files(edit, user::FOLDER) {
        if other == name {
            return Err(AccountsError::UserExists(name.to_owned()));
        }
        if folded(&other) == folded(name) {
            return Err(AccountsError::Similar(name.to_owned(), other));
        }
    }
    let calendars = format!("{CALENDARS}/{name}");
    if !edit.list(&calendars).is_empty() {
        match left {
            Calendars::Keep => return Err(AccountsError::CalendarsLeft(name.to_owned())),
            Calendars::Remove => edit.remove(&calendars)?,
            Calendars::TakeOver => (),
        }
    }
    write_user(edit, name, &changed("", name, change)?)?;
    if edit.list(&calendars).is_empty() {
        // Few clients can make a calendar, and all of them want one.
        let first = CollectionFile { display_name: Some(FIRST_CALENDAR.1.to_owned()), ..CollectionFile::default() };
        edit.write(&format!("{calendars}/{}/{CALENDAR_FILE}", FIRST_CALENDAR.0), first.write_into(""))?;
    }
    trailer::sign(edit, format!("Add the user {name}"));
    Ok(())
}

/// Changes a user.
pub fn change_user(edit: &mut Edit, name: &str, change: &UserChange) -> Result<(), AccountsError> {
    let old = user_text(edit, name)?;
    write_user(edit, name, &changed(&old, name, change)?)?;
    let message = match change {
        UserChange { display_name: None, email: None, administrator: None, groups: None, password: Some(_) } => {
            format!("Change the password of {name}")
        }
        _ => format!("Change the user {name}"),
    };
    trailer::sign(edit, message);
    Ok(())
}

/// Removes a user, and what others share with them.
pub fn remove_user(edit: &mut Edit, name: &str, calendars: Calendars) -> Result<(), AccountsError> {
    // A broken file can be removed as well.
    edit.remove(&user::path(name)).map_err(|error| no_such_user(error, name))?;
    let folder = format!("{CALENDARS}/{name}");
    if calendars == Calendars::Remove && !edit.list(&folder).is_empty() {
        edit.remove(&folder)?;
    }
    let broken = remove_shares(edit, "with", name)?;
    trailer::sign(edit, message(format!("Remove the user {name}"), &broken));
    Ok(())
}

/// Gives a user one more app password. The secret is made of `random`, which nobody else may know.
pub fn add_app_password(
    edit: &mut Edit,
    name: &str,
    label: &str,
    day: &str,
    random: [u8; 20],
) -> Result<AppSecret, AccountsError> {
    let old = user_text(edit, name)?;
    let user = parse_user(&old, name)?;
    let secret = AppSecret::new(random, |id| user.app_passwords.iter().any(|app| app.id == id));
    let app = AppPassword {
        id: secret.id().to_owned(),
        label: label.to_owned(),
        created: Some(day.to_owned()),
        hash: secret.hash(),
    };
    let new = user::add_app_password(&old, &app).map_err(|error| broken(name, error))?;
    write_user(edit, name, &new)?;
    trailer::sign(edit, format!("Add the app password {} of {name}", app.id));
    Ok(secret)
}

/// Takes an app password back.
pub fn remove_app_password(edit: &mut Edit, name: &str, id: &str) -> Result<(), AccountsError> {
    let old = user_text(edit, name)?;
    if !parse_user(&old, name)?.app_passwords.iter().any(|app| app.id == id) {
        return Err(AccountsError::NoSuchAppPassword { user: name.to_owned(), id: id.to_owned() });
    }
    let new = user::remove_app_password(&old, id).map_err(|error| broken(name, error))?;
    write_user(edit, name, &new)?;
    trailer::sign(edit, format!("Remove the app password {id} of {name}"));
    Ok(())
}

/// Makes an administrator if there is no user at all; whether it did.
pub fn first_admin(edit: &mut Edit, password: &StoredHash) -> Result<bool, AccountsError> {
    if !files(edit, user::FOLDER).is_empty() {
        return Ok(false);
    }
    let change = UserChange { password: Some(password.clone()), administrator: Some(true), ..UserChange::default() };
    create_user(edit, FIRST_ADMINISTRATOR, &change, Calendars::TakeOver)?;
    Ok(true)
}

/// All users by name, broken ones with what is wrong.
pub fn users(edit: &mut Edit) -> Vec<(String, Result<User, FileError>)> {
    files(edit, user::FOLDER).into_iter().map(|(name, text)| (name, text.and_then(|text| User::parse(&text)))).collect()
}

fn changed(old: &str, name: &str, change: &UserChange) -> Result<String, AccountsError> {
    let broken = |error| broken(name, error);
    let mut text = old.to_owned();
    if let Some(display_name) = &change.display_name {
        let display_name = Some(display_name.as_str()).filter(|name| !name.is_empty());
        text = user::set_display_name(&text, display_name).map_err(broken)?;
    }
    if let Some(email) = &change.email {
        text = user::set_email(&text, email).map_err(broken)?;
    }
    if let Some(password) = &change.password {
        text = user::set_password(&text, Some(password)).map_err(broken)?;
    }
    if let Some(administrator) = change.administrator {
        text = user::set_administrator(&text, administrator).map_err(broken)?;
    }
    if let Some(groups) = &change.groups {
        text = user::set_groups(&text, groups).map_err(broken)?;
    }
    Ok(text)
}

/// Removes every share whose `key` is `name`; the files that cannot be read.
fn remove_shares(edit: &mut Edit, key: &str, name: &str) -> Result<Vec<String>, AccountsError> {
    let mut broken = Vec::new();
    for path in sharing_files(edit) {
        let text = edit.read(&path)?;
        let is_theirs = |table: &toml_edit::Table| table.get(key).and_then(Item::as_str) == Some(name);
        match std::str::from_utf8(&text).map(|text| without_tables(text, "share", is_theirs)) {
            Ok(Ok(Some(text))) => edit.write(&path, text)?,
            Ok(Ok(None)) => (),
            Ok(Err(_)) | Err(_) => broken.push(path),
        }
    }
    Ok(broken)
}

fn sharing_files(edit: &mut Edit) -> Vec<String> {
    let tree = edit.tree();
    let mut paths = Vec::new();
    for owner in tree.list(CALENDARS) {
        for collection in tree.list(&format!("{CALENDARS}/{}", owner.name)) {
            let candidates = SHARING_FILES.map(|file| format!("{CALENDARS}/{}/{}/{file}", owner.name, collection.name));
            let is_file = |path: &String| tree.entry(path).is_some_and(|(kind, _)| is_regular(kind));
            paths.extend(candidates.into_iter().filter(is_file));
        }
    }
    paths
}

/// Names and texts of the files of a folder that are named as a user or a group may be.
fn files(edit: &mut Edit, folder: &str) -> Vec<(String, Result<String, FileError>)> {
    let entries = edit.list(folder).into_iter().filter(|entry| is_regular(entry.kind));
    let names: Vec<String> = entries.filter_map(|entry| entry.name.strip_suffix(".toml").map(str::to_owned)).collect();
    let names = names.into_iter().filter(|name| check_principal(name).is_ok());
    names
        .map(|name| {
            let text = read(edit, &format!("{folder}/{name}.toml"));
            (name, text)
        })
        .collect()
}

fn is_regular(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::File | EntryKind::Executable)
}

fn read(edit: &Edit, path: &str) -> Result<String, FileError> {
    let complain = |reason: String| FileError { line: None, reason };
    let octets = edit.read(path).map_err(|error| complain(error.to_string()))?;
    String::from_utf8(octets.to_vec()).map_err(|_| complain("is not UTF-8".to_owned()))
}

fn user_text(edit: &Edit, name: &str) -> Result<String, AccountsError> {
    check_principal(name)?;
    let octets = edit.read(&user::path(name)).map_err(|error| no_such_user(error, name))?;
    String::from_utf8(octets.to_vec())
        .map_err(|_| broken(name, FileError { line: None, reason: "is not UTF-8".to_owned() }))
}

fn parse_user(text: &str, name: &str) -> Result<User, AccountsError> {
    User::parse(text).map_err(|error| broken(name, error))
}

fn write_user(edit: &mut Edit, name: &str, text: &str) -> Result<(), AccountsError> {
    Ok(edit.write(&user::path(name), text.to_owned())?)
}

fn broken(name: &str, error: FileError) -> AccountsError {
    AccountsError::Broken { path: user::path(name), error }
}

fn no_such_user(error: ReadError, name: &str) -> AccountsError {
    match error {
        ReadError::NotFound(_) => AccountsError::NoSuchUser(name.to_owned()),
        other => AccountsError::Tree(other),
    }
}

fn message(subject: String, broken: &[String]) -> String {
    if broken.is_empty() { subject } else { format!("{subject}\n\nLeft alone, since broken: {}", broken.join(", ")) }
}

/// Whether a file of a group is there.
fn has_group_file(edit: &Edit, name: &str) -> bool {
    edit.read(&group::path(name)).is_ok()
}
