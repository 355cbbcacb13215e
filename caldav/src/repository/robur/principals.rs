//! Users and groups of robur's server: a principal with a password is a user, one without is a group.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use super::acl::{self, Principal, Rule};
use super::layout::{Described, Folder};
use super::migration::Migration;
use super::{Properties, ROBUR, properties};
use crate::password::StoredHash;
use crate::repository::collection::CollectionFile;
use crate::repository::names::check_principal;
use crate::repository::{FileError, group, user};
use crate::webdav::names::DAV;

/// The user who may do everything there.
pub(super) const ROOT: &str = "root";

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) users: BTreeMap<String, Properties>,
    pub(super) groups: BTreeMap<String, Properties>,
}

/// Writes the files of all users and groups.
pub(super) fn translate(migration: &mut Migration, principals: &Folder) -> People {
    let people = find(migration, principals);
    let (users, groups) = (people.users.keys().cloned().collect(), people.groups.keys().cloned().collect());
    for (name, properties) in &people.users {
        let text = user_text(migration, name, properties, &groups);
        if let Some(text) = migration.readable(&user::path(name), text) {
            migration.write(user::path(name), text);
        }
    }
    for (name, properties) in &people.groups {
        report_strangers(migration, name, properties, &people, &users);
        if let Some(text) = migration.readable(&group::path(name), group_text(name, properties)) {
            migration.write(group::path(name), text);
            migration.report.steps.push(format!("group {name}"));
        }
    }
    report_defaults(migration, &principals.properties.properties());
    people
}

fn find(migration: &mut Migration, principals: &Folder) -> People {
    migration.set_aside_files(principals);
    migration.drop_prop(principals);
    let mut people = People::default();
    for folder in &principals.folders {
        let name = percent_decode_str(folder.name()).decode_utf8_lossy().into_owned();
        let properties = match &folder.properties {
            Described::Well(properties) => properties.clone(),
            Described::Badly(error) => {
                migration.problem(format!("{}: {error}; there is no user or group {name}", folder.prop()));
                migration.set_aside_folder(folder);
                continue;
            }
            Described::Nowhere => {
                migration.problem(format!("{} has no properties", folder.path));
                migration.set_aside_folder(folder);
                continue;
            }
        };
        if let Err(error) = check_principal(&name) {
            migration.problem(format!("{}: {error}", folder.path));
            migration.set_aside_folder(folder);
            continue;
        }
        migration.drop_prop(folder);
        migration.set_aside_contents(folder);
        let list = if properties.get(ROBUR, "password").is_some() { &mut people.users } else { &mut people.groups };
        list.insert(name, properties);
    }
    people
}

fn user_text(
    migration: &mut Migration,
    name: &str,
    properties: &Properties,
    groups: &BTreeSet<String>,
) -> Result<String, FileError> {
    let (member_of, unknown): (Vec<String>, Vec<String>) =
        properties.principals(DAV, "group-membership").into_iter().partition(|group| groups.contains(group));
    for group in unknown {
        migration.problem(format!("user {name} is a member of {group}, which is no group"));
    }
    let mut text = user::set_display_name("", display_name(name, properties).as_deref())?;
    match stored_password(properties) {
        Ok(password) => text = user::set_password(&text, Some(&password))?,
        Err(error) => migration.problem(format!("user {name}: the password {error}, and has to be set anew")),
    }
    text = user::set_administrator(&text, name == ROOT)?;
    text = user::set_groups(&text, &member_of)?;
    let list = if member_of.is_empty() { String::new() } else { format!(", member of {}", member_of.join(", ")) };
    migration.report.steps.push(format!("user {name}{list}"));
    Ok(text + &dead(properties))
}

fn group_text(name: &str, properties: &Properties) -> Result<String, FileError> {
    Ok(group::set_display_name("", display_name(name, properties).as_deref())? + &dead(properties))
}

fn display_name(name: &str, properties: &Properties) -> Option<String> {
    properties.text(DAV, "displayname").filter(|display_name| display_name != name && !display_name.is_empty())
}

fn stored_password(properties: &Properties) -> Result<StoredHash, String> {
    let part = |local| properties.text(ROBUR, local).ok_or_else(|| format!("lacks its {local}"));
    StoredHash::parse(&format!("robur:{}:{}", part("salt")?, part("password")?)).map_err(|error| error.to_string())
}

/// Properties without a meaning here, as keys that nobody reads.
fn dead(properties: &Properties) -> String {
    let mut rest = properties.clone();
    rest.take(DAV, "displayname", |_| Some(()));
    let file = CollectionFile { properties: properties::dead(&rest), ..CollectionFile::default() };
    let text = file.write_into("");
    if text.is_empty() { text } else { format!("\n{}", text.trim_start()) }
}

/// That server asks only the user whether they are a member.
fn report_strangers(
    migration: &mut Migration,
    group: &str,
    properties: &Properties,
    people: &People,
    users: &BTreeSet<String>,
) {
    for member in properties.principals(DAV, "group-member-set") {
        let is_mutual = people
            .users
            .get(&member)
            .is_some_and(|user| user.principals(DAV, "group-membership").iter().any(|other| other == group));
        if !is_mutual {
            let why = if users.contains(&member) { "who does not know of it" } else { "who is no user" };
            migration.problem(format!("group {group} counts {member}, {why}; not a member"));
        }
    }
}

fn report_defaults(migration: &mut Migration, properties: &Properties) {
    let groups = properties.principals(ROBUR, "default_groups");
    if !groups.is_empty() {
        migration.problem(format!("new users were put into {}; that does not happen any more", groups.join(", ")));
    }
    report_grants(migration, "principals", properties);
}

/// The folders of all principals and of all calendars have no list here.
pub(super) fn report_grants(migration: &mut Migration, path: &str, properties: &Properties) {
    for entry in acl::entries(properties) {
        let is_usual = match (&entry.principal, &entry.rule) {
            (Principal::Named(name), Rule::Grant(_)) => name == ROOT,
            (Principal::All, Rule::Grant(privileges)) => {
                privileges.iter().all(|privilege| ["read", "bind", "unbind"].contains(&privilege.as_str()))
            }
            _ => false,
        };
        if !is_usual {
            migration.problem(format!("{path}: {entry} has no counterpart"));
        }
    }
}
