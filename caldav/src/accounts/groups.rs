//! Groups: their files, and the users' files that name them.

use std::collections::{BTreeMap, BTreeSet};

use gitstore::Edit;

use super::{
    AccountsError, broken, files, has_group_file, message, parse_user, remove_shares, user_text, users, write_user,
};
use crate::repository::names::{check_principal, folded};
use crate::repository::{group, trailer, user};

/// The members of each group.
pub type Members = BTreeMap<String, BTreeSet<String>>;

/// All groups that exist: those with a file, and those that users name.
pub fn groups(edit: &mut Edit) -> Members {
    let mut groups: Members = files(edit, group::FOLDER).into_iter().map(|(name, _)| (name, BTreeSet::new())).collect();
    for (name, user) in users(edit) {
        for group in user.map(|user| user.groups).unwrap_or_default() {
            groups.entry(group).or_default().insert(name.clone());
        }
    }
    groups
}

/// The members of a group that exists.
pub fn members(edit: &mut Edit, name: &str) -> Result<BTreeSet<String>, AccountsError> {
    groups(edit).remove(name).ok_or_else(|| AccountsError::NoSuchGroup(name.to_owned()))
}

/// Makes a group, or gives it another display name.
pub fn create_group(edit: &mut Edit, name: &str, display_name: Option<&str>) -> Result<(), AccountsError> {
    check_principal(name)?;
    let path = group::path(name);
    let old = match has_group_file(edit, name) {
        true => super::read(edit, &path).map_err(|error| AccountsError::Broken { path: path.clone(), error })?,
        false => {
            refuse_similar(edit, name)?;
            String::new()
        }
    };
    let text = group::set_display_name(&old, display_name)
        .map_err(|error| AccountsError::Broken { path: path.clone(), error })?;
    edit.write(&path, text)?;
    trailer::sign(edit, format!("Add the group {name}"));
    Ok(())
}

/// Makes these users, and no others, the members of a group, which need not exist yet.
pub fn set_members(edit: &mut Edit, name: &str, wanted: &[String]) -> Result<(), AccountsError> {
    if !has_group_file(edit, name) {
        create_group(edit, name, None)?;
    }
    let wanted: BTreeSet<&String> = wanted.iter().collect();
    let before = members(edit, name)?;
    for user in &wanted {
        enroll(edit, name, user)?;
    }
    for user in before.iter().filter(|user| !wanted.contains(user)) {
        resign(edit, name, user)?;
    }
    let list: Vec<&str> = wanted.into_iter().map(String::as_str).collect();
    let list = if list.is_empty() { "nobody".to_owned() } else { list.join(", ") };
    trailer::sign(edit, format!("Members of the group {name}: {list}"));
    Ok(())
}

/// Adds a user to a group that exists.
pub fn add_member(edit: &mut Edit, name: &str, user: &str) -> Result<(), AccountsError> {
    members(edit, name)?;
    enroll(edit, name, user)?;
    trailer::sign(edit, format!("Add {user} to the group {name}"));
    Ok(())
}

/// Takes a user out of a group. The group stays, also when nobody is left.
pub fn remove_member(edit: &mut Edit, name: &str, user: &str) -> Result<(), AccountsError> {
    members(edit, name)?;
    if !has_group_file(edit, name) {
        create_group(edit, name, None)?;
    }
    resign(edit, name, user)?;
    trailer::sign(edit, format!("Remove {user} from the group {name}"));
    Ok(())
}

/// Removes a group, and what is shared with it.
pub fn remove_group(edit: &mut Edit, name: &str) -> Result<(), AccountsError> {
    for user in members(edit, name)? {
        resign(edit, name, &user)?;
    }
    if has_group_file(edit, name) {
        edit.remove(&group::path(name))?;
    }
    let mut broken = remove_shares(edit, "group", name)?;
    broken.extend(users(edit).into_iter().filter(|(_, user)| user.is_err()).map(|(name, _)| user::path(&name)));
    trailer::sign(edit, message(format!("Remove the group {name}"), &broken));
    Ok(())
}

fn enroll(edit: &mut Edit, group: &str, user: &str) -> Result<(), AccountsError> {
    change_groups(edit, user, |groups| {
        if !groups.iter().any(|other| other == group) {
            groups.push(group.to_owned());
        }
    })
}

fn resign(edit: &mut Edit, group: &str, user: &str) -> Result<(), AccountsError> {
    change_groups(edit, user, |groups| groups.retain(|other| other != group))
}

fn change_groups(edit: &mut Edit, name: &str, change: impl FnOnce(&mut Vec<String>)) -> Result<(), AccountsError> {
    let old = user_text(edit, name)?;
    let before = parse_user(&old, name)?.groups;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        write_user(edit, name, &user::set_groups(&old, &after).map_err(|error| broken(name, error))?)?;
    }
    Ok(())
}

fn refuse_similar(edit: &mut Edit, name: &str) -> Result<(), AccountsError> {
    let similar = |other: &String| other != name && folded(other) == folded(name);
    match groups(edit).into_keys().find(similar) {
        Some(other) => Err(AccountsError::Similar(name.to_owned(), other)),
        None => Ok(()),
    }
}
